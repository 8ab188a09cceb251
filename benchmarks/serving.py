"""`rapport bench serving`: the design's budgets, ours beside Rasa's stock pipeline on the same data.

Both bots run on this machine, on loopback, over the same shop and the same action server; only one of them is asked
at a time, in turns (ours, theirs, ours, ...), so that a machine that is slow for a while is slow for both.
"""

from __future__ import annotations

import asyncio
import statistics
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.engine import Engine

from benchmarks.home import demo_home
from benchmarks.load import Bot, Turns, burst, converse, converse_at_once, session
from benchmarks.peers import Stacks
from benchmarks.report import Report, Row, at_least, at_most
from benchmarks.stock import train_stock
from benchmarks.understanding import measure_understanding
from bot.cli.display import step
from bot.cli.shop import utc_now
from crm_models.database import create_engine, reading
from crm_models.identity import Trust, open_conversation
from crm_models.tables import orders
from demo.seed import DEFAULT_SEED

# Targets: the table "Budgets" of the design (2 cores, whole stack running).
P50_MS, P95_MS = at_most(20), at_most(40)
TURNS_PER_SECOND = at_least(100)
# "No added wait": what two runs of the same three turns differ by anyway.
ADDED_WAIT_MS = at_most(10)
UNDERSTANDING_MS = at_most(6)
LATE_TO_EARLY = at_most(1.5)
RESTART_S = at_most(20)
MEMORY_GB = at_most(1.2)
# "No answer is silence" (issue A).
ANSWERED = at_least(1.0)

# What was measured for the design on a machine of 2 cores, before this run.
STOCK_BEFORE = "stock: "

# One customer's visit: eight turns, with a form begun and declined, so that it changes nothing.
SCRIPT = (
    "hi there",
    "could you look up where my order has got to?",
    "for how long can i send a thing back?",
    "please cancel that order for me",
    '/inform{"reason": "found_cheaper"}',
    "/deny",
    "how many loyalty points are left on my account?",
    "great, thanks a lot",
)
# Turns 5, 10, 15, ... of the long conversation ask the same.
LONG_SCRIPT = (
    "for how long can i send a thing back?",
    "thanks a lot",
    "how many loyalty points are left on my account?",
    "hi there",
    "could you look up where my order has got to?",
)
# So many of these on either side are compared, since a single turn may be slow for any reason.
ALIKE = 5
BURST = ("hi there", "could you look up where my order has got to?", "how many loyalty points are left on my account?")
AT_ONCE = 16


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    customers: int
    restarts: int
    conversations: int  # sequential ones, of each bot
    load_runs: int
    bursts: int
    long_turns: int  # ours
    long_seconds: float  # a bot that has not finished by then is compared at the turn it reached
    understanding_runs: int


FULL = Size(2000, 3, 40, 7, 15, 500, 240.0, 3)
QUICK = Size(200, 1, 5, 3, 3, 500, 30.0, 1)


def run(data: Path | None, quick: bool) -> Report:
    """Prepare, start, measure; takes about half an hour, with `quick` a few minutes once everything is trained."""
    size = QUICK if quick else FULL
    with demo_home(size.customers) as config:
        model = train_stock(config, quick)
        stacks = Stacks(config, model)
        understanding = measure_understanding(config, model, size.understanding_runs, quick)
        restart = _measure_restarts(stacks, size)
        with stacks.both() as bots:
            visitors = Visitors(create_engine(config.crm.database_url))
            measured = asyncio.run(_Suite(bots, visitors, size).measure())
            # After the load, with everything in memory that it brings there.
            memory = stacks.memory_gb()
    rows = _rows(measured, restart, understanding, memory)
    return Report("serving", rows, {"demo shop": DEFAULT_SEED}, _notes(size, measured, model.note))


