"""The rules of `policy.yml`, with what the data folder's `notices.yml` changes in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from crm_models.consents import Purpose
from crm_models.errors import BadPolicy
from crm_models.proactive.kinds import NoticeKind

DEFAULT = Path(__file__).with_name("policy.yml")
OWN_FILE = "notices.yml"
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _zone(value: object) -> ZoneInfo:
    if not isinstance(value, str) or value not in available_timezones():
        close = get_close_matches(str(value), available_timezones(), n=1, cutoff=0.5)
        advice = f"did you mean {close[0]}?" if close else "give a name such as Europe/Berlin"
        raise ValueError(f"no time zone has this name; {advice}")
    return ZoneInfo(value)


def _hour(value: object) -> time:
    if isinstance(value, str) and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        return time.fromisoformat(value)
    raise ValueError('no time of day; write hours and minutes in quotes, as "21:00"')


def _country(value: object) -> str:
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z]{2}", value):
        return value.upper()
    raise ValueError("no country; give its two letters, such as DE")


Country = Annotated[str, BeforeValidator(_country)]
Zone = Annotated[ZoneInfo, BeforeValidator(_zone)]
Hour = Annotated[time, BeforeValidator(_hour)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class KindRules(_Strict):
    """What holds for every kind."""

    enabled: bool
    consents: tuple[Purpose, ...] = Field(min_length=1)
    marketing: bool
    expires_hours: int = Field(ge=1, le=24 * 60)


class LateRules(KindRules):
    grace_days: int = Field(ge=0, le=30)
    oldest_days: int = Field(ge=1, le=365)


class StockRules(KindRules):
    watch_days: int = Field(ge=1, le=3650)


class WarrantyRules(KindRules):
    days_before: int = Field(ge=1, le=365)
    from_price_cents: int = Field(ge=0)


class WinBackRules(KindRules):
    stages: tuple[Literal["at_risk", "lapsed", "new", "active", "won_back"], ...] = Field(min_length=1)
    score_days: int = Field(ge=1, le=365)
    without_uplift: bool
    again_days: int = Field(ge=30, le=3650)


class Kinds(_Strict):
    delivery_late: LateRules
    back_in_stock: StockRules
    warranty_ends: WarrantyRules
    win_back: WinBackRules


class NoticePolicy(_Strict):
    """All rules; see the comments of `policy.yml`."""

    time_zone: Zone
    time_zones: Mapping[Country, Zone]
    quiet_from: Hour
    quiet_until: Hour
    quiet_days: tuple[Literal[DAYS], ...]  # type: ignore[valid-type]
    most_per_day: int = Field(ge=1, le=20)
    most_per_week: int = Field(ge=1, le=50)
    window_minutes: int = Field(ge=1, le=1440)
    silence_minutes: int = Field(ge=0, le=60)
    kinds: Kinds

    def rules(self, kind: NoticeKind) -> KindRules:
        """What holds for a kind."""
        rules: KindRules = getattr(self.kinds, kind.value)
        return rules

    @model_validator(mode="after")
    def _consistent(self) -> NoticePolicy:
        if self.silence_minutes >= self.window_minutes:
            raise ValueError(
                f"silence_minutes ({self.silence_minutes}) must be below window_minutes ({self.window_minutes}), "
                "or nothing is ever said in the chat"
            )
        for kind in NoticeKind:
            if kind.purpose not in self.rules(kind).consents:
                raise ValueError(f"kinds.{kind.value}.consents must name {kind.purpose.value}, or nobody can stop it")
        if Purpose.PERSONALISATION not in self.kinds.win_back.consents:
            raise ValueError("kinds.win_back.consents must name personalisation: it uses the customer's history")
        return self


def read_notice_policy(home: Path | None = None) -> NoticePolicy:
    """The rules, with those of `{home}/notices.yml` in place of the shipped ones.

    Raises:
        BadPolicy: names every wrong key and value, and what to do.
    """
    rules = _load(DEFAULT)
    own = home / OWN_FILE if home is not None else None
    source = DEFAULT
    if own is not None and own.exists():
        rules, source = _merged(rules, _load(own)), own
    try:
        return NoticePolicy.model_validate(rules)
    except ValidationError as error:
        wrong = "; ".join(_describe(dict(each)) for each in error.errors())
        raise BadPolicy(f"The rules for messages in {source} are wrong: {wrong}.") from error


def _load(path: Path) -> dict[str, Any]:
    try:
        loaded = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, YAMLError) as error:
        raise BadPolicy(f"The rules for messages cannot be read: {error}. Correct {path}, or remove it.") from error
    if loaded is None:  # nothing but comments
        return {}
    if not isinstance(loaded, dict):
        raise BadPolicy(f"{path} must hold names and values, such as `most_per_day: 1`; correct it, or remove it.")
    return loaded


def _merged(rules: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(rules)
    for name, value in own.items():
        both = isinstance(value, dict) and isinstance(rules.get(name), dict)
        merged[name] = _merged(rules[name], value) if both else value
    return merged


def _describe(mistake: dict[str, Any]) -> str:
    place = ".".join(str(part) for part in mistake["loc"])
    if mistake["type"] == "extra_forbidden":
        known: Any = NoticePolicy
        for part in mistake["loc"][:-1]:
            known = known.model_fields[part].annotation
        close = get_close_matches(str(mistake["loc"][-1]), list(known.model_fields), n=1)
        return f"there is no rule {place}; " + (f"did you mean {close[0]}?" if close else "remove it")
    if mistake["type"] == "value_error":
        what = str(mistake["ctx"]["error"])
        return f"{place} is {mistake['input']!r}: {what}" if place else what
    return f"{place} is {mistake['input']!r}: {str(mistake['msg']).lower()}"
