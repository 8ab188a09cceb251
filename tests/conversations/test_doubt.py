"""What becomes of the question "which of these do you mean?". Which message is doubtful depends on what was trained
here: the first of a few that is asked about is taken.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
import sqlalchemy as sa

from tests.conversations.talk import asks_for_meaning
from tests.stack import Stack, Turn

BEN = "C-000002"
DOUBTFUL = (
    "return or exchange",
    "wrong thing, send it back or swap?",
    "cancel or return?",
    "account or order",
    "price or stock?",
    "something about my order please",
    "I need to change something",
    "money",
    "the parcel and the invoice",
    "newsletter or offers",
    "change it",
    "problem with my order",
)


@dataclass
class Asked:
    """A conversation in which the bot has just asked what was meant."""

    stack: Stack
    conversation_id: str
    buttons: list[dict[str, str]]

    def say(self, text: str) -> Turn:
        return self.stack.say(self.conversation_id, text)

    def gaps(self) -> list[tuple[str, str | None, str | None]]:
        query = "SELECT status, closed_by, dropped_because FROM gaps WHERE conversation_id = :id AND sort = 'request'"
        with self.stack.engine.begin() as connection:
            rows = connection.execute(sa.text(query + " ORDER BY gap_id").bindparams(id=self.conversation_id))
            return [tuple(row) for row in rows]

    def heard(self) -> str:
        """The intent of the latest message, as the log has it."""
        self.stack.project()
        query = (
            "SELECT intent FROM messages WHERE conversation_id = :id AND author = 'customer' ORDER BY message_id DESC"
        )
        with self.stack.engine.begin() as connection:
            return str(connection.execute(sa.text(query).bindparams(id=self.conversation_id)).scalars().first())


def ask(stack: Stack) -> Asked:
    stack.restore()
    for message in DOUBTFUL:
        conversation_id = stack.open_conversation(BEN)
        turn = stack.say(conversation_id, message)
        buttons = [button for reply in turn.replies for button in reply.get("buttons") or ()]
        if asks_for_meaning(turn) and len(buttons) > 1:
            return Asked(stack, conversation_id, buttons)
    raise AssertionError(f"none of these is asked about: {DOUBTFUL}")


@pytest.fixture
def asked(stack: Stack) -> Asked:
    return ask(stack)


def intent(button: dict[str, str]) -> str:
    return re.split(r"[{/]", button["payload"])[1]


def test_a_question_is_a_gap_that_was_asked_about(asked: Asked) -> None:
    assert asked.gaps() == [("asked", None, None)]


@pytest.mark.parametrize(("said", "position"), [("the first one", 0), ("the second one", 1)])
def test_a_position_chooses_the_meaning_and_closes_the_gap(asked: Asked, said: str, position: int) -> None:
    asked.say(said)
    assert asked.heard() == intent(asked.buttons[position])
    # A task that was chosen may go on, or find nothing that it could be done to; the meaning is known all the same.
    ((_, closed_by, _),) = asked.gaps()
    assert closed_by == "customer"


def test_a_title_that_is_typed_chooses_the_meaning(asked: Asked) -> None:
    asked.say(asked.buttons[0]["title"].upper() + "!")
    assert asked.heard() == intent(asked.buttons[0])


def test_neither_drops_the_gap_and_offers_a_person(asked: Asked) -> None:
    turn = asked.say("neither of these")
    assert [reply["response"] for reply in turn.replies] == ["utter_clarify_neither"]
    assert asked.gaps() == [("dropped", None, "none of the meanings offered was right")]


def test_another_wish_drops_the_gap(asked: Asked) -> None:
    asked.say("/loyalty_points")
    assert asked.gaps() == [("dropped", None, "the customer went on with loyalty_points")]


def test_a_task_that_is_done_verifies_the_gap(asked: Asked) -> None:
    cancel(asked, "/affirm")
    assert asked.gaps() == [("verified", "customer", None)]


def test_a_task_that_is_declined_drops_the_gap(asked: Asked) -> None:
    cancel(asked, "/deny")
    assert asked.gaps() == [("dropped", "customer", "the task that was chosen was not done")]


def cancel(asked: Asked, answer: str) -> None:
    """Go on with a cancellation, which is made one of the meanings offered, whatever they were."""
    with asked.stack.engine.begin() as connection:
        offered = "UPDATE gaps SET evidence = json_set(evidence, '$.offered[0]', 'cancel_order') WHERE status = 'asked'"
        connection.execute(sa.text(offered))
    asked.say("/cancel_order")
    asked.say('/inform{"reason": "ordered_by_mistake"}')
    assert asked.gaps() == [("closed", "customer", None)]
    asked.say(answer)
