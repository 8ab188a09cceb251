"""Where experiments take effect in what the bot says: which response, which articles, which version of a model."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator
from typing import TypeVar

from actions.services import Services
from actions.words import alternatives
from crm_models.experiments.articles import hidden_articles
from crm_models.experiments.experiment import Subject
from crm_models.experiments.offer_terms import with_settings
from crm_models.experiments.participation import Participation
from crm_models.next_action.policy import OfferPolicy
from crm_models.recommend.model import KIND as RECOMMENDATION
from crm_models.recommend.model import Recommender
from knowledge.answer import Answer, AnswerStatus

logger = logging.getLogger(__name__)

Found = TypeVar("Found")


def response_of(experiments: Participation, name: str) -> str:
    """The response that the customer hears in place of `name`; one that the domain no longer has is not said."""

    def tried() -> str:
        other = experiments.settings(Subject.REPLY, name).get(name, name)
        if other == name or other in alternatives():
            return str(other)
        raise LookupError(f"There is no response {other} in bot/domain/experiments.yml")

    return unharmed(tried, name)


def recommender_of(services: Services, experiments: Participation) -> Recommender | None:
    """The model that the customer's suggestions come from: the one in use, or the version of an experiment."""

    def tried() -> Recommender | None:
        version = experiments.settings(Subject.MODEL, RECOMMENDATION).get(RECOMMENDATION)
        return services.recommender_version(version) if version else None

    return unharmed(tried, None) or services.recommender


def policies_tried(policy: OfferPolicy, experiments: Participation) -> Iterator[OfferPolicy]:
    """The shop's policy of offers, and as each running experiment varies it, whoever the customer is."""
    yield policy
    for experiment in experiments.running(Subject.OFFER):
        for variant in experiment.variants:
            if variant.settings:
                yield with_settings(policy, variant.settings)


def policy_of(policy: OfferPolicy, experiments: Participation) -> OfferPolicy:
    """The policy of offers that holds for the customer: with the terms that an experiment varies.

    It goes by scores, so experiments on the models behind them are shown with it.
    """
    for model in policy.models:
        unharmed(lambda model=model: experiments.settings(Subject.MODEL, model), {})
    settings = unharmed(lambda: experiments.settings(Subject.OFFER), {})
    return unharmed(lambda: with_settings(policy, settings), policy)


def articles_of(
    experiments: Participation, found: Collection[str], answer: Callable[[frozenset[str]], Answer]
) -> Answer:
    """The answer without the articles that an experiment keeps from the customer.

    Args:
        found: the articles that may be cited for the message.
        answer: the answer without these articles.
    """
    tried = [each for each in experiments.running(Subject.ARTICLE) if not each.keys.isdisjoint(found)]
    if not tried:
        return answer(frozenset())
    mine = {experiment.experiment_id: variant for experiment, variant in experiments.variants(Subject.ARTICLE)}
    given = answer(hidden_articles(tried, mine))
    for experiment in tried:
        variant = mine.get(experiment.experiment_id)
        if variant is None:
            continue
        others = ({**mine, experiment.experiment_id: each} for each in experiment.variants if each is not variant)
        if any(_heard(answer(hidden_articles(tried, other))) != _heard(given) for other in others):
            experiments.show(experiment, variant)
    return given


def _heard(answer: Answer) -> tuple[object, ...]:
    """What of an answer the customer reads."""
    near = answer.near if answer.status is AnswerStatus.UNKNOWN else ()
    return answer.status, answer.text, answer.sources, near


def unharmed(ask: Callable[[], Found], otherwise: Found) -> Found:
    """What an experiment says, or `otherwise` when it fails: no reply ever does because of one."""
    try:
        return ask()
    except Exception:
        logger.exception("An experiment failed; the customer is served without it")
        return otherwise
