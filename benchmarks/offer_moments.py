"""When customers write, about what, and how it looks: drawn once, so that every policy meets the same customers.

The draws of a customer come from a stream of their own, and each moment brings the numbers that decide what comes of
it (common random numbers): two policies differ only where they do something else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from numpy.random import PCG64, Generator

from benchmarks.offer_population import Population
from benchmarks.offer_world import HORIZON_DAYS, WINDOW_DAYS, Contact, Nature, World, leave_chance
from crm_models.next_action.kinds import Moment, Trouble

SEASON_DAYS = 180  # in which customers write; what comes of it is followed to the end of the year
_STREAM = 12

# Contacts a year: some write without buying, and a third of the orders brings a question. Who has left hardly writes,
# as in `demo.behaviour`.
_UNASKED, _PER_ORDER, _WHEN_GONE = 0.6, 0.35, 0.06
# Of the contacts, how many are about something that went wrong; more from those with a bad experience.
_COMPLAINT, _LATE, _GRUDGE, _GRUDGE_WHEN_BAD = 0.08, 0.08, 0.08, 0.35
# A complaint is open for a day and some more; half of the customers write once more meanwhile.
_OPEN_DAYS, _ASKS_AGAIN = 6.0, 0.5
_SAID = 0.6  # chance that a customer with a grudge says what it is about
_BASKET_SPREAD = 0.5  # sigma of the logarithm of an order's value
# Of the orders, how many go wrong without a contact that the bot would see, and drive away as in `demo.mood`.
_SILENT_INCIDENT = 0.05
# Where a question without trouble is asked: an article, a parcel, a return or change, a refund, stars.
_QUIET = (
    (Moment.ANSWER, 0.4),
    (Moment.ORDER_STATUS, 0.25),
    (Moment.TASK_DONE, 0.15),
    (Moment.REFUND_STATUS, 0.05),
    (Moment.FEEDBACK, 0.15),
)
_GRUDGING = ((Moment.ORDER_STATUS, 0.3), (Moment.FEEDBACK, 0.4), (Moment.REFUND_STATUS, 0.1), (Moment.IMPATIENCE, 0.2))


@dataclass(frozen=True)
class Meeting:
    """One contact. `topic` is the truth, see `offer_world.Contact`; moment, mood and trouble are what the bot sees."""

    customer: int
    day: float  # from 0
    topic: str
    complaint_open: bool
    moment: Moment
    mood: float
    trouble: Trouble
    # What decides: whether an order more or less comes, when, its value, whether the customer leaves, uses a discount.
    lift_draw: float
    order_day: float
    basket: float
    leave_draw: float
    use_draw: float


@dataclass(frozen=True)
class OwnOrder:
    """An order that comes by itself, while the customer is there."""

    day: float
    basket: float  # of the customer's usual value
    leave_draw: float


@dataclass(frozen=True)
class Fates:
    """All of a population, drawn with one seed."""

    meetings: tuple[Meeting, ...]  # by day
    orders: tuple[tuple[OwnOrder, ...], ...]  # by customer, by day


def draw_fates(population: Population, seed: int) -> Fates:
    """Everything that chance decides, whatever a policy does."""
    meetings: list[Meeting] = []
    orders: list[tuple[OwnOrder, ...]] = []
    for number, nature in enumerate(population.natures):
        random = Generator(PCG64([seed, _STREAM, population.seed, number]))
        meetings += _meetings(random, number, nature)
        orders.append(tuple(_orders(random, nature)))
    return Fates(tuple(sorted(meetings, key=lambda each: (each.day, each.customer))), tuple(orders))


def own_leave_chance(nature: Nature) -> float:
    """Chance of leaving with each order, for reasons that no bot sees."""
    silent = leave_chance(World(), nature, Contact("late"))
    return World.question_leaves + _SILENT_INCIDENT * silent


def _meetings(random: Generator, number: int, nature: Nature) -> Iterator[Meeting]:
    yearly = (_UNASKED + _PER_ORDER * nature.rate * nature.pace) * (_WHEN_GONE if nature.gone else 1.0)
    for _ in range(int(random.poisson(yearly * SEASON_DAYS / 365))):
        day = float(random.random()) * SEASON_DAYS
        chance = float(random.random())
        grudge = _GRUDGE + _GRUDGE_WHEN_BAD * (1 - nature.experience)
        more = 2.0 if nature.badly_served else 1.0  # things go wrong where they went wrong before: the same carrier
        if chance < _COMPLAINT * more:
            yield _meeting(random, number, nature, day, "complaint", True)
            again = 1.0 + float(random.exponential(_OPEN_DAYS))
            if random.random() < _ASKS_AGAIN:
                yield _meeting(random, number, nature, day + again * float(random.random()), "unsolved", True)
        elif chance < (_COMPLAINT + _LATE) * more:
            yield _meeting(random, number, nature, day, "late", False)
        elif random.random() < grudge:
            about_prices = random.random() < nature.price_sensitivity
            yield _meeting(random, number, nature, day, "grudge_price" if about_prices else "grudge_service", False)
        else:
            yield _meeting(random, number, nature, day, "question", False)


def _meeting(random: Generator, number: int, nature: Nature, day: float, topic: str, is_open: bool) -> Meeting:
    moment, trouble, mood = _seen(random, nature, topic)
    return Meeting(
        customer=number,
        day=day,
        topic=topic,
        complaint_open=is_open,
        moment=moment,
        mood=min(max(mood, -1.0), 1.0),
        trouble=trouble,
        lift_draw=float(random.random()),
        order_day=day + float(random.random()) * WINDOW_DAYS,
        basket=_basket(random),
        leave_draw=float(random.random()),
        use_draw=float(random.random()),
    )


def _seen(random: Generator, nature: Nature, topic: str) -> tuple[Moment, Trouble, float]:
    """What the bot makes of it: the moment, the trouble that was said or is on record, the mood."""
    noise = float(random.normal(0.0, 0.25))
    said = bool(random.random() < _SAID)
    where = float(random.random())
    if topic == "unsolved":
        return (Moment.ORDER_STATUS if where < 0.6 else Moment.IMPATIENCE), Trouble.SERVICE, noise - 0.45
    if topic == "complaint":
        return Moment.COMPLAINT, Trouble.PRODUCT, noise - 0.5
    if topic == "late":
        return Moment.ORDER_LATE, Trouble.LATE_DELIVERY, noise - 0.35
    if topic == "question":
        moment = _one_of(_QUIET, where)
        # stars are given by the content; others are asked about nothing
        return moment, Trouble.NONE, noise + 0.1 + (0.9 * (nature.experience - 0.4) if moment is Moment.FEEDBACK else 0)
    trouble = Trouble.PRICE if topic == "grudge_price" else Trouble.SERVICE
    return _one_of(_GRUDGING, where), trouble if said else Trouble.NONE, noise - 0.45


def _orders(random: Generator, nature: Nature) -> Iterator[OwnOrder]:
    pace = 0.0 if nature.gone else nature.pace
    count = int(random.poisson(nature.rate * pace * HORIZON_DAYS / 365))
    for day in sorted(float(random.random()) * HORIZON_DAYS for _ in range(count)):
        yield OwnOrder(day, _basket(random), float(random.random()))


def _basket(random: Generator) -> float:
    """Of the usual value; 1 on average."""
    return float(random.lognormal(-(_BASKET_SPREAD**2) / 2, _BASKET_SPREAD))


def _one_of(choices: tuple[tuple[Moment, float], ...], draw: float) -> Moment:
    for moment, share in choices:
        draw -= share
        if draw < 0:
            return moment
    return choices[-1][0]
