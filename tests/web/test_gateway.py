"""Messages: each answered once, in order, whatever dies in between."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from sqlalchemy import delete, select

from crm_models.tables import answer_marks, conversations, inbox
from knowledge.ingest import ingest_path
from knowledge.settings import KnowledgeSettings
from knowledge.store import KnowledgeStore
from tests.web.conftest import Web
from tests.web.fake_bot import FakeBot
from tests.web.serving import eventually
from tests.web.visitor import Visitor


def test_a_message_is_echoed_and_answered(web: Web) -> None:
    visitor = web.visitor()
    client_id = visitor.say("where is my order")
    visitor.wait_for("You said: where is my order")
    echo, reply = visitor.rows()
    assert (echo["author"], echo["text"], echo["client_id"]) == ("customer", "where is my order", client_id)
    assert reply["author"] == "bot"


def test_messages_in_a_burst_are_answered_in_their_order(web: Web, bot: FakeBot) -> None:
    bot.delay_s = 0.02
    visitor = web.visitor()
    said = [f"message {number}" for number in range(12)]
    for text in said:
        visitor.say(text)
    visitor.wait_for("You said: message 11")
    assert bot.texts() == said
    assert visitor.texts("bot") == [f"You said: {text}" for text in said]


def test_what_is_typed_while_the_bot_is_busy_is_sent_together(web: Web, bot: FakeBot) -> None:
    bot.joining, bot.delay_s = True, 0.3
    visitor = web.visitor()
    visitor.say("hello")
    eventually(lambda: not bot.is_idle(), "the bot is busy")
    for text in ("my order", "HV-104233", "where is it"):
        visitor.say(text)
    visitor.wait_for("You said: my order\nHV-104233\nwhere is it")
    assert bot.texts() == ["hello", "my order\nHV-104233\nwhere is it"]
    assert visitor.texts("customer") == ["hello", "my order", "HV-104233", "where is it"]
    assert len(visitor.texts("bot")) == 2


def test_several_messages_answered_at_once_are_answered_once_although_the_answer_got_lost(
    make_web: Callable[..., Web], bot: FakeBot
) -> None:
    web = make_web()
    visitor = web.visitor()
    bot.joining = bot.losing = True
    bot.stop()
    for text in ("one", "two"):
        visitor.say(text)
    bot.start()
    eventually(lambda: bot.turns, "the bot has worked on them")
    web.stop()
    bot.losing = False
    other = Visitor(make_web().url)
    other.secret = visitor.secret
    other.say("three")
    other.wait_for("You said: three")
    taken = bot.texts()
    assert "\n".join(taken).split("\n") == ["one", "two", "three"]
    assert other.texts("bot") == [f"You said: {text}" for text in taken]


def test_a_button_pressed_while_the_bot_is_busy_is_never_joined(web: Web, bot: FakeBot) -> None:
    payload = "/order_status"
    bot.replies["order"] = [{"text": "Which?", "buttons": [{"title": "This", "payload": payload}]}]
    visitor = web.visitor()
    visitor.say("order")
    visitor.wait_for("Which?")
    bot.joining, bot.delay_s = True, 0.3
    visitor.say("hello")
    eventually(lambda: not bot.is_idle(), "the bot is busy")
    visitor.say("so")
    visitor.post(payload=payload)
    visitor.say("well")
    visitor.say("then")
    visitor.wait_for("You said: well\nthen")
    assert bot.texts() == ["order", "hello", "so", payload, "well\nthen"]


def test_a_resend_is_taken_and_changes_nothing(web: Web, bot: FakeBot) -> None:
    visitor = web.visitor()
    client_id = visitor.say("hello")
    visitor.wait_for("You said: hello")
    answer = visitor.post(client_id=client_id, text="hello")
    assert (answer.status_code, answer.json()) == (202, {"accepted": False})
    visitor.say("next")
    visitor.wait_for("You said: next")
    assert bot.texts() == ["hello", "next"]
    assert visitor.texts() == ["hello", "You said: hello", "next", "You said: next"]


def test_a_dead_bot_is_waited_for_and_the_customer_is_told_once(make_web: Callable[..., Web], bot: FakeBot) -> None:
    web = make_web(patience_s=0.4)
    visitor = web.visitor()
    bot.stop()
    visitor.say("first")
    visitor.say("second")
    eventually(lambda: visitor.texts("system"), "the customer is told of the trouble")
    bot.start()
    visitor.wait_for("You said: second")
    assert visitor.texts("bot") == ["You said: first", "You said: second"]
    assert len(visitor.texts("system")) == 1
    assert "saved" in visitor.texts("system")[0]


def test_a_hanging_bot_is_not_silence(make_web: Callable[..., Web], bot: FakeBot) -> None:
    web = make_web(patience_s=0.3)
    bot.delay_s = 1.5
    visitor = web.visitor()
    visitor.say("slow")
    eventually(lambda: visitor.texts("system"), "the customer is told of the delay")
    visitor.wait_for("You said: slow")


def test_what_was_waiting_when_the_web_process_died_is_answered_by_the_next(
    make_web: Callable[..., Web], bot: FakeBot
) -> None:
    web = make_web()
    visitor = web.visitor()
    bot.stop()
    visitor.say("do not lose me")
    web.stop()
    bot.start()
    again = Visitor(make_web().url)
    again.secret = visitor.secret
    again.wait_for("You said: do not lose me")
    assert again.texts() == ["do not lose me", "You said: do not lose me"]


def test_a_message_on_which_the_bot_always_fails_is_given_up_and_the_next_one_served(
    make_web: Callable[..., Web], bot: FakeBot
) -> None:
    visitor = make_web(give_up_after=3).visitor()
    bot.failing = 500
    visitor.say("poison")
    eventually(lambda: visitor.texts("system"), "the message is given up")
    bot.failing = None
    visitor.say("hello")
    visitor.wait_for("You said: hello")


def test_a_bot_paused_for_nobody_is_woken_and_says_so(web: Web, bot: FakeBot) -> None:
    visitor = web.visitor()
    bot.paused.add(visitor.conversation_id)
    visitor.say("anybody there?")
    eventually(lambda: visitor.texts("system"), "the customer is answered")
    visitor.say("again")
    visitor.wait_for("You said: again")


def test_two_web_processes_answer_once(make_web: Callable[..., Web], bot: FakeBot) -> None:
    one, other = make_web(), make_web()
    bot.delay_s = 0.05
    visitor = one.visitor()
    elsewhere = Visitor(other.url)
    elsewhere.secret = visitor.secret
    for number in range(6):
        (visitor if number % 2 else elsewhere).say(f"message {number}")
    visitor.wait_for("You said: message 5")
    assert visitor.texts("bot") == [f"You said: message {number}" for number in range(6)]
    assert bot.texts() == [f"message {number}" for number in range(6)]


@pytest.mark.parametrize("text", ["/order_status{}", "  /restart", "//stop", "\u200b/restart"])
def test_what_is_typed_is_never_a_command(web: Web, bot: FakeBot, text: str) -> None:
    visitor = web.visitor()
    visitor.say(text)
    eventually(lambda: bot.texts(), "the bot has read it")
    assert not bot.texts()[0].startswith("/")
    assert visitor.texts("customer") == [text.strip()]


def test_a_payload_is_taken_only_where_it_was_offered(web: Web, bot: FakeBot) -> None:
    payload = '/order_status{"order_id":"HV-104233"}'
    bot.replies["order"] = [{"text": "Which?", "buttons": [{"title": "Kettle", "payload": payload}]}]
    visitor, stranger = web.visitor(), web.visitor()
    visitor.say("order")
    visitor.wait_for("Which?")
    assert visitor.post(payload=payload).status_code == 202
    eventually(lambda: payload in bot.texts(), "the payload reaches the bot")
    assert visitor.texts("customer") == ["order", "Kettle"]
    for refused in (stranger.post(payload=payload), visitor.post(payload="/restart")):
        assert refused.status_code == 422
        assert refused.json()["sentence"]


def test_long_messages_up_to_the_limit_and_a_sentence_above_it(web: Web, bot: FakeBot) -> None:
    visitor = web.visitor()
    visitor.say("x" * 8000)
    eventually(lambda: bot.texts(), "the long message arrives")
    refused = visitor.post(text="x" * 8001)
    assert refused.status_code == 422
    assert "8,000" in refused.json()["sentence"]
    assert visitor.post(text="  \n ").status_code == 422


def test_too_many_messages_are_refused_with_a_sentence(make_web: Callable[..., Web]) -> None:
    visitor = make_web(conversation_rate=1, conversation_burst=3).visitor()
    answers = [visitor.post(text="again") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [202, 202, 202, 429]
    assert "wait" in answers[-1].json()["sentence"]


def test_html_and_sql_come_back_as_they_were_written(web: Web, bot: FakeBot) -> None:
    nasty = "<img src=x onerror=alert(1)> '); DROP TABLE customers;-- 😀"
    bot.replies[nasty] = [
        {
            "text": "<script>alert(1)</script>",
            "sources": [{"title": "bad", "url": "javascript:alert(1)"}, {"title": "good", "url": "/help/a"}],
        }
    ]
    visitor = web.visitor()
    visitor.say(nasty)
    visitor.wait_for("<script>alert(1)</script>")
    assert visitor.texts("customer") == [nasty]
    assert [source["url"] for source in visitor.rows()[-1]["sources"]] == ["/help/a"]


def test_nobody_reads_or_writes_without_the_conversations_secret(web: Web, engine) -> None:
    visitor = web.visitor()
    visitor.say("private")
    visitor.wait_for("You said: private")
    forged = visitor.secret[:-4] + ("aaaa" if not visitor.secret.endswith("aaaa") else "bbbb")
    for header in (
        {},
        {"Authorization": f"Bearer {forged}"},
        {"Authorization": f"Bearer {visitor.conversation_id}"},
    ):
        for path in ("/chat/messages", "/chat/stream"):
            assert httpx.get(web.url + path, headers=header, trust_env=False).status_code == 401
        body = {"client_id": "a" * 16, "text": "intruder"}
        assert httpx.post(web.url + "/chat/messages", json=body, headers=header, trust_env=False).status_code == 401
    with engine.begin() as connection:
        assert [row.text for row in connection.execute(select(inbox.c.text))] == ["private"]


def test_a_conversation_that_was_erased_is_opened_anew(web: Web, engine) -> None:
    visitor = web.visitor()
    with engine.begin() as connection:
        connection.execute(delete(conversations))
    refused = visitor.post(text="hello")
    assert refused.status_code == 401
    assert "ended" in refused.json()["sentence"]
    assert visitor.open()["fresh"] is True
    visitor.say("hello")
    visitor.wait_for("You said: hello")


def test_a_source_that_was_offered_and_followed_is_noted(web: Web, bot: FakeBot, engine, tmp_path: Path) -> None:
    (tmp_path / "terms.md").write_text("# Terms\n\nThe terms of the shop are these.\n", encoding="utf-8")
    articles = KnowledgeStore(KnowledgeSettings(home=tmp_path).database)
    ingest_path(articles, tmp_path / "terms.md")
    articles.close()
    bot.replies["terms?"] = [{"text": "These.", "sources": [{"title": "Terms", "url": "/help/terms"}]}]
    visitor, other = web.visitor(), web.visitor()
    visitor.say("terms?")
    visitor.wait_for("These.")
    row = visitor.rows()[-1]["id"]

    def follow(who: Visitor, url: str, delivery: int = row) -> int:
        said = {"delivery": delivery, "url": url}
        return who.http.post("/chat/opened", json=said, headers=who.headers()).status_code

    # Not offered, or not to this visitor, or no article: refused without a word, and not noted.
    assert [follow(visitor, "/help/other"), follow(other, "/help/terms"), follow(visitor, "/help/terms", 999)] == [
        204
    ] * 3
    with engine.connect() as connection:
        assert connection.execute(select(answer_marks)).all() == []
    assert follow(visitor, "/help/terms") == 204
    with engine.connect() as connection:
        (mark,) = connection.execute(select(answer_marks)).all()
    assert (mark.conversation_id, mark.kind, mark.article_id) == (visitor.conversation_id, "opened", "terms")
    assert visitor.http.post("/chat/opened", json={"delivery": row, "url": "/help/terms"}).status_code == 401
