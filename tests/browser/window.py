"""The chat window on a page, as a visitor with a mouse or a keyboard uses it."""

from __future__ import annotations

from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.shadowroot import ShadowRoot
from selenium.webdriver.remote.webelement import WebElement

from tests.web.serving import eventually

# A real bot thinks longer than the one of the web tests, most of all about the first message.
PATIENCE_S = 60.0


class Window:
    """The chat window on the page the browser shows."""

    def __init__(self, chromium: WebDriver) -> None:
        self.chromium = chromium
        host = eventually(lambda: chromium.find_elements(By.CSS_SELECTOR, "[data-rapport]"), "the chat is there")
        self.root: ShadowRoot = host[0].shadow_root

    def find(self, selector: str) -> WebElement:
        return self.root.find_element(By.CSS_SELECTOR, selector)

    def texts(self, author: str) -> list[str]:
        # In one step: a row that waits to be sent is replaced by the stored one.
        script = """
            const root = document.querySelector("[data-rapport]").shadowRoot;
            return [...root.querySelectorAll(`.row.${arguments[0]} .bubble`)].map((found) => found.innerText);
        """
        return list(self.chromium.execute_script(script, author))

    def choices(self) -> list[str]:
        """Titles of the buttons that can be pressed now."""
        script = """
            const root = document.querySelector("[data-rapport]").shadowRoot;
            return [...root.querySelectorAll(".choices button")].map((found) => found.innerText);
        """
        return list(self.chromium.execute_script(script))

    def open(self) -> None:
        self.find(".launcher").click()

    def say(self, text: str) -> None:
        self.find("textarea").send_keys(text + Keys.ENTER)

    def press(self, part: str) -> None:
        """The button whose title has `part` in it."""
        titles = self.choices()
        number = next((at for at, title in enumerate(titles) if part in title), None)
        assert number is not None, f"no button {part!r} among {titles}"
        self.root.find_elements(By.CSS_SELECTOR, ".choices button")[number].click()

    def wait_for(self, text: str, author: str = "bot") -> None:
        """Until `author` has said exactly this."""
        eventually(lambda: text in self.texts(author), f"{author} says {text!r} in the window")

    def wait_for_part(self, part: str, author: str = "bot") -> str:
        """Until the latest of `author` has `part` in it; the whole of it."""
        try:
            return str(eventually(lambda: self._latest(part, author), f"{author} says {part!r}", PATIENCE_S))
        except AssertionError as error:
            said = {who: self.texts(who) for who in ("customer", "bot", "staff", "system")}
            raise AssertionError(f"{error}; in the window: {said}") from None

    def focused(self) -> str:
        script = """
            const held = document.querySelector("[data-rapport]").shadowRoot.activeElement;
            return held ? held.className || held.localName : "";
        """
        return str(self.chromium.execute_script(script))

    def _latest(self, part: str, author: str) -> str:
        said = self.texts(author)
        return said[-1] if said and part in said[-1] else ""
