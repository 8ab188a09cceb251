"""A language model's endpoint on this machine, which says what it is told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class FakeEndpoint:
    """`reply` makes the text of a completion from the request's content, `status` and `body` replace all of it."""

    def __init__(self) -> None:
        self.reply: Callable[[dict[str, Any]], str] = lambda content: ""
        self.status = 200
        self.body: bytes | None = None
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str] = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                fake.asked.append(content)
                fake.keys.append(self.headers.get("Authorization", ""))
                assert self.path == "/v1/chat/completions"
                message = {"choices": [{"message": {"role": "assistant", "content": fake.reply(content)}}]}
                body = fake.body if fake.body is not None else json.dumps(message).encode()
                self.send_response(fake.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def prompt(self) -> str:
        """What the model was last given."""
        return "\n".join(message["content"] for message in self.asked[-1]["messages"])
