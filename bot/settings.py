"""Settings of the bot process and of what supervises it, read once from the environment (prefix RAPPORT_)."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT = Path(__file__).resolve().parent.parent


class BotSettings(BaseSettings):
    """Where the bot listens, where its event log is, and how many processes share the work."""

    model_config = SettingsConfigDict(env_prefix="RAPPORT_", frozen=True, extra="ignore")

    # The data folder; everything the program writes is below it.
    home: Path = Path("var")

    bot_host: str = "127.0.0.1"
    bot_port: int = Field(5005, ge=1, le=65535)
    # Address of the event log; empty means tracker.db in the data folder.
    tracker_url: str = ""

    # More bot workers need Redis, which then holds the lock of each conversation.
    bot_workers: int = Field(1, ge=1, le=64)
    redis_host: str = ""
    redis_port: int = Field(6379, ge=1, le=65535)
    action_workers: int = Field(1, ge=1, le=64)

    # The secrets, 32 bytes or more each; empty means those of secrets.json in the data folder.
    token_key: str = Field("", repr=False)  # shared with the shop's site: signs who a visitor is
    session_key: str = Field("", repr=False)  # signs cookies and forms
    bot_key: str = Field("", repr=False)  # shown by the web process to the bot
    action_key: str = Field("", repr=False)  # shown by the bot to the action server

    # How long a process may take to answer for the first time.
    start_timeout_s: float = Field(180.0, gt=0)

    @model_validator(mode="after")
    def _workers_need_redis(self) -> BotSettings:
        if self.bot_workers > 1 and not self.redis_host:
            raise ValueError(f"RAPPORT_BOT_WORKERS is {self.bot_workers}, and more than one need RAPPORT_REDIS_HOST")
        return self

    @property
    def tracker(self) -> str:
        """The SQLAlchemy URL of the event log."""
        return self.tracker_url or f"sqlite:///{(self.home / 'tracker.db').resolve()}"
