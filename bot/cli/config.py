"""All settings of all packages, read in one place: unknown and impossible ones are refused together."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import combinations
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings

from actions.settings import ActionSettings
from bot.cli.errors import BadSettings
from bot.settings import BotSettings
from crm_models.settings import CrmSettings
from knowledge.settings import KnowledgeSettings
from web.settings import WebSettings

PREFIX = "RAPPORT_"
SETTINGS: tuple[type[BaseSettings], ...] = (
    BotSettings,
    CrmSettings,
    KnowledgeSettings,
    ActionSettings,
    WebSettings,
)
_DEFAULT_PORTS = {
    "web": WebSettings.model_fields["web_port"].default,
    "bot": BotSettings.model_fields["bot_port"].default,
    "action": ActionSettings.model_fields["action_port"].default,
}
_Settings = TypeVar("_Settings", bound=BaseSettings)


@dataclass(frozen=True)
class Config:
    """What the whole installation was told. Paths are absolute."""

    home: Path
    bot: BotSettings
    crm: CrmSettings
    knowledge: KnowledgeSettings
    actions: ActionSettings
    web: WebSettings

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def models(self) -> Path:
        """Where the bot's trained models are."""
        return self.home / "models"

    def environment(self) -> dict[str, str]:
        """For the processes: where they work, also when they are started from another folder."""
        return {
            "RAPPORT_HOME": str(self.home),
            "RAPPORT_DATABASE_URL": self.crm.database_url,
            "RAPPORT_EXPERIMENTS_FRESH_S": str(self.crm.experiments_fresh_s),
            "RAPPORT_OFFER_POLICY": str(Path(self.crm.offer_policy).resolve()) if self.crm.offer_policy else "",
            "RAPPORT_TRACKER_URL": self.bot.tracker,
            "RAPPORT_WEB_HOST": self.web.web_host,
            "RAPPORT_WEB_PORT": str(self.web.web_port),
            "RAPPORT_BOT_HOST": self.bot.bot_host,
            "RAPPORT_BOT_PORT": str(self.bot.bot_port),
            "RAPPORT_ACTION_HOST": self.actions.action_host,
            "RAPPORT_ACTION_PORT": str(self.actions.action_port),
        }


def known_variables() -> frozenset[str]:
    """Every environment variable that is a setting."""
    return frozenset(PREFIX + name.upper() for settings in SETTINGS for name in settings.model_fields)


def read_config(**given: Any) -> Config:
    """Settings from the environment; what is `given` by name (`home`, `web_port`) comes before it.

    Raises:
        BadSettings: names every mistake, not only the first.
    """
    given = {name: value for name, value in given.items() if value is not None}
    mistakes = [_unknown(name) for name in sorted(_unknown_variables(os.environ))]
    raw_home = str(given.get("home") or os.environ.get("RAPPORT_HOME", "var"))
    if not raw_home.strip():
        mistakes.append("RAPPORT_HOME is empty; unset it, or give it the path of a folder")
    home = Path(raw_home or "var").expanduser().resolve()
    if home.exists() and not home.is_dir():
        mistakes.append(f"RAPPORT_HOME is {raw_home}, which is a file; give it the path of a folder")
    given |= {"home": home, **_absolute_urls()}
    read = {settings: _read(settings, given, mistakes) for settings in SETTINGS}
    bot, crm, knowledge, actions, web = (read[settings] for settings in SETTINGS)
    mistakes += _impossible_together(given)
    if mistakes:
        raise BadSettings(_message(mistakes))
    return Config(home, bot, crm, knowledge, actions, web)


def _unknown_variables(environment: Mapping[str, str]) -> set[str]:
    known = known_variables()
    return {name for name in environment if name.upper().startswith(PREFIX) and name.upper() not in known}


def _unknown(name: str) -> str:
    known = [variable.removeprefix(PREFIX) for variable in known_variables()]
    close = get_close_matches(name.upper().removeprefix(PREFIX), known, n=1, cutoff=0.6)
    advice = f"did you mean {PREFIX}{close[0]}?" if close else "unset it"
    return f"{name} is not a setting; {advice}"


def _absolute_urls() -> dict[str, str]:
    """SQLite files named relative to here, named so that every process finds them."""
    found = {}
    for name in ("database_url", "tracker_url"):
        scheme, slashes, path = os.environ.get(PREFIX + name.upper(), "").partition(":///")
        if slashes and scheme.startswith("sqlite") and path and not path.startswith((":", "/")):
            found[name] = f"{scheme}:///{Path(path).expanduser().resolve()}"
    return found


def _read(settings: type[_Settings], given: Mapping[str, Any], mistakes: list[str]) -> _Settings | None:
    """The settings of one package; None when they contain mistakes, which are added to the list."""
    try:
        return settings(**{name: value for name, value in given.items() if name in settings.model_fields})
    except ValidationError as error:
        for each in error.errors():
            told = _describe(each, settings)
            if told not in mistakes:  # two packages may read the same variable
                mistakes.append(told)
    return None


def _describe(mistake: Mapping[str, Any], settings: type[BaseSettings]) -> str:
    what = str(mistake["msg"])
    if mistake["type"] == "value_error":
        what = str(mistake["ctx"]["error"])
    if not mistake["loc"]:
        for name in settings.model_fields:
            what = what.replace(f"{name} (", f"{PREFIX}{name.upper()} (")
        return what
    name = PREFIX + "_".join(str(part) for part in mistake["loc"][:1]).upper()
    return f"{name} is {mistake['input']!r}: {what[0].lower()}{what[1:]}"


def _impossible_together(given: Mapping[str, Any]) -> list[str]:
    """What each setting alone does not show."""
    raw = {
        name: str(given.get(f"{name}_port") or os.environ.get(f"RAPPORT_{name.upper()}_PORT") or default)
        for name, default in _DEFAULT_PORTS.items()
    }
    ports = {name: int(port) for name, port in raw.items() if port.isdigit()}
    mistakes = [
        f"RAPPORT_{one.upper()}_PORT and RAPPORT_{other.upper()}_PORT are both {ports[one]}; change one"
        for one, other in combinations(ports, 2)
        if ports[one] == ports[other]
    ]
    if ports.get("web") == 0:
        mistakes.append("RAPPORT_WEB_PORT is 0; give it the port that customers are to use")
    for name in ("DATABASE_URL", "TRACKER_URL"):
        url = os.environ.get(f"RAPPORT_{name}", "")
        if url in ("sqlite://", "sqlite:///:memory:"):
            mistakes.append(f"RAPPORT_{name} is in memory, where the processes cannot share it; name a file")
    return mistakes


def _message(mistakes: list[str]) -> str:
    if len(mistakes) == 1:
        return f"{mistakes[0]}." if not mistakes[0].endswith("?") else mistakes[0]
    return f"{len(mistakes)} settings cannot be used:\n" + "\n".join(f"  {each}" for each in mistakes)
