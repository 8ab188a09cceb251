"""The chat window in a real browser, by keyboard and mouse, against a bot of the test."""

from __future__ import annotations

from pathlib import Path

from selenium.webdriver import ActionChains
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from sqlalchemy import select
from sqlalchemy.engine import Engine

from crm_models.tables import answer_marks
from knowledge.ingest import ingest_path
from knowledge.settings import KnowledgeSettings
from knowledge.store import KnowledgeStore
from tests.browser.window import Window
from tests.web.agent import Agent
from tests.web.conftest import Web
from tests.web.fake_bot import FakeBot
from tests.web.serving import eventually


def test_a_talk_by_keyboard_alone(web: Web, chromium: WebDriver) -> None:
    chromium.get(web.url)
    window = Window(chromium)
    chromium.execute_script("arguments[0].focus()", window.find(".launcher"))
    ActionChains(chromium).send_keys(Keys.ENTER).perform()
    assert window.find(".panel").get_attribute("role") == "dialog"
    eventually(lambda: window.focused() == "textarea", "the field has the focus")
    ActionChains(chromium).send_keys("hello" + Keys.ENTER).perform()
    window.wait_for("You said: hello")
    ActionChains(chromium).send_keys(Keys.ESCAPE).perform()
    assert not window.find(".panel").is_displayed()
    assert window.focused() == "launcher"
    assert [entry for entry in chromium.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_markup_stays_text_and_links_lead_nowhere_bad(web: Web, bot: FakeBot, chromium: WebDriver) -> None:
    nasty = "<img src=x onerror=document.title='broken'><b>bold</b>"
    bot.replies[nasty] = [
        {"text": nasty + " see https://example.org/a.", "sources": [{"title": "Terms", "url": "/help/terms"}]}
    ]
    chromium.get(web.url)
    window = Window(chromium)
    window.open()
    window.say(nasty)
    window.wait_for(nasty + " see https://example.org/a.")
    assert window.texts("customer") == [nasty]
    assert chromium.title != "broken"
    assert window.root.find_elements(By.CSS_SELECTOR, ".log img, .log b") == []
    links = [link.get_attribute("href") for link in window.root.find_elements(By.CSS_SELECTOR, ".log a")]
    assert links == ["https://example.org/a", f"{web.url}/help/terms"]


def test_a_source_that_is_followed_is_told_to_the_server(
    web: Web, bot: FakeBot, chromium: WebDriver, engine: Engine, tmp_path: Path
) -> None:
    (tmp_path / "terms.md").write_text("# Terms\n\nThe terms of the shop are these.\n", encoding="utf-8")
    articles = KnowledgeStore(KnowledgeSettings(home=tmp_path).database)
    ingest_path(articles, tmp_path / "terms.md")
    articles.close()
    bot.replies["terms?"] = [{"text": "These.", "sources": [{"title": "Terms", "url": "/help/terms"}]}]
    chromium.get(web.url)
    window = Window(chromium)
    window.open()
    window.say("terms?")
    window.wait_for("These.")
    window.find(".sources a").click()

    def noted() -> list[str]:
        with engine.connect() as connection:
            return list(connection.execute(select(answer_marks.c.article_id)).scalars())

    eventually(lambda: noted() == ["terms"], "the opened source is noted")


def test_a_choice_is_made_once_and_outlives_a_reload(web: Web, bot: FakeBot, chromium: WebDriver) -> None:
    buttons = [{"title": "The kettle", "payload": '/order_status{"order_id":"HV-104233"}'}]
    bot.replies["order"] = [{"text": "Which one?", "buttons": buttons}]
    chromium.get(web.url)
    window = Window(chromium)
    window.open()
    window.say("order")
    window.wait_for("Which one?")
    window.find(".choices button").click()
    window.wait_for("The kettle", "customer")
    eventually(lambda: len(window.texts("bot")) == 3, "the choice is answered")
    assert window.root.find_elements(By.CSS_SELECTOR, ".choices") == []
    before = (window.texts("customer"), window.texts("bot"))
    chromium.refresh()
    window = Window(chromium)
    eventually(lambda: (window.texts("customer"), window.texts("bot")) == before, "the talk is back")


def test_nothing_is_lost_or_doubled_while_the_server_restarts(web: Web, chromium: WebDriver) -> None:
    chromium.get(web.url)
    window = Window(chromium)
    window.open()
    window.say("before")
    window.wait_for("You said: before")
    web.stop()
    window.say("meanwhile")
    web.start_again()
    window.wait_for("You said: meanwhile")
    assert window.texts("customer") == ["before", "meanwhile"]
    assert window.texts("bot")[1:] == ["You said: before", "You said: meanwhile"]


def test_a_person_replies_in_the_same_window(web: Web, chromium: WebDriver) -> None:
    chromium.get(web.url)
    window = Window(chromium)
    window.open()
    window.say("hello")
    window.wait_for("You said: hello")
    agent = Agent(web)
    page = agent.http.get("/staff/queue").text
    conversation_id = page.split('href="/staff/conversations/')[1].split('"')[0]
    assert agent.outcome(conversation_id, "take") == "done"
    assert agent.outcome(conversation_id, "messages", text="Mara here, how can I help?") == "done"
    window.wait_for("Mara here, how can I help?", "staff")
    assert "Mara" in window.find(".row.staff .who").text


def test_a_message_typed_before_the_conversation_is_open_is_sent(web: Web, chromium: WebDriver) -> None:
    chromium.get(web.url)
    window = Window(chromium)
    chromium.set_network_conditions(offline=False, latency=700, throughput=500_000)
    window.open()
    window.say("I am quick")
    window.wait_for("You said: I am quick")
    assert window.texts("customer") == ["I am quick"]


def test_what_was_refused_does_not_stand_between_what_follows(web: Web, chromium: WebDriver) -> None:
    chromium.get(web.url)
    window = Window(chromium)
    window.open()
    long = "a" * 20_000
    chromium.execute_script("arguments[0].value = arguments[1]", window.find("textarea"), long)
    window.say("!")
    eventually(lambda: window.find(".note").is_displayed(), "the visitor is told that it is too long")
    assert window.find("textarea").get_attribute("value") == long + "!"
    chromium.execute_script("arguments[0].value = ''", window.find("textarea"))
    window.say("shorter")
    window.wait_for("You said: shorter")
    assert window.texts("customer") == ["shorter"]
