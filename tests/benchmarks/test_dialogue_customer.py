"""Scripted customers: what they want, how they say it, what they answer, and how their conversations are judged."""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy.engine import Engine

from benchmarks.dialogue import MOST_TURNS, Ended, hold
from benchmarks.dialogue_changing import changing_makers
from benchmarks.dialogue_customer import Customer
from benchmarks.dialogue_goals import Goal, draw_goals
from benchmarks.dialogue_reading import reading_makers
from benchmarks.dialogue_state import EndState, ShopFile
from benchmarks.load import Reply
from benchmarks.phrases import openings, phrases
from bot.settings import PROJECT
from crm_models.database import create_engine, migrate, reading
from crm_models.identity import Identity, Trust
from crm_models.order_changes import cancel_pending_order
from demo.seed import DEFAULT_UNTIL, seed_shop

NOW = datetime.combine(DEFAULT_UNTIL, datetime.min.time())
SEED = 3
YES_NO = (("Yes", "/affirm"), ("No", "/deny"))


def ask(text: str, **buttons: str) -> Reply:
    """A question whose buttons carry `entity=values`, parted by blanks."""
    payloads = [
        (value, f'/inform{{"{entity}": "{value}"}}') for entity, values in buttons.items() for value in values.split()
    ]
    return Reply(text, tuple(payloads))


def customer(*, facts: dict[str, str] | None = None, spoken: dict[str, list[str]] | None = None) -> Customer:
    goal = Goal(
        "cancel", "C-000001", ("one", "two", "three", "four"), EndState(), frozenset({"cancel_order"}),
        facts or {"order_id": "HV-100001"}, spoken or {},
    )  # fmt: skip
    return Customer(goal, random.Random(SEED))


# --- answers ---


def test_the_button_with_what_they_want_is_tapped() -> None:
    question = ask("Which order do you mean?", order_id="HV-100002 HV-100001")
    assert customer().answer([question]) == '/inform{"order_id": "HV-100001"}'


def test_what_was_typed_in_vain_is_tapped_the_next_time() -> None:
    question = ask("May I ask why?", reason="found_cheaper takes_too_long")
    someone = customer(facts={"reason": "found_cheaper"}, spoken={"reason": ["I saw it for less"]})
    answers = [someone.answer([question]) for _ in range(20)]
    assert answers.count("I saw it for less") == 1
    assert answers[-1] == '/inform{"reason": "found_cheaper"}'


def test_an_order_that_is_not_offered_is_typed() -> None:
    someone = customer(spoken={"order_id": ["it's HV-100001"]})
    assert someone.answer([ask("Which order do you mean?", order_id="HV-100002")]) == "it's HV-100001"


def test_only_their_own_order_is_confirmed() -> None:
    assert customer().answer([Reply("Cancel HV-100002?", YES_NO)]) == "/deny"
    assert customer().answer([Reply("Cancel HV-100001?", YES_NO)]) in [*phrases()["confirm"], "/affirm"]


def test_of_two_meanings_the_right_one_is_chosen() -> None:
    meant = Reply("Which of these do you mean?", (("Status", "/order_status"), ("Cancel", "/cancel_order")))
    assert customer().answer([meant]) == "/cancel_order"


def test_an_address_is_told_when_it_is_asked_for() -> None:
    someone = customer(spoken={"address": ["Lindenweg 7, 50667 Köln"]})
    assert someone.answer([Reply("What's the new delivery address?")]) == "Lindenweg 7, 50667 Köln"


def test_they_say_it_in_other_words_twice_and_then_give_up() -> None:
    someone = customer()
    said = [someone.opening(), *(someone.answer([Reply("Pardon?")]) for _ in range(4))]
    assert len(set(said[:3])) == 3
    assert said[3:] == [None, None]


# --- conversations, judged ---


class ScriptedBot:
    """Says one thing after the other, the last one for ever; does `deed` at its last one."""

    name = "scripted"

    def __init__(self, replies: Sequence[Reply], deed: Callable[[], None]) -> None:
        self._replies = list(replies)
        self._deed = deed

    async def say(self, *_: Any) -> list[Reply]:
        reply = self._replies[0]
        if len(self._replies) > 1:
            self._replies.pop(0)
        else:
            self._deed()
        return [reply]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{tmp_path_factory.mktemp('shop') / 'rapport.db'}")
    migrate(engine)
    seed_shop(engine, customers=150)
    yield engine
    engine.dispose()


@pytest.fixture
def file(engine: Engine, tmp_path: Path) -> Iterator[ShopFile]:
    file = ShopFile(Path(str(engine.url.database)), tmp_path / "pristine.db")
    yield file
    file.restore()


