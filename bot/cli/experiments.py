"""What `rapport experiment` does."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from rich.table import Table
from sqlalchemy.engine import Engine

from bot.cli.config import Config
from bot.cli.customer_training import score_customers
from bot.cli.display import console, done, note
from bot.cli.errors import BadSettings
from bot.cli.experiment_checks import check_names
from bot.cli.experiment_options import Written, read_file
from bot.cli.prepare import open_database
from bot.cli.shop import utc_now
from crm_models.database import reading
from crm_models.experiments.analysis import Comparison, Look
from crm_models.experiments.design import Design, parse_design
from crm_models.experiments.experiment import Experiment, Status, Subject
from crm_models.experiments.looks import look_and_record
from crm_models.experiments.plan import Plan, plan
from crm_models.experiments.store import find_experiment, list_experiments, start_experiment, stop_experiment
from crm_models.experiments.words import (
    change_of,
    comparison_in_words,
    decision_in_words,
    guardrail_in_words,
    level_of,
    metric_in_words,
    part_in_words,
)
from crm_models.next_action.live import LivePolicy
from crm_models.order_margins import Margin
from crm_models.scoring import MODELS
from crm_models.shop_policy import read_facts


def start(config: Config, file: Path | None, written: Written) -> None:
    """Raises BadSettings, BadExperiment: nothing was started, and why."""
    if file is None and written.name is None:
        raise BadSettings(
            "Give the experiment a name, or a file with all of it; `rapport experiment new --help` shows how."
        )
    design = parse_design(written.over(read_file(file) if file is not None else {}))
    check_names(config, design)
    now = utc_now()
    engine = open_database(config)
    with reading(engine) as connection:  # it takes its time, and nobody who writes has to wait
        planned = plan(connection, design, now, _margin(config))
    with engine.begin() as connection:
        experiment = start_experiment(connection, design, planned.customers, now)
        currency = read_facts(connection).currency
    done(f"{experiment.experiment_id} is running, on {part_in_words(experiment)}")
    _tell_plan(design, planned, currency)
    _score_again(config, engine, experiment)
    note(f"Look as often as you like: `rapport experiment status {experiment.experiment_id}`.")


def tell(config: Config, name: str) -> None:
    engine = open_database(config)
    with reading(engine) as connection:
        experiment, currency = find_experiment(connection, name), read_facts(connection).currency
    _show(look_and_record(engine, experiment, utc_now(), _margin(config)), currency)


def end(config: Config, name: str, because: str) -> None:
    engine = open_database(config)
    with reading(engine) as connection:
        experiment = find_experiment(connection, name)
    look_and_record(engine, experiment, utc_now(), _margin(config))
    with engine.begin() as connection:
        ended = stop_experiment(connection, name, because, utc_now())
        experiment = find_experiment(connection, name)
    if ended:
        done(f"{name} is stopped; what it measured is kept")
        _score_again(config, engine, experiment)
    else:
        note(f"{name} was stopped {_day(experiment.stopped_at)} already: {experiment.stopped_because}.")


def show_all(config: Config) -> None:
    with reading(open_database(config)) as connection:
        found = list_experiments(connection)
        table = Table(box=None, padding=(0, 2, 0, 0))
        for title in ("experiment", "subject", "metric", "customers", "state"):
            table.add_column(title)
        for each in found:
            part = part_in_words(each) if each.status is Status.RUNNING else ""
            table.add_row(
                each.experiment_id, each.subject, metric_in_words(each.metric, each.within_days), part, _state(each)
            )
    if not found:
        note("There is no experiment yet; `rapport experiment new --help` shows how to start one.")
        return
    console.print(table)


def _margin(config: Config) -> Margin:
    """Read where it is asked for: an experiment that counts no margin needs no policy for offers."""
    return LivePolicy(lambda: config.crm.offer_policy_file).margin


def _score_again(config: Config, engine: Engine, experiment: Experiment) -> None:
    """Scores are kept: who is to be scored by another version must be scored anew."""
    if experiment.subject is Subject.MODEL and experiment.keys & {kind.name for kind in MODELS}:
        score_customers(config, engine)


def _tell_plan(design: Design, planned: Plan, currency: str) -> None:
    source = "as given"
    if planned.baseline.customers:
        source = f"as it was of {planned.baseline.customers:,} customers"
    without = level_of(design.metric, planned.baseline.mean, currency)
    effect = change_of(design.metric, design.smallest_effect, currency).lstrip("+")
    console.print(
        f"  {metric_in_words(design.metric, design.within_days)}: {without} without the variant, {source}.\n"
        f"  {planned.customers:,} customers must be shown it, all variants together, to find a change of {effect} "
        f"with a chance of {design.power:.0%}.",
        markup=False,
    )


def _show(found: Look, currency: str) -> None:
    experiment = found.experiment
    console.print(f"[bold]{experiment.experiment_id}[/]: {_state(experiment)}")
    console.print(f"  {experiment.hypothesis}", markup=False)
    console.print(
        "  Shown to "
        + ", ".join(f"{count:,} {variant}" for variant, count in found.exposed.items())
        + f"; known of {found.known:,} of {experiment.planned_customers:,} planned",
        markup=False,
    )
    for each in found.comparisons:
        for line in _comparison(each, experiment, currency):
            console.print(line, markup=False)
    if found.sizes_are_off:
        note("The variants' sizes do not go with their shares: something is noted wrongly, so trust none of it.")
    console.print(experiment.stopped_because or decision_in_words(found), markup=False)


def _comparison(each: Comparison, experiment: Experiment, currency: str) -> list[str]:
    name = metric_in_words(each.metric, experiment.within_days)
    if each.guardrail is not None:
        name = f"guardrail, {guardrail_in_words(each.guardrail, currency)}"
    lines = [f"  {each.variant}, {name}: {comparison_in_words(each)}"]
    if each.interval is not None:
        effect, low, high = (
            change_of(each.metric, value, currency)
            for value in (each.interval.effect, each.interval.low, each.interval.high)
        )
        without, with_it = (
            f"{level_of(each.metric, arm.mean, currency)} of {arm.customers:,}"
            for arm in (each.control_arm, each.variant_arm)
        )
        lines.append(f"    {without} without, {with_it} with it: {effect}, surely {low} to {high}")
    return lines


def _state(experiment: Experiment) -> str:
    if experiment.status is Status.RUNNING:
        return f"running since {_day(experiment.started_at)}"
    return f"stopped {_day(experiment.stopped_at)}: {experiment.stopped_because}"


def _day(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d}" if at else ""
