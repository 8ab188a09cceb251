"""`rapport bench intent`: how well intents are told apart, how honest the doubt is, and what typing mistakes cost.

Ours is the bot's own encoder and intent classifier with the settings of config.yml, trained by Rasa on the published
training split and asked about the published test split. Nothing is chosen on a test split.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import metrics
from benchmarks.datasets import Examples, read
from benchmarks.draws import few_shot, first_labels, with_labels
from benchmarks.frozen_peers import SVC
from benchmarks.intent_peers import Answers, Peers
from benchmarks.nlu_models import OURS, Parsed, TrainedModel, milliseconds, ours, parse, train, work_folder
from benchmarks.options import Options
from benchmarks.report import Report, Row, Target, at_least, at_most, between
from benchmarks.typos import misspelled_letters, misspelled_words
from bot.cli import lock
from bot.cli.display import step
from bot.nlu.decision import AMBIGUOUS, UNSURE

TYPO_SEED, TYPO_SHARE = 13, 0.1
SHOTS, QUICK_SHOTS = 10, 5
DRAWS, QUICK_DRAWS = (1, 2, 3), (1,)
QUICK_INTENTS, QUICK_TRAIN, QUICK_TEST, QUICK_SEED = 10, 20, 5, 0
TIMED_TEXTS = 200


@dataclass(frozen=True)
class Goal:
    """A data set's targets and what others published."""

    title: str
    accuracy: float
    anchor: str
    few_shot: float | None = None
    few_shot_anchor: str = ""
    minutes: float | None = None


