"""A customer and an agent, each in a browser of their own, on the real bot, actions and web process."""

from __future__ import annotations

import json

from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser.window import PATIENCE_S, Window
from tests.stack import Stack
from tests.web.serving import eventually


def test_from_the_first_question_to_a_person_and_back(
    stack: Stack, chromium: WebDriver, other_chromium: WebDriver
) -> None:
    stack.restore()
    window = _open_shop_as(chromium, stack, "C-000001")
    _is_answered_from_an_article(chromium, window)
    _keeps_her_order(window)
    _is_offered_something(window)

    window.say("I would like to talk to a person, please")
    window.wait_for_part("asked a colleague")
    desk = Desk(other_chromium, stack)
    desk.open_conversation_of("Anna Berg")
    desk.press("Take")
    window.wait_for_part("Mara from our team has joined", "system")
    desk.write("Hello Anna, Mara here. What can I do for you?")
    window.wait_for("Hello Anna, Mara here. What can I do for you?", "staff")
    assert "Mara" in window.find(".row.staff .who").text

    before = window.texts("bot")
    window.say("Where is my order?")
    desk.wait_for("Where is my order?")
    desk.write("I look it up for you.")
    window.wait_for("I look it up for you.", "staff")
    desk.press("Give back to the bot")
    window.wait_for_part("Mara has left", "system")
    window.say("How many points do I have?")
    window.wait_for_part("points")
    # Everything goes through one lock, in order: what the bot kept to itself would stand before its answer.
    assert len(window.texts("bot")) == len(before) + 1
    for browser in (chromium, other_chromium):
        assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


def _open_shop_as(chromium: WebDriver, stack: Stack, customer_id: str) -> Window:
    chromium.get(stack.web_url)
    chromium.find_element(By.CSS_SELECTOR, "details.persona summary").click()
    chromium.find_element(By.CSS_SELECTOR, f"details.persona button[value='{customer_id}']").click()
    eventually(lambda: "Anna" in _text_of(chromium, ".persona summary"), "Anna is signed in")
    window = Window(chromium)
    window.open()
    return window


def _text_of(chromium: WebDriver, selector: str) -> str:
    # In one step: a page that is being replaced takes away an element between finding and reading it.
    script = "return document.querySelector(arguments[0])?.innerText ?? '';"
    return str(chromium.execute_script(script, selector))


def _is_answered_from_an_article(chromium: WebDriver, window: Window) -> None:
    window.say("How long can I return things?")
    window.wait_for_part("60 days")
    link = window.find(".sources a")
    title = link.text
    link.click()
    shop, article = chromium.window_handles
    chromium.switch_to.window(article)
    assert chromium.find_element(By.TAG_NAME, "h1").text == title
    chromium.close()
    chromium.switch_to.window(shop)


def _keeps_her_order(window: Window) -> None:
    window.say("Where is my order?")
    window.wait_for_part("2 open orders")
    assert any("kettle" in title for title in window.choices())
    assert any("vacuum" in title for title in window.choices())
    window.press("kettle")
    window.wait_for_part("HV-104109")
    window.say("I want to cancel that order")
    eventually(lambda: "No longer needed" in window.choices(), "she is asked why", PATIENCE_S)
    window.press("No longer needed")
    window.wait_for_part("Cancel order HV-104109")
    window.press("No")
    window.wait_for_part("left everything as it was")


def _is_offered_something(window: Window) -> None:
    window.say("Can you recommend something?")
    window.wait_for_part("this may suit you")
    window.press("No, thanks")
    window.wait_for_part("won't bring it up again")


class Desk:
    """The service desk in a browser, logged in as the demo's agent."""

    def __init__(self, chromium: WebDriver, stack: Stack) -> None:
        self.chromium = chromium
        logins = json.loads((stack.config.home / "demo_logins.json").read_text(encoding="utf-8"))
        chromium.get(f"{stack.web_url}/staff")
        chromium.find_element(By.NAME, "username").send_keys("agent")
        chromium.find_element(By.NAME, "password").send_keys(logins["agent"] + Keys.ENTER)
        eventually(lambda: chromium.find_elements(By.ID, "queue"), "the queue is there")

    def open_conversation_of(self, name: str) -> None:
        """From the queue, by a click on the name."""
        eventually(lambda: self.chromium.find_elements(By.LINK_TEXT, name), f"{name} waits in the queue")
        self.chromium.find_element(By.LINK_TEXT, name).click()
        eventually(lambda: self.chromium.find_elements(By.CSS_SELECTOR, ".transcript"), "the conversation is open")

    def press(self, title: str) -> None:
        self.chromium.find_element(By.XPATH, f"//button[text()='{title}']").click()

    def write(self, text: str) -> None:
        field = eventually(lambda: self.chromium.find_elements(By.CSS_SELECTOR, "form.write textarea"), "she may write")
        field[0].send_keys(text + Keys.ENTER)

    def wait_for(self, text: str) -> None:
        """Until the transcript ends with this."""
        script = "return [...document.querySelectorAll('.transcript .text')].map((found) => found.innerText).pop()"
        eventually(lambda: self.chromium.execute_script(script) == text, f"the desk shows {text!r}")
