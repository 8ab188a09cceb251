"""A person's decision about a candidate: into the articles, or never again."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from knowledge.chunk import chunk
from knowledge.documents import Document, Format
from knowledge.errors import CandidateError
from knowledge.language import language_of
from knowledge.store import KnowledgeStore
from knowledge.tickets.candidate import Candidate, Kind, Status
from knowledge.tickets.records import get_candidate, put_candidate

SOURCE = "tickets:"
"""Before the candidate's id, the source of an article that came from tickets."""


def accept(
    store: KnowledgeStore,
    candidate_id: str,
    question: str | None = None,
    answer: str | None = None,
    topic: str = "",
    article: str | None = None,
) -> Candidate:
    """Make the article, or add the ways of asking to `article` or the one they were proposed for.

    `question` and `answer` replace those proposed. Raises UnknownCandidate, CandidateError.
    """
    with store.transaction():
        candidate = get_candidate(store, candidate_id)
        if candidate.status is Status.ACCEPTED:
            raise CandidateError(f"candidate '{candidate_id}' is accepted already; reject it to take it back")
        kind, document_id = candidate.kind, candidate.document_id
        if article is not None:
            kind, document_id = Kind.QUESTIONS, article
        if kind is Kind.QUESTIONS:
            if question or answer or topic:
                raise CandidateError(
                    f"'{document_id}' keeps its own question and answer; change the article, or leave the options out"
                )
            if store.get_document(document_id) is None:
                raise CandidateError(f"there is no article '{document_id}'; `rapport ask` shows ids beside its sources")
        else:
            document_id = document_id or f"faq-{candidate_id}"
        candidate = replace(
            candidate,
            kind=kind,
            status=Status.ACCEPTED,
            question=(question or candidate.question).strip(),
            answer=(answer or candidate.answer).strip(),
            document_id=document_id,
            reason="",
        )
        put_candidate(store, candidate)
        if kind is Kind.ARTICLE:
            document = _article(candidate, topic)
            store.put_document(document, chunk(document))
        else:
            store.refresh_questions(document_id)
    return candidate


def reject(store: KnowledgeStore, candidate_id: str, reason: str = "") -> Candidate:
    """Not to be proposed again; one that was accepted leaves the articles. Raises UnknownCandidate."""
    with store.transaction():
        candidate = get_candidate(store, candidate_id)
        accepted = candidate.status is Status.ACCEPTED
        rejected = replace(candidate, status=Status.REJECTED, reason=reason)
        put_candidate(store, rejected)
        if accepted and candidate.kind is Kind.ARTICLE:
            store.remove_document(candidate.document_id)
        elif accepted:
            store.refresh_questions(candidate.document_id)
    return rejected


def _article(candidate: Candidate, topic: str) -> Document:
    digest = hashlib.sha256("\x1f".join([candidate.question, candidate.answer, topic, *candidate.questions]).encode())
    return Document(
        document_id=candidate.document_id,
        title=candidate.question,
        body=candidate.answer,
        format=Format.TEXT,
        source=f"{SOURCE}{candidate.candidate_id}",
        content_hash=digest.hexdigest(),
        topic=topic,
        language=language_of(f"{candidate.question}\n{candidate.answer}"),
        updated=candidate.evidence.last,
        questions=candidate.questions,
    )
