"""Answers from the help articles: cited, doubtful and saying so, or honestly not known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.articles import find_answer, write_answer
from actions.clarify import ask_what_is_meant, hear_rant, in_so_many_words
from actions.heard import DOUBTFUL
from actions.next_action import add_what_fits
from actions.services import services
from actions.shop_action import Context, ShopAction
from actions.turn import running_task
from crm_models.gaps import GapKind, GapSort, record_gap
from crm_models.next_action.kinds import Moment
from knowledge.answer import Answer, AnswerStatus, Source

if TYPE_CHECKING:
    from knowledge.compose.models import LanguageModel

# Below this probability not even the nearest articles are worth the customer's time.
WORTH_A_LOOK = 0.08


class ActionAnswer(ShopAction):
    """Says what the articles say about the message. What they lack is kept as a gap."""

    action = "action_answer"
    writes = True

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Any:
        """A language model, where the settings name one, is waited for first."""
        writer = services().writer
        if writer is None:
            return self.respond(dispatcher, tracker)
        return self._run_written(writer, dispatcher, tracker)

    async def _run_written(
        self, writer: LanguageModel, dispatcher: CollectingDispatcher, tracker: Tracker
    ) -> list[EventType]:
        return self.respond(dispatcher, tracker, await write_answer(writer, dispatcher, tracker))

    def act(self, context: Context) -> list[EventType]:
        """The passages were found in the bot, where the encoder is; the words are put together here."""
        if context.turn.intent in DOUBTFUL and (other := in_so_many_words(context)):
            return [FollowupAction(other)]
        answer = find_answer(context)
        sources = _links(answer.sources)
        said = {
            "answer": answer.text,
            "passages": [source.passage_id for source in answer.sources],
            "sources": sources,
        }
        if answer.status is AnswerStatus.ANSWERED:
            context.say("answer", "answered", **said)
            return [SlotSet("topic", answer.sources[0].document_id), *add_what_fits(context, Moment.ANSWER)]
        is_by_itself = context.turn.intent == "nlu_unsure" and not context.turn.follows
        if is_by_itself and (asked := hear_rant(context) or ask_what_is_meant(context)):
            return asked
        # What is neither our subject nor surely answered is not answered at all.
        if answer.status is AnswerStatus.UNSURE and context.turn.intent != "out_of_scope":
            # It stands behind words of doubt; a list begins below them.
            lines = f"\n{answer.text}" if "\n" in answer.text else answer.text
            context.say("answer", "unsure", **{**said, "answer": lines})
            self._note(context, GapKind.UNCLEAR, answer)
            return [SlotSet("topic", answer.sources[0].document_id)]
        if answer.near and answer.probability >= WORTH_A_LOOK and context.turn.intent != "out_of_scope":
            context.say("answer", "unknown_near", sources=_links(answer.near))
        else:
            context.say("answer", "unknown")
        self._note(context, GapKind.MISSING, answer)
        return []

    def _note(self, context: Context, kind: GapKind, answer: Answer) -> None:
        evidence = {
            "question": context.turn.question,
            "intent": context.turn.intent,
            "probability": round(answer.probability, 3),
            "near": [source.document_id for source in answer.near],
        }
        record_gap(
            context.connection,
            GapSort.KNOWLEDGE,
            kind,
            evidence,
            context.turn.now,
            conversation_id=context.turn.conversation_id,
            customer_id=context.identity.customer_id,
            article_id=answer.sources[0].document_id if answer.sources else None,
        )


class ActionFallback(ActionAnswer):
    """For a message that no rule fits: answers it, then says itself what comes next, since no rule does."""

    action = "action_fallback"

    def act(self, context: Context) -> list[EventType]:
        """Back to the running task, else wait for the customer."""
        return [*super().act(context), FollowupAction(running_task(context.events) or "action_listen")]


def _links(sources: tuple[Source, ...]) -> list[dict[str, str]]:
    """Where the customer can read on; each article once, at its own address or else on our page."""
    unique = {source.document_id: source for source in sources}
    return [{"title": each.title, "url": each.url or f"/help/{each.document_id}"} for each in unique.values()]
