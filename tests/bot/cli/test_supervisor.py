"""The supervisor with small programs: it stops all, starts again what died, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from bot.cli.errors import StartFailed
from bot.cli.process import Program, last_lines, rotate
from bot.cli.supervisor import Supervisor
from bot.settings import PROJECT

HERE = Path(__file__).resolve().parent
NAMES = ("quiet", "stubborn", "parent", "parent-child")


def eventually(condition: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until, what
        time.sleep(0.05)


def pid_of(folder: Path, name: str) -> int:
    path = folder / name
    eventually(lambda: path.exists() and path.read_text() != "", f"{name} was not started")
    return int(path.read_text())


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, str(HERE / "supervised.py"), str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )
    yield process
    process.kill()
    process.communicate()
    for name in NAMES:
        if (tmp_path / name).exists() and is_alive(pid_of(tmp_path, name)):
            os.kill(pid_of(tmp_path, name), signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_however_it_ends_no_process_is_left(supervised, tmp_path, number):
    pids = [pid_of(tmp_path, name) for name in NAMES]
    supervised.send_signal(number)
    supervised.wait(timeout=30)
    for name, pid in zip(NAMES, pids, strict=True):
        eventually(lambda pid=pid: not is_alive(pid), f"{name} was left behind")
    if number != signal.SIGKILL:
        assert supervised.returncode == 0


def test_what_dies_is_started_again_and_told(supervised, tmp_path):
    first = pid_of(tmp_path, "parent")
    child = pid_of(tmp_path, "parent-child")
    (tmp_path / "parent").unlink()
    os.kill(first, signal.SIGKILL)
    assert pid_of(tmp_path, "parent") != first
    eventually(lambda: not is_alive(child), "what the dead process had started was left")
    told = supervised.stdout.readline()
    assert "parent ended by SIGKILL; starting it again in 0.5 s" in told
    assert str(tmp_path / "logs" / "parent.log") in told


def test_it_waits_until_each_answers(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    serve = (sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1")
    web = Program("web", serve, health_url=f"http://127.0.0.1:{port}/", folder=tmp_path)
    supervisor = Supervisor([web], tmp_path / "logs", lambda line: None)
    supervisor.start()
    try:
        assert supervisor.readiness() == {"web": False}
        assert supervisor.wait_until_ready(30)
        assert supervisor.readiness() == {"web": True}
    finally:
        supervisor.stop()
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))


def test_a_program_that_ends_while_it_starts_is_named_with_its_last_words(tmp_path):
    broken = Program(
        "bot", (sys.executable, "-c", "raise SystemExit('no model in /nowhere')"), health_url="http://127.0.0.1:9/"
    )
    supervisor = Supervisor([broken], tmp_path / "logs", lambda line: None)
    supervisor.start()
    try:
        with pytest.raises(StartFailed, match=r"bot ended with exit code 1.*no model in /nowhere.*bot\.log"):
            supervisor.wait_until_ready(30)
    finally:
        supervisor.stop()


def test_a_program_that_never_answers_is_named_with_the_setting(tmp_path):
    silent = Program("bot", (sys.executable, "-c", "import time; time.sleep(60)"), health_url="http://127.0.0.1:9/")
    supervisor = Supervisor([silent], tmp_path / "logs", lambda line: None)
    supervisor.start()
    try:
        with pytest.raises(StartFailed, match="RAPPORT_START_TIMEOUT_S"):
            supervisor.wait_until_ready(0.5)
    finally:
        supervisor.stop()


def test_one_that_keeps_dying_is_started_again_later_each_time(tmp_path):
    told: list[str] = []
    supervisor = Supervisor([Program("bot", (sys.executable, "-c", "pass"))], tmp_path / "logs", told.append)
    supervisor.start()

    def stop_after_two() -> None:
        eventually(lambda: len(told) >= 2, "it was not started again")
        supervisor._stopping = True

    watcher = threading.Thread(target=stop_after_two)
    watcher.start()
    supervisor.run()
    watcher.join()
    supervisor.stop()
    assert "in 0.5 s" in told[0]
    assert "in 1 s" in told[1]


def test_logs_of_the_last_runs_are_kept(tmp_path):
    log = tmp_path / "bot.log"
    for run in range(6):
        rotate(log)
        log.write_text(f"run {run}\nended\n")
    assert last_lines(log, 2) == ["run 5", "ended"]
    assert [path.read_text().splitlines()[0] for path in sorted(tmp_path.iterdir())] == [
        "run 5", "run 4", "run 3", "run 2",
    ]  # fmt: skip
