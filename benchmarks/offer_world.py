"""What customers really do when they are offered something: the truth that the benchmark of offers is measured against.

It continues the demo generator (`demo.traits`, `demo.mood`, `demo.campaigns`): the hidden traits of a customer decide,
and no policy and no model reads them. The numbers below were written down before any policy was run on them, and are
not tuned; `SETTINGS` holds worlds in which they are otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

HORIZON_DAYS = 365  # over which margin and leaving are counted
WINDOW_DAYS = 14  # in which an offer draws an order, or puts one off

ANSWER = "answer_only"
RECOMMENDATION = "recommendation"
RETENTION = "retention_offer"
PERK = "loyalty_perk"
APOLOGY = "apology_credit"
FEEDBACK = "ask_feedback"
PERSON = "hand_over"
SELLING = frozenset({RECOMMENDATION, RETENTION, PERK})

# Of the generator: a voucher of 10 percent moves the chance of a visit by so much (`demo.campaigns`), and an incident
# drives away with such a chance (`demo.mood`).
_PULL, _INDIFFERENT, _AMISS = 0.9, 0.3, 1.0
_LEAVE = 1.5


@dataclass(frozen=True)
class World:
    """How strongly offers act. Chances are of an order within WINDOW_DAYS, or of leaving after a contact."""

    # Two visits in three of the generator end in an order; a visit drawn by a voucher is worth half of one of its own.
    visits_that_buy: float = 0.35
    # Percent of a discount at which its pull is 1 - 1/e of the most it can be; a voucher of 10 percent pulls 1.
    saturates_at: float = 10.0
    # As the generator has it: how much a discount puts off the least patient after bad service; and how much more any
    # selling does while a complaint is open.
    amiss: float = _AMISS
    amiss_while_open: float = 0.5
    # A suggestion that fits costs a look. Much less than a voucher: shops report lifts of one to a few orders of 100.
    recommendation_pull: float = 0.04
    # Points: pleasant, for those who are loyal already.
    perk_pull: float = 0.03
    # A credit of a few euros must be spent in the shop, which a few do sooner for it.
    credit_pull: float = 0.05

    # Chance of leaving after a contact: as after any order in the generator, or by the severity of what happened.
    question_leaves: float = 0.01
    complaint_severity: float = 0.5
    late_severity: float = 0.35
    unsolved_severity: float = 0.15  # writing again while a complaint is open: a third of one that nobody answers
    grudge_severity: float = 0.3
    # Share of that chance that is taken away, or added.
    discount_keeps: float = 0.5  # of the most price-minded, at a discount without limit, over a grudge about prices
    discount_keeps_others: float = 0.25  # the same over anything else
    credit_keeps: float = 0.3  # where something went wrong; the service-recovery literature finds less than half
    person_keeps: float = 0.3  # where there is a complaint or a grudge
    perk_keeps: float = 0.1
    feedback_keeps: float = 0.03
    selling_drives: float = 0.6  # the least patient, while a complaint is open
    # Each offer of the last 60 days halves the pull of the next, and annoys.
    tires: float = 0.5
    annoys: float = 0.01
    # Who would have ordered anyway takes a discount as the generator's customers take a sale.
    takes_least: float = 0.15

    gross_margin: float = 0.35  # of what goods cost, household goods
    person_cents: int = 400  # ten minutes of a person
    heterogeneity: float = 1.0  # 0: everybody reacts as the average customer does


# Name of a setting -> the world; the first is the one that figures are quoted from.
SETTINGS: dict[str, World] = {
    "as written": World(),
    "effects half as strong": World(
        visits_that_buy=0.175,
        recommendation_pull=0.02,
        perk_pull=0.015,
        credit_pull=0.025,
        discount_keeps=0.25,
        discount_keeps_others=0.125,
        credit_keeps=0.15,
        person_keeps=0.15,
        perk_keeps=0.05,
    ),
    "everybody reacts alike": World(heterogeneity=0.0),
    "nobody takes an offer amiss": World(amiss=0.0, amiss_while_open=0.0, selling_drives=0.0, annoys=0.0, tires=1.0),
    "thin margins": World(gross_margin=0.22),
}


@dataclass(frozen=True)
class Nature:
    """The hidden side of one customer on the day the benchmark starts."""

    rate: float  # orders a year while content
    pace: float  # factor of it now, 0 to 1
    price_sensitivity: float
    patience: float
    experience: float
    taste: float  # share of the category of what would be recommended, in what the customer likes
    basket_cents: float
    badly_served: bool = False  # within 300 days
    gone: bool = False


# The means of `demo.traits`, of the experience after three years, and of what a good recommendation meets.
_MEAN = {"price_sensitivity": 0.476, "patience": 0.524, "experience": 0.7, "taste": 0.3}


@dataclass(frozen=True)
class Contact:
    """What is true at the moment in which something may be said."""

    topic: str = "question"  # or late, complaint, unsolved, grudge_price, grudge_service
    complaint_open: bool = False
    recent_offers: int = 0  # of the last 60 days

    @property
    def wronged(self) -> bool:
        return self.complaint_open or self.topic != "question"


@dataclass(frozen=True)
class Response:
    lift: float  # of the chance of one more order within WINDOW_DAYS; below 0, of one less
    leaves: float  # chance of leaving over this contact
    taken_anyway: float = 0.0  # chance that who orders anyway uses the discount or credit


def in_world(world: World, nature: Nature) -> Nature:
    """The customer as this world has it: where there are no differences, everybody has the mean traits."""
    share = world.heterogeneity
    if share == 1.0:
        return nature
    own = {name: share * getattr(nature, name) + (1 - share) * mean for name, mean in _MEAN.items()}
    return replace(nature, badly_served=nature.badly_served and share > 0, **own)


def respond(world: World, nature: Nature, contact: Contact, action: str, percent: int) -> Response:
    """The truth about one action at one moment.

    Args:
        percent: off the next order; 0 where the action gives none.
    """
    if nature.gone:
        return Response(0.0, 0.0)
    leaves = leave_chance(world, nature, contact)
    lift, keeps, taken = _EFFECTS[action](world, nature, contact, percent)
    if action in SELLING:
        if lift > 0:
            lift *= world.tires**contact.recent_offers
        leaves += world.annoys * (1 - nature.patience) * contact.recent_offers
        if contact.complaint_open:
            lift -= world.visits_that_buy * world.amiss_while_open * (1 - nature.patience)
            keeps = -world.selling_drives * (1 - nature.patience)
    base = order_chance(nature)
    return Response(min(max(lift, -base), 0.97 - base), min(leaves * (1 - keeps), 0.95), taken)


def order_chance(nature: Nature) -> float:
    """Of an order within WINDOW_DAYS without any offer."""
    return 0.0 if nature.gone else 1 - math.exp(-nature.rate * nature.pace * WINDOW_DAYS / 365)


def leave_chance(world: World, nature: Nature, contact: Contact) -> float:
    """Of leaving over a contact to which nothing is added, as over an incident of `demo.mood`."""
    if contact.topic == "question":
        return world.question_leaves
    severity = {
        "complaint": world.complaint_severity,
        "unsolved": world.unsolved_severity,
        "late": world.late_severity,
    }.get(contact.topic, world.grudge_severity)
    return min(_LEAVE * severity * (1 - nature.patience) * (1.2 - nature.experience), 0.9)


# Of each action: change of the chance of an order, share of the chance of leaving taken away, use by who orders anyway.
_Effect = tuple[float, float, float]


def _answer(world: World, nature: Nature, contact: Contact, percent: int) -> _Effect:
    return 0.0, 0.0, 0.0


def _recommendation(world: World, nature: Nature, contact: Contact, percent: int) -> _Effect:
    return world.recommendation_pull * nature.taste / _MEAN["taste"], 0.0, 0.0


def _retention(world: World, nature: Nature, contact: Contact, percent: int) -> _Effect:
    keen = nature.price_sensitivity
    reached = 1 - math.exp(-percent / world.saturates_at)  # of the most a discount can do
    strength = reached / (1 - math.exp(-10.0 / World.saturates_at))  # 1 at 10 percent
    lift = world.visits_that_buy * _PULL * (keen - _INDIFFERENT) * strength
    if nature.badly_served or contact.wronged:
        lift -= world.visits_that_buy * world.amiss * (1 - nature.patience)
    about_prices = contact.topic == "grudge_price"
    keeps = (world.discount_keeps if about_prices else world.discount_keeps_others) * keen * reached
    return lift, keeps, world.takes_least + (1 - world.takes_least) * keen


def _perk(world: World, nature: Nature, contact: Contact, percent: int) -> _Effect:
    return world.perk_pull * nature.experience, world.perk_keeps, 0.0


def _apology(world: World, nature: Nature, contact: Contact, percent: int) -> _Effect:
    keeps = world.credit_keeps if contact.wronged or nature.badly_served else 0.0
    return 2 * world.credit_pull * nature.price_sensitivity, keeps, 1.0


def _feedback(world: World, nature: Nature, contact: Contact, percent: int) -> _Effect:
    return 0.0, world.feedback_keeps, 0.0


def _person(world: World, nature: Nature, contact: Contact, percent: int) -> _Effect:
    return 0.0, world.person_keeps if contact.wronged else 0.0, 0.0


_EFFECTS: dict[str, Callable[[World, Nature, Contact, int], _Effect]] = {
    ANSWER: _answer,
    RECOMMENDATION: _recommendation,
    RETENTION: _retention,
    PERK: _perk,
    APOLOGY: _apology,
    FEEDBACK: _feedback,
    PERSON: _person,
}
