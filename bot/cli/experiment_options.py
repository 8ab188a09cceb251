"""An experiment as it is typed or written in a file, put together for `crm_models.experiments.design`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from bot.cli.errors import BadSettings

_CONTROL = "control"


@dataclass(frozen=True)
class Written:
    """The options; None is not given."""

    name: str | None
    subject: str | None
    hypothesis: str | None
    settings: Sequence[str]  # VARIANT:KEY=VALUE
    metric: str | None
    within_days: int | None
    smallest_effect: float | None
    guardrails: Sequence[str]  # METRIC:WORSE_BY
    layer: str | None
    traffic: float | None
    level: float | None
    power: float | None
    baseline: float | None
    deviation: float | None

    def over(self, file: Mapping[str, Any]) -> dict[str, Any]:
        """The file's content with what was typed in its place.

        Raises:
            BadSettings: an option cannot be read.
        """
        plain = {
            key: value
            for key, value in vars(self).items()
            if key not in ("settings", "guardrails") and value is not None
        }
        found = {**file, **plain}
        if self.settings:
            found["variants"] = _variants(self.settings)
        if self.guardrails:
            found["guardrails"] = [_guardrail(each) for each in self.guardrails]
        return found


def read_file(path: Path) -> dict[str, Any]:
    """Raises BadSettings: it is no YAML, or no mapping."""
    try:
        content = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except (YAMLError, UnicodeDecodeError) as error:
        raise BadSettings(f"{path} is no YAML: {str(error).splitlines()[0]}.") from error
    if not isinstance(content, dict):
        raise BadSettings(f"{path} must hold keys such as `subject` and `variants`; see docs/experiments.md.")
    return {str(key): value for key, value in content.items()}


def _variants(settings: Sequence[str]) -> list[dict[str, Any]]:
    """The control, which changes nothing unless it is named, and each variant that is."""
    found: dict[str, dict[str, Any]] = {_CONTROL: {}}
    for each in settings:
        place, equals, value = each.partition("=")
        variant, colon, key = place.partition(":")
        if not (equals and colon and variant.strip() and key.strip() and value.strip()):
            raise BadSettings(
                f"--set {each} cannot be read; write VARIANT:KEY=VALUE, as in "
                "discount:utter_loyalty_points=utter_loyalty_points_as_discount."
            )
        found.setdefault(variant.strip(), {})[key.strip()] = _value(value)
    return [{"name": name, "settings": changes} for name, changes in found.items()]


def _value(text: str) -> Any:
    """A number, a word, or a list in brackets."""
    try:
        return YAML(typ="safe").load(text)
    except YAMLError as error:
        raise BadSettings(f"--set: {text} is no value: {str(error).splitlines()[0]}.") from error


def _guardrail(text: str) -> dict[str, Any]:
    metric, _, worse_by = text.partition(":")
    try:
        return {"metric": metric.strip(), "worse_by": float(worse_by)}
    except ValueError:
        raise BadSettings(f"--guardrail {text} cannot be read; write METRIC:WORSE_BY, as in complaint:0.02.") from None
