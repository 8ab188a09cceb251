"""Settings of the web process, read once from the environment (prefix RAPPORT_)."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from web.errors import SettingsError

MIN_KEY_BYTES = 32
PROJECT = Path(__file__).resolve().parent.parent


class WebSettings(BaseSettings):
    """Everything the web process can be told. Rates are per minute; `burst` is what may come at once."""

    model_config = SettingsConfigDict(env_prefix="RAPPORT_", frozen=True, extra="ignore")

    home: Path = Path("var")
    database_url: str = ""  # empty: rapport.db in the data folder

    web_host: str = "127.0.0.1"
    web_port: int = Field(8000, ge=0, le=65535)
    public_url: str = ""  # address customers use, when a proxy stands in front; empty: as requested
    secure_cookies: bool = False  # on when the public address is https
    trusted_proxies: str = "127.0.0.1"  # whose X-Forwarded-For is believed
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()  # shop sites that embed the widget, comma separated

    bot_host: str = "127.0.0.1"
    bot_port: int = Field(5005, ge=1, le=65535)
    bot_timeout_s: float = Field(20.0, gt=0)  # one turn; the bot answers a repeated message with the same replies
    action_host: str = "127.0.0.1"
    action_port: int = Field(5055, ge=1, le=65535)

    patience_s: float = Field(8.0, gt=0)  # without an answer for so long, the customer is told
    retry_first_s: float = Field(0.3, gt=0)  # wait before the second attempt, doubling
    retry_longest_s: float = Field(5.0, gt=0)
    give_up_after: int = Field(8, ge=1)  # attempts that the bot answered with an error, then a person is offered

    longest_message: int = Field(8000, ge=1)  # characters
    conversation_rate: float = Field(30.0, gt=0)
    conversation_burst: int = Field(10, ge=1)
    address_rate: float = Field(240.0, gt=0)
    address_burst: int = Field(80, ge=1)
    open_rate: float = Field(60.0, gt=0)
    open_burst: int = Field(40, ge=1)
    login_rate: float = Field(1.0, gt=0)  # wrong passwords per name and address
    login_burst: int = Field(6, ge=1)

    # An identity token is checked when the chat opens; the conversation is trusted for so long afterwards.
    trust_minutes: float = Field(240.0, gt=0)
    conversation_days: float = Field(30.0, gt=0)  # how long a browser may come back to its conversation
    heartbeat_s: float = Field(15.0, gt=0)  # below what proxies take for a dead connection
    poll_s: float = Field(1.0, gt=0)  # how soon rows written by another process are seen
    streams_per_conversation: int = Field(6, ge=1)
    notices_s: float = Field(60.0, ge=0)  # how often messages to customers are looked for and sent; 0: never
    staff_session_hours: float = Field(10.0, gt=0)  # one shift

    demo: bool = False  # show the demo mailbox and sign-in also for an imported shop
    sentences_file: Path = PROJECT / "bot" / "domain" / "web.yml"
    notices_file: Path = PROJECT / "bot" / "domain" / "notices.yml"
    words_file: Path = PROJECT / "bot" / "domain" / "words.yml"

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip().rstrip("/") for part in value.split(",") if part.strip())
        return value

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{(self.home / 'rapport.db').resolve()}"

    @property
    def models_folder(self) -> Path:
        """Where the fitted customer models are, as in `crm_models.settings`."""
        return self.home / "crm"

    @property
    def base_url(self) -> str:
        """Where customers reach the pages; without a public address, this machine."""
        host = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "[::1]"}.get(self.web_host, self.web_host)
        return self.public_url.rstrip("/") or f"http://{host}:{self.web_port}"

    @property
    def bot_url(self) -> str:
        return f"http://{self.bot_host}:{self.bot_port}"

    @property
    def action_url(self) -> str:
        return f"http://{self.action_host}:{self.action_port}"


@dataclass(frozen=True, repr=False)
class Keys:
    """Secrets of one installation: `token_key` signs identities, `session_key` cookies, `bot_key` calls."""

    token_key: str
    session_key: str
    bot_key: str


def read_settings() -> WebSettings:
    """Settings from the environment; every mistake in one SettingsError."""
    try:
        return WebSettings()
    except ValidationError as error:
        lines = [
            f"RAPPORT_{'_'.join(str(part) for part in mistake['loc']).upper()}: {mistake['msg']}"
            f" (is {mistake['input']!r})"
            for mistake in error.errors()
        ]
        raise SettingsError("Settings that cannot be used:\n  " + "\n  ".join(lines)) from error


def read_keys(home: Path) -> Keys:
    """Keys from `{home}/secrets.json`; RAPPORT_TOKEN_KEY and the like override the file.

    Raises SettingsError when one is in neither place.
    """
    path = home / "secrets.json"
    try:
        stored = json.loads(path.read_text()) if path.exists() else {}
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path} cannot be read ({error}). Remove it and run `rapport up`.") from error
    found = {
        field.name: os.environ.get(f"RAPPORT_{field.name.upper()}") or stored.get(field.name, "")
        for field in fields(Keys)
    }
    missing = [name for name, value in found.items() if not value]
    if missing:
        raise SettingsError(f"No {', '.join(missing)} in {path} nor in the environment. `rapport up` makes the file.")
    short = [name for name, value in found.items() if len(value.encode()) < MIN_KEY_BYTES]
    if short:
        raise SettingsError(
            f"{', '.join(short)} must have {MIN_KEY_BYTES} bytes or more. `rapport up` makes good ones in {path}."
        )
    return Keys(**found)
