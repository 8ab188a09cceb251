"""Off-policy estimates against the truth: many logs of a policy that explores, and what another one would have earned.

The outcome of a decision is the margin of the customer's orders within WITHIN_DAYS, after what the offer cost. Its
expectation is known exactly in a world, so that the estimate can be compared with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import PCG64, Generator
from numpy.typing import NDArray

from benchmarks.offer_moments import Fates, Meeting
from benchmarks.offer_policies import changed
from benchmarks.offer_population import Population
from benchmarks.offer_runs import situation_of
from benchmarks.offer_world import PERSON, Contact, Nature, World, respond
from benchmarks.report import Row, at_least, between
from bot.cli.display import step
from crm_models.next_action.kinds import ActionKind, Moment, Mood, Trouble
from crm_models.next_action.off_policy import Evaluation, LoggedDecisions, evaluate, overlap
from crm_models.next_action.policy import CreditTerms, OfferPolicy, PerkTerms
from crm_models.next_action.replay import ACTIONS, context_of, table_of_chances
from crm_models.next_action.situation import Situation
from crm_models.next_action.value import percent_for

WITHIN_DAYS = 30
_STREAM = 13

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Bandit:
    """First contacts of customers as decisions of one step: float (decisions, ACTIONS) each."""

    situations: tuple[Situation, ...]
    context: Floats
    alone: Floats  # (decisions,): own orders within WITHIN_DAYS to expect
    stays: Floats  # chance of not leaving over the contact
    lift: Floats  # of the chance of one more order; below 0 of one less
    taken: Floats  # chance that an own order uses the discount
    share: Floats  # off an order
    cents: Floats  # off an order
    now_cents: Floats  # spent at once
    margin_cents: Floats  # (decisions,), of an order of usual value
    goods_cents: Floats  # (decisions,)

    def __len__(self) -> int:
        return len(self.situations)

    @property
    def expected(self) -> Floats:
        """Reward to expect, the truth."""
        own = self.alone[:, None] * self.stays
        more, less = np.maximum(self.lift, 0.0), np.maximum(-self.lift, 0.0)
        used = more + (1 - more) * self.taken * (1 - np.exp(-self.alone))[:, None] * self.stays
        has = (1 - np.exp(-self.alone))[:, None] * self.stays
        orders = own + more - np.minimum(less, has)
        given = self.share * self.goods_cents[:, None] + self.cents
        return np.asarray(orders * self.margin_cents[:, None] - used * given - self.now_cents)

    def draw(self, random: Generator, rows: NDArray[np.int64], action: NDArray[np.int64]) -> Floats:
        """Rewards of single decisions, float (len(rows),): whole orders, of values that vary."""
        at = (rows, action)
        own = random.poisson(self.alone[rows]) * (random.random(len(rows)) < self.stays[at])
        more = random.random(len(rows)) < np.maximum(self.lift[at], 0.0)
        has = (1 - np.exp(-self.alone[rows])) * self.stays[at]
        less = np.minimum(np.maximum(-self.lift[at], 0.0) / np.maximum(has, 1e-9), 1.0)  # where there is one
        fewer = (own > 0) & (random.random(len(rows)) < less)
        used = more | ((own > 0) & (random.random(len(rows)) < self.taken[at]))
        basket = random.lognormal(-0.125, 0.5, len(rows))
        given = self.share[at] * self.goods_cents[rows] + self.cents[at]
        return np.asarray(
            (own + more - fewer) * basket * self.margin_cents[rows] - used * given - self.now_cents[at], dtype=float
        )


@dataclass(frozen=True)
class Case:
    """A policy to be estimated from the log of another."""

    name: str
    logged: OfferPolicy
    wanted: OfferPolicy
    decisions: int
    is_refused: bool = False  # the log cannot tell, and the estimate must say so


def cases_of(policy: OfferPolicy) -> tuple[Case, ...]:
    """The shop's policy, and one that would change much; both from logs of a policy that explores more than shipped."""
    offers = ("recommendation", "apology_credit", "retention_offer", "loyalty_perk")
    wide = {
        name: {
            "moods": [each.value for each in Mood],
            "labels": {},
            "troubles": {each.value: policy.terms(ActionKind(name)).troubles.get(each, 0.5) for each in Trouble},
        }
        for name in offers
    }
    exploring = changed(policy, {"exploration": {"share": 0.3}, "actions": wide})
    costly = changed(
        policy,
        {"exploration": {"share": 0.0}, "actions": {"apology_credit": {"on": False}, "hand_over": {"on": False}}},
    )
    # Both choose among what the same rules allow; what is worth its cost to the first alone is tried nowhere else.
    generous = changed(exploring, {"actions": {"apology_credit": {"stake": 1.0}}})
    greedy = changed(exploring, {"exploration": {"share": 0.0}})
    everywhere = {name: {**wide[name], "moments": [each.value for each in Moment]} for name in offers}
    untried = changed(policy, {"exploration": {"share": 0.0}, "actions": everywhere})
    return (
        Case("the shipped policy", exploring, policy, 3000),
        Case("without credits and people", exploring, costly, 3000),
        Case("credits valued lower", generous, greedy, 3000),
        Case("offers at every moment, from the shipped log", policy, untried, 3000, is_refused=True),
        Case("the shipped policy, from 60 decisions", exploring, policy, 60, is_refused=True),
    )


