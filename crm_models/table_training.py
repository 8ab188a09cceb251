"""Models from tables of the user's own, each by the function of the model it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from crm_models.errors import BadTable, UnknownModel
from crm_models.model import CustomerModel
from crm_models.model_files import model_version
from crm_models.registry.decision import Decision
from crm_models.registry.reference import reference_of
from crm_models.registry.versions import current_folder, versions_of
from crm_models.table_files import shown_names
from crm_models.train import keep
from crm_models.training import Progress
from crm_models.user_tables import ID, CustomerTable, PurchaseTable, check_customers, check_purchases, read_table

PREFIX = "table-"  # of the names of these models, beside the shop's own
KINDS = ("churn", "value", "uplift")


@dataclass(frozen=True)
class TableOptions:
    """What the columns of the table are."""

    id_column: str | None = None
    drop: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()  # columns to use although their names say that they are protected
    target: str | None = None  # churn
    left: str | None = None  # churn: the value of the target that means "left"
    treatment: str | None = None  # uplift
    outcome: str | None = None  # uplift
    arms: tuple[str, str] | None = None  # uplift: the values of the treatment for an offer and for none
    purchases: PurchaseTable = field(default_factory=PurchaseTable)


@dataclass(frozen=True)
class TableTraining:
    name: str
    model: CustomerModel
    table: pd.DataFrame  # that the model can score, index `customer_id`


def train_on_table(
    kind: str,
    path: Path,
    options: TableOptions,
    models: Path,
    now: datetime,
    progress: Progress | None = None,
) -> TableTraining:
    """Read, check, fit, and keep as the version in use of `table-KIND`.

    Raises:
        UnknownModel: no such kind learns from a table.
        BadTable: every mistake of the table, or what the model cannot learn from.
    """
    _check_kind(kind)
    model, table = _fit(kind, read_table(path, _ids_of(options)), options, _free_moment(models, kind, now), progress)
    scored = table[list(model.columns)]
    reference = reference_of(scored, model.predict(table), model.label(table))
    keep(models, PREFIX + kind, model, Decision(True, f"It was trained from {path.name}."), reference)
    return TableTraining(PREFIX + kind, model, table)


def _free_moment(models: Path, kind: str, now: datetime) -> datetime:
    """The first second from `now` that names no version: small tables are learned within one, and none is lost."""
    there = versions_of(models, PREFIX + kind)
    while model_version(kind, now) in there:
        now += timedelta(seconds=1)
    return now


def load_table_model(kind: str, models: Path) -> CustomerModel:
    """The version in use.

    Raises:
        UnknownModel: it was never trained.
    """
    _check_kind(kind)
    folder = current_folder(models, PREFIX + kind)
    if folder is None:
        raise UnknownModel(f"No {kind} model was trained from a table; `rapport models train {kind} --table` does it.")
    return _classes(kind).load(folder)


def table_to_score(kind: str, path: Path, options: TableOptions, model: CustomerModel, now: datetime) -> pd.DataFrame:
    """A file's customers with the columns of the model.

    Raises:
        BadTable: every mistake of the table.
    """
    table = read_table(path, _ids_of(options))
    if kind == "value":
        return _purchase_features(check_purchases(table, options.purchases, now))
    lacking = [name for name in model.columns if name not in table]
    if lacking:
        raise BadTable(
            f"The table lacks {', '.join(lacking)}, which the {kind} model was trained with; it has "
            f"{shown_names(table.columns)}."
        )
    own = options.id_column or (ID if ID in table else None)
    read = table[[name for name in table.columns if name in (*model.columns, own)]]  # the rest may be as it is
    found = check_customers(read, CustomerTable(id_column=options.id_column, fewest=1))
    return found


def _fit(
    kind: str, table: pd.DataFrame, options: TableOptions, now: datetime, progress: Progress | None
) -> tuple[CustomerModel, pd.DataFrame]:
    if kind == "value":
        from crm_models.value.own_table import train_from_table as train_value

        purchases = check_purchases(table, options.purchases, now)
        return train_value(purchases, trained_at=now), _purchase_features(purchases)
    if kind == "churn":
        from crm_models.churn.train import train_from_table as train_churn

        target = _given(options.target, "--target", "who left")
        checked = check_customers(table, CustomerTable((target,), None, options.drop, options.id_column))
        model = train_churn(checked, target, now, left_value=options.left, keep=options.keep, progress=progress)
        return model, checked
    from crm_models.uplift.training import train_from_table as train_uplift

    treatment = _given(options.treatment, "--treatment", "who got the offer")
    outcome = _given(options.outcome, "--outcome", "what was wanted")
    arms = (treatment, options.arms) if options.arms else None
    checked = check_customers(table, CustomerTable((treatment, outcome), arms, options.drop, options.id_column))
    named: Mapping[str, Any] = dict(zip(("treated", "control"), options.arms or (None, None), strict=True))
    return train_uplift(checked, treatment, outcome, now, **named), checked


def _ids_of(options: TableOptions) -> tuple[str, ...]:
    return tuple(name for name in (options.id_column, options.purchases.customer) if name)


def _purchase_features(purchases: pd.DataFrame) -> pd.DataFrame:
    """Features as of the day after the last purchase."""
    from crm_models.features import features_at
    from crm_models.value.own_table import purchase_history

    last = purchases["date"].max().normalize().to_pydatetime()
    return features_at(purchase_history(purchases), last + timedelta(days=1))


def _classes(kind: str) -> type[CustomerModel]:
    if kind == "churn":
        from crm_models.churn.table_model import TableChurn

        return TableChurn
    if kind == "value":
        from crm_models.value.model import LifetimeValue

        return LifetimeValue
    from crm_models.uplift.model import UpliftModel

    return UpliftModel


def _given(column: str | None, option: str, what: str) -> str:
    if column is None:
        raise BadTable(f"Say with {option} which column tells {what}.")
    return column


def _check_kind(kind: str) -> None:
    if kind not in KINDS:
        raise UnknownModel(f"No model called {kind!r} learns from a table; choose one of {', '.join(KINDS)}.")
