"""The parts of the suites `intent` and `oos` that turn answers into rows, and what they say when they cannot run.

Whole suites take minutes even with --quick, as every model is trained by Rasa; they are not run here.
"""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from benchmarks import intent, oos
from benchmarks.datasets import Examples
from benchmarks.errors import BadOption, MissingData
from benchmarks.frozen_peers import FrozenEncoder, NearestPeer, logistic, svc
from benchmarks.nlu_models import OURS, Parsed
from benchmarks.options import Options
from benchmarks.run import run_suite
from bot.nlu.decision import AMBIGUOUS, OUT_OF_SCOPE, UNSURE

LOOK = Examples(("w", "x", "y", "z"), ("a", "a", "b", "b"))


def answer(label: str, confidence: float = 0.9, *, intent: str = "", others: tuple[str, ...] = ()) -> Parsed:
    ranking = ((label, confidence), *((other, (1 - confidence) / len(others)) for other in others))
    return Parsed(intent or label, ranking, ranking)


def rows_of(rows: list) -> dict[str, float | None]:
    return {row.name.partition(": ")[2]: row.value for row in rows}


def test_doubt_is_counted_from_what_the_bot_decided_and_accuracy_from_the_likeliest() -> None:
    clean = [
        answer("a"),
        answer("b", 0.5, intent=AMBIGUOUS, others=("a",)),
        answer("b", 0.4, intent=UNSURE, others=("a", "c", "d")),
        answer("a"),
    ]
    rows = rows_of(intent._doubt_rows("T", {OURS: intent.Asked(clean, clean, clean)}, LOOK))
    assert rows["sets hold the intent (95 % asked for)"] == 0.75
    assert rows["labels in a set, mean"] == 2.0
    assert (rows["acts"], rows["right when it acts"]) == (0.5, 0.5)
    assert (rows["asks which of two or three"], rows["unsure"]) == (0.25, 0.25)
    assert intent.accuracies({OURS: intent.Asked(clean, clean, clean)}, LOOK) == {OURS: 0.5}


def test_typos_cost_points_of_accuracy_of_each_classifier() -> None:
    right, half = [answer(label) for label in "aabb"], [answer(label) for label in "abab"]
    asked = {OURS: intent.Asked(right, half, half), "peer": intent.Asked(half, half, half)}
    words = intent._typo_rows("T", asked, LOOK)[0]
    assert (words.value, words.peers, words.holds) == (50.0, {"peer": 0.0}, False)


def test_answers_are_parted_into_clean_and_misspelt() -> None:
    asked = intent.Asked.of([answer(label) for label in "aabbcc"])
    assert [[each.label for each in part] for part in (asked.clean, asked.words, asked.letters)] == [
        ["a", "a"], ["b", "b"], ["c", "c"],
    ]  # fmt: skip


def test_the_score_of_the_model_is_used_where_it_has_one_else_its_confidence_in_scope() -> None:
    plain = answer(OUT_OF_SCOPE, 0.6, others=("a",))
    scored = Parsed(plain.intent, plain.ranking, out_of_scope={"score": 3.5, "refused": True})
    assert oos.foreign(plain) == pytest.approx(0.6)
    assert oos.foreign(scored) == 3.5


def test_a_message_whose_likeliest_label_is_out_of_scope_is_refused_at_any_threshold() -> None:
    assert oos.Judged([0.1, 0.2], [OUT_OF_SCOPE, "a"]).refusing == [math.inf, 0.2]


def test_the_threshold_is_chosen_on_the_validation_split() -> None:
    inside = Examples(tuple("x" * 25), tuple("a" * 25))
    splits = {"valid": inside, "test": inside}
    scores = [float(number) for number in range(25)]
    judged = {
        "valid": oos.Judged(scores, ["a"] * 25),
        # On the test split the same threshold, 23, keeps fewer.
        "test": oos.Judged([score + 5 for score in scores], ["a"] * 25),
        "oos_test": oos.Judged([22.0, 23.0, 24.0, 1.0], ["a", "a", "a", OUT_OF_SCOPE]),
    }
    kept = oos.keeping(judged, splits)
    assert kept is not None
    assert (kept.threshold, kept.accuracy, kept.recall) == (23.0, 19 / 25, 0.5)
    wrong = {**judged, "valid": oos.Judged(scores, ["b"] * 25)}
    assert oos.keeping(wrong, splits) is None


def test_peers_on_the_frozen_encoder_tell_two_subjects_apart_and_see_what_is_foreign() -> None:
    cards = ("my card was stolen", "where is my new card", "the card does not work", "block my bank card")
    songs = ("play some jazz", "next song please", "turn the music up", "play my favourite album")
    examples = Examples(cards + songs, ("card",) * 4 + ("music",) * 4)
    look = ["i lost my credit card", "put on some rock music"]
    encoder = FrozenEncoder()
    nearest = NearestPeer(encoder, examples + Examples(("who won the election",), (OUT_OF_SCOPE,)), OUT_OF_SCOPE)
    for peer in (logistic(encoder, examples), svc(encoder, examples), nearest):
        assert [each.label for each in peer.parse(look)] == ["card", "music"]
    known, foreign = nearest.parse(["my card was stolen", "which party won the election"])
    assert known.out_of_scope["score"] == pytest.approx(0.0, abs=1e-5)
    assert foreign.label == OUT_OF_SCOPE
    assert foreign.out_of_scope["score"] > 0.5


@pytest.mark.parametrize("suite", ["intent", "oos"])
def test_without_its_data_a_suite_says_which_and_where(suite: str, tmp_path: Path) -> None:
    with pytest.raises(MissingData, match=r"github\.com/"):
        run_suite(suite, tmp_path, True, None)
    with pytest.raises(MissingData, match="Give --data"):
        run_suite(suite, None, True, None)


def test_what_a_suite_has_not_is_refused_with_what_it_has(tmp_path: Path) -> None:
    with pytest.raises(BadOption, match=r"no data set 'snips'; choose of banking77, clinc150, hwu64"):
        run_suite("intent", tmp_path, True, None, Options(only=("snips",)))
    with pytest.raises(BadOption, match="all, fast, none, diet, setfit"):
        Options(peers="some")
    with pytest.raises(BadOption, match=r"serving has no --peers and no --only"):
        run_suite("serving", tmp_path, True, None, Options(peers="fast"))


def test_what_was_left_out_is_said() -> None:
    assert Options().notes(["a", "b"]) == []
    assert Options("fast", ("b",)).notes(["a", "b"]) == [
        "not run (--only): a", "left out of the peers: diet, setfit (--peers fast)",
    ]  # fmt: skip
    assert Options("diet").notes(["a"]) == ["left out of the peers: setfit (--peers diet)"]
