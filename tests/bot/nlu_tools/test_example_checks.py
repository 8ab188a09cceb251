"""What is planted into good examples is found, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from bot.nlu_tools.alike import AlikeSettings, near_pairs, near_texts, overlaps, thin
from bot.nlu_tools.domain import Names, find_domain, read_names, unknown_names
from bot.nlu_tools.entity_marks import broken_marks, contradicting_marks
from bot.nlu_tools.examples import Example, blocks_of
from bot.nlu_tools.findings import Finding, Kind, ordered
from bot.nlu_tools.same_text import leaked, same_texts


def examples_of(**intents: Sequence[str]) -> list[Example]:
    text = "nlu:\n" + "".join(
        f"- intent: {intent}\n  examples: |\n" + "".join(f"    - {each}\n" for each in marked)
        for intent, marked in intents.items()
    )
    return [example for block in blocks_of(Path("nlu.yml"), text) for example in block.examples]


def about(findings: Sequence[Finding]) -> list[tuple[Kind, list[str], bool]]:
    return [(each.kind, [example.text for example in each.examples], each.serious) for each in findings]


def unit(*rows: Sequence[float]) -> np.ndarray:
    vectors = np.array(rows, np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_the_same_text_is_a_duplicate_within_an_intent_and_a_conflict_across() -> None:
    examples = examples_of(
        greet=["hello", "Hello!", "good day"], thanks=["thanks", "good  day."], goodbye=["bye", "ok 👍", "ok 👎"]
    )
    assert about(same_texts(examples)) == [
        (Kind.DUPLICATE, ["hello", "Hello!"], False),
        (Kind.CONFLICT, ["good day", "good  day."], True),
    ]


def test_marks_make_no_difference_to_what_a_customer_typed() -> None:
    examples = examples_of(a=["where is [HV-1](order_id)"], b=["where is HV-1"])
    assert about(same_texts(examples)) == [(Kind.CONFLICT, ["where is HV-1", "where is HV-1"], True)]


def test_an_example_that_is_held_out_is_a_leak() -> None:
    examples = examples_of(greet=["hello", "Howdy, folks"], thanks=["thanks"])
    assert about(leaked(examples, ["howdy folks", "merci"], Path("intents.yml"))) == [
        (Kind.LEAKAGE, ["Howdy, folks"], True)
    ]


def test_vectors_that_nearly_coincide_are_near_duplicates_or_near_conflicts() -> None:
    examples = examples_of(a=["one", "one again", "two"], b=["one too", "three"])
    vectors = unit([1, 0, 0], [1, 0.02, 0], [0, 1, 0], [1, 0, 0.03], [0, 0, 1])
    found = about(near_texts(examples, vectors, AlikeSettings(same_from=0.999)))
    assert (Kind.DUPLICATE, ["one", "one again"], False) in found
    assert (Kind.CONFLICT, ["one", "one too"], False) in found
    assert not [each for each in found if {"two", "three"} & set(each[1])]


def test_near_pairs_are_those_of_a_comparison_of_all_with_all() -> None:
    rng = np.random.default_rng(5)
    vectors = unit(*rng.normal(size=(1500, 6)))
    labels = [str(label) for label in rng.choice(["a", "b"], len(vectors))]
    expected = set()
    for row in range(1, len(vectors)):
        for own in (True, False):
            before = [other for other in range(row) if (labels[other] == labels[row]) is own]
            cosines = vectors[before] @ vectors[row]
            if len(before) and cosines.max() >= 0.98:
                expected.add((before[int(cosines.argmax())], row))
    assert {(first, second) for first, second, _ in near_pairs(vectors, labels, 0.98)} == expected
    assert expected


def test_intents_that_lie_in_each_other_overlap() -> None:
    rng = np.random.default_rng(1)
    middle = {"apart": [1, 0, 0], "one": [0, 1, 0], "other": [0, 1, 0]}
    examples = examples_of(**{name: [f"{name} {number}" for number in range(20)] for name in middle})
    vectors = unit(*[np.array(middle[each.intent]) + rng.normal(scale=0.05, size=3) for each in examples])
    predicted = ["other" if each.text in ("one 1", "one 2") else each.intent for each in examples]
    pairs = {
        (each.facts["intent"], each.facts["other"]): each
        for each in overlaps(examples, vectors, predicted, AlikeSettings())
    }
    assert set(pairs) == {("one", "other"), ("other", "one")}
    assert pairs["one", "other"].facts["confused"] == 2
    assert pairs["other", "one"].facts["confused"] == 0


def test_few_examples_and_one_mould_are_thin() -> None:
    various = [f"{word} word" for word in ("red", "green", "blue", "grey", "white")]
    examples = examples_of(few=["one", "two"], moulded=[f"I want a {word}" for word in various], good=various)
    rng = np.random.default_rng(2)
    vectors = unit(*rng.normal(size=(len(examples), 8)))
    found = {each.facts["intent"]: each.message for each in thin(examples, vectors, AlikeSettings(fewest=3))}
    assert set(found) == {"few", "moulded"}
    assert "few has 2 examples" in found["few"]
    alike = unit(*([1, 0.01 * number] for number in range(len(examples))))
    assert (
        "mean cosine 1.00"
        in {each.facts["intent"]: each.message for each in thin(examples, alike, AlikeSettings())}["good"]
    )


def test_words_that_are_marked_usually_are_missed_where_they_are_not() -> None:
    examples = examples_of(
        a=["my [kettle](product) broke", "the [Kettle](product)", "a [kettle](product) please", "the kettle is loud"],
        b=["a [lamp](product)", "a lamp", "rate [5](rating)", "5 and 5", "[tea kettles](product)"],
    )
    (found,) = contradicting_marks(examples)
    assert found.facts == {"words": "kettle", "entity": "product", "marked": 3, "unmarked": 1}
    assert about([found]) == [(Kind.ENTITY, ["the kettle is loud"], False)]


def test_words_marked_as_two_entities_are_shown_where_they_are_rarer() -> None:
    examples = examples_of(a=["[pans](category)", "new [pans](category)", "two [pans](product)"])
    (found,) = contradicting_marks(examples)
    assert about([found]) == [(Kind.ENTITY, ["two pans"], False)]


@pytest.mark.parametrize(
    "marked", ["a [kettle] (product)", "a [](product)", 'x [y]{"entity": "z", "value": " "}', "a kettle](product)"]
)
def test_a_mark_that_is_mistyped_or_empty_is_serious(marked: str) -> None:
    assert [each.serious for each in broken_marks(examples_of(a=[marked, "fine [one](product)"]))] == [True]


def test_names_are_compared_with_the_domain(tmp_path: Path) -> None:
    folder = tmp_path / "bot" / "domain"
    folder.mkdir(parents=True)
    (folder / "one.yml").write_text("intents:\n- greet\n- wave: {use_entities: []}\n- nlu_unsure\n", encoding="utf-8")
    (folder / "two.yml").write_text("intents: [faq]\nentities:\n- product\n- city: {roles: [to]}\n", encoding="utf-8")
    data = tmp_path / "bot" / "data" / "nlu"
    data.mkdir(parents=True)
    assert find_domain(data) == folder
    names = read_names(folder)
    assert names == Names(frozenset({"greet", "wave", "nlu_unsure", "faq"}), frozenset({"product", "city"}))
    examples = examples_of(
        greet=["hi [Ann](name)"], **{"faq/hours": ["when are you open"]}, smile=["a [lamp](product)"]
    )
    assert [(each.message, each.serious) for each in unknown_names(examples, names)] == [
        ("the domain has no intent smile", True),
        ("the domain has no entity name", True),
        ("the intent wave of the domain has no example", False),
    ]


def test_the_serious_comes_first() -> None:
    examples = examples_of(a=["one", "one!", "two"], b=["two"])
    kinds = [
        each.kind
        for each in ordered([*thin(examples, unit([1], [1], [1], [1]), AlikeSettings()), *same_texts(examples)])
    ]
    assert kinds[0] is Kind.CONFLICT and kinds == sorted(kinds, key=list(Kind).index)
