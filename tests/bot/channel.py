"""The channel over the real tracker store, with a processor that does in a few lines what Rasa's does."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from rasa.core.channels.channel import UserMessage
from rasa.core.nlg import TemplatedNaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, BotUttered, Event, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.channels.gateway import control_conversation
from bot.channels.turns import LEFT, NEXT, TOGETHER_S, TROUBLE, handle_message
from bot.lock_store import ImmediateLockStore
from bot.tracker_store import SnapshotTrackerStore
from tests.bot.keyword_reader import read

DOMAIN = Domain.from_yaml(f"""
intents: [greet]
slots:
  waiting_requests: {{type: any, mappings: [{{type: custom}}]}}
forms: {{cancel_form: {{required_slots: []}}}}
responses:
  {TROUBLE}: [{{text: Sorry}}]
  {NEXT}: [{{text: "Next: {{request}}"}}]
  {LEFT}: [{{text: "Left: {{requests}}"}}]
""")
SAVED_AND_DIED = "saved and died"
FAILS = "this fails"


class Killed(SystemExit):
    """The process ends here; nothing after it is done."""


class Processor:
    """What the channel uses of Rasa's processor, over the real tracker store. `turns`: the texts worked on.

    A cancellation is a task that "because" ends. With `saves_left`, the process is killed after so many saves.
    """

    def __init__(self, store: SnapshotTrackerStore) -> None:
        self.store = store
        self.domain = DOMAIN
        self.turns: list[str] = []
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.saves_left: int | None = None

    async def get_tracker(self, conversation_id: str) -> DialogueStateTracker:
        return await self.store.get_or_create_tracker(conversation_id, append_action_listen=False)

    async def fetch_tracker_with_initial_session(self, conversation_id: str) -> DialogueStateTracker:
        return await self.get_tracker(conversation_id)

    async def fetch_tracker_and_update_session(self, conversation_id: str, *_: Any) -> DialogueStateTracker:
        return await self.get_tracker(conversation_id)

    async def save_tracker(self, tracker: DialogueStateTracker) -> None:
        await self.store.save(tracker)
        if self.saves_left is not None:
            self.saves_left -= 1
            if self.saves_left < 0:
                raise Killed

    async def parse_message(self, message: UserMessage, _: DialogueStateTracker) -> dict[str, Any]:
        return read(message.text or "", message.metadata)

    async def handle_message(self, message: UserMessage) -> None:
        self.turns.append(message.text or "")
        await self.go_on.wait()
        if message.text == FAILS:
            raise RuntimeError("ordered by the test")
        tracker = await self.get_tracker(message.sender_id)
        understood: dict[str, Any] = dict(message.parse_data or read(message.text or "", message.metadata))
        said = UserUttered(
            message.text,
            understood["intent"],
            parse_data=understood,  # type: ignore[arg-type]
            message_id=message.message_id,
            metadata=message.metadata,
        )
        tracker.update(said, DOMAIN)
        if message.text == SAVED_AND_DIED:
            await self.store.save(tracker)
            raise Killed
        if not tracker.is_paused():
            for event in _answer(understood, in_task=tracker.active_loop_name is not None):
                tracker.update(event, DOMAIN)
        tracker.update(ActionExecuted("action_listen"), DOMAIN)
        await self.save_tracker(tracker)


def _answer(understood: dict[str, Any], in_task: bool) -> list[Event]:
    text, intent = understood["text"], understood["intent"]["name"]
    if intent == "cancel_order":
        return [ActiveLoop("cancel_form"), BotUttered("Why?")]
    if in_task and (intent in ("stop", "ask_person") or text == "because"):
        return [ActiveLoop(None), BotUttered("Stopped" if intent == "stop" else "Done")]
    if intent == "nlu_unsure" and text != text.title():
        return [BotUttered(f"What is {text}?", metadata={"utter_action": "utter_follow_up_unclear"})]
    return [BotUttered(f"You said: {text}")]


class Bot:
    """One run of the bot over the log in `path`."""

    def __init__(self, path: Path, together_s: float = TOGETHER_S) -> None:
        self.together_s = together_s
        self.processor = Processor(SnapshotTrackerStore(DOMAIN, url=f"sqlite:///{path}"))
        self.agent: Any = SimpleNamespace(
            processor=self.processor,
            lock_store=ImmediateLockStore(),
            nlg=TemplatedNaturalLanguageGenerator(DOMAIN.responses),
        )

    async def say(self, message_id: str, text: str, **further: str) -> tuple[list[str], bool]:
        """Replies and whether the bot is paused; `further` are the texts by id that came with the message."""
        answer = await self.answer(message_id, text, **further)
        return [reply["text"] for reply in answer["replies"]], answer["paused"]

    async def answer(self, message_id: str, text: str, **further: str) -> dict[str, Any]:
        body = {
            "conversation_id": "web-1",
            "message_id": message_id,
            "text": text,
            "channel": "web",
            "further": [{"message_id": each, "text": said} for each, said in further.items()],
        }
        return await handle_message(self.agent, body, self.together_s)

    async def control(self, message_id: str, action: str, text: str | None = None) -> None:
        body = {"conversation_id": "web-1", "message_id": message_id, "action": action, "text": text}
        await control_conversation(self.agent, body)

    async def log(self) -> list[str]:
        """What was said, parts of a message included."""
        tracker = await self.processor.store.retrieve_full_tracker("web-1")
        assert tracker is not None
        return [event.text or "" for event in tracker.events if isinstance(event, UserUttered | BotUttered)]