@pytest.fixture(scope="module")
def goals(engine: Engine) -> list[Goal]:
    makers = {**reading_makers(imported=False), **changing_makers()}
    with reading(engine) as connection:
        return draw_goals(connection, makers, 2, SEED, NOW)


def cancelled(engine: Engine, goal: Goal) -> None:
    identity = Identity("web-1", goal.customer_id, Trust.VERIFIED)
    with engine.begin() as connection:
        cancel_pending_order(connection, identity, goal.facts["order_id"], goal.facts["reason"], NOW)


def held(engine: Engine, file: ShopFile, goal: Goal, bot: ScriptedBot) -> Ended:
    return asyncio.run(hold(None, bot, goal, Customer(goal, random.Random(SEED)), engine, file))  # type: ignore[arg-type]


def test_a_conversation_ends_well_when_the_order_is_cancelled(
    engine: Engine, file: ShopFile, goals: list[Goal]
) -> None:
    goal = next(goal for goal in goals if goal.kind == "cancel")
    question = ask("May I ask why?", reason=goal.facts["reason"])
    confirm = Reply(f"Cancel {goal.facts['order_id']}?", YES_NO)
    bot = ScriptedBot([question, confirm, Reply("Done.")], lambda: cancelled(engine, goal))
    ended = held(engine, file, goal, bot)
    assert ended.wrong is None, ended
    assert ended.turns == 3


def test_a_bot_that_only_says_so_does_not_end_well(engine: Engine, file: ShopFile, goals: list[Goal]) -> None:
    goal = next(goal for goal in goals if goal.kind == "cancel")
    ended = held(engine, file, goal, ScriptedBot([Reply("Done: cancelled.")], lambda: None))
    assert ended.wrong is not None


def test_a_bot_that_goes_in_circles_is_left(engine: Engine, file: ShopFile, goals: list[Goal]) -> None:
    goal = next(goal for goal in goals if goal.kind == "cancel")
    question = ask("May I ask why?", reason=goal.facts["reason"])
    ended = held(engine, file, goal, ScriptedBot([question], lambda: None))
    assert ended.turns == MOST_TURNS
    assert ended.wrong is not None


def test_a_refusal_ends_well_only_while_nothing_changes(engine: Engine, file: ShopFile, goals: list[Goal]) -> None:
    goal = next(goal for goal in goals if goal.kind == "cancel_too_late")
    refusal = Reply(" ".join(goal.end.said))
    assert held(engine, file, goal, ScriptedBot([refusal], lambda: None)).wrong is None
    other = next(goal for goal in goals if goal.kind == "cancel")
    assert held(engine, file, goal, ScriptedBot([refusal], lambda: cancelled(engine, other))).wrong is not None


# --- goals and words ---


def test_the_demo_shop_has_customers_for_every_goal(goals: list[Goal]) -> None:
    found = Counter(goal.kind for goal in goals)
    assert found == dict.fromkeys([*reading_makers(imported=False), *changing_makers()], 2)
    assert all(goal.openings for goal in goals)


def test_the_same_seed_gives_the_same_goals(engine: Engine, goals: list[Goal]) -> None:
    with reading(engine) as connection:
        again = draw_goals(connection, {**reading_makers(imported=False), **changing_makers()}, 2, SEED, NOW)
    assert again == goals


def test_there_are_five_ways_or_more_to_say_each_goal() -> None:
    content = phrases()
    groups = [*content["openings"].values(), content["cancel_too_late"], content["foreign_order"]]
    groups += [content["questions"], content["policy_questions"]]
    assert min(len(group) for group in groups) >= 5


def test_no_opening_is_in_the_training_data() -> None:
    trained = set()
    for path in (PROJECT / "bot" / "data" / "nlu").glob("*.yml"):
        for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            trained |= {bare(line) for line in block.get("examples", "").splitlines()}
    assert [text for text in openings() if bare(text) in trained] == []


def test_every_article_that_should_answer_a_question_exists() -> None:
    written = {path.stem for path in (PROJECT / "demo" / "articles").glob("*.md")}
    assert {each for question in phrases()["questions"] for each in question["articles"]} <= written


def bare(text: str) -> str:
    """Words alone, so that case, marks and other order numbers do not hide that two texts are the same."""
    text = re.sub(r"\[([^]]*)\](\([a-z_]+\)|\{[^}]*\})", r"\1", text.lower())
    return " ".join(re.findall(r"[^\W\d]+", text))
