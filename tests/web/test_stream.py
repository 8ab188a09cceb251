"""The event stream: nothing lost, nothing twice, also across reconnects and processes."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tests.web.conftest import Web
from tests.web.fake_bot import FakeBot
from tests.web.visitor import Visitor


def test_a_reconnect_brings_what_was_missed_and_nothing_again(web: Web) -> None:
    visitor = web.visitor()
    visitor.say("one")
    first = visitor.stream(2)
    assert [row["text"] for row in first] == ["one", "You said: one"]
    visitor.say("two")
    visitor.wait_for("You said: two")
    rest = visitor.stream(2, after=first[-1]["id"])
    assert [row["text"] for row in rest] == ["two", "You said: two"]


def test_cut_after_every_single_message(web: Web) -> None:
    visitor = web.visitor()
    for number in range(5):
        visitor.say(f"message {number}")
    visitor.wait_for("You said: message 4")
    seen, last = [], 0
    for _ in range(10):
        (row,) = visitor.stream(1, after=last)
        seen.append(row["text"])
        last = row["id"]
    assert seen == visitor.texts()


def test_rows_come_live(web: Web, bot: FakeBot) -> None:
    visitor = web.visitor()
    got: list[str] = []
    reader = Visitor(web.url)
    reader.secret = visitor.secret
    thread = threading.Thread(target=lambda: got.extend(row["text"] for row in reader.stream(4)))
    thread.start()
    visitor.say("now")
    visitor.wait_for("You said: now")
    visitor.say("and now")
    thread.join(10)
    assert got == ["now", "You said: now", "and now", "You said: and now"]


def test_rows_of_another_process_are_seen(make_web: Callable[..., Web]) -> None:
    here, there = make_web(), make_web()
    visitor = here.visitor()
    got: list[str] = []
    reader = Visitor(there.url)
    reader.secret = visitor.secret
    thread = threading.Thread(target=lambda: got.extend(row["text"] for row in reader.stream(2)))
    thread.start()
    visitor.say("hello over there")
    thread.join(10)
    assert got == ["hello over there", "You said: hello over there"]


def test_a_position_from_an_erased_past_starts_at_the_beginning(web: Web) -> None:
    visitor = web.visitor()
    visitor.say("hello")
    visitor.wait_for("You said: hello")
    assert len(visitor.stream(2, after=999_999)) == 2
