"""One process of the stack: started in a group of its own, so that it ends with everything it started."""

from __future__ import annotations

import ctypes
import http.client
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from bot.cli.watchdog import signal_group

_PR_SET_PDEATHSIG = 1
KEPT_LOGS = 3
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Program:
    """What to run and how to know that it serves. Without `health_url` it serves as soon as it runs."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    health_url: str | None = None
    folder: Path | None = None  # to work in


class Process:
    """A running program. Its output is appended to `log`."""

    def __init__(self, program: Program, log: Path) -> None:
        self.program = program
        self.log = log
        with log.open("ab") as output:
            self._popen = subprocess.Popen(
                program.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=program.folder,
                env={**os.environ, **program.environment},
                # A session of its own: Ctrl-C in the terminal reaches the supervisor alone.
                start_new_session=True,
                preexec_fn=_die_with_parent(os.getpid()),
            )

    @property
    def pid(self) -> int:
        """Also the number of its process group."""
        return self._popen.pid

    def exit_code(self) -> int | None:
        """None while it runs; negative: the signal that ended it."""
        return self._popen.poll()

    def is_healthy(self) -> bool:
        """Whether it runs and answers."""
        if self.exit_code() is not None:
            return False
        return self.program.health_url is None or answers(self.program.health_url)

    def terminate(self) -> None:
        signal_group(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """End it and everything it started, at once."""
        signal_group(self.pid, signal.SIGKILL)
        self._popen.wait()

    def is_gone(self) -> bool:
        """Whether the process and everything it started have ended."""
        return self.exit_code() is not None and not signal_group(self.pid, 0)


def answers(url: str, timeout_s: float = 2.0) -> bool:
    """Whether a GET of the address gives status 200. No proxy is asked."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout_s)
    try:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def describe_exit(code: int) -> str:
    """For people: how a process ended."""
    if code < 0:
        return f"ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"


def rotate(log: Path) -> None:
    """Put the log of the last run aside; the oldest goes."""
    for number in range(KEPT_LOGS, 0, -1):
        older = log.with_name(f"{log.name}.{number}")
        newer = log if number == 1 else log.with_name(f"{log.name}.{number - 1}")
        if newer.exists():
            newer.replace(older)


def last_lines(log: Path, count: int = 5) -> list[str]:
    """What it said at the end."""
    if not log.exists():
        return []
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 8192))
        lines = file.read().decode("utf-8", "replace").splitlines()
    return [line.strip() for line in lines if line.strip()][-count:]


def _die_with_parent(parent: int):  # type: ignore[no-untyped-def]
    """To be run in the new process: have the kernel end it when its parent is gone."""
    if _LIBC is None:
        return None
    set_option = _LIBC.prctl

    def prepare() -> None:
        set_option(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # gone already
            os._exit(1)

    return prepare
