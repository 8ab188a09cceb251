"""From pairs to persons: which links are made at once, which wait for a person, which are not made.

The strongest come first. A link joins two groups of records, so it must hold between all of them: one contradiction,
one pair that was rejected before, or too large a group, and it waits for review. So no chain of likely pairs ties
strangers together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from crm_models.view.linking import Scored
from crm_models.view.records import Record
from crm_models.view.rules import HOUSEHOLD, apart, certain_pairs, supported

LINK = 0.98  # probability from which a link is made without anybody looking
REVIEW = 0.5  # and from which it is shown
LARGEST = 8  # records of one person


class LinkStatus(StrEnum):
    LINKED = "linked"
    REVIEW = "review"
    REJECTED = "rejected"


class LinkMethod(StrEnum):
    RULE = "rule"
    MODEL = "model"
    STAFF = "staff"


Pair = tuple[str, str]


@dataclass(frozen=True)
class Decision:
    pair: Pair  # smaller id first
    status: LinkStatus  # linked or review
    method: LinkMethod
    probability: float | None
    evidence: tuple[tuple[str, float | None], ...]  # what was found, and its weight in bits
    reason: str | None  # why it waits for review


@dataclass(frozen=True)
class Decisions:
    new: tuple[Decision, ...]
    kept_apart: int  # likely pairs that are households


def decide(
    records: Sequence[Record],
    scored: Iterable[Scored],
    linked: Collection[Pair] = (),
    known: Collection[Pair] = (),
    rejected: Collection[Pair] = (),
) -> Decisions:
    """What to do with each pair that is not decided yet.

    Args:
        linked: pairs that are linked already.
        known: pairs that wait for review already.
        rejected: pairs that are not one person, whoever said so.
    """
    groups = _Groups({each.record_id: each for each in records}, rejected)
    for pair in linked:
        groups.join(pair)
    settled = {*linked, *known, *rejected}
    decisions, households = [], 0
    for each in _candidates(records, scored):
        if each.pair in settled:
            continue
        if groups.joined(each.pair):
            continue  # one person already, by other links
        against = groups.against(each.pair)
        if against == HOUSEHOLD:
            households += 1
        elif each.status is LinkStatus.LINKED and against is None and not groups.by_name_alone(each):
            groups.join(each.pair)
            decisions.append(each)
        else:
            alike = "alike in their names alone" if groups.by_name_alone(each) else None
            reason = against or alike or f"the model is not sure ({each.probability or 0:.0%})"
            decisions.append(
                Decision(each.pair, LinkStatus.REVIEW, each.method, each.probability, each.evidence, reason[:160])
            )
    return Decisions(tuple(decisions), households)


def _candidates(records: Sequence[Record], scored: Iterable[Scored]) -> list[Decision]:
    """Pairs by rule, then by probability."""
    by_pair = {_ordered(each.left, each.right): each for each in scored if each.probability >= REVIEW}
    found = []
    for pair, says in sorted(certain_pairs(records).items()):
        score = by_pair.pop(pair, None)
        evidence: tuple[tuple[str, float | None], ...] = ((says, None), *(score.evidence if score else ()))
        probability = score.probability if score else None
        found.append(Decision(pair, LinkStatus.LINKED, LinkMethod.RULE, probability, evidence, None))
    for pair, each in sorted(by_pair.items(), key=lambda item: (-item[1].weight, item[0])):
        status = LinkStatus.LINKED if each.probability >= LINK else LinkStatus.REVIEW
        found.append(Decision(pair, status, LinkMethod.MODEL, each.probability, each.evidence, None))
    return found


def _ordered(one: str, other: str) -> Pair:
    return (one, other) if one < other else (other, one)


class _Groups:
    """Disjoint groups of records, small enough to be compared member by member."""

    def __init__(self, records: Mapping[str, Record], rejected: Collection[Pair]) -> None:
        self._records = records
        self._rejected = frozenset(rejected)
        self._group = {each: [each] for each in records}

    def joined(self, pair: Pair) -> bool:
        return self._group[pair[0]] is self._group[pair[1]]

    def join(self, pair: Pair) -> None:
        if pair[0] in self._group and pair[1] in self._group and not self.joined(pair):
            both = self._group[pair[0]] + self._group[pair[1]]
            for each in both:
                self._group[each] = both

    def by_name_alone(self, decision: Decision) -> bool:
        """Whether only the model says so, and only because of names."""
        one, other = (self._records[each] for each in decision.pair)
        return decision.method is LinkMethod.MODEL and not supported(one, other)

    def against(self, pair: Pair) -> str | None:
        """What speaks against joining the two groups; None when nothing does."""
        direct = apart(self._records[pair[0]], self._records[pair[1]])
        if direct is not None:
            return direct
        one, other = self._group[pair[0]], self._group[pair[1]]
        if len(one) + len(other) > LARGEST:
            return f"{len(one) + len(other)} records would be one person; more than {LARGEST} are looked at first"
        for left in one:
            for right in other:
                if _ordered(left, right) in self._rejected:
                    return f"{left} and {right} were rejected before"
                reason = apart(self._records[left], self._records[right])
                if reason is not None:
                    return f"{left} and {right}: {reason}"
        return None
