"""What understanding a message costs on one core: the model's parse alone, in a process of its own.

`python -m benchmarks.understanding MODEL TEXTS` prints the milliseconds of each text as JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.errors import PeerFailed
from benchmarks.phrases import openings
from benchmarks.stock import NAME, StockModel
from bot.cli.bot_training import require_model
from bot.cli.config import Config
from bot.cli.display import step
from bot.cli.keys import read_keys
from bot.cli.stack import bot_environment
from bot.settings import PROJECT

TEXTS, QUICK_TEXTS = 200, 50
WARM_UP = 10


def measure_understanding(config: Config, model: StockModel, runs: int, quick: bool) -> Mapping[str, float]:
    """Median milliseconds a message, by bot; the bots take turns."""
    phrases = openings()
    texts = [phrases[number % len(phrases)] for number in range(QUICK_TEXTS if quick else TEXTS)]
    models = {"ours": require_model(config), NAME: model.path}
    taken: dict[str, list[float]] = {name: [] for name in models}
    with step("Understanding") as running:
        for number in range(runs):
            for name, path in models.items():
                taken[name] += ask("benchmarks.understanding", config, path, texts)
            running.count(number + 1, runs)
    return {name: statistics.median(values) for name, values in taken.items()}


def ask(module: str, config: Config, model: Path, texts: Sequence[str]) -> list[Any]:
    """What `module`, run as a program on the texts in a process of its own, prints of each.

    Raises:
        PeerFailed: it failed; says how.
    """
    done = subprocess.run(
        [sys.executable, "-m", module, str(model)],
        input=json.dumps(list(texts)),
        capture_output=True,
        text=True,
        cwd=PROJECT,
        env={**os.environ, **bot_environment(config, read_keys(config))},
    )
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        raise PeerFailed(f"The model {model} could not be asked. It said: {said}.")
    # Libraries may print too; ours is the last line.
    found: list[Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def main() -> None:
    """In the process that is measured: one core, one thread."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    from rasa.core.agent import Agent

    agent = Agent.load(sys.argv[1])
    texts = json.loads(sys.stdin.read())
    print(json.dumps(asyncio.run(_parse(agent, texts))))


async def _parse(agent: object, texts: Sequence[str]) -> list[float]:
    taken = []
    for position, text in enumerate((*texts[:WARM_UP], *texts)):
        began = time.perf_counter()
        await agent.parse_message(text)  # type: ignore[attr-defined]
        if position >= WARM_UP:
            taken.append((time.perf_counter() - began) * 1000)
    return taken


if __name__ == "__main__":
    main()
