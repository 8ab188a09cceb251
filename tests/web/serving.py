"""A real server on a free port, in a thread of the test."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import uvicorn


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    def __init__(self, app: Any, port: int) -> None:
        config = uvicorn.Config(
            app,
            host="127.0.0.1",
            port=port,
            log_level="warning",
            access_log=False,
            ws="none",
            timeout_graceful_shutdown=1,
        )
        self.url = f"http://127.0.0.1:{port}"
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def start(self) -> None:
        self._thread.start()
        eventually(lambda: self._server.started, "the server has started")

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)


def eventually(holds: Callable[[], Any], what: str, within_s: float = 15.0) -> Any:
    """Waits until `holds()` is true and returns it; fails the test, saying what was waited for."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        value = holds()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"waited {within_s:g} s in vain until {what}")
