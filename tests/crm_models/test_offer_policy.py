"""The policy file: what a shop may change, and how mistakes are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_models.errors import BadPolicy
from crm_models.next_action.kinds import ActionKind
from crm_models.next_action.policy_file import load_offer_policy


def written(folder: Path, text: str) -> Path:
    path = folder / "policy.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_shops_file_says_only_what_differs(tmp_path: Path) -> None:
    shipped = load_offer_policy()
    own = load_offer_policy(
        written(
            tmp_path,
            "rules: {offers_per_conversation: 2}\n"
            "actions:\n  apology_credit:\n    credit_cents: 700\n    troubles: {price: 1.5}\n"
            "  retention_offer: {effect: {doubt: 0.01}}\n",
        )
    )
    assert own.rules.offers_per_conversation == 2
    assert own.rules.none_to_sleeping_dogs == shipped.rules.none_to_sleeping_dogs
    assert own.actions.apology_credit.credit_cents == 700
    assert dict(own.actions.apology_credit.troubles) == {"price": 1.5}  # a list of the shop's own words is replaced
    assert (own.actions.retention_offer.effect.assumed, own.actions.retention_offer.effect.doubt) == (0.12, 0.01)
    assert own.actions.hand_over == shipped.actions.hand_over


def test_the_version_follows_the_terms_and_nothing_else(tmp_path: Path) -> None:
    shipped = load_offer_policy().version
    assert load_offer_policy(written(tmp_path, "# nothing\n")).version == shipped
    assert load_offer_policy(written(tmp_path, "budget: {day_cents: 1}\n")).version != shipped


def test_all_mistakes_are_told_at_once_with_place_and_remedy(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "rules:\n  offers_per_conversation: -1\n  sleping_dog_from: 0.95\n"
        "exploration: {share: 0.9}\n"
        "actions:\n  retention_offer:\n    moments: [feedbak]\n    percent: {floor: 30, cap: 10}\n"
        "  discount: {}\n",
    )
    with pytest.raises(BadPolicy) as caught:
        load_offer_policy(path)
    told = str(caught.value)
    assert f"{path} has 6 mistakes" in told
    assert "rules.offers_per_conversation (line 2) is -1: input should be greater than or equal to 0" in told
    assert "rules.sleping_dog_from (line 3) is unknown; did you mean sleeping_dog_from?" in told
    assert "exploration.share (line 4) is 0.9: input should be less than or equal to 0.5" in told
    assert "actions.retention_offer.moments.0 (line 7) is 'feedbak'" in told and "'feedback'" in told
    assert "actions.retention_offer.percent (line 8): floor is 30, more than cap, which is 10" in told
    assert "actions.discount (line 9) is unknown" in told and "retention_offer" in told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("rules: [\n", "no YAML"),
        ("- rules\n", "must hold terms"),
        ("rules: {}\nrules: {}\n", "duplicate key"),
        ("moods: {unhappy_below: 0.5}\n", "unhappy_below must be less than happy_from"),
        ("actions: {apology_credit: {always_at: [order_late]}}\n", "an offer is made only where it is worth its cost"),
        ("actions: {hand_over: {always_at: [answer]}}\n", "must also be in moments"),
        ("budget: {campaigns: [{name: a, from: 2026-10-01, until: 2026-09-01, actions: [hand_over], cents: 1}]}\n",
         "before from"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_by_name(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(BadPolicy, match=told):
        load_offer_policy(written(tmp_path, text))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadPolicy, match="RAPPORT_OFFER_POLICY"):
        load_offer_policy(tmp_path / "nowhere.yml")


def test_every_action_but_the_answer_has_terms() -> None:
    policy = load_offer_policy()
    for kind in ActionKind:
        if kind is not ActionKind.ANSWER_ONLY:
            assert policy.terms(kind).moments
