"""`rapport bench messages`: what the demo's bot does with held-out messages of customers, in words it never learned.

The messages are those of `tests/behaviour/intents.yml`, written by somebody who saw no example. Peers learn the same
examples: Rasa's stock pipeline (in the full run alone), and a logistic regression on the encoder that ours starts from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.datasets import Examples
from benchmarks.frozen_peers import LOGISTIC, FrozenEncoder, logistic
from benchmarks.home import demo_home
from benchmarks.report import Report, Row
from benchmarks.stock import NAME as STOCK
from benchmarks.stock import train_stock
from benchmarks.understanding import ask
from bot.cli.bot_training import require_model
from bot.cli.config import Config
from bot.cli.display import step
from bot.nlu.decision import AMBIGUOUS, OUT_OF_SCOPE, UNSURE
from bot.settings import PROJECT
from demo.seed import DEFAULT_SEED

HELD_OUT = PROJECT / "tests" / "behaviour" / "intents.yml"
EXAMPLES = PROJECT / "bot" / "data" / "nlu"
CUSTOMERS = 200
_FALLBACKS = frozenset({UNSURE, "nlu_fallback", "nlu_foreign_language"})


@dataclass(frozen=True)
class Answered:
    """What was made of one message: the intent reported, and those it may be."""

    meant: str
    intent: str | None
    first: str | None
    possible: frozenset[str]

    @property
    def what(self) -> str:
        """`right`, `asked` with what was meant among the choices, `asked_past`, `unsure` or `wrong`.

        To be unsure of what is out of scope is right: either way the articles are searched.
        """
        if self.intent == self.meant or (self.meant == OUT_OF_SCOPE and self.intent in _FALLBACKS):
            return "right"
        if self.intent == AMBIGUOUS:
            return "asked" if self.meant in self.possible else "asked_past"
        return "unsure" if self.intent in _FALLBACKS else "wrong"


def run(data: Path | None, quick: bool) -> Report:
    """Train what is not trained, ask, count; `data` is not needed. `quick` leaves out the stock pipeline."""
    held_out = yaml.safe_load(HELD_OUT.read_text(encoding="utf-8"))
    texts, meant = [row["text"] for row in held_out], [row["intent"] for row in held_out]
    notes = [
        f"{len(texts)} messages of {len(set(meant))} intents in tests/behaviour/intents.yml; seed of the shop alone"
    ]
    with demo_home(CUSTOMERS) as config:
        with step("Ours"):
            ours = _asked(config, require_model(config), texts, meant)
        peers: dict[str, list[Answered]] = {}
        if not quick:
            stock = train_stock(config, quick)
            with step(STOCK):
                peers[STOCK] = _asked(config, stock.path, texts, meant)
            notes.append(stock.note)
    with step(LOGISTIC):
        peers[LOGISTIC] = _logistic(texts, meant)
    return Report("messages", _rows(ours, peers), {"demo shop": DEFAULT_SEED}, notes)


def _rows(ours: Sequence[Answered], peers: Mapping[str, Sequence[Answered]]) -> list[Row]:
    def row(name: str, what: str) -> Row:
        shares = {peer: _share(said, what) for peer, said in peers.items()}
        return Row(name, _share(ours, what), "share", None, shares)

    return [
        row("does what was meant", "right"),
        row("asks, with what was meant among the choices", "asked"),
        row("asks past what was meant", "asked_past"),
        row("unsure: searches the articles", "unsure"),
        row("does something else", "wrong"),
        Row("likeliest intent is the right one", _accuracy(ours), "share", None,
            {peer: _accuracy(said) for peer, said in peers.items()}),
    ]  # fmt: skip


def _share(answered: Sequence[Answered], what: str) -> float:
    return sum(each.what == what for each in answered) / len(answered)


def _accuracy(answered: Sequence[Answered]) -> float:
    return sum(each.first == each.meant for each in answered) / len(answered)


def _asked(config: Config, model: Path, texts: Sequence[str], meant: Sequence[str]) -> list[Answered]:
    """What a Rasa model makes of the texts."""
    found = ask("benchmarks.nlu_parse", config, model, texts)
    return [_read(answer, intent) for answer, intent in zip(found, meant, strict=True)]


def _read(answer: Mapping[str, Any], meant: str) -> Answered:
    ranking = [str(each["name"]) for each in answer["ranking"] if each["name"] not in _FALLBACKS]
    possible = frozenset(str(each["name"]) for each in answer["intent_set"])
    return Answered(meant, answer["intent"], ranking[0] if ranking else answer["intent"], possible)


def _logistic(texts: Sequence[str], meant: Sequence[str]) -> list[Answered]:
    """It always acts."""
    found = logistic(FrozenEncoder(), _examples()).parse(texts)
    return [
        Answered(intent, each.intent, each.intent, frozenset({str(each.intent)}))
        for each, intent in zip(found, meant, strict=True)
    ]


def _examples() -> Examples:
    from rasa.shared.nlu.training_data.loading import load_data

    examples = load_data(str(EXAMPLES)).intent_examples
    return Examples(
        tuple(example.get("text") for example in examples), tuple(example.get("intent") for example in examples)
    )
