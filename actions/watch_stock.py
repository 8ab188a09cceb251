""" "Tell me when it is back": a wish for one message about a product that is sold out."""

from __future__ import annotations

from rasa_sdk.events import EventType, SlotSet

from actions.asked_before import asked_before
from actions.products import meant_product, product_buttons
from actions.shop_action import Context, ShopAction, sign_in_first
from crm_models.catalogue import ProductCard
from crm_models.proactive.wishes import WatchOutcome, watch_product

INTENT = "notify_back_in_stock"


class ActionWatchStock(ShopAction):
    """Asking for it is the consent; a message needs somebody it can go to, so nobody waits unknown."""

    action = "action_watch_stock"
    writes = True

    def act(self, context: Context) -> list[EventType]:
        """The product named or talked about, in the option that was asked about."""
        card, several = meant_product(context)
        if card is None:
            if several:
                context.say("watch", "several", buttons=product_buttons(several, INTENT, _option(context)))
            else:
                context.say("watch", "none")
            return []
        topic = SlotSet("topic", card.product_id)
        if not context.verified:
            return [topic, *sign_in_first(context.turn, self.action)]
        self._watch(context, card)
        return [topic, SlotSet("resume", None)]

    def _watch(self, context: Context, card: ProductCard) -> None:
        option = _option(context)
        result = watch_product(
            context.connection,
            str(context.identity.customer_id),
            card.product_id,
            option,
            context.turn.conversation_id,
            context.turn.now,
        )
        options = ", ".join(dict.fromkeys(item.options_text for item in result.items if item.options_text))
        waits = result.outcome in (WatchOutcome.WATCHING, WatchOutcome.ALREADY_WATCHING)
        name = f"{card.name} ({options})" if waits and option and options else card.name
        context.say("watch", result.outcome.value, name=name, options=options or card.name)


def _option(context: Context) -> str | None:
    """Named now, or in the question before about the same product: "is it there in red?", "tell me when it is"."""
    for asked in asked_before(context.events, (INTENT, "stock_check")):
        if "option" in asked.entities or "product" in asked.entities:
            return asked.entities.get("option")
    return None
