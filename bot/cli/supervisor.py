"""Keeps the processes of the stack running, and leaves none behind.

A process that dies is started again, later each time while it keeps dying. One that runs and does not
answer is stopped and started again. However the supervisor ends, they end with it: it stops them itself on
Ctrl-C, SIGTERM and SIGHUP; when it is killed, the kernel and a watchdog (`watchdog.py`) do.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from bot.cli import watchdog
from bot.cli.errors import StartFailed
from bot.cli.process import Process, Program, describe_exit, last_lines, rotate

TICK_S = 0.1
FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 30.0
# After running for so long, the next death counts as the first again.
STEADY_S = 60.0
HEALTH_EVERY_S = 5.0
# A process that has not answered for so long is hung.
HUNG_S = 60.0
# SIGTERM, so long, then SIGKILL.
STOP_PATIENCE_S = 6.0

Tell = Callable[[str], None]


@dataclass
class _Child:
    """A program with its present process, if it has one."""

    program: Program
    log: Path
    process: Process | None = None
    started_at: float = 0.0
    answered_at: float = 0.0
    looked_at: float = 0.0
    delay: float = FIRST_DELAY_S
    start_again_at: float = 0.0
    ready: bool = False


class Supervisor:
    """Runs `programs`, one log file each in `logs`; `tell` gets a line for whoever watches.

    Start it, wait for it, stop it, all in the main thread: a process ends with the thread that started it.
    """

    def __init__(self, programs: Sequence[Program], logs: Path, tell: Tell) -> None:
        self._children = [_Child(program, logs / f"{program.name}.log") for program in programs]
        self._tell = tell
        self._stopping = False
        self._watchdog: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start every program; returns before they answer."""
        self._watchdog = _start_watchdog()
        for child in self._children:
            child.log.parent.mkdir(parents=True, exist_ok=True)
            rotate(child.log)
            self._start(child)

    def readiness(self) -> dict[str, bool]:
        """By name: whether it has answered since it was started."""
        return {child.program.name: child.ready for child in self._children}

    def wait_until_ready(self, timeout_s: float, watch: Callable[[], None] = lambda: None) -> bool:
        """Wait until each program answers; `watch` is called many times meanwhile. False when told to stop.

        Raises:
            StartFailed: one ended, or did not answer in time.
        """
        until = time.monotonic() + timeout_s
        while not self._stopping:
            waiting = [child for child in self._children if not child.ready]
            for child in waiting:
                self._look_at_start(child)
            watch()
            if not waiting:
                return True
            if time.monotonic() > until:
                raise StartFailed(_silent(waiting[0], timeout_s))
            time.sleep(TICK_S)
        return False

    def run(self) -> None:
        """Keep them running until told to stop."""
        while not self._stopping:
            for child in self._children:
                self._look_after(child)
            time.sleep(TICK_S)

    def stop(self) -> None:
        """End them all, within seconds; those that do not end when asked are killed."""
        self._stopping = True
        running = [child.process for child in self._children if child.process is not None]
        for process in running:
            process.terminate()
        until = time.monotonic() + STOP_PATIENCE_S
        while time.monotonic() < until and not all(process.is_gone() for process in running):
            time.sleep(TICK_S / 2)
        for process in running:
            process.kill()
        if self._watchdog is not None:
            for process in running:
                self._watch("-", process)
            self._watchdog.communicate()
            self._watchdog = None

    @contextmanager
    def stopped_by_signals(self) -> Iterator[None]:
        """Inside, Ctrl-C, SIGTERM and SIGHUP end the waiting; `stop` is called at the end in any case."""

        def handle(_number: int, _frame: FrameType | None) -> None:
            self._stopping = True

        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        former = {number: signal.signal(number, handle) for number in numbers}
        try:
            yield
        finally:
            self.stop()
            for number, handler in former.items():
                signal.signal(number, handler)

    def _start(self, child: _Child) -> None:
        child.process = Process(child.program, child.log)
        self._watch("+", child.process)
        child.started_at = child.answered_at = child.looked_at = time.monotonic()
        child.ready = False

    def _look_at_start(self, child: _Child) -> None:
        assert child.process is not None
        code = child.process.exit_code()
        if code is not None:
            raise StartFailed(_ended(child, code))
        if child.process.is_healthy():
            child.ready = True
            child.answered_at = time.monotonic()

    def _look_after(self, child: _Child) -> None:
        now = time.monotonic()
        if child.process is None:
            if now >= child.start_again_at:
                self._start(child)
            return
        code = child.process.exit_code()
        if code is not None:
            self._plan_restart(child, describe_exit(code), now)
        elif now - child.looked_at >= HEALTH_EVERY_S:
            self._look_at_health(child, child.process, now)

    def _look_at_health(self, child: _Child, process: Process, now: float) -> None:
        child.looked_at = now
        if process.is_healthy():
            child.answered_at = now
            child.ready = True
        elif now - child.answered_at >= HUNG_S:
            self._plan_restart(child, f"has not answered for {now - child.answered_at:.0f} s", now)

    def _plan_restart(self, child: _Child, what: str, now: float) -> None:
        assert child.process is not None
        # What it started may hold its port.
        child.process.kill()
        self._watch("-", child.process)
        child.process = None
        child.ready = False
        if now - child.started_at >= STEADY_S:
            child.delay = FIRST_DELAY_S
        self._tell(f"{child.program.name} {what}; starting it again in {child.delay:g} s (see {child.log})")
        child.start_again_at = now + child.delay
        child.delay = min(2 * child.delay, LONGEST_DELAY_S)

    def _watch(self, sign: str, process: Process) -> None:
        if self._watchdog is not None and self._watchdog.stdin is not None:
            try:
                self._watchdog.stdin.write(f"{sign}{process.pid}\n")
                self._watchdog.stdin.flush()
            except BrokenPipeError:  # somebody killed it: the kernel's signal is left
                self._watchdog = None


def _start_watchdog() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-I", "-S", watchdog.__file__],
        stdin=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _ended(child: _Child, code: int) -> str:
    return f"{child.program.name} {describe_exit(code)} while it was started.{_said(child.log)}"


def _silent(child: _Child, timeout_s: float) -> str:
    name = child.program.name
    return f"{name} did not answer within {timeout_s:g} s (RAPPORT_START_TIMEOUT_S).{_said(child.log)}"


def _said(log: Path) -> str:
    said = last_lines(log, 1)
    if not said:
        return f" Its log, {log}, is empty."
    return f" Its last words: {said[0]!r}; all of them are in {log}."
