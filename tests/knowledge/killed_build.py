"""Builds an index in processes that die on the way: reads from stdin at which touch of the data folder."""

import os
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from conftest import FakeEncoder  # noqa: E402

from knowledge.build import build_index  # noqa: E402
from knowledge.settings import KnowledgeSettings  # noqa: E402

TOUCHES = ("open", "os.rename", "os.mkdir", "os.rmdir", "os.remove")


def build(home: Path, step: int) -> None:
    touched = 0

    def die(event: str, arguments: tuple) -> None:
        nonlocal touched
        touched += event in TOUCHES and str(arguments[0]).startswith(str(home))
        if touched == step:
            os._exit(9)

    sys.addaudithook(die)
    build_index(KnowledgeSettings(home=home), FakeEncoder())
    os._exit(0)


# Whatever is loaded late is loaded here, once, and not in every child.
with tempfile.TemporaryDirectory() as folder:
    build_index(KnowledgeSettings(home=Path(folder)), FakeEncoder())

for line in sys.stdin:
    child = os.fork()
    if child == 0:
        build(Path(sys.argv[1]), int(line))
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print("killed" if code == 9 else "finished" if code == 0 else f"failed {code}", flush=True)
