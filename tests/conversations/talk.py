"""One conversation being held: its steps done one by one, what the bot says looked at, and the log in the end."""

from __future__ import annotations

import re
import uuid
from contextlib import ExitStack
from typing import Any

import sqlalchemy as sa

from tests.conversations.format import Check, Conversation, Expected, Said, Step
from tests.stack import Stack, Turn

# A slot that nobody filled, or a value that was not there.
_UNFILLED = re.compile(r"[{}]|\bNone\b|\bnull\b")


class Talk:
    """A conversation on a running stack. `hold` does all of it; a mistake tells what was said until then."""

    def __init__(self, stack: Stack, told: Conversation) -> None:
        self._stack = stack
        self._told = told
        self._conversation_id = stack.open_conversation(told.who)
        self._turn = Turn([], False)
        # The messages of the latest step (ids and texts) as they were sent, with what was answered to them.
        self._latest: list[tuple[list[tuple[str, str]], Turn]] = []
        self._said: list[tuple[str, str]] = []
        # Conversations that were left for another one, with what was said in them.
        self._left: list[tuple[str, list[tuple[str, str]]]] = []
        self._fault = ExitStack()

    def hold(self) -> None:
        with self._fault:
            for number, step in enumerate(self._told.steps, start=1):
                try:
                    self._do(step)
                except AssertionError as error:
                    raise AssertionError(f"step {number}: {error}\n{self._transcript()}") from None
        self._stack.project()
        try:
            self._check_log()
            for check in self._told.database:
                self._check(check)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self._transcript()}") from None

    # --- steps ---

    def _do(self, step: Step) -> None:
        if step.user is not None:
            self._say(_text(step.user))
            if step.means is not None:
                self._mean(step.means)
        elif step.burst is not None:
            self._say(*step.burst)
        elif step.payload is not None:
            self._say(step.payload)
        elif step.choose is not None:
            self._say(self._button(step.choose))
        elif step.code is not None:
            self._say(self._code(wrong=step.code == "wrong"))
        elif step.resend:
            self._resend()
        elif step.staff is not None:
            self._staff(step.staff)
        elif step.fault is not None:
            self._break(step.fault)
        elif step.elsewhere:
            self._left.append((self._conversation_id, self._said))
            self._conversation_id, self._said = self._stack.open_conversation(self._told.who), []
        elif step.sql is not None:
            with self._stack.engine.begin() as connection:
                connection.execute(self._query(step.sql))
        elif step.bot is not None:
            self._expect(step.bot)

    def _say(self, *texts: str) -> None:
        """One message, or several that the bot gets at once; what it leaves is sent again, as the web process does."""
        waiting = [(uuid.uuid4().hex, text) for text in texts]
        self._latest = []
        while waiting:
            turn = self._send(waiting)
            assert waiting[0][0] in turn.answered, "the first message is not answered"
            self._latest.append((waiting, turn))
            self._said += [("customer", text.strip()) for each, text in waiting if each in turn.answered]
            self._said += [("bot", reply["text"]) for reply in turn.replies]
            waiting = [(each, text) for each, text in waiting if each not in turn.answered]
        turns = [turn for _, turn in self._latest]
        self._turn = Turn([reply for turn in turns for reply in turn.replies], turns[-1].paused)
        assert self._turn.replies or self._turn.paused, "the bot says nothing, and nobody owns the conversation"
        for reply in self._turn.replies:
            assert reply["text"].strip(), "an empty reply"
            assert not _UNFILLED.search(reply["text"]), f"something is not filled in: {reply['text']}"

    def _mean(self, intent: str) -> None:
        """If the bot asks which of a few things was meant, the right one must be among them, and is pressed."""
        if asks_for_meaning(self._turn):
            fitting = [each["payload"] for each in self._buttons() if re.match(rf"/{intent}\b", each["payload"])]
            assert fitting, f"the bot asks what was meant, and {intent} is not among {self._buttons()}"
            self._say(fitting[0])

    def _send(self, messages: list[tuple[str, str]]) -> Turn:
        (first, text), *further = messages
        return self._stack.say(self._conversation_id, text, first, further)

    def _resend(self) -> None:
        """The latest messages again as they were sent, then each by itself."""
        for messages, turn in self._latest:
            for again in (messages, *([each] for each in messages if each[0] in turn.answered)):
                answer = self._send(again)
                assert answer == turn, f"another answer to the same message: {answer.replies}"

    def _button(self, part: str) -> str:
        fitting = [button for button in self._buttons() if part.lower() in button["title"].lower()]
        titles = [button["title"] for button in self._buttons()]
        assert len(fitting) == 1, f"{len(fitting)} buttons have {part!r}; there are {titles}"
        return str(fitting[0]["payload"])

    def _code(self, wrong: bool) -> str:
        with self._stack.engine.begin() as connection:
            fields = connection.execute(
                self._query("SELECT fields FROM mails WHERE template LIKE '%_code' ORDER BY mail_id DESC")
            ).scalars().first()  # fmt: skip
        assert fields, "no code was sent"
        code = re.search(r"\d{6}", str(fields))
        assert code, f"no code in {fields}"
        return f"{(int(code[0]) + 1) % 1_000_000:06d}" if wrong else code[0]

    def _staff(self, what: str | Said) -> None:
        if isinstance(what, Said):
            self._stack.control(self._conversation_id, "staff_message", what.text)
            self._said.append(("staff", what.text))
        else:
            self._stack.control(self._conversation_id, what)

    def _break(self, fault: str) -> None:
        self._fault.close()
        breaking = {
            "action_server_down": self._stack.without_actions,
            "database_locked": self._stack.locked_database,
            "index_empty": self._stack.empty_index,
        }.get(fault)
        if breaking is not None:
            self._fault.enter_context(breaking())

    # --- looking ---

    def _expect(self, expected: Expected) -> None:
        replies = self._turn.replies
        if expected.silent:
            assert not replies, f"the bot speaks: {replies}"
            return
        names = [reply.get("response") for reply in replies]
        if expected.response:
            assert set(names) & set(expected.response), f"none of {expected.response} in {names}"
        text = "\n".join(reply["text"] for reply in replies).lower()
        for part in expected.contains:
            assert part.lower() in text, f"{part!r} is not said"
        for part in expected.not_contains:
            assert part.lower() not in text, f"{part!r} is said"
        for part in expected.once:
            assert text.count(part.lower()) == 1, f"{part!r} is said {text.count(part.lower())} times"
        titles = [button["title"] for button in self._buttons()]
        for part in expected.buttons:
            assert any(part.lower() in title.lower() for title in titles), f"no button {part!r} in {titles}"
        if expected.buttons_count is not None:
            assert len(titles) == expected.buttons_count, f"buttons: {titles}"
        if expected.sources:
            linked = {source["url"].rpartition("/")[2] for reply in replies for source in reply.get("sources") or ()}
            assert linked & set(expected.sources), f"none of {expected.sources} in {sorted(linked)}"

    def _buttons(self) -> list[dict[str, Any]]:
        return [button for reply in self._turn.replies for button in reply.get("buttons") or ()]

    def _check(self, check: Check) -> None:
        with self._stack.engine.begin() as connection:
            found = [list(row) for row in connection.execute(self._query(check.sql))]
        if check.rows is not None:
            assert found == check.rows, f"{check.sql}: {found}"
        else:
            assert found == [[check.value]], f"{check.sql}: {found}, not {check.value!r}"

    def _check_log(self) -> None:
        """What was said is in the log: all of it, in order, once. (Rasa strips what surrounds a message.)"""
        rows = sa.text("SELECT author, text FROM messages WHERE conversation_id = :conversation ORDER BY message_id")
        for conversation_id, said in (*self._left, (self._conversation_id, self._said)):
            with self._stack.engine.begin() as connection:
                found = connection.execute(rows.bindparams(conversation=conversation_id))
                logged = [(row.author, row.text) for row in found]
            assert logged == said, f"the log is not what was said: {logged}"

    def _query(self, sql: str) -> sa.sql.elements.TextClause:
        query = sa.text(sql)
        return query.bindparams(conversation=self._conversation_id) if ":conversation" in sql else query

    def _transcript(self) -> str:
        lines = [f"  {author:>8}: {text[:400]}" for author, text in self._said]
        last = [
            f"            {reply.get('response')} {[button['title'] for button in reply.get('buttons') or ()]}"
            f" {[source['url'] for source in reply.get('sources') or ()]}"
            for reply in self._turn.replies
        ]
        return "\n".join([*lines, *last])


def asks_for_meaning(turn: Turn) -> bool:
    """Whether the bot asks which of a few things a message means."""
    return any(str(reply.get("response")).startswith("utter_clarify") for reply in turn.replies)


def _text(said: str | Said) -> str:
    return said if isinstance(said, str) else said.text * said.times
