"""The peer of `rapport bench identity`: Splink as its documentation links two tables of persons."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

SEED = 1


def splink_textbook(left: pd.DataFrame, right: pd.DataFrame, threshold: float) -> set[tuple[str, str]]:
    """Pairs from the threshold on, smaller id first; no label is used."""
    import duckdb
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    logging.getLogger("splink").setLevel(logging.ERROR)
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    for name, table in (("left_records", left), ("right_records", right)):
        connection.register(f"{name}_view", table)
        typed = ", ".join(f'CAST("{column}" AS VARCHAR) AS "{column}"' for column in table.columns)
        connection.execute(f"CREATE TABLE {name} AS SELECT {typed} FROM {name}_view")
    settings = SettingsCreator(
        link_type="link_only",
        unique_id_column_name="record_id",
        blocking_rules_to_generate_predictions=[
            block_on("first_name", "last_name"),
            block_on("birth_date"),
            block_on("national_id"),
            block_on("state", "street"),
            block_on("postcode"),
        ],
        comparisons=[
            cl.NameComparison("first_name"),
            cl.NameComparison("last_name"),
            cl.LevenshteinAtThresholds("birth_date", [1, 2]),
            cl.LevenshteinAtThresholds("national_id", [1, 2]),
            cl.ExactMatch("house").configure(term_frequency_adjustments=True),
            cl.JaroWinklerAtThresholds("street", [0.9, 0.8]),
            cl.LevenshteinAtThresholds("postcode", [1, 2]),
            cl.ExactMatch("state"),
        ],
    )
    linker = Linker(["left_records", "right_records"], settings, DuckDBAPI(connection), set_up_basic_logging=False)
    linker.training.estimate_probability_two_random_records_match(
        [block_on("first_name", "last_name", "birth_date"), block_on("national_id")], recall=0.7
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=SEED)
    for columns in (("birth_date",), ("postcode",)):
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(*columns))
    found = linker.inference.predict(threshold_match_probability=threshold).as_pandas_dataframe()
    return {(min(pair), max(pair)) for pair in zip(found["record_id_l"], found["record_id_r"], strict=True)}
