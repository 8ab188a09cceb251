"""Reading the policy: the shipped file, and over it what a shop's own file says differently."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from crm_models.errors import BadPolicy
from crm_models.next_action.policy import OfferPolicy

SHIPPED = Path(__file__).with_name("policy.yml")
FILE_NAME = "policy.yml"  # of a shop's own in its data folder


def load_offer_policy(own: Path | None = None) -> OfferPolicy:
    """The policy in force.

    Args:
        own: a file with what differs from the shipped policy; mappings are merged, lists and values replaced.

    Raises:
        BadPolicy: tells every mistake with its place, line and remedy; or the file cannot be read.
    """
    merged = _read(SHIPPED)
    told = None if own is None else _read(own)
    if told is not None:
        merged = _merged(merged, told)
    try:
        return OfferPolicy.model_validate(merged)
    except ValidationError as error:
        mistakes = [_describe(mistake, told) for mistake in error.errors()]
        many = f"{len(mistakes)} mistakes" if len(mistakes) > 1 else "a mistake"
        raise BadPolicy(f"The offer policy {own or SHIPPED} has {many}:\n  " + "\n  ".join(mistakes)) from error


def _read(path: Path) -> Any:
    try:
        found = YAML(typ="rt").load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadPolicy(
            f"The offer policy {path} cannot be read: {error.strerror}. Check RAPPORT_OFFER_POLICY."
        ) from error
    except UnicodeDecodeError as error:
        raise BadPolicy(f"The offer policy {path} is not UTF-8 at byte {error.start}. Save it as UTF-8.") from error
    except YAMLError as error:
        where, what = "", str(error).splitlines()[0]
        if isinstance(error, MarkedYAMLError) and error.problem_mark is not None:
            where, what = f", line {error.problem_mark.line + 1}", str(error.problem)
        raise BadPolicy(
            f"The offer policy {path}{where}, is no YAML: {what.rstrip('.')}. Correct that line."
        ) from error
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise BadPolicy(f"The offer policy {path} must hold terms such as `rules:`, not {str(found)[:40]!r}.")
    return found


def _merged(shipped: Any, own: Any) -> Any:
    """Mappings of fixed terms are merged; what a shop lists by its own words (`troubles`, `lines`) is replaced."""
    if not isinstance(own, dict) or not isinstance(shipped, dict):
        return own
    result = deepcopy(shipped)
    for key, value in own.items():
        replace = key in _OWN_WORDS or key not in shipped
        result[key] = value if replace else _merged(shipped[key], value)
    return result


_OWN_WORDS = ("troubles", "labels", "lines", "margin_by_line", "stale_after_days_by_model")


def _describe(mistake: Mapping[str, Any], own: Any) -> str:
    loc = [part for part in mistake["loc"] if part != "[key]"]
    place = ".".join(str(part) for part in loc) or "the file"
    line = _line(own, loc)
    where = f"{place} (line {line})" if line else place
    if mistake["type"] == "extra_forbidden":
        return f"{where} is unknown; {_advice(loc)}"
    if mistake["type"] == "missing":
        return f"{where} is missing; add it, see the shipped policy"
    if mistake["type"] == "value_error":
        return f"{where}: {mistake['ctx']['error']}"
    said = str(mistake["msg"])
    return f"{where} is {mistake['input']!r}: {said[0].lower()}{said[1:]}"


def _advice(loc: Sequence[Any]) -> str:
    known = _names(OfferPolicy, loc[:-1])
    close = get_close_matches(str(loc[-1]), known, n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else f"remove it, or use one of {', '.join(known)}"


def _names(model: type[BaseModel], path: Sequence[Any]) -> list[str]:
    """The names of the terms at a place."""
    for part in path:
        field = model.model_fields.get(str(part))
        found = field.annotation if field is not None else None
        if not (isinstance(found, type) and issubclass(found, BaseModel)):
            break
        model = found
    return [field.alias or name for name, field in model.model_fields.items()]


def _line(own: Any, loc: Sequence[Any]) -> int | None:
    """Where the shop's own file says it; None where it does not."""
    found = None
    for part in loc:
        marks = getattr(own, "lc", None)
        try:
            own = own[part]
            found = marks.item(part)[0] + 1 if isinstance(part, int) else marks.key(part)[0] + 1  # type: ignore[union-attr]
        except (KeyError, IndexError, TypeError, AttributeError):
            break
    return found
