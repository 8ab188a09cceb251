"""A season under one policy: who is offered what, and what becomes of the customers until the end of the year."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from benchmarks.offer_moments import Fates, Meeting, OwnOrder, own_leave_chance
from benchmarks.offer_population import NOW, Population
from benchmarks.offer_world import (
    ANSWER,
    PERSON,
    SELLING,
    WINDOW_DAYS,
    Contact,
    Nature,
    Response,
    World,
    order_chance,
    respond,
)
from crm_models.next_action.kinds import ActionKind
from crm_models.next_action.situation import PastAction, Situation

_RECENT_DAYS = 60  # in which an offer tires

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Act:
    """What is done at a moment."""

    action: str = ANSWER
    percent: int = 0  # off the next order
    cents: float = 0.0  # off the next order
    points_cents: float = 0.0  # worth of points, which are kept at once
    expected_cost: float = 0.0  # counts against the budget of its day
    valid_days: int = 30  # of what comes off the next order


Decide = Callable[[Situation, Nature, Contact], Act]


@dataclass
class Totals:
    """What a season brought; money in cents, over the year."""

    margin: Floats  # by customer, after all that offers cost
    planned_by_day: Floats = field(default_factory=lambda: np.zeros(0))  # what the policy expected to spend
    spent_by_day: Floats = field(default_factory=lambda: np.zeros(0))  # what its offers of that day cost in the end
    left: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))  # by customer
    actions: Counter[str] = field(default_factory=Counter)
    to_open_complaints: int = 0  # offers that sell, made while a complaint was open


@dataclass
class _State:
    """One customer on the way."""

    gone: bool
    next_order: int = 0  # of the own orders
    percent: int = 0
    cents: float = 0.0
    until: float = -1.0  # the discount holds
    given_on: int = 0  # day
    uses: bool = False  # would use it on an order of one's own
    put_off_until: float = -1.0  # an own order of these days does not come
    history: list[PastAction] = field(default_factory=list)
    offered: list[float] = field(default_factory=list)  # days


class Season:
    """Runs policies over the same fates."""

    def __init__(self, population: Population, fates: Fates, day_cents: float) -> None:
        self._population, self._fates, self._day_cents = population, fates, day_cents
        self._world: World = population.world
        self._leave = [own_leave_chance(nature) for nature in population.natures]

    def run(self, decide: Decide) -> Totals:
        """Every meeting in order of time; whoever has left does not come to theirs."""
        natures = self._population.natures
        states = [_State(nature.gone) for nature in natures]
        days = 1 + int(self._fates.meetings[-1].day) if self._fates.meetings else 1
        totals = Totals(np.zeros(len(natures)), np.zeros(days), np.zeros(days))
        for number, meeting in enumerate(self._fates.meetings):
            state, nature = states[meeting.customer], natures[meeting.customer]
            self._until(meeting.customer, state, totals, meeting.day)
            if state.gone and not nature.gone:
                continue
            today = int(meeting.day)
            contact = Contact(meeting.topic, meeting.complaint_open, _recent(state, meeting.day))
            left = self._day_cents - float(totals.planned_by_day[today])
            situation = situation_of(self._population, number, meeting, tuple(reversed(state.history)), left)
            act = decide(situation, nature, contact)
            totals.planned_by_day[today] += act.expected_cost
            self._act(meeting, nature, contact, state, act, totals, situation.now)
        for customer, state in enumerate(states):
            self._until(customer, state, totals, float("inf"))
        totals.left = np.array([state.gone for state in states])
        return totals

    def _act(
        self,
        meeting: Meeting,
        nature: Nature,
        contact: Contact,
        state: _State,
        act: Act,
        totals: Totals,
        now: datetime,
    ) -> None:
        totals.actions[act.action] += 1
        found = respond(self._world, nature, contact, act.action, act.percent)
        if act.action == PERSON:
            self._pay(totals, meeting.customer, int(meeting.day), self._world.person_cents)
        self._pay(totals, meeting.customer, int(meeting.day), act.points_cents)
        if act.action in SELLING:
            state.offered.append(meeting.day)
            totals.to_open_complaints += meeting.complaint_open
        if act.action != ANSWER:
            given = act.percent or act.cents or act.points_cents
            expires = now + timedelta(days=act.valid_days) if given else None
            state.history.append(PastAction(ActionKind(act.action), None, now, "shown", expires))
        if act.percent or act.cents:
            state.percent, state.cents, state.given_on = act.percent, act.cents, int(meeting.day)
            state.until = meeting.day + act.valid_days
            state.uses = meeting.use_draw < found.taken_anyway
        self._move(meeting, nature, state, found, totals)
        if meeting.leave_draw < found.leaves:
            state.gone = True

    def _move(self, meeting: Meeting, nature: Nature, state: _State, found: Response, totals: Totals) -> None:
        """One order more, or one less."""
        base = order_chance(nature)
        if found.lift > 0 and meeting.lift_draw < found.lift and meeting.leave_draw >= found.leaves:
            goods = meeting.basket * nature.basket_cents
            totals.margin[meeting.customer] += self._world.gross_margin * goods
            if state.until >= meeting.order_day:
                self._use(meeting.customer, state, goods, totals)
        elif found.lift < 0 and meeting.lift_draw < -found.lift / max(base, 1e-9):
            state.put_off_until = meeting.day + WINDOW_DAYS

    def _until(self, customer: int, state: _State, totals: Totals, day: float) -> None:
        """The customer's own orders before `day`."""
        orders: tuple[OwnOrder, ...] = self._fates.orders[customer]
        while not state.gone and state.next_order < len(orders) and orders[state.next_order].day < day:
            order = orders[state.next_order]
            state.next_order += 1
            if order.day < state.put_off_until:
                state.put_off_until = -1.0
                continue
            goods = order.basket * self._population.natures[customer].basket_cents
            totals.margin[customer] += self._world.gross_margin * goods
            if state.uses and order.day <= state.until:
                self._use(customer, state, goods, totals)
            if order.leave_draw < self._leave[customer]:
                state.gone = True

    def _use(self, customer: int, state: _State, goods: float, totals: Totals) -> None:
        """A discount is used once."""
        self._pay(totals, customer, state.given_on, min(goods * state.percent / 100 + state.cents, goods))
        state.until, state.uses = -1.0, False

    def _pay(self, totals: Totals, customer: int, day: int, cents: float) -> None:
        totals.spent_by_day[day] += cents
        totals.margin[customer] -= cents


def situation_of(
    population: Population, number: int, meeting: Meeting, history: tuple[PastAction, ...], left_cents: float
) -> Situation:
    """What a decision is told of a meeting, and nothing that is hidden."""
    known = population.known[meeting.customer]
    return Situation(
        customer_id=known.customer_id,
        moment=meeting.moment,
        now=NOW + timedelta(days=meeting.day),
        conversation_id=str(number),
        mood=meeting.mood,
        trouble=meeting.trouble,
        consents=known.consents,
        open_complaint=meeting.complaint_open,
        tier=known.tier,
        tier_percent=known.tier_percent,
        scores=known.scores,
        order_cents=known.order_cents,
        candidate=known.candidate,
        history=history,
        budget_left_cents={kind: left_cents for kind in ActionKind},
    )


def _recent(state: _State, day: float) -> int:
    return sum(day - each < _RECENT_DAYS for each in state.offered)
