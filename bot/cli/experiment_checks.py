"""Whether what an experiment's variants name is there: responses, articles, versions of models."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path

from ruamel.yaml import YAML

from actions.words import alternatives
from bot.cli.bot_training import is_bot_trained
from bot.cli.config import Config
from bot.settings import PROJECT
from crm_models.errors import BadExperiment, BadPolicy, CrmError
from crm_models.experiments.design import Design
from crm_models.experiments.experiment import Subject
from crm_models.experiments.offer_terms import with_settings
from crm_models.next_action.policy_file import load_offer_policy
from crm_models.registry.catalogue import find_version
from knowledge.store import KnowledgeStore

# Where names of responses are looked at.
_CODE = ("actions", "bot/channels")


def check_names(config: Config, design: Design) -> None:
    """Refuse what would leave customers without an answer, or without the variant.

    Raises:
        BadExperiment: names every mistake.
    """
    mistakes = list(_CHECKS[design.subject](config, design))
    if mistakes:
        raise BadExperiment(f"The experiment {design.name} cannot start: {'; '.join(dict.fromkeys(mistakes))}.")


def _replies(config: Config, design: Design) -> Iterable[str]:
    said = responses()
    for variant in design.variants:
        for name, other in variant.settings.items():
            if name not in said:
                yield f"there is no response {name} in bot/domain"
            if other not in alternatives():
                yield f"there is no response {other} in bot/domain/experiments.yml"
            if name in _said_by_rules():
                yield f"{name} is said by a rule in bot/data, not by an action, so nothing can be said in its place"
            if f'"{name}"' in _source():
                yield f"the bot remembers by {name} what it said, so it cannot be replaced"
    if not is_bot_trained(config):
        yield "the bot was not trained since its files changed; run `rapport train`, and start it again"


def _articles(config: Config, design: Design) -> Iterable[str]:
    store = KnowledgeStore(config.knowledge.database)
    try:
        for variant in design.variants:
            for article in (each for articles in variant.settings.values() for each in articles):
                if store.get_document(article) is None:
                    close = get_close_matches(article, [each.document_id for each in store.list_documents()], n=1)
                    yield f"there is no article {article}" + (f"; did you mean {close[0]}?" if close else "")
    finally:
        store.close()


def _models(config: Config, design: Design) -> Iterable[str]:
    for variant in design.variants:
        for name, version in variant.settings.items():
            try:
                find_version(config.crm.models_folder, name, version)
            except CrmError as error:
                yield str(error).rstrip(".")


def _offers(config: Config, design: Design) -> Iterable[str]:
    policy = load_offer_policy(config.crm.offer_policy_file)
    for variant in design.variants:
        try:
            with_settings(policy, variant.settings)
        except BadPolicy as error:
            yield f"variant {variant.name}: {str(error).rstrip('.')}"


_CHECKS: dict[Subject, Callable[[Config, Design], Iterable[str]]] = {
    Subject.OFFER: _offers,
    Subject.REPLY: _replies,
    Subject.ARTICLE: _articles,
    Subject.MODEL: _models,
}


@lru_cache
def responses() -> frozenset[str]:
    """The names of everything that the domain lets the bot say."""
    files = sorted((PROJECT / "bot" / "domain").glob("*.yml"))
    return frozenset(name for path in files for name in (_read(path).get("responses") or {}))


@lru_cache
def _said_by_rules() -> frozenset[str]:
    files = (PROJECT / "bot" / "data").glob("*.yml")
    return frozenset(name for path in files for name in re.findall(r"action: *(utter_\w+)", path.read_text("utf-8")))


@lru_cache
def _source() -> str:
    files = (path for folder in _CODE for path in sorted((PROJECT / folder).glob("*.py")))
    return "\n".join(path.read_text("utf-8") for path in files)


def _read(path: Path) -> dict[str, object]:
    return dict(YAML(typ="safe").load(path.read_text(encoding="utf-8")) or {})
