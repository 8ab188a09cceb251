"""A customer's chat window: sends again until the message is accepted, and follows the stream through every break."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests.web.visitor import Visitor

GIVE_UP_S = 300.0


class Customer(Visitor):
    """`sent`: what was accepted, (client_id, text) in order. `seen`: the rows that the stream brought."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.sent: list[tuple[str, str]] = []
        self.seen: list[dict[str, Any]] = []

    def tell(self, text: str, times: int = 1) -> str:
        """Send until it is accepted, `times` times in all, always as the same message."""
        client_id = uuid.uuid4().hex
        for _ in range(times):
            self._send(client_id, text)
        self.sent.append((client_id, text))
        return client_id

    @contextmanager
    def following(self) -> Iterator[None]:
        """The stream is read meanwhile, and afterwards until all that there is was seen."""
        done = threading.Event()
        reader = threading.Thread(target=self._follow, args=(done,), daemon=True)
        reader.start()
        try:
            yield
        finally:
            done.set()
            reader.join(GIVE_UP_S)
        assert not reader.is_alive(), "the stream does not end"

    def _send(self, client_id: str, text: str) -> None:
        until = time.monotonic() + GIVE_UP_S
        while time.monotonic() < until:
            try:
                answer = self.post(client_id=client_id, text=text)
            except httpx.TransportError:  # also: accepted, and the word of it got lost
                time.sleep(0.1)
                continue
            if answer.status_code == 202:
                return
            assert answer.status_code >= 500, f"{answer.status_code}: {answer.text}"
            time.sleep(0.1)
        raise AssertionError(f"{text!r} was not accepted within {GIVE_UP_S:g} s")

    def _follow(self, done: threading.Event) -> None:
        with httpx.Client(base_url=self.http.base_url, timeout=httpx.Timeout(10, read=2), trust_env=False) as http:
            while True:
                # Begun after the end of the talk, a stream that falls silent has told everything.
                last = done.is_set()
                try:
                    self._read(http)
                except httpx.ReadTimeout:
                    if last:
                        return
                except httpx.TransportError:
                    time.sleep(0.1)

    def _read(self, http: httpx.Client) -> None:
        position = self.seen[-1]["id"] if self.seen else 0
        headers = {**self.headers(), "Last-Event-ID": str(position)}
        event = ""
        with http.stream("GET", "/chat/stream", headers=headers) as response:
            if response.status_code != 200:
                time.sleep(0.1)
                return
            for line in response.iter_lines():
                if line.startswith("event:"):
                    event = line[6:].strip()
                elif line.startswith("data:") and event == "message":
                    self.seen.append(json.loads(line[5:]))
