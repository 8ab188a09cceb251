"""What customers ask and no article says; and articles that nothing is ever answered from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from knowledge.care.findings import Evidence, Finding, Kind
from knowledge.documents import Document
from knowledge.embed import Encoder

# Cosine from which two questions are counted as one.
_ALIKE = 0.75
_EXAMPLES = 3
# With fewer answers it is chance which article was never needed.
FEWEST_ANSWERS = 300


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A question without a sure answer; `near` are ids of the nearest articles, `record` says where it is noted."""

    text: str
    near: tuple[str, ...]
    record: str


def find_demand(asked: Sequence[Unanswered], encoder: Encoder, documents: Mapping[str, Document]) -> list[Finding]:
    """Groups of like questions, the most wanted first. Each joins the nearest group's first question, or opens one."""
    if not asked:
        return []
    vectors = encoder.encode([each.text for each in asked])
    groups: list[list[int]] = []
    for place, vector in enumerate(vectors):
        near = vectors[[group[0] for group in groups]] @ vector if groups else np.zeros(0, dtype=np.float32)
        if near.size and float(near.max()) >= _ALIKE:
            groups[int(near.argmax())].append(place)
        else:
            groups.append([place])
    return [_demand([asked[place] for place in group], documents) for group in groups]


def _demand(asked: list[Unanswered], documents: Mapping[str, Document]) -> Finding:
    names = Counter(name for each in asked for name in each.near if name in documents)
    near = tuple(name for name, _ in names.most_common(_EXAMPLES))
    times = "once" if len(asked) == 1 else f"{len(asked):,} times"
    beside = f"; nearest: {', '.join(repr(documents[name].title) for name in near)}" if near else ""
    different = {each.text.casefold(): each for each in asked}
    evidence = tuple(Evidence(each.text, "", each.record) for each in list(different.values())[:_EXAMPLES])
    return Finding(Kind.DEMAND, near, f"asked {times}, not answered by any article{beside}", evidence, len(asked))


def find_never_cited(
    documents: Iterable[Document], cited: Mapping[str, int], answers: int, today: date
) -> list[Finding]:
    """Articles in force that none of `answers` answers cited; nothing below `FEWEST_ANSWERS` of them.

    Args:
        cited: document id -> number of answers that cite a passage of it.
    """
    if answers < FEWEST_ANSWERS:
        return []
    return [
        Finding(
            Kind.NEVER_CITED,
            (document.document_id,),
            f"'{document.title}' was never cited in {answers:,} answers",
            (Evidence.of(document, f"0 of {answers:,} answers"),),
        )
        for document in documents
        if not cited.get(document.document_id)
        and not (document.valid_from and document.valid_from > today)
        and not (document.valid_until and document.valid_until < today)
    ]
