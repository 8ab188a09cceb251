"""Processes that are measured: started together, weighed, and stopped with all that they started."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from benchmarks.errors import PeerFailed
from bot.cli.process import Process, Program, describe_exit, last_lines, rotate

POLL_S = 0.05
START_TIMEOUT_S = 400.0
STOP_PATIENCE_S = 15.0


class Group:
    """Programs that run together, one log file each in `logs`."""

    def __init__(self, programs: Sequence[Program], logs: Path) -> None:
        self._programs = programs
        self._logs = logs
        self._processes: list[Process] = []

    def start(self) -> None:
        """Start all and wait until each answers.

        Raises:
            PeerFailed: one ended, or did not answer in time; names its log.
        """
        self._logs.mkdir(parents=True, exist_ok=True)
        for program in self._programs:
            log = self._logs / f"bench-{program.name}.log"
            rotate(log)
            self._processes.append(Process(program, log))
        until = time.monotonic() + START_TIMEOUT_S
        for process in self._processes:
            while not process.is_healthy():
                _look(process, until)
                time.sleep(POLL_S)

    def stop(self) -> None:
        """End all, with what they started; those that do not end when asked are killed."""
        for process in self._processes:
            process.terminate()
        until = time.monotonic() + STOP_PATIENCE_S
        while time.monotonic() < until and not all(process.is_gone() for process in self._processes):
            time.sleep(POLL_S)
        for process in self._processes:
            process.kill()
        self._processes = []

    def memory_gb(self, words: Sequence[str]) -> float:
        """Resident memory, in 10^9 bytes, of the process whose command has these words, and of all it started."""
        for process in self._processes:
            for candidate in _family(psutil.Process(process.pid)):
                if set(words).issubset(candidate.cmdline()):
                    return sum(each.memory_info().rss for each in _family(candidate)) / 1e9
        raise LookupError(f"no process here has {words} in its command")


@contextmanager
def running(programs: Sequence[Program], logs: Path) -> Iterator[Group]:
    """The programs, started; ended at the end in any case."""
    group = Group(programs, logs)
    try:
        group.start()
        yield group
    finally:
        group.stop()


def _family(process: psutil.Process) -> list[psutil.Process]:
    """The process and all that it started, but for those that have ended."""
    family = (process, *process.children(recursive=True))
    return [each for each in family if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]


def _look(process: Process, until: float) -> None:
    code, name = process.exit_code(), process.program.name
    said = " | ".join(last_lines(process.log, 2)) or "nothing"
    if code is not None:
        raise PeerFailed(f"{name} {describe_exit(code)} while it was started. It said: {said}. See {process.log}.")
    if time.monotonic() > until:
        raise PeerFailed(f"{name} did not answer within {START_TIMEOUT_S:g} s. It said: {said}. See {process.log}.")
