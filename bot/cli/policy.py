"""The commands of `rapport policy`: what the bot may add to an answer, what it did, and to whom."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.options import Home, config

policy = typer.Typer(
    help="What the bot may offer: the policy in force, its decisions, the size of discounts.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    epilog="Example: rapport policy check",
)


@policy.command(epilog="Example: rapport policy check ./policy.yml")
def check(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Default: the policy in force.", show_default=False)
    ] = None,
    home: Home = None,
) -> None:
    """Tell every mistake in a policy file with its line, or else what differs from the shipped one."""
    from bot.cli.policy_terms import check_policy

    check_policy(config(home), file)


@policy.command(epilog="Example: rapport policy show")
def show(home: Home = None) -> None:
    """Show the policy in force: each action, when it comes, what it needs, what is left of its budget today."""
    from bot.cli.policy_terms import show_policy

    show_policy(config(home))


@policy.command(epilog="Example: rapport policy log C-000003 --alternatives")
def log(
    customer: Annotated[
        str | None, typer.Argument(metavar="[CUSTOMER]", help="Number or e-mail; default all.", show_default=False)
    ] = None,
    home: Home = None,
    limit: Annotated[int, typer.Option(min=1, help="Decisions shown.")] = 20,
    alternatives: Annotated[
        bool, typer.Option("--alternatives", help="Also what else could have been done, and why it was not.")
    ] = False,
) -> None:
    """Show decisions, newest first: what was added to an answer, why, what it was worth, what became of it."""
    from bot.cli.policy_log import show_log

    show_log(config(home), customer, limit, alternatives)


@policy.command(epilog="Example: rapport policy fit")
def fit(home: Home = None) -> None:
    """Learn from the log how the size of a discount changes orders; sizing uses it from then on."""
    from bot.cli.policy_sizing import fit_sizes

    fit_sizes(config(home))


@policy.command(epilog="Example: rapport policy evaluate ./policy.yml --days 180")
def evaluate(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A policy file that is not in force.")],
    home: Home = None,
    days: Annotated[int, typer.Option(min=1, help="Days of the log.")] = 180,
    within: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=365,
            show_default="as long as what is offered holds, 30 at least",
            help="Days after a decision whose orders count.",
        ),
    ] = None,
) -> int:
    """Estimate from the log what another policy would have earned. Exit code 1 when the log cannot tell."""
    from bot.cli.policy_evaluate import show_evaluation

    return show_evaluation(config(home), file, days, within)


@policy.command(epilog="Example: rapport policy fairness --days 90 --json fairness.json")
def fairness(
    home: Home = None,
    days: Annotated[int, typer.Option(min=1, help="Days of the log.")] = 90,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="File for all figures.", show_default=False)] = None,
) -> None:
    """Compare what groups of customers were offered: how often, how much, and whom spent budgets left out."""
    from bot.cli.policy_fairness import show_policy_fairness

    show_policy_fairness(config(home), days, json)