class Visitors:
    """Conversations of signed-in customers who have exactly one pending order."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        pending = select(orders.c.customer_id).where(orders.c.status == "pending")
        query = pending.group_by(orders.c.customer_id).having(func.count() == 1).order_by(orders.c.customer_id)
        with reading(engine) as connection:
            self._customers = connection.execute(query).scalars().all()
        self._next = 0

    def conversation(self) -> str:
        """A new one, as the web process opens it; customers take turns."""
        conversation_id = f"bench-{uuid.uuid4().hex}"
        customer_id = self._customers[self._next % len(self._customers)]
        self._next += 1
        now = utc_now()
        with self._engine.begin() as connection:
            open_conversation(
                connection, conversation_id, "web", now, customer_id, Trust.VERIFIED, now + timedelta(hours=4)
            )
        return conversation_id


@dataclass
class Measured:
    """What one bot did."""

    turns: list[float]
    loads: list[float]
    added_wait_ms: list[float]
    early_ms: float = 0.0
    late_ms: float = 0.0
    long_turn: int = 0
    asked: int = 0
    silent: int = 0

    def add(self, found: Turns) -> Turns:
        """Count the turns without an answer."""
        self.asked += len(found.ms)
        self.silent += found.silent
        return found


class _Suite:
    def __init__(self, bots: Sequence[Bot], visitors: Visitors, size: Size) -> None:
        self._bots = bots
        self._visitors = visitors
        self._size = size
        self._found = {bot.name: Measured([], [], []) for bot in bots}

    async def measure(self) -> Mapping[str, Measured]:
        """All that needs the running bots."""
        async with session() as self._http:
            for bot in self._bots:  # what is loaded on first use is no part of a turn
                for _ in range(2):
                    await converse(self._http, bot, self._visitors.conversation(), SCRIPT)
            await self._take_turns("One turn after the other", self._size.conversations, self._sequential)
            await self._take_turns(f"{AT_ONCE} conversations at once", self._size.load_runs, self._load)
            await self._take_turns("Three messages at once", self._size.bursts, self._burst)
            await self._take_turns("One long conversation", 1, self._long)
        return self._found

    async def _take_turns(self, title: str, rounds: int, measure: Callable[[Bot], object]) -> None:
        with step(title) as running:
            for number in range(rounds):
                for bot in self._bots:
                    await measure(bot)  # type: ignore[misc]
                running.count(number + 1, rounds)

    async def _sequential(self, bot: Bot) -> None:
        found = self._found[bot.name]
        turns = await converse(self._http, bot, self._visitors.conversation(), SCRIPT)
        found.turns += found.add(turns).ms

    async def _load(self, bot: Bot) -> None:
        found = self._found[bot.name]
        conversations = [self._visitors.conversation() for _ in range(AT_ONCE)]
        turns = await converse_at_once(self._http, bot, conversations, SCRIPT)
        found.loads.append(found.add(turns).per_second)

    async def _burst(self, bot: Bot) -> None:
        """The same messages one after the other, then without waiting, each in a conversation that has begun."""
        one, other = self._visitors.conversation(), self._visitors.conversation()
        for conversation_id in (one, other):
            await converse(self._http, bot, conversation_id, SCRIPT[:1])
        alone = await converse(self._http, bot, one, BURST)
        together = await burst(self._http, bot, other, BURST)
        self._found[bot.name].added_wait_ms.append(max(0.0, together - sum(alone.ms)))

    async def _long(self, bot: Bot) -> None:
        found, conversation_id = self._found[bot.name], self._visitors.conversation()
        period, until = len(LONG_SCRIPT), time.monotonic() + self._size.long_seconds
        fifth: list[float] = []
        while period * len(fifth) < self._size.long_turns and (len(fifth) < 2 * ALIKE or time.monotonic() < until):
            turns = found.add(await converse(self._http, bot, conversation_id, LONG_SCRIPT))
            fifth.append(turns.ms[-1])
        found.early_ms, found.late_ms = statistics.median(fifth[:ALIKE]), statistics.median(fifth[-ALIKE:])
        found.long_turn = period * len(fifth)


def _measure_restarts(stacks: Stacks, size: Size) -> Mapping[str, float]:
    """Seconds from the start of the processes to the first reply, median, by bot; everything is trained."""
    taken: dict[str, list[float]] = {}
    with step("Restart to first reply") as running:
        for number in range(size.restarts):
            for name, start in stacks.alone().items():
                began = time.perf_counter()
                with start() as bot:
                    asyncio.run(_first_reply(bot))
                    taken.setdefault(name, []).append(time.perf_counter() - began)
            running.count(number + 1, size.restarts)
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


async def _first_reply(bot: Bot) -> None:
    async with session() as http:
        await bot.say(http, f"bench-{uuid.uuid4().hex}", "hi there")


def _rows(
    measured: Mapping[str, Measured],
    restart: Mapping[str, float],
    understanding: Mapping[str, float],
    memory: Mapping[str, float],
) -> list[Row]:
    found = list(measured.values())
    names = list(measured)

    def row(name: str, unit: str, target: object, values: Sequence[float], anchor: str | None = None) -> Row:
        peers = dict(zip(names[1:], values[1:], strict=True))
        return Row(name, values[0], unit, target, peers, anchor)  # type: ignore[arg-type]

    def each(of: Callable[[Measured], float]) -> list[float]:
        return [of(one) for one in found]

    def by_name(values: Mapping[str, float]) -> list[float]:
        return [values[name] for name in names]

    late = " / ".join(str(one.long_turn) for one in found)
    return [
        row("one turn, sequential, p50", "ms", P50_MS, each(lambda one: statistics.median(one.turns)),
            f"{STOCK_BEFORE}33 to 37"),
        row("one turn, sequential, p95", "ms", P95_MS, each(lambda one: _p95(one.turns)), f"{STOCK_BEFORE}40 to 47"),
        row(f"turns per second, {AT_ONCE} conversations of {len(SCRIPT)} turns at once", "turns/s", TURNS_PER_SECOND,
            each(lambda one: statistics.median(one.loads)), f"{STOCK_BEFORE}31; rules only: 430"),
        row("three messages at once, added wait", "ms", ADDED_WAIT_MS,
            each(lambda one: statistics.median(one.added_wait_ms)), f"{STOCK_BEFORE}1,000"),
        row("understanding, a message, one core", "ms", UNDERSTANDING_MS, by_name(understanding),
            "MiniLM-L6 alone, ONNX fp32: 4.1"),
        row(f"one long conversation, turn {late} to turn 5", "times", LATE_TO_EARLY,
            each(lambda one: one.late_ms / one.early_ms), f"{STOCK_BEFORE}1.4 s at turn 300"),
        row(f"one long conversation, turn {late}", "ms", None, each(lambda one: one.late_ms)),
        row("restart to first reply, trained", "s", RESTART_S, by_name(restart), f"{STOCK_BEFORE}50 to 64"),
        row("memory of the bot process", "GB", MEMORY_GB, by_name(memory), f"{STOCK_BEFORE}1.1"),
        row("turns that got a reply", "share", ANSWERED, each(lambda one: 1 - one.silent / one.asked)),
    ]  # fmt: skip


def _p95(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=20, method="inclusive")[-1]


def _notes(size: Size, measured: Mapping[str, Measured], peer: str) -> list[str]:
    turns = len(next(iter(measured.values())).turns)
    return [
        f"demo shop with {size.customers:,} customers; web, actions and projector run beside our bot",
        f"medians of {turns} sequential turns, {size.load_runs} runs at once, {size.bursts} bursts and "
        f"{size.restarts} restarts of each bot, taken in turns",
        "our restart is that of `rapport up`, with its checks; the peer's is that of its bot and actions",
        peer,
    ]
