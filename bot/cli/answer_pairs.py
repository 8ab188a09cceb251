"""Questions with the passages that answered them well: what the search learns from the conversations."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.engine import Engine

from bot.settings import PROJECT
from crm_models.accepted_answers import AcceptedAnswer, Sign, accepted_answers
from knowledge.documents import Passage
from knowledge.lexical import tokens
from knowledge.store import KnowledgeStore

if TYPE_CHECKING:
    from bot.nlu_tools.made_up import Vocabulary


@dataclass(frozen=True)
class AnswerPair:
    """`event_id` is the answer's message, by which staff take it back."""

    event_id: str
    question: str
    answer: str
    article: str
    sign: Sign


@dataclass(frozen=True)
class AnswerPairs:
    """What can be learnt from, and of how many answers that helped why nothing can."""

    pairs: tuple[AnswerPair, ...]
    left_out: Counter[str]

    @property
    def texts(self) -> list[tuple[str, str]]:
        """Question and answer, once each, in an order of their own: the same log gives the same."""
        return sorted({(each.question, each.answer) for each in self.pairs})


def answer_pairs(engine: Engine, store: KnowledgeStore) -> AnswerPairs:
    """Of accepted answers, those whose question stands alone and holds nothing personal.

    The answer is the passage as it stands now: one whose words have changed since is no longer what helped.
    """
    with engine.connect() as connection:
        accepted = accepted_answers(connection)
    passages = store.get_passages(name for each in accepted for name in each.passages[:1])
    judge = _Judge()
    found: list[AnswerPair] = []
    left_out: Counter[str] = Counter()
    for each in accepted:
        passage = passages.get(each.passages[0])
        reason = judge.against(each, passage)
        if reason or passage is None:
            left_out[reason] += 1
            continue
        question = " ".join(each.question.split())
        found.append(AnswerPair(each.event_id, question, passage.text, passage.document_id, each.sign))
    return AnswerPairs(tuple(found), left_out)


class _Judge:
    """Reads the examples of the intents only when there is a question to hold against them."""

    def __init__(self) -> None:
        self._known: Vocabulary | None = None

    def against(self, answer: AcceptedAnswer, passage: Passage | None) -> str:
        """Why nothing can be learnt from an answer; empty where something can."""
        from bot.channels.follow_ups import leans
        from bot.nlu_tools.made_up import shown

        if passage is None:
            return "the article has changed since"
        if leans(answer.question) or len(tokens(answer.question)) < 2:
            return "the question does not stand alone"
        masked = shown(answer.question, answer.known)
        if " ".join(masked.split()) != " ".join(answer.question.split()) or self._names(answer.question, passage):
            return "something in it may be personal"
        return ""

    def _names(self, question: str, passage: Passage) -> bool:
        """Whether a word may be somebody's name: in no example of the intents, and not in the article."""
        from bot.nlu_tools.made_up import doubtful

        vocabulary = self._vocabulary()
        article = set(tokens(passage.search_text))
        return any(not set(tokens(word)) <= article for word in doubtful(question, vocabulary))

    def _vocabulary(self) -> Vocabulary:
        from bot.nlu_tools.examples import read_examples
        from bot.nlu_tools.made_up import Vocabulary

        if self._known is None:
            self._known = Vocabulary.of(read_examples(PROJECT / "bot" / "data" / "nlu"))
        return self._known
