"""Which articles an experiment keeps from a customer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from crm_models.experiments.experiment import Experiment, Variant

SHOW, HIDE = "show", "hide"


def hidden_articles(experiments: Iterable[Experiment], variants: Mapping[str, Variant]) -> frozenset[str]:
    """What is not cited to somebody with these variants.

    An article under `show` is cited to the customers of that variant alone: a visitor, or a customer who is in no
    variant, does not see what is only tried.

    Args:
        variants: by experiment, those that the customer has.
    """
    hidden: set[str] = set()
    for experiment in experiments:
        mine = variants.get(experiment.experiment_id)
        own = mine.settings if mine is not None else {}
        tried = {article for each in experiment.variants for article in each.settings.get(SHOW, ())}
        hidden |= tried.difference(own.get(SHOW, ())) | set(own.get(HIDE, ()))
    return frozenset(hidden)
