"""What the trained bot understands of a question, by the components that read every message."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass

from bot.cli.bot_training import current_model
from bot.cli.config import Config
from bot.cli.errors import NotTrained
from bot.settings import PROJECT
from knowledge.hits import Hit

# It takes some seconds; a machine that is very busy needs more.
_TIMEOUT_S = 300


@dataclass(frozen=True)
class Understood:
    """`text` is the question as it is answered, `spelled` with its mistyped words put right; `hits` are what the bot
    finds for it, without knowing whose question it is.
    """

    text: str
    spelled: str
    intent: str
    confidence: float
    hits: tuple[Hit, ...]


def understand(config: Config, question: str) -> Understood | None:
    """None where no bot has been trained. Raises NotTrained for a model that cannot be read."""
    model = current_model(config)
    if model is None:
        return None
    try:
        run = subprocess.run(
            [sys.executable, "-m", "bot.understand", "--model", str(model.resolve())],
            input=question,
            capture_output=True,
            text=True,
            encoding="utf-8",
            cwd=PROJECT,
            env={**os.environ, "RAPPORT_HOME": str(config.home.resolve())},
            timeout=_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise NotTrained(
            f"The bot did not read the question within {_TIMEOUT_S} s; try again when this machine is less busy."
        ) from error
    if run.returncode != 0:
        reason = (run.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise NotTrained(f"The bot's model {model.name} cannot be used: {reason}. Run `rapport train --force`.")
    found = json.loads(run.stdout.splitlines()[-1])
    text, intent = found["text"], found.get("intent") or {}
    return Understood(
        text=text,
        spelled=found.get("spelled") or text,
        intent=intent.get("name") or "",
        confidence=float(intent.get("confidence") or 0.0),
        hits=tuple(map(Hit.from_json, found.get("passages") or ())),
    )
