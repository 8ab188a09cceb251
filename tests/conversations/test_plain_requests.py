"""How often the bot asks what was meant: first messages of the conversations, each to itself."""

from __future__ import annotations

from tests.conversations.format import conversation_files, read_conversation
from tests.conversations.talk import asks_for_meaning
from tests.stack import Stack

# Of plain requests. Of all messages, also the doubtful ones, the intent model's report says more.
MOST_ASKED = 0.15


def test_most_plain_requests_are_understood_at_once(stack: Stack) -> None:
    asked, count = [], 0
    stack.restore()
    for path in conversation_files():
        told = read_conversation(path)
        step = told.steps[0]
        if told.shop == "demo" and isinstance(step.user, str) and step.means:
            count += 1
            turn = stack.say(stack.open_conversation(told.who), step.user)
            if asks_for_meaning(turn):
                asked.append(step.user)
    assert len(asked) <= MOST_ASKED * count, f"{len(asked)} of {count} were asked about: {asked}"
