"""What a search found: ids and scores, so that another process can compose the answer from the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Hit:
    """One passage found.

    `score` orders the hits. `dense` is the cosine of question and passage, `lexical` the share of the
    question's words by weight that the passage covers, `support` the cosine of its best sentence; the
    three lie in [0, 1], and `dense` and `support` are 0 where no encoder took part.
    `fit` is 1 for an article written for this person's tier or country, 0 for a general one, -1 for a variant
    of which it was not known, at the time of the search, whether it fits.
    `raised` is the part of `score` that comes from what the message is about, by its intent, and not from the text.
    `heading` is the cosine of the heading that the passage stands under, which tells the sections of an article apart.
    `sentences` are the ids of those that answer best, in the order of the text.
    """

    passage_id: str
    score: float
    dense: float
    lexical: float
    sentences: tuple[int, ...]
    support: float = 0.0
    fit: int = 0
    heading: float = 0.0
    raised: float = 0.0

    @property
    def document_id(self) -> str:
        return self.passage_id.rpartition("#")[0]

    @property
    def own_score(self) -> float:
        return self.score - self.raised

    def raise_by(self, bonus: float) -> Hit:
        """The same hit further ahead, no surer an answer."""
        return replace(self, score=self.score + bonus, raised=self.raised + bonus)

    def to_json(self) -> dict[str, Any]:
        """A small JSON object: ids and scores to four places, no text."""
        return {
            "passage_id": self.passage_id,
            "score": round(self.score, 4),
            "dense": round(self.dense, 4),
            "lexical": round(self.lexical, 4),
            "support": round(self.support, 4),
            "heading": round(self.heading, 4),
            "raised": round(self.raised, 4),
            "fit": self.fit,
            "sentences": list(self.sentences),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Hit:
        """The inverse of `to_json`; raises KeyError for an object that is none."""
        return cls(
            passage_id=str(values["passage_id"]),
            score=float(values["score"]),
            dense=float(values["dense"]),
            lexical=float(values["lexical"]),
            sentences=tuple(int(number) for number in values["sentences"]),
            support=float(values.get("support", 0.0)),
            fit=int(values.get("fit", 0)),
            heading=float(values.get("heading", 0.0)),
            raised=float(values.get("raised", 0.0)),
        )


def best_of_others(hits: Sequence[Hit]) -> list[Hit]:
    """Of each article but the first one's the best hit, in the order of `hits`."""
    best: dict[str, Hit] = {}
    for hit in hits:
        best.setdefault(hit.document_id, hit)
    return list(best.values())[1:]


def worth_keeping(hits: Sequence[Hit], sections: int, others: int) -> list[Hit]:
    """What an answer is made from, in the order of `hits`.

    Of the leading article up to so many `sections`, to choose among; of up to so many `others` the best one each.
    """
    own = [hit for hit in hits if hit.document_id == hits[0].document_id][:sections]
    kept = {hit.passage_id for hit in (*own, *best_of_others(hits)[:others])}
    return [hit for hit in hits if hit.passage_id in kept]


def general_first(hits: Sequence[Hit], lead: float) -> list[Hit]:
    """`hits` by score, but not led by a variant that may be for others than this person.

    The best passage that is for all, or surely for this person, goes to the front if its score is at most
    `lead` below that of the variant: what holds for all is a better guess than what holds for some.
    """
    ordered = sorted(hits, key=lambda hit: -hit.score)
    safe = next((hit for hit in ordered if hit.fit >= 0), None)
    if safe is None or ordered[0].fit >= 0 or safe.score < ordered[0].score - lead:
        return ordered
    return [safe, *(hit for hit in ordered if hit is not safe)]