GOALS = {
    "banking77": Goal(
        "BANKING77", 0.942, "MiniLM-L6 fine-tuned 93.6 (measured before), BERT-large 93.7, best published 94.9",
        few_shot=0.87, few_shot_anchor="CPFT (125M parameters) 87.2", minutes=20,
    ),
    "clinc150": Goal("CLINC150 in scope", 0.970, "BERT 96.5, SNGP 96.9"),
    "hwu64": Goal("HWU64", 0.925, "ConvBERT 93.0", few_shot=0.86, few_shot_anchor="CPFT (125M parameters) 87.1"),
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What a classifier answers to the test texts, as they are and with typing mistakes."""

    clean: Sequence[Parsed]
    words: Sequence[Parsed]
    letters: Sequence[Parsed]

    @classmethod
    def of(cls, answers: Sequence[Parsed]) -> Asked:
        third = len(answers) // 3
        return cls(answers[:third], answers[third : 2 * third], answers[2 * third :])


def run(data: Path | None, quick: bool, options: Options) -> Report:
    """All data sets, or those that the options name.

    Raises:
        MissingData: a data set is not in the data folder.
        BadOption: the options name a data set that is not in this suite.
    """
    splits = {name: _splits(data, name, quick) for name in options.chosen(list(GOALS))}
    peers = Peers(options, quick)
    rows: list[Row] = []
    with lock.holding(work_folder()):
        for number, (name, (learn, look)) in enumerate(splits.items()):
            # One DIET is enough for a first look.
            rows += _full(name, learn, look, peers, quick, with_diet=not quick or number == 0)
        for number, (name, (learn, look)) in enumerate(splits.items()):
            if GOALS[name].few_shot is not None and (not quick or number == 0):
                rows += _few(name, learn, look, peers, quick)
    seeds = {"typing mistakes": TYPO_SEED, **{f"draw {number + 1}": seed for number, seed in enumerate(DRAWS)}}
    return Report("intent", rows, seeds, [*_notes(quick), *peers.notes, *options.notes(list(GOALS))])


def _splits(data: Path | None, name: str, quick: bool) -> tuple[Examples, Examples]:
    """Training and test examples, without those that are out of scope."""
    splits = read(data, name)
    if not quick:
        return splits["train"], splits["test"]
    labels = first_labels(splits["train"], QUICK_INTENTS)
    learn, look = (with_labels(splits[split], labels) for split in ("train", "test"))
    return few_shot(learn, QUICK_TRAIN, QUICK_SEED), few_shot(look, QUICK_TEST, QUICK_SEED)


def _full(name: str, learn: Examples, look: Examples, peers: Peers, quick: bool, with_diet: bool) -> list[Row]:
    texts = [
        *look.texts,
        *misspelled_words(look.texts, TYPO_SHARE, TYPO_SEED),
        *misspelled_letters(look.texts, TYPO_SHARE, TYPO_SEED),
    ]
    named = run_name(name, quick)
    model = train(ours(), named, learn)
    with step(f"Asking ours on {named} ({len(texts):,} messages)"):
        answers: Answers = {OURS: parse(model, texts)}
    answers |= peers.linear(named, learn, texts)
    if with_diet:
        answers |= peers.diet(named, learn, texts)
    asked = {who: Asked.of(found) for who, found in answers.items()}
    goal = GOALS[name]
    return [
        _row(f"{goal.title}: accuracy", accuracies(asked, look), "share", at_least(goal.accuracy), goal.anchor),
        *_typo_rows(goal.title, asked, look),
        *_doubt_rows(goal.title, asked, look),
        *_cost_rows(goal, model, peers.diets.get(named), look),
    ]


def run_name(name: str, quick: bool) -> str:
    """What the models of a data set are called: those of a first look stand beside the others."""
    return f"{name}-quick" if quick else name


def accuracies(asked: Mapping[str, Asked], look: Examples) -> dict[str, float]:
    return {who: _accuracy(each.clean, look) for who, each in asked.items()}


def _accuracy(answers: Sequence[Parsed], look: Examples) -> float:
    return metrics.accuracy([each.label for each in answers], look.labels)


def _sets(answers: Sequence[Parsed]) -> list[list[str]]:
    return [[label for label, _ in each.intent_set] for each in answers]


def _typo_rows(title: str, asked: Mapping[str, Asked], look: Examples) -> list[Row]:
    """Points of accuracy lost."""
    clean = accuracies(asked, look)
    words = {who: 100 * (clean[who] - _accuracy(each.words, look)) for who, each in asked.items()}
    letters = {who: 100 * (clean[who] - _accuracy(each.letters, look)) for who, each in asked.items()}
    return [
        _row(f"{title}: lost to typos in 10 % of the words", words, "points", at_most(2.0)),
        _row(f"{title}: lost to typos in 10 % of the letters", letters, "points"),
    ]


def _doubt_rows(title: str, asked: Mapping[str, Asked], look: Examples) -> list[Row]:
    """What ours makes of its doubt: sets, asking, and whether its confidence is what it says."""
    clean = asked[OURS].clean
    sets = _sets(clean)
    decided = [each.intent for each in clean]
    acted = [intent not in (AMBIGUOUS, UNSURE) for intent in decided]
    right = [intent == true for intent, true in zip(decided, look.labels, strict=True)]
    errors = {
        who: metrics.calibration_error(
            [each.confidence for each in found.clean],
            [each.label == true for each, true in zip(found.clean, look.labels, strict=True)],
        )
        for who, found in asked.items()
        if who != SVC  # has no probabilities
    }
    return [
        Row(f"{title}: sets hold the intent (95 % asked for)", metrics.coverage(sets, look.labels), "share",
            between(0.94, 0.965), anchor="none shipped elsewhere"),
        Row(f"{title}: labels in a set, mean", metrics.mean_size(sets), "labels"),
        Row(f"{title}: acts", statistics.mean(acted), "share"),
        Row(f"{title}: right when it acts", sum(right) / sum(acted) if any(acted) else None, "share"),
        Row(f"{title}: asks which of two or three", decided.count(AMBIGUOUS) / len(decided), "share"),
        Row(f"{title}: unsure", decided.count(UNSURE) / len(decided), "share"),
        _row(f"{title}: expected calibration error", errors, "share"),
    ]  # fmt: skip


def _cost_rows(goal: Goal, model: TrainedModel, diet: TrainedModel | None, look: Examples) -> list[Row]:
    models = {OURS: model} | ({} if diet is None else {"DIET": diet})
    minutes = {who: each.seconds / 60 for who, each in models.items()}
    target = None if goal.minutes is None else at_most(goal.minutes)
    with step(f"{goal.title}: timing"):
        taken: dict[str, float] = {who: milliseconds(each, look.texts[:TIMED_TEXTS]) for who, each in models.items()}
    return [
        _row(f"{goal.title}: training", minutes, "min", target),
        _row(f"{goal.title}: a message, one core, p50", taken, "ms"),
    ]


def _few(name: str, learn: Examples, look: Examples, peers: Peers, quick: bool) -> list[Row]:
    """Mean over the draws; each draw is a training of its own for everybody."""
    shots, draws = (QUICK_SHOTS, QUICK_DRAWS) if quick else (SHOTS, DRAWS)
    by_draw: list[dict[str, float]] = []
    covered: list[float] = []
    for seed in draws:
        named = f"{run_name(name, quick)}-{shots}shot-{seed}"
        few = few_shot(learn, shots, seed)
        model = train(ours(), named, few)
        answers: Answers = {OURS: parse(model, look.texts)}
        covered.append(
            metrics.coverage([[label for label, _ in each.intent_set] for each in answers[OURS]], look.labels)
        )
        answers |= peers.linear(named, few, look.texts)
        answers |= peers.diet(named, few, look.texts) if not quick else {}
        answers |= peers.setfit(named, few, look.texts, seed) if seed == draws[0] else {}
        by_draw.append({who: _accuracy(found, look) for who, found in answers.items()})
    goal = GOALS[name]
    title = f"{goal.title}, {shots} examples an intent"
    # A peer that was measured on fewer draws says so in its name.
    means = {who: statistics.mean(each[who] for each in by_draw if who in each) for who in by_draw[0]}
    each_draw = ", ".join(f"{each[OURS]:.1%}" for each in by_draw)
    peers.note(f"{title}: ours by draw {each_draw}")
    assert goal.few_shot is not None
    row = _row(f"{title}: accuracy", means, "share", at_least(goal.few_shot), goal.few_shot_anchor)
    return [row, Row(f"{title}: sets hold the intent (95 % asked for)", statistics.mean(covered), "share")]


def _row(
    name: str, values: Mapping[str, float], unit: str, target: Target | None = None, anchor: str | None = None
) -> Row:
    others = {who: value for who, value in values.items() if who != OURS}
    return Row(name, values[OURS], unit, target, others, anchor)


def _notes(quick: bool) -> list[str]:
    notes = [
        "ours: encoder and intent classifier of the bot, settings of config.yml; "
        "models are kept and used again while examples, settings and the code that trains are unchanged "
        "(training time then too)",
        "accuracy: the likeliest intent, whatever the bot would do about its doubt",
        "few examples: draws of the training split, labels in alphabetical order (benchmarks/draws.py); SetFit starts "
        "from the same encoder weights as ours",
        "typos: swapped, dropped, doubled or neighbouring letters in test messages alone (benchmarks/typos.py)",
        "expected calibration error: 15 bins; SVC has no probabilities",
    ]
    if quick:
        notes.append(
            f"--quick: {QUICK_INTENTS} intents with {QUICK_TRAIN} examples, {QUICK_TEST} test messages each; "
            "the figures say nothing about quality"
        )
    return notes
