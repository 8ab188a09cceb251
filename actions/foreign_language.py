"""A message in a language that the bot was not trained for: said so in that language, with a way to a person."""

from __future__ import annotations

from rasa_sdk.events import EventType

from actions.shop_action import Context, ShopAction
from actions.words import languages_of


class ActionForeignLanguage(ShopAction):
    """Tells nothing of the customer, whatever the message asks for."""

    action = "action_foreign_language"

    def act(self, context: Context) -> list[EventType]:
        """In the language of the message where the domain has the sentence, else in the bot's."""
        language = context.turn.foreign_language
        context.say("foreign_language", language if language in languages_of("foreign_language") else "en")
        return []
