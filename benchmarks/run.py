"""The runner: a suite by its name, its table on the terminal, its figures in a file."""

from __future__ import annotations

import importlib
from pathlib import Path

from benchmarks.errors import BadOption, MissingData
from benchmarks.machine import this_machine
from benchmarks.options import Options
from benchmarks.report import Report, print_report, write_json
from bot.cli.display import console
from bot.cli.errors import UnknownSuite

# Each suite is a module of this package with `run(data, quick) -> Report`; a hyphen is an underscore there.
SUITES = {
    "serving": "time and memory of the whole stack, beside Rasa's stock pipeline on the same data",
    "dialogue": "share of scripted customers who get what they came for, in the demo shop and an imported one",
    "messages": "what the demo's bot does with customers' messages in words it never learned",
    "intent": "accuracy, doubt and typos on BANKING77, CLINC150 and HWU64, in full and with few examples",
    "entities": "slots of SNIPS found as they are marked, with the intent from the same pass",
    "oos": "what is out of scope, on CLINC150 and on BANKING77 with intents left out",
    "retrieval": "the right text first, known when none is, and what a search costs; StackFAQ, doc2dial, XQuAD",
    "identity": "records of one person found in two tables, on febrl4, beside Splink alone and exact rules",
    "clv": "orders and spend to come on CDNOW and Online Retail, beside BG/NBD, Pareto/NBD and the same rate as before",
    "segments": "segments that are apart, stable and worth something, on Online Retail, beside plain RFM by fifths",
    "uplift": "whom an e-mail changes, on Hillstrom's e-mail experiment, by Qini over random halves",
    "satisfaction": "how content a customer was, from the turns of a dialogue, on USS (SGD and MWOZ)",
    "sentiment": "polarity of public sentences, feelings of customers, and what a message costs",
    "recommendation": "what is bought next among all items of Amazon Beauty, beside implicit; new items; time",
    "churn": "who leaves, on two public tables, by repeated nested cross-validation",
    "personalisation": "offers by expected value beside none, to all and by churn score, where the truth is known",
    "experiments": "false alarms of experiments that are looked at daily, and effects found with the planned customers",
    "scoring": "training all customer models, one customer's scores, a million customers, and Spark beside pandas",
}
# Their `run` takes the options as well.
WITH_OPTIONS = frozenset({"churn", "entities", "intent", "oos", "retrieval"})


def run_suite(name: str, data: Path | None, quick: bool, json_path: Path | None, options: Options | None = None) -> int:
    """Measure, print the table, write the file. Returns 0 also when targets are missed: they are shown as missed.

    Raises:
        UnknownSuite: there is no suite of that name.
        MissingData: `data` is no folder, or lacks what the suite needs.
        BadOption: the suite has no such option or data set.
    """
    if name not in SUITES:
        raise UnknownSuite(f"There is no suite {name!r}; choose one of {', '.join(SUITES)}.")
    if data is not None and not data.is_dir():
        raise MissingData(f"The data folder {data} is not there. Give --data the folder of the public data sets.")
    options = options or Options()
    if name not in WITH_OPTIONS and not options.is_default:
        raise BadOption(f"The suite {name} has no --peers and no --only; {' and '.join(sorted(WITH_OPTIONS))} have.")
    machine = this_machine()
    suite = importlib.import_module(f"benchmarks.{name.replace('-', '_')}")
    report: Report = suite.run(data, quick, options) if name in WITH_OPTIONS else suite.run(data, quick)
    print_report(console, report, machine)
    if json_path is not None:
        write_json(json_path, report, machine)
    return 0
