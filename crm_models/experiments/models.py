"""Which customers an experiment scores with another version of a model."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import select
from sqlalchemy.engine import Connection

from crm_models.experiments.assignment import variant_of
from crm_models.experiments.experiment import Subject
from crm_models.experiments.outcomes import persons_of
from crm_models.experiments.store import list_experiments
from crm_models.shop_policy import read_policy
from crm_models.tables import customers

Tried = dict[str, dict[str, frozenset[str]]]  # by model and version, the customers who get it


def versions_tried(connection: Connection) -> Tried:
    """Of each model that a running experiment is about; a version without customers of its own is named too."""
    running = [each for each in list_experiments(connection, running=True) if each.subject is Subject.MODEL]
    if not running:
        return {}
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for experiment in running:
        for variant in experiment.variants:
            for model, version in variant.settings.items():
                found[model][version].update()
    share, persons = read_policy(connection).holdout_share, persons_of(connection)
    for customer_id in connection.execute(select(customers.c.customer_id)).scalars():
        for experiment in running:
            given = variant_of(experiment, persons.get(customer_id, customer_id), share)
            for model, version in (given.settings if given else {}).items():
                found[model][version].add(customer_id)
    return {model: {version: frozenset(ids) for version, ids in each.items()} for model, each in found.items()}
