"""`rapport bench entities`: entities found as they are marked, on SNIPS, together with the intent.

Ours is the bot's own encoder, intent classifier and entity tagger with the settings of config.yml, trained by Rasa on
the published training split and asked about the published test split. Its early stopping holds out a part of the
training split; the published validation split is not touched. Nothing is chosen on the test split.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks import metrics
from benchmarks.datasets import Examples, read
from benchmarks.intent_peers import Peers
from benchmarks.nlu_models import DIET, OURS, Parsed, Pipeline, milliseconds, ours, parse, train, work_folder
from benchmarks.options import Options
from benchmarks.report import Report, Row, at_least, at_most
from bot.cli import lock
from bot.cli.display import step
from bot.nlu.entity_files import spans_of_words
from bot.nlu.span_scores import SpanScores, score_spans
from bot.nlu.training_text import Span

DATA_SET = "snips"
QUICK_TRAIN, QUICK_TEST, QUICK_SEED = 400, 100, 0
TIMED_TEXTS = 200

# Bunk, Varshneya, Vlasov, Nichol: DIET, 2020 (arXiv 2004.09936); Chen, Zhuo, Wang: BERT for Joint Intent
# Classification and Slot Filling, 2019 (arXiv 1902.10909), table 2.
DIET_PUBLISHED, BERT_PUBLISHED = "DIET about 95", "Joint BERT (110M parameters)"


def run(data: Path | None, quick: bool, options: Options) -> Report:
    """Train, ask, and count.

    Raises:
        MissingData: SNIPS is not in the data folder.
        BadOption: the options name another data set.
    """
    options.chosen([DATA_SET])
    splits = read(data, DATA_SET)
    learn, look = splits["train"], splits["test"]
    name = DATA_SET
    if quick:
        learn, look = _some(learn, QUICK_TRAIN), _some(look, QUICK_TEST)
        name = f"{DATA_SET}-quick"
    look = replace(look, texts=tuple(" ".join(text.split()) for text in look.texts))
    peers = Peers(options, quick)
    with lock.holding(work_folder()):
        model = train(with_tagger(quick), name, learn)
        with step(f"Asking ours on {name} ({len(look):,} messages)"):
            answers = {OURS: parse(model, look.texts)}
        answers |= peers.diet(name, learn, look.texts)
        taken = {OURS: milliseconds(model, look.texts[:TIMED_TEXTS])}
        minutes = {OURS: model.seconds / 60}
        if name in peers.diets:
            taken[DIET] = milliseconds(peers.diets[name], look.texts[:TIMED_TEXTS])
            minutes[DIET] = peers.diets[name].seconds / 60
    rows = [*_quality_rows(answers, look), *_cost_rows(taken, minutes)]
    return Report("entities", rows, {"sample": QUICK_SEED} if quick else {}, [*_notes(learn, look), *peers.notes])


def with_tagger(quick: bool) -> Pipeline:
    """The bot's own components, with every entity that they find, however sure; few epochs if `quick`."""
    base = ours()
    parts = [dict(part) for part in base.components]
    if quick:
        next(part for part in parts if part["name"].endswith("MessageEncoder"))["fewest_steps"] = 1
    return replace(base, components=[*parts, {"name": "bot.nlu.tagger.EntityTagger", "threshold": 0.0}])


def found_spans(answer: Parsed, text: str) -> list[Span]:
    """The entities of a message, each from its first to its last word: not every tokenizer keeps all letters."""
    ends = np.cumsum([len(word) + 1 for word in text.split()]) - 1
    starts = ends - np.array([len(word) for word in text.split()])
    spans = []
    for entity in answer.entities:
        inside = np.flatnonzero((starts < entity["end"]) & (ends > entity["start"]))
        if len(inside):
            spans.append(Span(int(starts[inside[0]]), int(ends[inside[-1]]), entity["entity"]))
    return spans


def marked_spans(look: Examples) -> list[list[Span]]:
    """As the published tags say."""
    return [list(spans_of_words(text.split(), tags)) for text, tags in zip(look.texts, look.tags, strict=True)]


def _quality_rows(answers: Mapping[str, Sequence[Parsed]], look: Examples) -> list[Row]:
    marked = marked_spans(look)
    found = {who: [found_spans(*each) for each in zip(told, look.texts, strict=True)] for who, told in answers.items()}
    scores: dict[str, SpanScores] = {who: score_spans(marked, spans) for who, spans in found.items()}
    intents = {who: metrics.accuracy([each.label for each in told], look.labels) for who, told in answers.items()}
    whole = {
        who: float(
            np.mean([
                set(spans) == set(truth) and told.label == label
                for spans, truth, told, label in zip(found[who], marked, answers[who], look.labels, strict=True)
            ])
        )
        for who in answers
    }  # fmt: skip

    def row(title: str, value: Callable[[str], float], anchor: str = "", least: float | None = None) -> Row:
        told = {who: value(who) for who in answers}
        target = None if least is None else at_least(least)
        return Row(f"SNIPS: {title}", told.pop(OURS), "share", target, told, anchor or None)

    return [
        row("slot F1", lambda who: scores[who].f1, f"{DIET_PUBLISHED}, {BERT_PUBLISHED} 97.0", 0.955),
        row("slot precision", lambda who: scores[who].precision),
        row("slot recall", lambda who: scores[who].recall),
        row("intent accuracy", lambda who: intents[who], f"{BERT_PUBLISHED} 98.6"),
        row("intent and all slots right", lambda who: whole[who], f"{BERT_PUBLISHED} 92.8"),
    ]


def _cost_rows(taken: dict[str, float], minutes: dict[str, float]) -> list[Row]:
    return [
        Row("understanding a message, one core, p50", taken.pop(OURS), "ms", at_most(6.0), taken),
        Row("training", minutes.pop(OURS), "min", None, minutes),
    ]


def _some(examples: Examples, count: int) -> Examples:
    rows = np.random.default_rng(QUICK_SEED).permutation(len(examples))[:count]
    return examples.only(sorted(rows.tolist()))


def _notes(learn: Examples, look: Examples) -> list[str]:
    return [
        f"trained on {len(learn):,} messages, asked about {len(look):,}",
        "a slot counts when all its words and its label are right (conlleval); counts are summed over all messages",
    ]
