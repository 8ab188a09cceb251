"""The runner: a suite by its name, its table on the terminal, its figures in a file."""

from __future__ import annotations

import importlib
from pathlib import Path

from benchmarks.errors import MissingData
from benchmarks.machine import this_machine
from benchmarks.report import Report, print_report, write_json
from bot.cli.display import console
from bot.cli.errors import UnknownSuite

# Each suite is a module of this package with `run(data, quick) -> Report`; a hyphen is an underscore there.
SUITES = {
    "serving": "time and memory of the whole stack, beside Rasa's stock pipeline on the same data",
    "dialogue": "share of scripted customers who get what they came for, in the demo shop and an imported one",
    "sentiment": "polarity of public sentences, feelings of customers, and what a message costs",
}


def run_suite(name: str, data: Path | None, quick: bool, json_path: Path | None) -> int:
    """Measure, print the table, write the file. Returns 0 also when targets are missed: they are shown as missed.

    Raises:
        UnknownSuite: there is no suite of that name.
        MissingData: `data` is no folder, or lacks what the suite needs.
    """
    if name not in SUITES:
        raise UnknownSuite(f"There is no suite {name!r}; choose one of {', '.join(SUITES)}.")
    if data is not None and not data.is_dir():
        raise MissingData(f"The data folder {data} is not there. Give --data the folder of the public data sets.")
    machine = this_machine()
    suite = importlib.import_module(f"benchmarks.{name.replace('-', '_')}")
    report: Report = suite.run(data, quick)
    print_report(console, report, machine)
    if json_path is not None:
        write_json(json_path, report, machine)
    return 0
