"""Whether offers that fit the person help: a simulated population whose true reactions are known.

Customers and history come from the demo generator, models are trained on what a shop would have, and `choose` decides
with the shipped policy file. How customers react is `benchmarks.offer_world`, which neither models nor policies read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.offer_costs import rows_of_costs
from benchmarks.offer_evaluation import rows_of_cases
from benchmarks.offer_moments import SEASON_DAYS, Fates, draw_fates
from benchmarks.offer_policies import ByChurnAlone, Everybody, Oracle, Ours, discounts_alone, nothing, relaxed
from benchmarks.offer_population import Population, open_shop, population_of
from benchmarks.offer_runs import Decide, Season, Totals
from benchmarks.offer_world import HORIZON_DAYS, SETTINGS
from benchmarks.report import Report, Row, at_least, at_most, between
from bot.cli.display import step
from crm_models.next_action.policy import OfferPolicy
from crm_models.next_action.policy_file import load_offer_policy

SEED = 7  # of the first shop; the others follow
NONE, ALL, CHURN, ORACLE = "no offers", "offers to all", "by churn score alone", "oracle (ceiling)"
DISCOUNTS = "ours with discounts alone"
PEERS = (NONE, ALL, CHURN)
MAIN, *OTHERS = SETTINGS
_Z = 1.96  # of 95 %
_TIGHT = 0.5  # of what ours plans on a mean day

Floats = NDArray[np.float64]
Make = Callable[[int], Decide]  # a fresh policy for a seed


@dataclass(frozen=True)
class Size:
    shops: int
    customers: int
    seeds: int  # fates of each shop
    logs: int


FULL = Size(shops=4, customers=5_000, seeds=5, logs=300)
QUICK = Size(shops=1, customers=700, seeds=2, logs=30)


@dataclass(frozen=True)
class Outcome:
    """A policy over all shops and seeds; the mean over seeds of each customer, shops one after the other."""

    margin: Floats  # (customers,), cents
    left: Floats  # (customers,), share
    shop: NDArray[np.int64]  # (customers,)
    spent: float  # cents a customer
    planned: float
    worst_day: float  # cents, planned, of one shop
    worst_day_spent: float  # what the offers of one day cost in the end
    actions: float  # anything but an answer, of 100 contacts
    to_open_complaints: float  # offers that sell, of 100 contacts


@dataclass(frozen=True)
class Difference:
    """Mean over customers, with 95 %."""

    mean: float
    low: float
    high: float


def run(data: Path | None, quick: bool) -> Report:
    """`data` is not used: the population is generated."""
    size = QUICK if quick else FULL
    policy = load_offer_policy()
    shops = [open_shop(SEED + number, size.customers, timed=number == 0) for number in range(size.shops)]
    with step("Trying the offer on a random half") as running:
        populations = []
        for number, shop in enumerate(shops):
            populations.append(population_of(shop, SETTINGS[MAIN]))
            running.count(number + 1, len(shops))
    fates = [[draw_fates(each, seed) for seed in range(size.seeds)] for each in populations]
    day_cents = float(policy.budget.day_cents)
    found = season_of(populations, fates, policies(policy), day_cents, "Seasons")
    rows = [*main_rows(found, day_cents), *guardrail_rows(populations, fates, policy, found["ours"], day_cents)]
    rows += tight_rows(populations, fates, policy, found["ours"])
    for name in OTHERS[: 1 if quick else None]:
        other = [population_of(shops[0], SETTINGS[name])]
        there = [[draw_fates(each, seed) for seed in range(size.seeds)] for each in other]
        rows += setting_rows(name, season_of(other, there, policies(policy), day_cents, f"World: {name}"))
    rows += rows_of_cases([(each, own[0]) for each, own in zip(populations, fates, strict=True)], policy, size.logs)
    rows += rows_of_costs(shops[0].turn_ms)
    return Report("personalisation", rows, {"shops": SEED, "fates": 0}, _notes(size, populations, fates, quick))


def policies(policy: OfferPolicy) -> dict[str, Callable[[Population], Make]]:
    """What is compared; each gets the population for the sake of the oracle, which alone reads it."""
    discounts = discounts_alone(policy)
    return {
        "ours": lambda _: lambda seed: Ours(policy, seed),
        NONE: lambda _: lambda seed: nothing,
        ALL: lambda _: lambda seed: Everybody(policy),
        CHURN: lambda _: lambda seed: ByChurnAlone(policy),
        DISCOUNTS: lambda _: lambda seed: Ours(discounts, seed),
        ORACLE: lambda population: lambda seed: Oracle(population.world, policy),
    }


def season_of(
    populations: Sequence[Population],
    fates: Sequence[Sequence[Fates]],
    compared: Mapping[str, Callable[[Population], Make]],
    day_cents: float,
    title: str,
) -> dict[str, Outcome]:
    """Every policy over the same fates."""
    found = {}
    with step(title) as running:
        for number, (name, of) in enumerate(compared.items()):
            totals = [
                [Season(who, each, day_cents).run(of(who)(seed)) for seed, each in enumerate(own)]
                for who, own in zip(populations, fates, strict=True)
            ]
            found[name] = _outcome(totals)
            running.count(number + 1, len(compared))
    return found


def _outcome(totals: Sequence[Sequence[Totals]]) -> Outcome:
    every = [each for shop in totals for each in shop]
    contacts = sum(sum(each.actions.values()) for each in every)
    customers = sum(len(each.margin) for each in every)
    return Outcome(
        margin=np.concatenate([np.mean([each.margin for each in shop], axis=0) for shop in totals]),
        left=np.concatenate([np.mean([each.left for each in shop], axis=0) for shop in totals]),
        shop=np.repeat(np.arange(len(totals)), [len(shop[0].margin) for shop in totals]),
        spent=sum(float(each.spent_by_day.sum()) for each in every) / customers,
        planned=sum(float(each.planned_by_day.sum()) for each in every) / customers,
        worst_day=max(float(each.planned_by_day.max()) for each in every),
        worst_day_spent=max(float(each.spent_by_day.max()) for each in every),
        actions=100 * (1 - sum(each.actions["answer_only"] for each in every) / max(contacts, 1)),
        to_open_complaints=100 * sum(each.to_open_complaints for each in every) / max(contacts, 1),
    )


def difference(ones: Floats, others: Floats) -> Difference:
    """Paired by customer."""
    each = ones - others
    reach = _Z * float(each.std(ddof=1)) / len(each) ** 0.5
    return Difference(float(each.mean()), float(each.mean()) - reach, float(each.mean()) + reach)


def main_rows(found: Mapping[str, Outcome], day_cents: float) -> list[Row]:
    """Margin, leaving and spend; ours against each."""
    ours, unit = found["ours"], "cents a customer"
    peers = {name: each for name, each in found.items() if name not in ("ours", NONE)}
    rows = [
        Row(
            "margin of a year above no offers",
            difference(ours.margin, found[NONE].margin).mean,
            unit,
            None,
            {name: difference(each.margin, found[NONE].margin).mean for name, each in peers.items()},
        )
    ]
    for name in PEERS:
        rows += _ahead(f"margin, ours less {name}", difference(ours.margin, found[name].margin), unit, at_zero=True)
    for name in PEERS:
        shops = [ours.margin[ours.shop == s].mean() - found[name].margin[ours.shop == s].mean() for s in set(ours.shop)]
        rows.append(Row(f"shops in which ours is ahead of {name}", float(np.mean(np.array(shops) > 0)), "share"))
    rows.append(
        Row(
            "customers who leave within the year",
            float(ours.left.mean()),
            "share",
            None,
            {name: float(each.left.mean()) for name, each in found.items() if name != "ours"},
        )
    )
    for name in PEERS:
        less = difference(100 * found[name].left, 100 * ours.left)
        rows += _ahead(f"customers kept, ours less {name}", less, "of 100", at_zero=False)
    told = {name: each for name, each in found.items() if name not in ("ours", NONE)}
    rows += [
        Row("spent on offers", ours.spent, unit, None, {name: each.spent for name, each in told.items()}),
        Row(
            "of it expected when decided", ours.planned, unit, None, {name: each.planned for name, each in told.items()}
        ),
        Row("spent, of what was expected", ours.spent / ours.planned, "share", between(0.75, 1.33)),
        Row(
            "dearest day of a shop, as the budget counts",
            ours.worst_day,
            "cents",
            at_most(day_cents),
            {name: each.worst_day for name, each in told.items()},
        ),
        Row(
            "dearest day of a shop, as its offers were used",
            ours.worst_day_spent,
            "cents",
            at_most(day_cents),
            {name: each.worst_day_spent for name, each in told.items()},
        ),
        Row(
            "contacts to which something is added",
            ours.actions,
            "of 100",
            None,
            {name: each.actions for name, each in told.items()},
        ),
        Row(
            "offers made while a complaint is open",
            ours.to_open_complaints,
            "of 100 contacts",
            at_most(0.0),
            {name: each.to_open_complaints for name, each in told.items()},
        ),
    ]
    return rows


def guardrail_rows(
    populations: Sequence[Population],
    fates: Sequence[Sequence[Fates]],
    policy: OfferPolicy,
    ours: Outcome,
    day_cents: float,
) -> list[Row]:
    """What each rule costs: the margin of the same policy without it, less ours."""
    changed: dict[str, Callable[[Population], Make]] = {
        name: (lambda _, other=other: lambda seed: Ours(other, seed)) for name, other in relaxed(policy).items()
    }
    rows = []
    for name, without in season_of(populations, fates, changed, day_cents, "Seasons without a rule").items():
        price = difference(without.margin, ours.margin)
        rows.append(
            Row(
                f"price of the rule: {name}",
                price.mean,
                "cents a customer",
                None,
                {"low (95 %)": price.low, "high": price.high, "spent without it": without.spent},
            )
        )
    return rows


def tight_rows(
    populations: Sequence[Population], fates: Sequence[Sequence[Fates]], policy: OfferPolicy, ours: Outcome
) -> list[Row]:
    """The same with a budget that does not last."""
    customers = len(ours.margin) / len(populations)
    day_cents = _TIGHT * ours.planned * customers / SEASON_DAYS
    found = season_of(populations, fates, policies(policy), day_cents, "Seasons with half the budget")
    rows = [
        Row(
            "half the budget: dearest day of a shop",
            found["ours"].worst_day,
            "cents",
            at_most(day_cents),
            {name: found[name].worst_day for name in (ALL, CHURN)},
        )
    ]
    for name in PEERS:
        margin = difference(found["ours"].margin, found[name].margin)
        rows += _ahead(f"half the budget: margin, ours less {name}", margin, "cents a customer", at_zero=False)
    return rows


def setting_rows(name: str, found: Mapping[str, Outcome]) -> list[Row]:
    """Ours against each in another world, one shop."""
    rows: list[Row] = []
    for peer in PEERS:
        margin = difference(found["ours"].margin, found[peer].margin)
        rows += _ahead(f"world in which {name}: margin, ours less {peer}", margin, "cents a customer", at_zero=False)
    return rows


def _ahead(title: str, found: Difference, unit: str, at_zero: bool) -> list[Row]:
    """The difference with its interval; where it is what must be shown, a target for the lower end."""
    if not at_zero:
        return [Row(title, found.mean, unit, None, {"low (95 %)": found.low, "high": found.high})]
    return [
        Row(title, found.mean, unit, None, {"high (95 %)": found.high}),
        Row(f"{title}, low end of 95 %", found.low, unit, at_least(0.0)),
    ]


def _notes(size: Size, populations: Sequence[Population], fates: Sequence[Sequence[Fates]], quick: bool) -> list[str]:
    contacts = np.mean([len(each.meetings) for own in fates for each in own])
    qini = ", ".join(f"{each.uplift_qini:.2f}" for each in populations)
    notes = [
        f"{size.shops} shops of {size.customers} customers, {size.seeds} fates each, {contacts:.0f} contacts a shop in "
        f"{SEASON_DAYS} days; margin and leaving are counted over {HORIZON_DAYS} days",
        "models (churn, segment, value) are trained on the generated history; uplift on a voucher of 10 percent to a "
        f"random half, orders within 14 days (Qini on held-out customers, percent: {qini})",
        "paired: every policy meets the same contacts and the same draws; intervals over customers, of their mean over "
        "the fates; the shops have models of their own",
        "peers have the budget of ours and make the discount of the tier; the oracle knows every reaction, and takes "
        "what brings most at each moment",
        "how customers react is written in benchmarks/offer_world.py; it was fixed before any policy was run on it",
    ]
    if quick:
        notes.append("--quick: one small shop, two fates, one other world; the figures say nothing about quality")
    return notes
