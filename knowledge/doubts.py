"""What is probably a mistake in articles that were taken in nevertheless."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from knowledge.care.duplicates import variants
from knowledge.documents import Document
from knowledge.ingest import IngestReport
from knowledge.store import KnowledgeStore


@dataclass(frozen=True, slots=True)
class Doubt:
    """A file (and row) or page, and what looks wrong with it."""

    path: str
    text: str


def doubts_about(store: KnowledgeStore, report: IngestReport, tiers: Callable[[], Collection[str]]) -> list[Doubt]:
    """Of the documents that are new or changed in `report`.

    `tiers` tells which ones customers of the shop may have; it is asked only where an article is for some.
    """
    fresh = {*report.added, *report.changed}
    documents = sorted(store.list_documents(), key=lambda each: each.source) if fresh else []
    found = [*_of_same_title(documents, fresh), *_of_unknown_tier(documents, fresh, tiers)]
    return sorted(found, key=lambda doubt: doubt.path)


def _of_same_title(documents: Iterable[Document], fresh: Collection[str]) -> Iterator[Doubt]:
    titled: defaultdict[str, list[Document]] = defaultdict(list)
    # What was there before first: of two that are new the second is named.
    for document in sorted(documents, key=lambda each: each.document_id in fresh):
        before = titled[document.title.casefold()]
        same = next((each for each in before if not variants(document, each)), None)
        if same is not None and document.document_id in fresh:
            yield Doubt(
                document.source,
                f"{same.source} has the same title, '{document.title}', and is for the same people; "
                "give one of them another title, or make one of the two",
            )
        before.append(document)


def _of_unknown_tier(
    documents: Iterable[Document], fresh: Collection[str], tiers: Callable[[], Collection[str]]
) -> Iterator[Doubt]:
    written_for_some = [each for each in documents if each.audience and each.document_id in fresh]
    if not written_for_some:
        return
    known = sorted(tiers())
    for document in written_for_some:
        unknown = [name for name in document.audience if name not in known]
        if unknown:
            yield Doubt(
                document.source,
                f"it is for {_quoted(unknown)}, a tier that no customer has (there are {_quoted(known)}); "
                "put its 'audience' right",
            )


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
