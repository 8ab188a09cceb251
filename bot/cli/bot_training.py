"""Training of the bot's model: Rasa in a process of its own, its output as progress, the encoder taken out."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from bot.cli.config import Config
from bot.cli.display import Step
from bot.cli.errors import NotTrained, TrainingFailed
from bot.cli.fingerprints import note_trained, pairs_fingerprint, read_trained, taught_fingerprint
from bot.cli.process import last_lines, rotate
from bot.settings import PROJECT
from knowledge.errors import KnowledgeError
from knowledge.pairs import question_answer_pairs, write_pairs
from knowledge.store import KnowledgeStore
from knowledge.tickets.pairs import ticket_pairs

KEPT_MODELS = 2
# Set for everything of Rasa: no telemetry, no hub, no chatter.
RASA_ENVIRONMENT = {
    "RASA_TELEMETRY_ENABLED": "false",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "HF_HUB_OFFLINE": "1",
    "PYTHONUNBUFFERED": "1",
}
_COMPONENT = re.compile(r"(?:Starting to train component|Restored component) '(?:\w+\.)*(\w+)'")
_BAR = re.compile(r"^\s*(?P<what>[^:|]+):\s+\d+%\|.*\|\s*(?P<done>\d+)/(?P<total>\d+)\s")
_CACHE_MB = "600"
# The fingerprint of no pairs, as of models that were trained before answers were learnt from.
_NONE = pairs_fingerprint(())


def current_model(config: Config) -> Path | None:
    """The model trained last; None where there is none."""
    name = read_trained(config.home).get("bot", {}).get("model")
    path = config.models / str(name)
    return path if name and path.is_file() else None


def require_model(config: Config) -> Path:
    """The model trained last. Raises NotTrained."""
    model = current_model(config)
    if model is None:
        raise NotTrained(f"There is no trained bot in {config.models}. Run `rapport train`.")
    return model


def is_bot_trained(config: Config, of_answers: Sequence[tuple[str, str]] | None = None) -> bool:
    """Whether the model is there and was made from what is there now.

    `of_answers` are the pairs of answers that helped; None does not ask whether the model learnt from them: each day
    has new ones, and nobody who starts the bot wants to wait for a training.
    """
    if current_model(config) is None:
        return False
    try:
        of_tickets = _pairs(config, ticket_pairs)
    except KnowledgeError:  # told where the articles are read
        return False
    noted = read_trained(config.home)["bot"]
    if of_answers is not None and noted.get("answers", _NONE) != pairs_fingerprint(of_answers):
        return False
    return bool(noted.get("fingerprint") == taught_fingerprint(PROJECT, of_tickets))


def train_bot(config: Config, step: Step, of_answers: Sequence[tuple[str, str]] = ()) -> Path:
    """Train the bot's model; `of_answers` are pairs of answers that helped.

    Raises TrainingFailed, which names the log.
    """
    of_tickets = _pairs(config, ticket_pairs)
    name = f"rapport-{taught_fingerprint(PROJECT, [*of_tickets, *of_answers])[:12]}.tar.gz"
    config.models.mkdir(parents=True, exist_ok=True)
    config.logs.mkdir(parents=True, exist_ok=True)
    log = config.logs / "train.log"
    rotate(log)
    write_pairs(config.home / "pairs" / "articles.jsonl", _pairs(config, question_answer_pairs))
    write_pairs(config.home / "pairs" / "candidates.jsonl", of_tickets)
    write_pairs(config.home / "pairs" / "answers.jsonl", of_answers)
    code = _run(_command(config, name), _environment(config), log, step)
    model = config.models / name
    if code != 0 or not model.is_file():
        said = "; ".join(last_lines(log, 2)) or "it said nothing"
        raise TrainingFailed(f"The bot could not be trained: {said}. All of it is in {log}.")
    fingerprint = taught_fingerprint(PROJECT, of_tickets)
    note_trained(config.home, bot={"fingerprint": fingerprint, "answers": pairs_fingerprint(of_answers), "model": name})
    _prune(config.models, model)
    return model


def learnt_from(config: Config) -> dict[str, int]:
    """How many pairs of question and answer the last training was given, by where they come from."""
    folder = config.home / "pairs"
    names = {"articles": "articles", "candidates": "tickets", "answers": "answers that helped"}
    known = {
        path.stem: sum(1 for line in path.open(encoding="utf-8") if line.strip()) for path in folder.glob("*.jsonl")
    }
    return {names.get(stem, f"{stem}.jsonl"): count for stem, count in sorted(known.items())}


def _pairs(config: Config, read: Callable[[KnowledgeStore], list[tuple[str, str]]]) -> list[tuple[str, str]]:
    """What the articles, or the tickets, say now: for the encoder to learn from."""
    store = KnowledgeStore(config.knowledge.database)
    try:
        return read(store)
    finally:
        store.close()


def take_encoder(config: Config, model: Path) -> None:
    """Put the model's encoder where the index is built with it, unless it is there already."""
    from bot.nlu.extract import extract_encoder

    if read_trained(config.home).get("encoder") == model.name and config.knowledge.encoder_folder.exists():
        return
    extract_encoder(model, config.knowledge.encoder_folder)
    note_trained(config.home, encoder=model.name)


def _command(config: Config, name: str) -> list[str]:
    return [
        sys.executable, "-m", "bot.train",
        "--config", str(PROJECT / "config.yml"),
        "--domain", str(PROJECT / "bot" / "domain"),
        "--data", str(PROJECT / "bot" / "data"),
        "--out", str(config.models),
        "--fixed-model-name", name,
        # The tests hold what it would check, and the rule policy refuses contradictions in any case.
        "--skip-validation",
    ]  # fmt: skip


def _environment(config: Config) -> dict[str, str]:
    cache = {
        "RASA_CACHE_DIRECTORY": str(config.home / "cache"),
        "RASA_MAX_CACHE_SIZE": _CACHE_MB,
    }
    return {**os.environ, **RASA_ENVIRONMENT, **config.environment(), **cache}


def _run(command: list[str], environment: dict[str, str], log: Path, step: Step) -> int:
    with log.open("wb") as file:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=PROJECT,
            env=environment,
        )
        assert process.stdout is not None
        try:
            for line in _lines(process.stdout, file):
                _show(line, step)
            return process.wait()
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()


def _lines(output: BinaryIO, log: BinaryIO) -> Iterator[str]:
    """Lines as they come, also those that a progress bar writes over each other."""
    rest = b""
    while chunk := os.read(output.fileno(), 65536):
        log.write(chunk)
        log.flush()
        *lines, rest = re.split(rb"[\r\n]", rest + chunk)
        yield from (line.decode("utf-8", "replace") for line in lines)


def _show(line: str, step: Step) -> None:
    if component := _COMPONENT.search(line):
        step.part(component[1])
    elif bar := _BAR.match(line):
        step.part(bar["what"].strip(), int(bar["done"]), int(bar["total"]))


def _prune(folder: Path, newest: Path) -> None:
    """Keep the model in use and the one before it, which a running bot may be serving."""
    others = [path for path in folder.glob("rapport-*.tar.gz") if path != newest]
    others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in others[KEPT_MODELS - 1 :]:
        path.unlink()
