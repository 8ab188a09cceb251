"""Words and button labels that stand in the domain and are needed inside sentences."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from ruamel.yaml import YAML

from actions.settings import ActionSettings

_WORD, _CHOICE = "utter_word_", "utter_choice_"


def word(name: str, /, **values: str) -> str:
    """The word `utter_word_<name>`, its {slots} filled; the bare name where the domain has none."""
    text = _responses(ActionSettings().words_file).get(_WORD + name, name.replace("_", " "))
    for key, value in values.items():
        text = text.replace("{" + key + "}", value)
    return text


def choice_label(intent: str) -> str | None:
    """How the domain names an intent to a customer, for a button; None for what nobody would choose."""
    return _responses(ActionSettings().choices_file).get(_CHOICE + intent)


def calm_variant(response: str) -> str | None:
    """The name of the same sentence without cheer, `<response>_calm`, where the domain has one."""
    name = f"{response}_calm"
    return name if name in _responses(ActionSettings().calm_file) else None


def has_word(name: str) -> bool:
    """Whether the domain has `utter_word_<name>`."""
    return _WORD + name in _responses(ActionSettings().words_file)


def languages_of(topic: str) -> frozenset[str]:
    """Codes of the languages in which the domain has `utter_<topic>_<code>`."""
    prefix = f"utter_{topic}_"
    names = _responses(ActionSettings().languages_file)
    return frozenset(name.removeprefix(prefix) for name in names if name.startswith(prefix))


def alternatives() -> frozenset[str]:
    """Names of the responses that an experiment may say in place of others."""
    return frozenset(_responses(ActionSettings().experiments_file))


@lru_cache
def _responses(path: Path) -> dict[str, str]:
    loaded = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    return {name: str(variants[0]["text"]) for name, variants in loaded["responses"].items()}
