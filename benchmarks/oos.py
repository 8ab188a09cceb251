"""`rapport bench oos`: whether the bot notices that a message is about nothing it knows.

CLINC150 with its out-of-scope test messages, trained without and with the out-of-scope training examples; and BANKING77
with 27 intents left out: they are near to what is known, messages from other fields are far from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import metrics
from benchmarks.datasets import Examples, Splits, read
from benchmarks.draws import few_shot, first_labels, some, with_labels
from benchmarks.frozen_peers import NEAREST
from benchmarks.intent import run_name
from benchmarks.intent_peers import Peers
from benchmarks.nlu_models import DIET, OURS, Parsed, ours, parse, train, work_folder
from benchmarks.options import Options
from benchmarks.report import Report, Row, Target, at_least
from bot.cli import lock
from bot.cli.display import step
from bot.nlu.decision import OUT_OF_SCOPE

DATA_SETS = ("clinc150", "banking77_oos")
MAX_SOFTMAX = "max-softmax of ours"
KEPT_ACCURACY = 0.96
QUICK_INTENTS, QUICK_TRAIN, QUICK_LOOK, QUICK_OUTSIDE, QUICK_SEED = 10, 20, 5, 40, 0


@dataclass(frozen=True)
class Judged:
    """What a model makes of one kind of messages: how foreign each seems, and its likeliest label."""

    scores: list[float]
    labels: list[str | None]

    def right(self, truth: Sequence[str]) -> list[bool]:
        return [found == true for found, true in zip(self.labels, truth, strict=True)]

    @property
    def refusing(self) -> list[float]:
        """The scores, without bound where the likeliest label says that it is out of scope."""
        return [
            float("inf") if label == OUT_OF_SCOPE else score
            for score, label in zip(self.scores, self.labels, strict=True)
        ]


# By split of the data set.
Judgement = Mapping[str, Judged]


def run(data: Path | None, quick: bool, options: Options) -> Report:
    """Both data sets, or the one that the options name.

    Raises:
        MissingData: a data set is not in the data folder.
        BadOption: the options name a data set that is not in this suite.
    """
    chosen = {name: _splits(read(data, name), quick) for name in options.chosen(DATA_SETS)}
    peers = Peers(options, quick)
    rows: list[Row] = []
    with lock.holding(work_folder()):
        if "clinc150" in chosen:
            rows += _clinc150(chosen["clinc150"], peers, quick)
        if "banking77_oos" in chosen:
            rows += _banking77(chosen["banking77_oos"], peers, quick, with_diet=not quick or len(chosen) == 1)
    return Report("oos", rows, {}, [*_notes(quick), *peers.notes, *options.notes(DATA_SETS)])


def _splits(splits: Splits, quick: bool) -> Splits:
    if not quick:
        return splits
    known = first_labels(splits["train"], QUICK_INTENTS)
    small = {}
    for name, examples in splits.items():
        if name in ("train", "valid", "test"):
            count = QUICK_TRAIN if name == "train" else QUICK_LOOK
            small[name] = few_shot(with_labels(examples, known), count, QUICK_SEED)
        else:
            small[name] = some(examples, QUICK_OUTSIDE, QUICK_SEED)
    return small


def _clinc150(splits: Splits, peers: Peers, quick: bool) -> list[Row]:
    """Trained on the intents alone, then with the published out-of-scope examples beside them."""
    look = {name: splits[name] for name in ("valid", "oos_valid", "test", "oos_test")}
    outside = splits["oos_train"].named(OUT_OF_SCOPE)
    name = run_name("clinc150", quick)
    trainings = {
        "without OOS examples": (name, splits["train"]),
        f"with {len(outside)} OOS examples": (f"{name}-with-oos", splits["train"] + outside),
    }
    rows = []
    for number, (how, (named, learn)) in enumerate(trainings.items()):
        judged = _judge(named, learn, look, peers, with_diet=not quick or number == 0)
        rows += _clinc150_rows(f"CLINC150 {how}", judged, splits)
    return rows


def _banking77(splits: Splits, peers: Peers, quick: bool, with_diet: bool) -> list[Row]:
    look = {name: splits[name] for name in ("test", "near_test", "far_test")}
    judged = _judge(run_name("banking77_oos", quick), splits["train"], look, peers, with_diet)
    right = {who: metrics.accuracy(each["test"].labels, splits["test"].labels) for who, each in judged.items()}
    rows = [_row("BANKING77, 50 intents: accuracy in scope", right, "share")]
    for kind in ("near", "far"):
        area = _each(judged, lambda each, kind=kind: metrics.auroc(each["test"].scores, each[f"{kind}_test"].scores))
        rows += [
            _row(f"BANKING77 {kind}: AUROC", area, "share"),
            Row(f"BANKING77 {kind}: AUROC ahead of max-softmax", 100 * (area[OURS] - area[MAX_SOFTMAX]), "points",
                at_least(3.0)),
            *_further(f"BANKING77 {kind}", judged, f"{kind}_test"),
        ]  # fmt: skip
    return rows


def _judge(
    name: str, learn: Examples, look: Mapping[str, Examples], peers: Peers, with_diet: bool
) -> dict[str, Judgement]:
    """By model: ours, its own confidence as a peer, and the others."""
    texts = [text for examples in look.values() for text in examples.texts]
    model = train(ours(), name, learn)
    with step(f"Asking ours on {name} ({len(texts):,} messages)"):
        own = parse(model, texts)
    answers = {OURS: own, MAX_SOFTMAX: [_without_score(each) for each in own]}
    answers |= peers.nearest(name, learn, texts, OUT_OF_SCOPE)
    if with_diet:
        answers |= peers.diet(name, learn, texts)
    return {who: _by_split(found, look) for who, found in answers.items()}


def _without_score(answer: Parsed) -> Parsed:
    return Parsed(answer.intent, answer.ranking, answer.intent_set)


def _by_split(answers: Sequence[Parsed], look: Mapping[str, Examples]) -> Judgement:
    found, start = {}, 0
    for name, examples in look.items():
        part = answers[start : start + len(examples)]
        found[name] = Judged([foreign(each) for each in part], [each.label for each in part])
        start += len(examples)
    return found


def foreign(answer: Parsed) -> float:
    """The model's own score where it has one, else one minus the confidence of the likeliest intent in scope."""
    score = answer.out_of_scope.get("score")
    return 1.0 - answer.confidence_inside(OUT_OF_SCOPE) if score is None else float(score)


