"""Candidate passages of the help articles, found by the vector that the message has already."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.earlier import said_earlier
from bot.nlu.home import data_folder
from bot.nlu.messages import is_payload, text_of
from bot.nlu.vectors import ANSWERABLE, EMBEDDING, FOLLOWS, INTENT_SET, PASSAGES, SPELLED
from knowledge.embed import OnnxEncoder, load_encoder
from knowledge.errors import KnowledgeError
from knowledge.hits import Hit, worth_keeping
from knowledge.retrieve import Retriever, open_retriever, with_earlier
from knowledge.settings import KnowledgeSettings
from knowledge.tuning import tuning_of

logger = logging.getLogger(__name__)

# Of the intents that a doubtful message may have, so many count.
MOST_IN_DOUBT = 3


# Of the kinds that Rasa knows, this one asks for nothing in training.
@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class PassageRetriever(GraphComponent):
    """Sets `passages` (ids and scores, see `knowledge.hits.Hit.to_json`) and `answerable` on the message.

    Whose tier and country it is stands in the conversation, not in the message: variants for all are found, and
    the action that answers keeps those for the person. Without a usable index there are no passages and no error.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {
            # Data folder of the knowledge base; none is the one of RAPPORT_HOME.
            "home": None,
            # Passages searched for; the answerable probability weighs the first against these.
            "searched": 16,
            # Passages kept: they are stored with the message and sent to the action server each turn. Of the leading
            # article its sections, to choose among; of others the best. Three leave one for everybody where the
            # leading article is one of the variants for three tiers.
            "kept_sections": 3,
            "kept_others": 3,
            # Topics of articles by intent: "how long can I return a kettle" is about returns, not about kettles.
            "topics": {},
            # Added to the score of a passage whose article is about the topic of the message's intent.
            "topic_bonus": 0.12,
        }

    def __init__(self, config: dict[str, Any]) -> None:
        self.config = {**self.get_default_config(), **config}
        self._retriever: Retriever | None = None
        self._encoder: OnnxEncoder | None = None
        self._last_failure = ""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> PassageRetriever:
        return cls(config)

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            text = text_of(message)
            if is_payload(text):
                continue
            earlier = said_earlier()
            hits = self._search(message.get(SPELLED) or text, message.get(EMBEDDING), earlier.texts)
            if earlier.texts and not earlier.is_thing:
                # What it is about was said before; the intent of "and for gold members?" tells little.
                message.set(FOLLOWS, True, add_to_output=True)
                topics = self._topics_before(earlier.texts) if hits else set()
            else:
                topics = self._topics_of(message)
            hits = self._by_topic(hits, topics)
            kept = worth_keeping(hits, self.config["kept_sections"], self.config["kept_others"])
            message.set(PASSAGES, [hit.to_json() for hit in kept], add_to_output=True)
            judge = tuning_of(self._home).answerability
            message.set(ANSWERABLE, round(judge.probability(hits), 4), add_to_output=True)
        return messages

    def _topics_of(self, message: Message) -> set[str]:
        """Topics of the intent, or of those it may be when it is in doubt."""
        name = (message.get(INTENT) or {}).get("name")
        likely = [each["name"] for each in message.get(INTENT_SET) or []][:MOST_IN_DOUBT]
        names = [name] if name in self.config["topics"] else likely
        return {topic for each in names for topic in self.config["topics"].get(each, ())}

    def _topics_before(self, earlier: tuple[str, ...]) -> set[str]:
        """The topic of what answers the question before: "and for gold members?" stays with returns."""
        before = self._search(earlier[0], self._encoded(earlier[0]), ())[:1]
        documents = self._opened().store.list_documents([hit.document_id for hit in before]) if before else []
        return {document.topic for document in documents}

    def _by_topic(self, hits: list[Hit], topics: set[str]) -> list[Hit]:
        if not hits or not topics:
            return hits
        about = self._opened().store.list_documents(sorted({hit.document_id for hit in hits}))
        fitting = {document.document_id for document in about if document.topic in topics}
        bonus = self.config["topic_bonus"]
        raised = [hit.raise_by(bonus) if hit.document_id in fitting else hit for hit in hits]
        return sorted(raised, key=lambda hit: -hit.score)

    def _search(self, text: str, embedding: Any, earlier: tuple[str, ...]) -> list[Hit]:
        if embedding is None or not text.strip():
            return []
        try:
            together = self._encoded(with_earlier(text, earlier)) if earlier else None
            return self._opened().search(text, embedding, k=self.config["searched"], earlier=earlier, together=together)
        except (KnowledgeError, OSError) as error:
            # Once for each cause: a missing index would otherwise fill the log, a message at a time.
            if str(error) != self._last_failure:
                self._last_failure = str(error)
                logger.warning("No passages can be searched: %s", error)
            return []

    def _encoded(self, text: str) -> Any:
        """A message that follows another is encoded once more, with it; the encoder is that of the index."""
        if self._encoder is None:
            self._encoder = load_encoder(KnowledgeSettings(home=self._home).encoder_folder)
        return self._encoder.encode([text])[0]

    def _opened(self) -> Retriever:
        if self._retriever is None:
            self._retriever = open_retriever(KnowledgeSettings(home=self._home))
        return self._retriever

    @property
    def _home(self) -> Path:
        return Path(self.config["home"] or data_folder())
