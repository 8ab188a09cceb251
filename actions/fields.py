"""What tasks ask for besides the order: item, option, way of paying, reason, address, free text, a yes."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from actions.address_text import correct_address, parse_address, street_alone, town_alone
from actions.heard import DOUBTFUL, says_yes_or_no
from actions.shop_action import Context
from actions.task_state import TaskEnded
from actions.turn import Turn, said_last
from crm_models.addresses import Address, country_code, is_country
from crm_models.complaints import latest_complaint
from crm_models.exchanges import ExchangeOption, exchange_options
from crm_models.order_records import LineStatus
from crm_models.orders import Order, OrderLine, get_order
from crm_models.payments import PaymentMethod
from crm_models.product_search import match_option, words

# "Yes" and "hello" tell nothing of what happened.
_NO_TEXT = frozenset({"affirm", "greet", "thanks"})
# Messages after which the country of an address is not waited for any more.
_LATEST = 3
_FEW_WORDS = re.compile(r"[^\W\d_]+(?: [^\W\d_]+){0,2}")
# "May I ask why?" - "No." A reason that keeps it to oneself, where the shop accepts that.
NOT_SAID = "not_said"
_DAMAGED = "damaged"
_NO_GIFT_CARD = frozenset({"card", "original", "same", "paid"})
_SOME_OTHER = frozenset({"gift", "not", "another", "other", "different"})
# Fewer may be anything.
_WORDS_OF_A_REASON = 4
_ORDINALS = {"first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "last": -1}


def task_order(context: Context, known: Mapping[str, Any]) -> Order:
    """The order chosen for the task.

    Raises:
        TaskEnded: it is gone; the customer has been told.
    """
    order = get_order(context.connection, context.identity, str(known.get("order_id")))
    if order is None:
        context.say("order", "not_found", order_id=known.get("order_id"))
        raise TaskEnded
    return order


def open_lines(order: Order) -> list[OrderLine]:
    """Lines that are neither on their way back nor gone."""
    return [line for line in order.lines if line.status is LineStatus.ORDERED]


def by_position(text: str, count: int) -> int | None:
    """ "the second one" -> 1; None where no position is named, or there is no such one."""
    for word in words(text):
        position = _ORDINALS.get(word)
        if position is not None and -count <= position < count:
            return position % count
    return None


class Choice(ABC):
    """A field whose value is one of a few records, by button, by position or by description."""

    slot: str
    entity: str

    @abstractmethod
    def options(self, context: Context, known: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
        """Pairs of id and the text it can be recognised by."""

    def mentioned(self, context: Context, known: Mapping[str, Any]) -> bool:
        """Whether the message picks one."""
        return self._picked(context, known) is not None

    def read(self, context: Context, known: Mapping[str, Any], asked: bool) -> str | None:
        """The one picked."""
        return self._picked(context, known) if asked or context.turn.entity(self.entity) else None

    def default(self, context: Context, known: Mapping[str, Any]) -> str | None:
        """The only one."""
        options = self.options(context, known)
        return options[0][0] if len(options) == 1 else None

    def _picked(self, context: Context, known: Mapping[str, Any], ignoring: frozenset[str] = frozenset()) -> str | None:
        options = self.options(context, known)
        given = context.turn.entity(self.entity)
        if given in {identifier for identifier, _ in options}:
            return given
        position = by_position(context.turn.text, len(options))
        if position is not None:
            return options[position][0]
        said = set(words(context.turn.text)) - ignoring
        scores = {identifier: len(said & set(words(text))) for identifier, text in options}
        best = max(scores.values(), default=0)
        leaders = [identifier for identifier, score in scores.items() if score == best]
        return leaders[0] if best and len(leaders) == 1 else None


class LineField(Choice):
    """One item of the order."""

    slot = entity = "line_id"

    def options(self, context: Context, known: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
        """The lines that can still be touched."""
        lines = open_lines(task_order(context, known))
        return [
            (str(line.line_id), f"{line.product_name} {' '.join(map(str, line.options.values()))}") for line in lines
        ]

    def read(self, context: Context, known: Mapping[str, Any], asked: bool) -> str | None:
        """Named at any time: "return the kettle" says the line with the task."""
        return self._picked(context, known)

    def default(self, context: Context, known: Mapping[str, Any]) -> str | None:
        """The only one, or the one that was complained about a moment ago."""
        return super().default(context, known) or self._complained_about(context, known)

    def _complained_about(self, context: Context, known: Mapping[str, Any]) -> str | None:
        complaint = latest_complaint(context.connection, context.turn.conversation_id)
        if complaint is None or complaint.order_id != known.get("order_id"):
            return None
        said = set(words(complaint.text or ""))
        scores = {identifier: len(said & set(words(text))) for identifier, text in self.options(context, known)}
        best = max(scores.values(), default=0)
        leaders = [identifier for identifier, score in scores.items() if score == best]
        return leaders[0] if best and len(leaders) == 1 else None


class NewItemField(Choice):
    """Another option of the same product. None in stock ends the task with `utter_<topic>_no_options`."""

    slot = "new_item_id"
    entity = "item_id"

    def __init__(self, topic: str) -> None:
        self.topic = topic

    def choices(self, context: Context, known: Mapping[str, Any]) -> tuple[ExchangeOption, ...]:
        """What can take the item's place."""
        return exchange_options(context.connection, context.identity, int(known["line_id"]))

    def options(self, context: Context, known: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
        """Ids with the names of their options."""
        return [(each.item_id, each.options_text) for each in self.choices(context, known)]

    def read(self, context: Context, known: Mapping[str, Any], asked: bool) -> str | None:
        """By button, or by the option's words ("the red one")."""
        choices = self.choices(context, known)
        given = context.turn.entity(self.entity)
        if given in {each.item_id for each in choices}:
            return given
        fitting = match_option(choices, context.turn.text)
        if len(fitting) == 1:
            return fitting[0].item_id
        return self._picked(context, known) if asked else None

    def default(self, context: Context, known: Mapping[str, Any]) -> str | None:
        """The only other option, to be confirmed."""
        choices = self.choices(context, known)
        if not choices:
            line = next(each for each in task_order(context, known).lines if str(each.line_id) == known["line_id"])
            context.say(self.topic, "no_options", item=line.product_name)
            raise TaskEnded
        return choices[0].item_id if len(choices) == 1 else None


class PaymentField(Choice):
    """A way of paying, among those that `methods` allows."""

    slot = entity = "payment_method_id"

    def __init__(self, methods: Callable[[Context, Order], Sequence[PaymentMethod]], none: str | None = None) -> None:
        self._methods = methods
        self._none = none

    def methods(self, context: Context, known: Mapping[str, Any]) -> Sequence[PaymentMethod]:
        """Those allowed for the task's order."""
        return self._methods(context, task_order(context, known))

    def options(self, context: Context, known: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
        """Ids with the words people use: kind, brand, last four digits."""
        return [
            (
                each.payment_method_id,
                f"{each.kind.replace('_', ' ')} {each.brand or ''} {each.last_four or ''}",
            )
            for each in self.methods(context, known)
        ]

    def read(self, context: Context, known: Mapping[str, Any], asked: bool) -> str | None:
        """Named at any time ("with PayPal"); "another card" names none before it is asked for."""
        return self._picked(context, known, frozenset() if asked else frozenset({"card", "credit"}))

    def _picked(self, context: Context, known: Mapping[str, Any], ignoring: frozenset[str] = frozenset()) -> str | None:
        """Also "back to my card", where one way of paying alone is no gift card."""
        picked = super()._picked(context, known, ignoring)
        said = set(words(context.turn.text)) - ignoring
        if picked is not None or not said & _NO_GIFT_CARD or said & _SOME_OTHER:
            return picked
        own = [each for each in self.methods(context, known) if not each.is_gift_card]
        return own[0].payment_method_id if len(own) == 1 else None

    def default(self, context: Context, known: Mapping[str, Any]) -> str | None:
        """The only one; none at all ends the task, where there is a sentence for that."""
        if self._none and not self.methods(context, known):
            context.say(self._none)
            raise TaskEnded
        return super().default(context, known)


class ReasonField:
    """Why, as one of the reasons that `reasons` lists. Free text is matched by the entity extractor."""

    slot = "reason"
    public = True

    def __init__(self, reasons: Callable[[Context], Sequence[str]]) -> None:
        self.reasons = reasons

    def mentioned(self, context: Context, known: Mapping[str, Any]) -> bool:
        """Whether a reason is in the message."""
        return self._named(context, asked=True) is not None

    def read(self, context: Context, known: Mapping[str, Any], asked: bool) -> str | None:
        """The reason, if the shop accepts it. Said twice in words that the shop has none for, it is left unsaid."""
        named = self._named(context, asked)
        if named is not None:
            return named
        said_before = asked and bool(known.get("misses")) and context.turn.intent in DOUBTFUL
        is_phrase = len(context.turn.text.split()) >= _WORDS_OF_A_REASON
        return NOT_SAID if said_before and is_phrase and NOT_SAID in self.reasons(context) else None

    def _named(self, context: Context, asked: bool) -> str | None:
        given = context.turn.entity("reason")
        accepted = self.reasons(context)
        if given in accepted:
            return given
        if asked and context.turn.intent == "deny" and NOT_SAID in accepted:
            return NOT_SAID
        if asked and context.turn.intent == "damaged_item" and _DAMAGED in accepted and _of_nothing_else(context.turn):
            return _DAMAGED  # "it flickers all the time": the shop has no word for every fault
        position = by_position(context.turn.text, len(accepted)) if asked else None
        return accepted[position] if position is not None else None

    def default(self, context: Context, known: Mapping[str, Any]) -> str | None:
        """Asked when several are possible."""
        accepted = self.reasons(context)
        return accepted[0] if len(accepted) == 1 else None


def _of_nothing_else(turn: Turn) -> bool:
    """Whether a message names no thing and no order of its own."""
    return not any(turn.entities.get(kind) for kind in ("product", "category", "option", "order_id"))


def _same_country(address: Address, current: Address) -> bool:
    """Whether an address without a country is surely in that of the one before: same town, or states in both."""
    return address.city.casefold() == current.city.casefold() or bool(address.state and current.state)


class AddressField:
    """A whole postal address, kept as a dict of its parts."""

    slot = "address"

    def mentioned(self, context: Context, known: Mapping[str, Any]) -> bool:
        """Whether it looks like street, number and town, or like an attempt at it, or is the country of one."""
        text = context.turn.text
        attempt = bool(re.search(r"\d", text)) and len(text) < 300
        return attempt or (self.without_country(context) is not None and self._names_country(context))

    def without_country(self, context: Context) -> Address | None:
        """The address in the customer's latest messages, where it lacks the country and nothing else."""
        said = [str(event.get("text") or "") for event in context.events if event["event"] == "user"]
        for text in reversed(said[-_LATEST:]):
            address = parse_address(text, "")
            if address is not None:
                return address if address.missing() == ("country",) else None
        street, town = self.pieces(context)
        return parse_address(f"{street}, {town}", "") if street and town else None

    @staticmethod
    def pieces(context: Context) -> tuple[str | None, str | None]:
        """Street and town, where each was said in a message of its own since the task began."""
        street = town = None
        for event in reversed(context.events):
            if event["event"] == "active_loop":
                break
            if event["event"] == "user":
                text = str(event.get("text") or "")
                street, town = street or street_alone(text), town or town_alone(text)
        return street, town

    def begun(self, context: Context) -> bool:
        """Whether the message is a piece of it, or all but the country has been said."""
        text = context.turn.text
        return bool(street_alone(text) or town_alone(text)) or self.without_country(context) is not None

    @staticmethod
    def _names_country(context: Context) -> bool:
        """Whether the message is a country; of those where the shop does not deliver, only as the answer."""
        text = context.turn.text.strip(" .!")
        if is_country(text):
            return True
        asked = said_last(context.events) == "utter_address_which_country"
        return asked and context.turn.intent not in ("affirm", "deny") and _FEW_WORDS.fullmatch(text) is not None

    def read(self, context: Context, known: Mapping[str, Any], asked: bool) -> dict[str, Any] | None:
        """Its parts; an attempt that lacks some is answered with an example, one without a country is kept."""
        current = task_order(context, known).address
        address = parse_address(context.turn.text, "")
        earlier = self.without_country(context)
        if address is None and earlier is not None and self._names_country(context):
            address = replace(earlier, country=country_code(context.turn.text.strip(" .!")))
        if address is not None and not address.country and _same_country(address, current):
            address = replace(address, country=current.country)
        if address is not None and not address.missing():
            return address.columns()
        if known.get("address") and not asked:
            corrected = correct_address(context.turn.text, Address(**known["address"]))
            return corrected.columns() if corrected and not corrected.missing() else None
        first_try = not known.get("misses") and context.turn.intent in (*DOUBTFUL, "inform")
        if asked and not self.begun(context) and (first_try or self.mentioned(context, known)):
            context.say("address", "incomplete")
        return None

    def default(self, context: Context, known: Mapping[str, Any]) -> None:
        """Always asked."""
        return


class TextField:
    """Free text: whatever is written is the answer."""

    def __init__(self, slot: str, optional: bool = False) -> None:
        self.slot = slot
        self._optional = optional

    def mentioned(self, context: Context, known: Mapping[str, Any]) -> bool:
        """Any text. A question is no comment, while in a complaint it is part of what happened."""
        text = context.turn.text.strip()
        return bool(text) and not (self._optional and text.endswith("?"))

    def read(self, context: Context, known: Mapping[str, Any], asked: bool) -> str | None:
        """The text; "no" leaves an optional one empty."""
        if not asked:
            return None
        if self._optional and context.turn.intent in ("deny", "thanks"):
            return ""
        if context.turn.intent in _NO_TEXT:
            return None
        return context.turn.text.strip() or None

    def default(self, context: Context, known: Mapping[str, Any]) -> None:
        """Always asked."""
        return


class ConfirmField:
    """A clear yes or no to what is about to happen."""

    slot = "confirmed"

    def mentioned(self, context: Context, known: Mapping[str, Any]) -> bool:
        """Whether it is a yes or a no."""
        return says_yes_or_no(context.turn) is not None

    def read(self, context: Context, known: Mapping[str, Any], asked: bool) -> bool | None:
        """Only an answer to the question counts: nothing is confirmed in advance."""
        return says_yes_or_no(context.turn) if asked else None

    def default(self, context: Context, known: Mapping[str, Any]) -> None:
        """Always asked."""
        return
