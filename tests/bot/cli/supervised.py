"""A supervisor in a process of its own, for tests that kill it: `python supervised.py FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

from bot.cli.process import Program
from bot.cli.supervisor import Supervisor

# Writes its number to a file and waits; the second kind ignores SIGTERM, the third starts a child that does.
WAIT = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(600)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + WAIT
PARENT = (
    f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {STUBBORN!r}, sys.argv[1] + '-child']); "
) + WAIT


def program(name: str, code: str, folder: Path) -> Program:
    """A program that writes its number to the file `name`."""
    return Program(name, (sys.executable, "-c", code, str(folder / name)))


def main(folder: Path) -> None:
    programs = [
        program("quiet", WAIT, folder),
        program("stubborn", STUBBORN, folder),
        program("parent", PARENT, folder),
    ]
    supervisor = Supervisor(programs, folder / "logs", lambda line: print(line, flush=True))
    with supervisor.stopped_by_signals():
        supervisor.start()
        supervisor.run()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
