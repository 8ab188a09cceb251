"""Settings of the action server, read once from the environment (prefix RAPPORT_)."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT = Path(__file__).resolve().parent.parent


class ActionSettings(BaseSettings):
    """Where the server listens and what it knows; the shop's database is in CrmSettings."""

    model_config = SettingsConfigDict(env_prefix="RAPPORT_", frozen=True, extra="ignore")

    home: Path = Path("var")
    action_host: str = "127.0.0.1"
    action_port: int = Field(5055, ge=1, le=65535)
    action_key: str = ""  # empty: from secrets.json in the data folder
    words_file: Path = PROJECT / "bot" / "domain" / "words.yml"
    choices_file: Path = PROJECT / "bot" / "domain" / "choices.yml"
    calm_file: Path = PROJECT / "bot" / "domain" / "calm.yml"
    languages_file: Path = PROJECT / "bot" / "domain" / "languages.yml"
    experiments_file: Path = PROJECT / "bot" / "domain" / "experiments.yml"
