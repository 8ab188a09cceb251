"""The service desk: who gets in, who owns a conversation, what the customer sees of it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from sqlalchemy import select

from crm_models import escalations
from crm_models.personal_fields import PersonalField, choose
from crm_models.staff import Role, create_staff
from crm_models.tables import profile_facts
from tests.web.agent import Agent
from tests.web.conftest import PASSWORDS, Web, token_for
from tests.web.fake_bot import FakeBot
from tests.web.serving import eventually
from web.services import utc_now


def ask_person(engine, conversation_id: str, customer_id: str | None = None) -> None:
    with engine.begin() as connection:
        escalations.request_person(connection, conversation_id, customer_id, "asked_for_person", utc_now())


def owner(engine, conversation_id: str) -> int | None:
    with engine.begin() as connection:
        return escalations.owner_of(connection, conversation_id)


def test_the_desk_is_closed_without_a_log_in(web: Web) -> None:
    visitor = web.visitor()
    paths = (
        "queue",
        f"conversations/{visitor.conversation_id}",
        f"conversations/{visitor.conversation_id}/stream",
    )
    for path in paths:
        answer = visitor.http.get(f"/staff/{path}", headers={"Accept": "text/html"})
        assert answer.status_code == 303 and answer.headers["location"].startswith("/staff/login")
    assert visitor.http.get("/insights").status_code == 303
    assert visitor.http.post(f"/staff/conversations/{visitor.conversation_id}/take").status_code == 401


def test_log_in_and_out(web: Web) -> None:
    agent = Agent(web)
    assert agent.answer.status_code == 303
    cookie = agent.answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie
    assert agent.http.get("/staff/queue").status_code == 200
    agent.http.post("/staff/logout", data={"form_token": agent.form_token("/staff/queue")})
    assert agent.http.get("/staff/queue").status_code == 303


def test_a_wrong_password_says_so_and_many_are_slowed_down(make_web: Callable[..., Web]) -> None:
    web = make_web(login_burst=3)
    agent = Agent(web, password="wrong-password")
    assert agent.answer.status_code == 401
    assert "wrong" in agent.answer.text
    for _ in range(2):
        agent.log_in("agent", "wrong-password")
    assert agent.log_in("agent", PASSWORDS["agent"]).status_code == 429


def test_a_form_of_another_site_is_refused(web: Web) -> None:
    agent = Agent(web)
    assert agent.log_in("agent", PASSWORDS["agent"], form_token="0" * 64).status_code == 403
    visitor = web.visitor()
    answer = agent.http.post(f"/staff/conversations/{visitor.conversation_id}/take")
    assert answer.status_code == 403


def test_roles(web: Web) -> None:
    analyst, admin = Agent(web, "analyst"), Agent(web, "admin")
    assert analyst.http.get("/insights").status_code == 200
    assert analyst.http.get("/staff/queue").status_code == 403
    assert admin.http.get("/staff/queue").status_code == 200
    visitor = web.visitor()
    assert analyst.do(visitor.conversation_id, "take")["status"] == "403"


def test_from_the_queue_to_a_person_and_back(web: Web, bot: FakeBot, engine) -> None:
    visitor = web.visitor(token_for("C-000001"))
    visitor.say("I want a person")
    visitor.wait_for("You said: I want a person")
    ask_person(engine, visitor.conversation_id, "C-000001")
    agent = Agent(web)
    queue = agent.http.get("/staff/queue").text
    assert "Ada Berger" in queue and "asked for a person" in queue and "gold" in queue

    assert agent.outcome(visitor.conversation_id, "take") == "done"
    assert visitor.conversation_id in bot.paused
    page = agent.http.get(f"/staff/conversations/{visitor.conversation_id}").text
    assert "HV-104233" in page and "I want a person" in page and "Kettle Aria" in page

    assert agent.outcome(visitor.conversation_id, "messages", text="Hello Ada", client_id="m1") == "done"
    assert agent.outcome(visitor.conversation_id, "messages", text="Hello Ada", client_id="m1") == "done"
    (row,) = [row for row in visitor.rows() if row["author"] == "staff"]
    assert (row["text"], row["name"]) == ("Hello Ada", "Mara")
    assert "staff_id" not in row
    visitor.say("thank you")
    eventually(lambda: "thank you" in bot.texts(), "the bot's log has it")
    assert agent.outcome(visitor.conversation_id, "give-back") == "done"
    visitor.say("and now the bot")
    visitor.wait_for("You said: and now the bot")

    assert visitor.texts("bot") == ["You said: I want a person", "You said: and now the bot"]
    assert len([text for text in visitor.texts("system") if "Mara" in text]) == 2
    logged = [control for control in bot.controls if control["action"] == "staff_message"]
    assert [(control["text"], control["staff_name"]) for control in logged] == [("Hello Ada", "Mara")]
    assert owner(engine, visitor.conversation_id) is None


def test_the_queue_says_which_language_a_customer_writes(web: Web, engine) -> None:
    for code, words in (("de", "writes German"), ("eo", "writes another language (eo)")):
        visitor = web.visitor()
        with engine.begin() as connection:
            reason = f"foreign_language_{code}"
            escalations.request_person(connection, visitor.conversation_id, None, reason, utc_now())
        assert words in Agent(web).http.get("/staff/queue").text


def test_two_take_at_once_and_one_gets_it(web: Web, engine) -> None:
    with engine.begin() as connection:
        create_staff(connection, "second", "Noor", "another-password", Role.AGENT)
    PASSWORDS["second"] = "another-password"
    visitor = web.visitor()
    ask_person(engine, visitor.conversation_id)
    agents = [Agent(web), Agent(web, "second")]
    outcomes: list[str] = []
    threads = [
        threading.Thread(target=lambda agent=agent: outcomes.append(agent.outcome(visitor.conversation_id, "take")))
        for agent in agents
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", "taken_by_other"]
    assert len(visitor.texts("system")) == 1
    written = [agent.outcome(visitor.conversation_id, "messages", text="Hi") for agent in agents]
    assert sorted(written) == ["done", "not_yours"]
    assert visitor.texts("staff") == ["Hi"]


def test_without_the_bots_word_nobody_takes(web: Web, bot: FakeBot, engine) -> None:
    visitor = web.visitor()
    ask_person(engine, visitor.conversation_id)
    bot.control_failing = True
    agent = Agent(web)
    assert agent.outcome(visitor.conversation_id, "take") == "bot_unreachable"
    assert owner(engine, visitor.conversation_id) is None
    assert agent.outcome(visitor.conversation_id, "messages", text="Hi") == "not_yours"
    assert "Waiting" in agent.http.get("/staff/queue").text
    bot.control_failing = False
    assert agent.outcome(visitor.conversation_id, "take") == "done"


def test_a_conversation_that_did_not_ask_can_be_taken(web: Web, bot: FakeBot) -> None:
    visitor = web.visitor()
    visitor.say("hello")
    visitor.wait_for("You said: hello")
    agent = Agent(web)
    assert visitor.conversation_id in agent.http.get("/staff/queue").text
    assert agent.outcome(visitor.conversation_id, "take") == "done"
    visitor.say("still there?")
    eventually(lambda: "still there?" in bot.texts(), "the bot has read it")
    assert visitor.texts("bot") == ["You said: hello"]


def test_the_bot_says_nothing_between_the_person_joining_and_leaving(web: Web, bot: FakeBot, engine) -> None:
    bot.delay_s = 0.1
    visitor = web.visitor()
    ask_person(engine, visitor.conversation_id)
    for number in range(5):
        visitor.say(f"message {number}")
    agent = Agent(web)
    assert agent.outcome(visitor.conversation_id, "take") == "done"
    eventually(lambda: len(bot.texts()) == 5, "the bot has read all")
    agent.outcome(visitor.conversation_id, "messages", text="I am here")
    authors = [row["author"] for row in visitor.rows()]
    assert "bot" not in authors[authors.index("system") :]


def test_an_answer_on_its_way_is_shown_before_the_person_joins(make_web: Callable[..., Web], bot: FakeBot) -> None:
    web = make_web(retry_first_s=60, retry_longest_s=60)
    bot.losing = True
    visitor = web.visitor()
    visitor.say("hello")
    eventually(lambda: bot.texts(), "the bot has worked on it")
    bot.losing = False
    assert Agent(web).outcome(visitor.conversation_id, "take") == "done"
    assert [row["author"] for row in visitor.rows()] == ["customer", "bot", "system"]


def test_an_answer_that_comes_after_the_person_joined_is_not_shown(web: Web, bot: FakeBot) -> None:
    bot.losing = True
    visitor = web.visitor()
    visitor.say("hello")
    eventually(lambda: bot.texts(), "the bot has worked on it")
    agent = Agent(web)
    assert agent.outcome(visitor.conversation_id, "take") == "done"
    bot.losing = False
    visitor.say("are you a person?")
    eventually(lambda: len(bot.texts()) == 2, "the bot has read both")
    assert agent.outcome(visitor.conversation_id, "give-back") == "done"
    visitor.say("and now the bot")
    visitor.wait_for("You said: and now the bot")
    assert visitor.texts("bot") == ["You said: and now the bot"]


def test_what_staff_wrote_reaches_the_log_after_the_bot_was_away(web: Web, bot: FakeBot) -> None:
    visitor = web.visitor()
    agent = Agent(web)
    assert agent.outcome(visitor.conversation_id, "take") == "done"
    bot.control_failing = True
    assert agent.outcome(visitor.conversation_id, "messages", text="Remember me") == "done"
    assert visitor.texts("staff") == ["Remember me"]
    bot.control_failing = False
    eventually(lambda: [c for c in bot.controls if c["action"] == "staff_message"], "the log has what staff wrote")


def test_closing_a_waiting_request_takes_it_out_of_the_queue(web: Web, engine) -> None:
    visitor = web.visitor()
    ask_person(engine, visitor.conversation_id)
    agent = Agent(web)
    assert agent.outcome(visitor.conversation_id, "close") == "done"
    assert "Nobody is waiting" in agent.http.get("/staff/queue").text
    assert agent.outcome(visitor.conversation_id, "close") == "not_yours"


def test_markup_of_a_visitor_is_text_at_the_desk(web: Web) -> None:
    visitor = web.visitor()
    visitor.say("<script>alert(1)</script>")
    visitor.wait_for("You said: <script>alert(1)</script>")
    page = Agent(web).http.get(f"/staff/conversations/{visitor.conversation_id}").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_staff_corrects_what_is_wrong_once_the_conversation_is_theirs(web: Web, engine) -> None:
    visitor = web.visitor(token_for("C-000001"))
    agent = Agent(web)
    assert agent.outcome(visitor.conversation_id, "correct", field="first_name", value="Adah") == "not_yours"
    agent.outcome(visitor.conversation_id, "take")
    assert agent.outcome(visitor.conversation_id, "correct", field="tier", value="gold") == "not_valid"
    assert agent.outcome(visitor.conversation_id, "correct", field="email", value="nonsense") == "not_valid"
    assert agent.outcome(visitor.conversation_id, "correct", field="first_name", value="Adah") == "done"
    assert "Adah Berger" in agent.http.get(f"/staff/conversations/{visitor.conversation_id}").text
    with engine.begin() as connection:
        facts = connection.execute(select(profile_facts.c.value, profile_facts.c.source, profile_facts.c.source_kind))
        assert set(facts) == {("Adah", "staff agent", "staff"), ("Ada", "customer account", "account")}


def test_nobody_is_corrected_in_the_conversation_of_a_visitor(web: Web) -> None:
    visitor, agent = web.visitor(), Agent(web)
    agent.outcome(visitor.conversation_id, "take")
    assert agent.outcome(visitor.conversation_id, "correct", field="first_name", value="Adah") == "gone"
    assert "Correct a name" not in agent.http.get(f"/staff/conversations/{visitor.conversation_id}").text


def test_the_desk_shows_what_the_customer_forbade(web: Web, engine) -> None:
    visitor = web.visitor(token_for("C-000001"))
    page = f"/staff/conversations/{visitor.conversation_id}"
    assert "Not to be used" not in Agent(web).http.get(page).text
    with engine.begin() as connection:
        for field in (PersonalField.NAME, PersonalField.LAST_CONVERSATION):
            choose(connection, "C-000001", field, False, "chat", utc_now())
    assert "Not to be used in replies: <b>last conversation</b>, <b>name</b>" in Agent(web).http.get(page).text
