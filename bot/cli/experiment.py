"""The commands of `rapport experiment`: what is tried on some customers, and whether it helps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.options import Home, config

experiment = typer.Typer(
    help="Try something on a part of the customers, and see whether it helps.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    epilog="Example: rapport experiment status points-as-discount",
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Of the experiment.")]


def _option(name: str, metavar: str, text: str) -> Any:
    return typer.Option(name, metavar=metavar, help=text, show_default=False)


@experiment.command(
    epilog="Example: rapport experiment new points-as-discount --subject reply --metric ordered --within-days 14 "
    '--smallest-effect 0.05 --hypothesis "Points told as a discount lead to orders" '
    "--set discount:utter_loyalty_points=utter_loyalty_points_as_discount --guardrail complaint:0.02"
)
def new(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="May stand in the file.", show_default=False),
    ] = None,
    home: Home = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file", "-f", metavar="FILE", help="YAML with all of it; options come before it.", show_default=False
        ),
    ] = None,
    subject: Annotated[
        str | None, _option("--subject", "offer|reply|article|model", "What the variants change.")
    ] = None,
    hypothesis: Annotated[str | None, _option("--hypothesis", "TEXT", "What is expected, and why.")] = None,
    settings: Annotated[
        list[str] | None, _option("--set", "VARIANT:KEY=VALUE", "What a variant changes; may be given more than once.")
    ] = None,
    metric: Annotated[
        str | None, _option("--metric", "accepted|ordered|margin|complaint|churn", "What it is judged by.")
    ] = None,
    within_days: Annotated[int | None, _option("--within-days", "DAYS", "How long an outcome is waited for.")] = None,
    smallest_effect: Annotated[
        float | None,
        _option("--smallest-effect", "NUMBER", "Absolute: 0.05 is from 20 % to 25 %; margin: money."),
    ] = None,
    guardrail: Annotated[
        list[str] | None,
        _option("--guardrail", "METRIC:WORSE_BY", "Stops it once surely worse by more; may be given more than once."),
    ] = None,
    layer: Annotated[
        str | None, _option("--layer", "NAME", "Experiments of a layer share no customer; default SUBJECT.")
    ] = None,
    traffic: Annotated[float | None, _option("--traffic", "SHARE", "Of the layer's customers; default all.")] = None,
    level: Annotated[float | None, _option("--level", "SHARE", "Chance of any false alarm; default 0.05.")] = None,
    power: Annotated[float | None, _option("--power", "SHARE", "Chance to find the effect; default 0.8.")] = None,
    baseline: Annotated[
        float | None, _option("--baseline", "NUMBER", "The metric without the variant; default as it was.")
    ] = None,
    deviation: Annotated[float | None, _option("--deviation", "NUMBER", "margin: its standard deviation.")] = None,
) -> None:
    """Start an experiment, and say how many customers it needs."""
    from bot.cli.experiment_options import Written
    from bot.cli.experiments import start

    written = Written(
        name, subject, hypothesis, tuple(settings or ()), metric, within_days, smallest_effect, tuple(guardrail or ()),
        layer, traffic, level, power, baseline, deviation,
    )  # fmt: skip
    start(config(home), file, written)


@experiment.command(epilog="Example: rapport experiment status points-as-discount")
def status(name: Name, home: Home = None) -> None:
    """Look at an experiment: sizes, intervals, guardrails. A look is kept, and one may look as often as one likes."""
    from bot.cli.experiments import tell

    tell(config(home), name)


@experiment.command(epilog='Example: rapport experiment stop points-as-discount --because "more of them ordered"')
def stop(
    name: Name,
    home: Home = None,
    because: Annotated[str, typer.Option("--because", metavar="TEXT", help="Why; kept with it.")] = "by hand",
) -> None:
    """Stop an experiment: within seconds everybody is served as without it."""
    from bot.cli.experiments import end

    end(config(home), name, because)


@experiment.command("list", epilog="Example: rapport experiment list")
def list_all(home: Home = None) -> None:
    """All experiments, the running ones with the part of their layer that they take."""
    from bot.cli.experiments import show_all

    show_all(config(home))