def _clinc150_rows(title: str, judged: Mapping[str, Judgement], splits: Splits) -> list[Row]:
    right = _each(judged, lambda each: metrics.accuracy(each["test"].labels, splits["test"].labels))
    area = _each(judged, lambda each: metrics.auroc(each["test"].scores, each["oos_test"].scores))
    kept = {who: keeping(each, splits) for who, each in judged.items()}
    recall = {who: each and each.recall for who, each in kept.items()}
    accuracy = {who: each and each.accuracy for who, each in kept.items()}
    share = f"{KEPT_ACCURACY:.0%}"
    return [
        _row(f"{title}: accuracy in scope", right, "share", at_least(0.97), "BERT 96.5, SNGP 96.9"),
        _row(f"{title}: AUROC", area, "share", at_least(0.97), "BERT 94.2, SNGP 96.9"),
        *_further(title, judged, "oos_test"),
        _row(f"{title}: OOS recall keeping {share} accuracy", recall, "share", at_least(0.75),
             "Rasa 2019: 66, BERT 40 to 59"),
        _row(f"{title}: accuracy in scope at that threshold", accuracy, "share"),
    ]  # fmt: skip


def keeping(judged: Judgement, splits: Splits) -> metrics.Refusal | None:
    """The threshold that keeps the accuracy on the validation split, applied to the test split."""
    right = judged["valid"].right(splits["valid"].labels)
    threshold = metrics.threshold_keeping(KEPT_ACCURACY, judged["valid"].refusing, right)
    if threshold is None:
        return None
    test = judged["test"]
    return metrics.refusal(threshold, test.refusing, test.right(splits["test"].labels), judged["oos_test"].refusing)


def _further(title: str, judged: Mapping[str, Judgement], outside: str) -> list[Row]:
    precision = _each(judged, lambda each: metrics.aupr(each["test"].scores, each[outside].scores))
    passed = _each(judged, lambda each: metrics.fpr_at_95_tpr(each["test"].scores, each[outside].scores))
    return [
        _row(f"{title}: AUPR", precision, "share"),
        _row(f"{title}: foreign that pass when 95 % in scope do", passed, "share"),
    ]


def _each(judged: Mapping[str, Judgement], figure: Callable[[Judgement], float]) -> dict[str, float]:
    return {who: figure(each) for who, each in judged.items()}


def _row(
    name: str, values: Mapping[str, float | None], unit: str, target: Target | None = None, anchor: str | None = None
) -> Row:
    return Row(name, values[OURS], unit, target, {who: each for who, each in values.items() if who != OURS}, anchor)


def _notes(quick: bool) -> list[str]:
    notes = [
        "AUROC and AUPR (average precision): the foreign are the positive class",
        f"OOS recall: the strictest threshold at which {KEPT_ACCURACY:.0%} of all validation messages in scope pass "
        "and are right, applied to the test split; a message is refused above it, or when its likeliest label is "
        f"{OUT_OF_SCOPE}. Not measured where the accuracy is below that without any refusal",
        f"{MAX_SOFTMAX}: one minus the calibrated confidence of the likeliest intent in scope, same model; "
        f"{DIET}: the same of its confidence",
        f"{NEAREST}: distance to the nearest training example in the embedding that ours starts from, and its label",
        "near: the 27 intents of BANKING77 left out; far: CLINC150's out-of-scope messages (as published)",
        "models are kept and used again while examples, settings and the code that trains are unchanged",
    ]
    if quick:
        notes.append(
            f"--quick: {QUICK_INTENTS} intents with {QUICK_TRAIN} examples, {QUICK_LOOK} test messages each, "
            f"{QUICK_OUTSIDE} that are foreign; the figures say nothing about quality"
        )
    return notes
