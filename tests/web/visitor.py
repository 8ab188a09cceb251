"""A browser's side of the chat, without a browser."""

from __future__ import annotations

import json
import uuid
from typing import Any

import httpx

from tests.web.serving import eventually


class Visitor:
    """One visitor of the web process at `url`."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=20, trust_env=False)
        self.secret = ""
        self.conversation_id = ""
        self.opened: dict[str, Any] = {}

    def open(self, token: str | None = None) -> dict[str, Any]:
        answer = self.http.post("/chat/open", json={"token": token, "secret": self.secret or None})
        assert answer.status_code == 200, answer.text
        self.opened = answer.json()
        self.secret, self.conversation_id = self.opened["secret"], self.opened["conversation"]
        return self.opened

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}"}

    def post(self, **message: Any) -> httpx.Response:
        message.setdefault("client_id", uuid.uuid4().hex)
        return self.http.post("/chat/messages", json=message, headers=self.headers())

    def say(self, text: str, client_id: str | None = None) -> str:
        client_id = client_id or uuid.uuid4().hex
        answer = self.post(client_id=client_id, text=text)
        assert answer.status_code == 202, answer.text
        return client_id

    def rows(self, after: int = 0) -> list[dict[str, Any]]:
        answer = self.http.get("/chat/messages", params={"after": after}, headers=self.headers())
        assert answer.status_code == 200, answer.text
        return list(answer.json()["messages"])

    def texts(self, author: str | None = None) -> list[str]:
        return [row["text"] for row in self.rows() if author in (None, row["author"])]

    def wait_for(self, text: str, author: str = "bot") -> None:
        eventually(lambda: text in self.texts(author), f"{author} says {text!r}")

    def stream(self, count: int, after: int = 0) -> list[dict[str, Any]]:
        """The next `count` messages of the event stream behind `after`."""
        headers = {**self.headers(), "Last-Event-ID": str(after)}
        found: list[dict[str, Any]] = []
        with self.http.stream("GET", "/chat/stream", headers=headers) as response:
            assert response.headers["content-type"].startswith("text/event-stream")
            event = ""
            for line in response.iter_lines():
                if line.startswith("event:"):
                    event = line[6:].strip()
                elif line.startswith("data:") and event == "message":
                    found.append(json.loads(line[5:]))
                    if len(found) == count:
                        return found
        return found
