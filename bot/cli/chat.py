"""`rapport chat`: the running bot in a terminal, by the way the chat window takes."""

from __future__ import annotations

import sys
import time
import uuid
from typing import Any

import httpx
from rich.markup import escape

from bot.cli.config import Config
from bot.cli.display import console
from bot.cli.errors import NotRunning, UnknownCustomer
from bot.cli.keys import read_keys
from bot.cli.shop import utc_now
from bot.cli.stack import web_address
from crm_models.customers import find_customer
from crm_models.database import check_version, create_engine, reading
from crm_models.tokens import issue_token

POLL_S = 0.15
# After the bot has stopped typing, so long for what a person writes at the same moment.
QUIET_S = 0.4
PATIENCE_S = 40.0
_LEAVE = frozenset({"/quit", "/exit"})


def chat(config: Config, customer: str | None) -> None:
    """Read lines and print the replies until the input ends. A number chooses one of the offered buttons.

    Raises:
        NotRunning: the web process does not answer.
        UnknownCustomer: nobody has this number or e-mail.
    """
    token = _token(config, customer) if customer else None
    with httpx.Client(base_url=web_address(config), timeout=10.0, trust_env=False) as http:
        try:
            window = _Window(http, token)
            console.print("[dim]Write, or choose a number. /quit or Ctrl-D ends the chat.[/]")
            while (line := _read_line()) is not None:
                if line:
                    window.say(line)
        except httpx.HTTPStatusError as error:
            raise NotRunning(f"{error.request.url}: {_refusal(error.response)}") from error
        except httpx.HTTPError as error:
            raise NotRunning(
                f"Nobody answers at {web_address(config)} ({type(error).__name__}). Start it with `rapport up`."
            ) from error


def _token(config: Config, customer: str) -> str:
    engine = create_engine(config.crm.database_url)
    check_version(engine)
    with reading(engine) as connection:
        by_mail = {"email": customer} if "@" in customer else {"customer_id": customer}
        customer_id = find_customer(connection, **by_mail)
    engine.dispose()
    if customer_id is None:
        raise UnknownCustomer(
            f"No customer has the number or e-mail {customer!r}. The shop's start page lists some to be."
        )
    return issue_token(read_keys(config)["token_key"], customer_id, utc_now())


def _read_line() -> str | None:
    """What is typed; None at the end."""
    try:
        line = input("> " if sys.stdin.isatty() else "").strip()
    except EOFError:
        return None
    if not sys.stdin.isatty():
        console.print(f"[bold]> {escape(line)}[/]")
    return None if line in _LEAVE else line


class _Window:
    """One conversation, as the chat window has it."""

    def __init__(self, http: httpx.Client, token: str | None) -> None:
        self._http = http
        opened = self._call("POST", "/chat/open", json={"token": token})
        self._headers = {"Authorization": f"Bearer {opened['secret']}"}
        self._seen = int(opened["last"])
        self._buttons: list[dict[str, str]] = []

    def say(self, line: str) -> None:
        """Send a line, or the button whose number it is, and print what comes back."""
        body: dict[str, str] = {"client_id": uuid.uuid4().hex}
        if line.isdigit() and 0 < int(line) <= len(self._buttons):
            body["payload"] = self._buttons[int(line) - 1]["payload"]
        else:
            body["text"] = line
        answer = self._http.post("/chat/messages", json=body, headers=self._headers)
        if answer.status_code >= 400:
            console.print(f"[yellow]{escape(_refusal(answer))}[/]")
            return
        self._print_replies()

    def _print_replies(self) -> None:
        until = time.monotonic() + PATIENCE_S
        quiet_since: float | None = None
        answered = False
        while time.monotonic() < until:
            news = self._call("GET", "/chat/messages", params={"after": self._seen})
            for message in news["messages"]:
                self._seen = message["id"]
                if message["author"] != "customer":
                    answered = True
                    self._print(message)
            now = time.monotonic()
            quiet_since = None if news["typing"] or news["messages"] else quiet_since or now
            if answered and quiet_since is not None and now - quiet_since >= QUIET_S:
                return
            # Silent while a person owns the conversation: what they write comes with the next line.
            if quiet_since is not None and now - quiet_since >= 5 * QUIET_S:
                return
            time.sleep(POLL_S)

    def _print(self, message: dict[str, Any]) -> None:
        name = message.get("name") or message["author"]
        console.print(f"[cyan]{escape(name)}:[/] {escape(message['text'])}")
        for source in message.get("sources", ()):
            console.print(f"  [dim]Source: {escape(source['title'])} ({escape(source['url'])})[/]")
        if buttons := message.get("buttons"):
            self._buttons = buttons
            for number, button in enumerate(buttons, 1):
                console.print(f"  [bold]{number}[/] {escape(button['title'])}")

    def _call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        answer = self._http.request(method, path, headers=getattr(self, "_headers", None), **options)
        answer.raise_for_status()
        return answer.json()  # type: ignore[no-any-return]


def _refusal(answer: httpx.Response) -> str:
    """Why a message was not taken, in the words of the chat window."""
    try:
        content = answer.json()
        return str(content["sentence"])
    except (ValueError, KeyError, TypeError):
        return f"refused ({answer.status_code})"
