"""Takes a folder in, in processes that are killed on the way: reads from stdin after how many steps of the database."""

import os
import signal
import sqlite3
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2])]

from knowledge.ingest import ingest_path  # noqa: E402
from knowledge.store import KnowledgeStore  # noqa: E402

# Instructions of SQLite's machine between two steps.
STEP = 20


def ingest(database: Path, folder: Path, last: int) -> None:
    steps = 0

    def die() -> int:
        nonlocal steps
        steps += 1
        if steps >= last:
            os.kill(os.getpid(), signal.SIGKILL)
        return 0

    def connect(*arguments: object, **named: object) -> sqlite3.Connection:
        connection = real(*arguments, **named)
        connection.set_progress_handler(die, STEP)
        return connection

    real, sqlite3.connect = sqlite3.connect, connect
    ingest_path(KnowledgeStore(database), folder)
    os._exit(0)


for line in sys.stdin:
    child = os.fork()
    if child == 0:
        ingest(Path(sys.argv[1]), Path(sys.argv[2]), int(line))
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print("killed" if code == -signal.SIGKILL else "finished" if code == 0 else f"failed {code}", flush=True)
