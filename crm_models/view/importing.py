"""What an import is told, and what it tells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from crm_models.view.changes import Changes
from crm_models.view.mapping import Kind

Progress = Callable[[str, int, int], None]  # a table's name, rows done, rows in all


@dataclass(frozen=True)
class Import:
    """How a table is brought in.

    `rates`: what one unit of another currency is worth in the shop's; `country`: of phone numbers without a code.
    """

    kind: Kind
    source: str
    now: datetime
    currency: str = "USD"
    rates: Mapping[str, float] | None = None
    country: str | None = None


@dataclass(frozen=True)
class ImportReport:
    """What became of a table's rows, and what was changed or refused."""

    rows: int  # in the source
    changes: Changes
    written: dict[str, int]  # new rows by table, where there are any
    unchanged: int  # records that were there already, and that the table says the same of
    customers_changed: int = 0  # customers known before, whose row in the shop follows the table now
    customers_held: int = 0  # customers of whom a more trusted source says something else
    orders_changed: int = 0
    returns_kept: int = 0  # lines that came back before, of which the table does not say so
    returns_arrived: int = 0  # that a customer had announced, and of which the table tells that they came
