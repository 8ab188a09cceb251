"""How probable it is that two records are one person: Fellegi and Sunter's model, estimated without labels.

Splink (Linacre et al. 2022) on DuckDB: u by random sampling, m by expectation maximisation, adjusted by the frequency
of values. Nothing is tuned on a truth; the same records give the same scores.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crm_models.view.comparisons import compared, comparisons, in_words

if TYPE_CHECKING:
    import pandas as pd

# Pairs are compared that agree on all columns of one of these (a column may be part of a value).
_SURNAME, _FIRST = "substr(last_name, 1, 3)", "substr(first_name, 1, 3)"
BLOCKING: tuple[tuple[str, ...], ...] = (
    ("email",),
    ("phone",),
    ("loyalty_number",),
    ("national_id",),
    ("birth_date", _SURNAME),
    ("birth_date", _FIRST),
    ("birth_date", "postcode"),
    ("birth_date", "house"),
    ("first_name", "last_name"),
    ("last_name", "postcode"),
    ("first_name", "postcode"),
    ("last_name", "street"),
    ("first_name", "street"),
    ("street", "house"),
    ("postcode", "house"),
    ("city", "last_name", _FIRST),
    ("city", "first_name", _SURNAME),
    ("address2", "city"),
    ("address2", "postcode"),
)
# Rules that are seldom wrong, for the share of pairs that match; and how many of all matches they are taken to find.
_CERTAIN = (
    ("email", "last_name"),
    ("phone", "last_name"),
    ("national_id", "last_name"),
    ("birth_date", "first_name", "last_name"),
    ("first_name", "last_name", "street", "house"),
)
CERTAIN_RECALL = 0.7
# m is estimated on pairs that agree on one of these; a column is not estimated where it was held the same.
_TRAINING = (
    ("first_name", "last_name"),
    ("birth_date",),
    ("national_id",),
    ("email",),
    ("phone",),
    ("postcode", "street"),
    ("postcode", "last_name"),
)
# With fewer pairs expectation maximisation learns noise; then Splink's usual m stand.
FEWEST_MATCHES = 50
SEED = 1
RANDOM_PAIRS = 1_000_000
KEPT = 0.01  # pairs below this probability are not worth a row


@dataclass(frozen=True)
class Scored:
    """Two records, the probability that they are one person, and why.

    `weight` is log2 of the odds; `evidence` pairs what a comparison found with its share of the weight.
    """

    left: str
    right: str
    probability: float
    weight: float
    evidence: tuple[tuple[str, float], ...]


def score_pairs(
    left: pd.DataFrame, right: pd.DataFrame | None = None, progress: Callable[[str], None] | None = None
) -> list[Scored]:
    """Score the pairs of one table, or between two.

    Args:
        left, right: as `records.as_table` makes them; record ids are unique over both.
        progress: called with what is being done.

    Returns:
        pairs with a probability of at least `KEPT`, the most probable first.
    """
    import pandas as pd

    both = left if right is None else pd.concat([left, right], ignore_index=True)
    columns = compared(both)
    if len(columns) < 2 or len(both) < 2:
        return []
    linker = _linker(left, right, both, columns)
    say = progress or (lambda _: None)
    _estimate(linker, left, right, say)
    say("comparing pairs")
    found = linker.inference.predict(threshold_match_probability=KEPT).as_pandas_dataframe()
    return _scored(found, columns)


def _linker(left: pd.DataFrame, right: pd.DataFrame | None, both: pd.DataFrame, columns: list[str]) -> Any:
    import duckdb
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    logging.getLogger("splink").setLevel(logging.ERROR)
    connection = duckdb.connect()
    connection.execute("SET threads = 1")  # sums in one order: the same scores every time
    settings = SettingsCreator(
        link_type="dedupe_only" if right is None else "link_only",
        unique_id_column_name="record_id",
        comparisons=comparisons(columns),
        blocking_rules_to_generate_predictions=[block_on(*rule) for rule in _usable(BLOCKING, both)],
        retain_matching_columns=True,
        retain_intermediate_calculation_columns=True,
        em_convergence=1e-4,
        max_iterations=25,
    )
    tables = [left] if right is None else [left, right]
    names = ["left_records"] if right is None else ["left_records", "right_records"]
    for name, table in zip(names, tables, strict=True):
        connection.register(f"{name}_view", table)
        typed = ", ".join(f'CAST("{column}" AS VARCHAR) AS "{column}"' for column in table.columns)
        connection.execute(f"CREATE TABLE {name} AS SELECT {typed} FROM {name}_view")
    return Linker(names, settings, DuckDBAPI(connection), set_up_basic_logging=False)


def _estimate(linker: Any, left: pd.DataFrame, right: pd.DataFrame | None, say: Callable[[str], None]) -> None:
    from splink import block_on

    certain = [rule for rule in _CERTAIN if _agreeing(rule, left, right)]
    if certain:
        linker.training.estimate_probability_two_random_records_match(
            [block_on(*rule) for rule in certain], recall=CERTAIN_RECALL
        )
    say("how often values agree by chance")
    linker.training.estimate_u_using_random_sampling(max_pairs=RANDOM_PAIRS, seed=SEED)
    for rule in _TRAINING:
        if _agreeing(rule, left, right) < FEWEST_MATCHES:
            continue
        say(f"how often values agree among matches ({', '.join(rule)})")
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(*rule))


def _agreeing(rule: tuple[str, ...], left: pd.DataFrame, right: pd.DataFrame | None) -> int:
    """How many pairs agree on all columns of a rule."""
    names = list(rule)
    one = left.dropna(subset=names).groupby(names).size()
    if right is None:
        return int((one * (one - 1) // 2).sum())
    other = right.dropna(subset=names).groupby(names).size()
    return int(one.mul(other, fill_value=0).sum())


def _usable(rules: tuple[tuple[str, ...], ...], both: pd.DataFrame) -> list[tuple[str, ...]]:
    """The rules whose columns are filled somewhere."""
    filled = {name for name in both.columns if both[name].notna().any()}
    return [rule for rule in rules if all(_column(part) in filled for part in rule)]


def _column(part: str) -> str:
    return part.removeprefix("substr(").split(",")[0]


def _scored(found: pd.DataFrame, columns: list[str]) -> list[Scored]:
    found = found.sort_values(["match_weight", "record_id_l", "record_id_r"], ascending=[False, True, True])
    scored = []
    for row in found.to_dict("records"):
        evidence = []
        for name in columns:
            says = in_words(name, int(row[f"gamma_{name}"]))
            factor = row[f"bf_{name}"] * row.get(f"bf_tf_adj_{name}", 1.0)
            if says is not None and factor > 0:
                evidence.append((says, round(math.log2(factor), 2)))
        evidence.sort(key=lambda each: -abs(each[1]))
        scored.append(
            Scored(
                str(row["record_id_l"]),
                str(row["record_id_r"]),
                float(row["match_probability"]),
                float(row["match_weight"]),
                tuple(evidence),
            )
        )
    return scored
