"""A bot that keeps the channel's contract over real HTTP, and whose troubles a test can order."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.web.serving import Server, free_port


class FakeBot:
    """Echoes what it is told. `failing` is a status it answers with; `delay_s` how long a turn takes.

    While `losing`, a turn is done and its answer does not arrive. While `joining`, all that is sent at once is one
    turn; else only the first message is answered, which the contract leaves to the bot.
    """

    def __init__(self, key: str) -> None:
        self.key = key
        self.port = free_port()
        self.turns: list[tuple[str, str, str]] = []  # conversation, message id, text: each processed once
        self.controls: list[dict[str, Any]] = []
        self.paused: set[str] = set()
        self.failing: int | None = None
        self.losing = False
        self.joining = False
        self.control_failing = False
        self.delay_s = 0.0
        self.replies: dict[str, list[dict[str, Any]]] = {}  # by text; otherwise an echo
        self._answered: dict[tuple[str, str], tuple[list[dict[str, Any]], list[str]]] = {}
        self._server: Server | None = None
        self._locks: dict[str, asyncio.Lock] = {}

    def start(self) -> None:
        routes = [
            Route("/webhooks/gateway/", self._alive),
            Route("/webhooks/gateway/webhook", self._webhook, methods=["POST"]),
            Route("/webhooks/gateway/control", self._control, methods=["POST"]),
        ]
        self._locks = {}
        self._server = Server(Starlette(routes=routes), self.port)
        self._server.start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop()
            self._server = None

    def texts(self, conversation_id: str | None = None) -> list[str]:
        return [text for owner, _, text in self.turns if conversation_id in (None, owner)]

    def is_idle(self) -> bool:
        """Whether no conversation's turn is in progress."""
        return not any(lock.locked() for lock in self._locks.values())

    async def _alive(self, _: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def _webhook(self, request: Request) -> Response:
        if request.headers.get("x-rapport-key") != self.key:
            return JSONResponse({"error": "key"}, 401)
        body = await request.json()
        conversation_id, message_id = body["conversation_id"], body["message_id"]
        async with self._locks.setdefault(conversation_id, asyncio.Lock()):
            known = self._answered.get((conversation_id, message_id))
            if known is None:
                await asyncio.sleep(self.delay_s)
                if self.failing is not None:
                    return JSONResponse({"error": "ordered by the test"}, self.failing)
                taken = [body, *(body.get("further", []) if self.joining else [])]
                text = "\n".join(each["text"] for each in taken)
                ids = [each["message_id"] for each in taken]
                self.turns.append((conversation_id, message_id, text))
                said = self.replies.get(text, [{"text": f"You said: {text}"}])
                known = ([] if conversation_id in self.paused else said), ids
                self._answered |= {(conversation_id, each): known for each in ids}
            if self.losing:
                return JSONResponse({"error": "ordered by the test"}, 503)
            replies, answered = known
            paused = conversation_id in self.paused
            return JSONResponse({"replies": replies, "paused": paused, "answered": answered})

    async def _control(self, request: Request) -> Response:
        if self.control_failing:
            return JSONResponse({"error": "ordered by the test"}, 503)
        body = await request.json()
        conversation_id = body["conversation_id"]
        async with self._locks.setdefault(conversation_id, asyncio.Lock()):
            if body["message_id"] not in {known["message_id"] for known in self.controls}:
                self.controls.append(body)
                if body["action"] == "pause":
                    self.paused.add(conversation_id)
                elif body["action"] == "resume":
                    self.paused.discard(conversation_id)
        return JSONResponse({"ok": True})
