"""`rapport bench dialogue`: share of scripted customers who get what they came for.

Each customer has a goal, says it in words that are not in the training data, answers what the bot asks and gives up
after a while. Afterwards the database is looked at: what should have changed has, and nothing else. The peer (Rasa's
stock pipeline, the same actions) gets the same customers in the same shop, put back after each conversation.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import aiohttp
from sqlalchemy.engine import Engine

from benchmarks.dialogue_changing import changing_makers
from benchmarks.dialogue_customer import Customer
from benchmarks.dialogue_goals import Goal, draw_goals
from benchmarks.dialogue_reading import reading_makers
from benchmarks.dialogue_state import Heard, ShopFile
from benchmarks.errors import MissingData
from benchmarks.home import demo_home, imported_home
from benchmarks.load import Bot, session
from benchmarks.peers import Stacks
from benchmarks.report import Report, Row
from benchmarks.stock import NAME, StockModel, train_stock
from bot.cli.config import Config
from bot.cli.display import step
from bot.cli.shop import utc_now
from crm_models.database import create_engine, reading
from crm_models.identity import Trust, open_conversation
from demo.seed import DEFAULT_SEED

SEED = 11
CUSTOMERS = 300
GOALS_EACH, QUICK_GOALS_EACH = 20, 3
# Longer conversations end badly, whatever comes of them.
MOST_TURNS = 12
DATA_SET = "tau_bench_retail"
# The stock pipeline has no retrieval, so it is not asked what the articles say.
WITHOUT_PEER = frozenset({"question"})
FAILURES = "dialogue-failures.txt"


@dataclass(frozen=True)
class Ended:
    """How one conversation went; `wrong` is None when it ended as it should."""

    kind: str
    turns: int
    wrong: str | None
    transcript: str


def run(data: Path | None, quick: bool) -> Report:
    """The demo shop, and with `data` the imported one.

    Raises:
        MissingData: the imported shop's files are not in the data folder.
    """
    files = _imported_files(data)
    count = QUICK_GOALS_EACH if quick else GOALS_EACH
    rows: list[Row] = []
    with demo_home(CUSTOMERS) as demo:
        model = train_stock(demo, quick)
        failures = demo.home.with_name(FAILURES)
        failures.write_text("", encoding="utf-8")
        rows += _measure_shop("demo shop", demo, model, count, imported=False, failures=failures)
        if files is not None:
            with imported_home(demo, files) as imported:
                rows += _measure_shop("imported shop", imported, model, count, imported=True, failures=failures)
    return Report("dialogue", rows, {"demo shop": DEFAULT_SEED, "customers": SEED}, _notes(count, files, model))


def _imported_files(data: Path | None) -> Path | None:
    if data is None:
        return None
    files = data / DATA_SET
    if not files.is_dir():
        raise MissingData(
            f"There is no folder {DATA_SET} in {data}. It holds the retail shop of tau-bench "
            "(users, orders, products as JSON), public at github.com/sierra-research/tau-bench."
        )
    return files


def _measure_shop(
    shop: str, config: Config, model: StockModel, count: int, *, imported: bool, failures: Path
) -> list[Row]:
    engine = create_engine(config.crm.database_url)
    makers = {**reading_makers(imported), **changing_makers()}
    with step(f"Drawing customers of the {shop}"), reading(engine) as connection:
        goals = draw_goals(connection, makers, count, SEED, utc_now())
    with Stacks(config, model).bots() as bots, step(f"Conversations in the {shop}") as running:
        file = ShopFile(config.home / "rapport.db", config.home / "pristine.db")
        found = asyncio.run(_hold_all(bots, goals, engine, file, running.count))
    engine.dispose()
    _write_failures(failures, shop, found)
    return _rows(shop, found)


async def _hold_all(
    bots: Sequence[Bot], goals: Sequence[Goal], engine: Engine, file: ShopFile, progress: object
) -> dict[str, list[Ended]]:
    """Every goal with every bot that it is for, in turns."""
    found: dict[str, list[Ended]] = {bot.name: [] for bot in bots}
    async with session() as http:
        for number, goal in enumerate(goals):
            for bot in bots if goal.kind not in WITHOUT_PEER else bots[:1]:
                customer = Customer(goal, random.Random(f"{SEED} {number}"))
                try:
                    found[bot.name].append(await hold(http, bot, goal, customer, engine, file))
                finally:
                    file.restore()
            progress(number + 1, len(goals))  # type: ignore[operator]
    return found


async def hold(
    http: aiohttp.ClientSession, bot: Bot, goal: Goal, customer: Customer, engine: Engine, file: ShopFile
) -> Ended:
    """One conversation, to its end."""
    conversation_id = f"bench-{uuid.uuid4().hex}"
    _sign_in(engine, conversation_id, goal.customer_id)
    heard, transcript = Heard(), []
    text: str | None = customer.opening()
    while text is not None and len(heard.turns) < MOST_TURNS:
        replies = await bot.say(http, conversation_id, text)
        said = "\n".join(reply.text for reply in replies)
        sources = heard.sources.union(*(reply.sources for reply in replies))
        heard = replace(heard, turns=(*heard.turns, said), sources=sources)
        transcript += [f"customer: {text}", f"bot: {said}"]
        if goal.end.reached(file.changes(only=goal.end.tables), heard):
            break
        text = customer.answer(replies)
    wrong = goal.end.wrong(file.changes(), heard)
    return Ended(goal.kind, len(heard.turns), wrong, "\n".join(transcript))


def _sign_in(engine: Engine, conversation_id: str, customer_id: str) -> None:
    now = utc_now()
    with engine.begin() as connection:
        open_conversation(
            connection, conversation_id, "web", now, customer_id, Trust.VERIFIED, now + timedelta(hours=1)
        )


def _rows(shop: str, found: Mapping[str, Sequence[Ended]]) -> list[Row]:
    """Shares that ended as they should; no issue sets a target for them."""
    kinds = list(dict.fromkeys(each.kind for each in found["ours"]))
    shared = [kind for kind in kinds if kind not in WITHOUT_PEER]
    rows = [
        _row(f"{shop}: all conversations", {"ours": _share(found["ours"], kinds)}, "share"),
        _row(f"{shop}: all that both bots hold", {name: _share(each, shared) for name, each in found.items()}, "share"),
    ]
    for kind in kinds:
        asked = found if kind not in WITHOUT_PEER else {"ours": found["ours"]}
        number = sum(each.kind == kind for each in found["ours"])
        shares = {name: _share(each, [kind]) for name, each in asked.items()}
        rows.append(_row(f"{shop}: {kind.replace('_', ' ')} ({number})", shares, "share"))
    rows.append(_row(f"{shop}: turns of those that ended well, median", {
        name: _turns(each, shared) for name, each in found.items()
    }, "turns"))  # fmt: skip
    return rows


def _row(name: str, values: Mapping[str, float | None], unit: str) -> Row:
    return Row(name, values["ours"], unit, peers={peer: value for peer, value in values.items() if peer != "ours"})


def _share(ended: Sequence[Ended], kinds: Sequence[str]) -> float | None:
    counted = [each for each in ended if each.kind in kinds]
    return sum(each.wrong is None for each in counted) / len(counted) if counted else None


def _turns(ended: Sequence[Ended], kinds: Sequence[str]) -> float | None:
    return statistics.median([each.turns for each in ended if each.wrong is None and each.kind in kinds] or [0]) or None


def _write_failures(path: Path, shop: str, found: Mapping[str, Sequence[Ended]]) -> None:
    """What went wrong, to be read."""
    with path.open("a", encoding="utf-8") as file:
        for name, ended in found.items():
            for each in ended:
                if each.wrong is not None:
                    file.write(f"=== {shop}, {name}, {each.kind}: {each.wrong}\n{each.transcript}\n\n")


def _notes(count: int, files: Path | None, model: StockModel) -> list[str]:
    notes = [
        f"up to {count} customers for each goal; the same customers, words and dice for both bots",
        "ended well: what was wanted is in the database or was told, and nothing else has changed",
        f"{NAME} uses the same actions; it has no retrieval, so it is not asked the questions",
        f"the conversations that did not end well are in benchmarks/{FAILURES} of the data folder",
        model.note,
    ]
    if files is None:
        notes.append("the demo shop alone: --data DIR with the public data sets adds the imported one")
    return notes
