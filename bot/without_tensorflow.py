"""Serving and training without TensorFlow, where the model has no use for it.

Rasa imports TensorFlow whatever the pipeline is, because some of its components are built on it. That costs the
bot some 8 seconds of a processor at each start and 400 MB for as long as it runs. Here an empty package stands in
its place: every name in it is an empty class, which is enough for the class definitions that Rasa's modules make
when they are imported. A component that would really compute with it is recognised before (`needs_tensorflow`).
"""

from __future__ import annotations

import json
import sys
import tarfile
from collections.abc import Iterable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

_PACKAGES = frozenset({"tensorflow", "keras"})
# Components of Rasa that compute with it, by module; ours do not, and of others nobody knows.
_BUILT_ON_IT = (
    "rasa.core.policies.ted_policy",
    "rasa.core.policies.unexpected_intent_policy",
    "rasa.nlu.classifiers.diet_classifier",
    "rasa.nlu.featurizers.dense_featurizer.lm_featurizer",
    "rasa.nlu.selectors.response_selector",
)

# Of those that Rasa's recipe knows by a short name, the ones that a configuration of ours names.
_PLAIN = frozenset({"MemoizationPolicy", "AugmentedMemoizationPolicy", "RulePolicy"})


def components_of(model: Path) -> list[str]:
    """Dotted names of the components that a trained model serves with. Raises ValueError for another file."""
    try:
        with tarfile.open(model, "r:*") as archive:
            for member in archive:
                file = archive.extractfile(member) if Path(member.name).name == "metadata.json" else None
                if file is not None:
                    nodes = json.load(file)["predict_schema"]["nodes"]
                    return sorted({str(node["uses"]) for node in nodes.values()})
    except (tarfile.TarError, EOFError, OSError, ValueError, KeyError) as error:
        raise ValueError(f"it cannot be read: {str(error).splitlines()[0]}") from error
    raise ValueError("it holds no metadata.json")


def needs_tensorflow(components: Iterable[str]) -> bool:
    """Whether one of the components computes with it, or may."""
    return any(name.startswith(_BUILT_ON_IT) or not name.startswith(("rasa.", "bot.nlu.")) for name in components)


def config_needs_tensorflow(path: Path) -> bool:
    """Whether a component that a `config.yml` names computes with it, or may: also where the file cannot be read."""
    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
        named = [each["name"] for part in ("pipeline", "policies") for each in config.get(part) or ()]
    except (OSError, UnicodeDecodeError, yaml.YAMLError, AttributeError, KeyError, TypeError):
        # Rasa says what is wrong with it.
        return True
    return any(name not in _PLAIN and not name.startswith("bot.nlu.") for name in named)


def install() -> None:
    """Have every later import of TensorFlow find the empty package."""
    sys.meta_path.insert(0, _Finder())


class _Empty(type):
    """A class whose attributes are such classes again, and which as a decorator changes nothing."""

    def __getattr__(cls, name: str) -> _Empty:
        if name.startswith("__"):
            raise AttributeError(name)
        made = _Empty(name, (), {"__module__": cls.__module__})
        setattr(cls, name, made)
        return made

    def __call__(cls, *arguments: Any, **_: Any) -> Any:
        decorated = len(arguments) == 1 and callable(arguments[0])
        return arguments[0] if decorated else cls


class _EmptyModule(ModuleType):
    def __getattr__(self, name: str) -> _Empty:
        if name.startswith("__"):
            raise AttributeError(name)
        made = _Empty(name, (), {"__module__": self.__name__})
        setattr(self, name, made)
        return made


class _Finder(MetaPathFinder, Loader):
    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name.partition(".")[0] in _PACKAGES:
            return ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _EmptyModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing in it."""
