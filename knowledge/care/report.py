"""All that is found in the articles."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from knowledge.care.contradictions import find_contradictions
from knowledge.care.corpus import Corpus
from knowledge.care.demand import Unanswered, find_demand, find_never_cited
from knowledge.care.duplicates import find_duplicates
from knowledge.care.findings import Finding, Kind, sort_findings
from knowledge.care.links import find_broken_links
from knowledge.care.validity import find_by_day, find_short
from knowledge.embed import Encoder


@dataclass(frozen=True, slots=True)
class Use:
    """What became of the articles in conversations.

    Attributes:
        answers: number of answers that cite an article.
        cited: document id -> how many of these cite it.
        unanswered: questions that the articles did not answer, the latest first.
    """

    answers: int = 0
    cited: Mapping[str, int] = field(default_factory=dict)
    unanswered: Sequence[Unanswered] = ()


@dataclass(frozen=True, slots=True)
class CareReport:
    """The findings, by kind and weight, of so many articles and passages."""

    findings: tuple[Finding, ...]
    articles: int
    passages: int

    def of(self, kind: Kind) -> list[Finding]:
        return [each for each in self.findings if each.kind is kind]


def check_articles(
    corpus: Corpus,
    encoder: Encoder,
    today: date,
    use: Use | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> CareReport:
    """Look for everything that needs an editor; `encoder` is the one of the corpus's index."""
    use = use or Use()
    documents = corpus.documents
    findings = [
        *find_contradictions(corpus, progress),
        *find_duplicates(corpus),
        *find_by_day(documents.values(), today),
        *find_short(documents.values()),
        *find_broken_links(documents),
        *find_demand(use.unanswered, encoder, documents),
        *find_never_cited(documents.values(), use.cited, use.answers, today),
    ]
    return CareReport(tuple(sort_findings(findings)), len(documents), len(corpus.passages))