def rows_of_cases(populations: Sequence[tuple[Population, Fates]], policy: OfferPolicy, logs: int) -> list[Row]:
    """Coverage, bias and spread over simulated logs, beside reading the log without weights."""
    bandit = bandit_of(populations, policy)
    rows: list[Row] = []
    with step("Estimates from logs") as running:
        cases = cases_of(policy)
        for number, case in enumerate(cases):
            rows += _measured(bandit, case, logs, number)
            running.count(number + 1, len(cases))
    return rows


def _measured(bandit: Bandit, case: Case, logs: int, number: int) -> list[Row]:
    chances = table_of_chances(bandit.situations, case.logged)
    target = table_of_chances(bandit.situations, case.wanted)
    truth = float((target * bandit.expected).sum(axis=1).mean())
    logged = float((chances * bandit.expected).sum(axis=1).mean())
    found: list[Evaluation] = []
    refused = 0
    for each in range(logs):
        random = Generator(PCG64([_STREAM, number, each]))
        rows = random.integers(len(bandit), size=case.decisions)
        action = (random.random(case.decisions)[:, None] > chances[rows].cumsum(axis=1)).sum(axis=1)
        action = np.minimum(action, len(ACTIONS) - 1)
        reward = bandit.draw(random, rows, action)
        log = LoggedDecisions(reward, action, chances[rows], bandit.context[rows], np.arange(case.decisions))
        refused += overlap(log, target[rows]).refusal is not None
        if not case.is_refused:
            found.append(evaluate(log, target[rows]))
    title = f"off-policy, {case.name}"
    if case.is_refused:
        return [Row(f"{title}: logs that are refused", refused / logs, "share", at_least(0.95))]
    return [
        Row(f"{title}: truth", truth, "cents a decision", None, {"logged policy": logged}),
        _over_logs(f"{title}: mean estimate, doubly robust", found, np.mean),
        _over_logs(f"{title}: spread of the estimates (SD of logs), doubly robust", found, np.std),
        Row(
            f"{title}: intervals of 95 % that hold the truth, doubly robust",
            _coverage(found, "doubly_robust", truth),
            "share",
            between(0.92, 0.98),
            {"IPS": _coverage(found, "ips", truth), "self-normalised IPS": _coverage(found, "snips", truth)},
        ),
        Row(
            f"{title}: intervals that hold the gain over the logged policy",
            float(np.mean([each.gain.low <= truth - logged <= each.gain.high for each in found])),
            "share",
            between(0.92, 0.98),
        ),
        Row(
            f"{title}: effective decisions, of {case.decisions}",
            float(np.mean([each.overlap.effective for each in found])),
            "",
        ),
        Row(f"{title}: logs that are refused", refused / logs, "share"),
    ]


def _over_logs(name: str, found: Sequence[Evaluation], of: Callable[[Sequence[float]], Any]) -> Row:
    """A statistic of each estimator's values over the logs: the doubly robust one beside the others."""
    peers = {
        "IPS": [each.ips.value for each in found],
        "self-normalised IPS": [each.snips.value for each in found],
        "no weights": [each.matched for each in found if each.matched is not None],
    }
    ours = float(of([each.doubly_robust.value for each in found]))
    return Row(name, ours, "cents a decision", None, {peer: float(of(values)) for peer, values in peers.items()})


def bandit_of(populations: Sequence[tuple[Population, Fates]], policy: OfferPolicy) -> Bandit:
    """The first contact of each customer who writes."""
    firsts: list[tuple[Population, int, Meeting]] = []
    for population, fates in populations:
        seen: set[int] = set()
        for number, meeting in enumerate(fates.meetings):
            if meeting.customer not in seen:
                seen.add(meeting.customer)
                firsts.append((population, number, meeting))
    situations = tuple(situation_of(who, number, meeting, (), float("inf")) for who, number, meeting in firsts)
    natures = [who.natures[meeting.customer] for who, _, meeting in firsts]
    world = populations[0][0].world
    told = [
        [_reaction(world, nature, meeting, kind, situation, policy) for kind in ACTIONS]
        for situation, nature, (_, _, meeting) in zip(situations, natures, firsts, strict=True)
    ]
    stays, lift, taken, share, cents, at_once = (np.array(each) for each in np.moveaxis(np.array(told), 2, 0))
    return Bandit(
        situations=situations,
        context=np.array([context_of(each) for each in situations]),
        alone=np.array([0.0 if n.gone else n.rate * n.pace * WITHIN_DAYS / 365 for n in natures]),
        stays=stays,
        lift=lift,
        taken=taken,
        share=share,
        cents=cents,
        now_cents=at_once,
        margin_cents=np.array([world.gross_margin * n.basket_cents for n in natures]),
        goods_cents=np.array([n.basket_cents for n in natures]),
    )


def _reaction(
    world: World, nature: Nature, meeting: Meeting, kind: ActionKind, situation: Situation, policy: OfferPolicy
) -> tuple[float, ...]:
    percent = percent_for(situation, policy) if kind is ActionKind.RETENTION_OFFER else 0
    found = respond(world, nature, Contact(meeting.topic, meeting.complaint_open), kind.value, percent)
    terms = None if kind is ActionKind.ANSWER_ONLY else policy.terms(kind)
    cents = float(terms.credit_cents) if isinstance(terms, CreditTerms) else 0.0
    at_once = float(world.person_cents) if kind.value == PERSON else 0.0
    if isinstance(terms, PerkTerms):
        at_once = terms.points * situation.point_cents
    return 1 - found.leaves, found.lift, found.taken_anyway, percent / 100, cents, at_once


def _coverage(found: Sequence[Evaluation], name: str, truth: float) -> float:
    return float(np.mean([getattr(each, name).low <= truth <= getattr(each, name).high for each in found]))
