"""Goals of customers who want something changed, with every row that may change for it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from actions.return_items import REASONS
from benchmarks.dialogue_goals import Goal, Maker, Person, fill
from benchmarks.dialogue_reading import about_order
from benchmarks.dialogue_state import EndState, Must
from benchmarks.phrases import phrases
from crm_models.consents import Purpose, has_consent
from crm_models.exchanges import ExchangeOption, exchange_options
from crm_models.orders import LineStatus, Order, OrderLine, OrderStatus
from crm_models.payments import INVOICE, PaymentMethod
from crm_models.returns import ReturnOutcome, quote_return

ADDRESS_COLUMNS = frozenset({"address1", "address2", "city", "state", "postcode", "country"})


def changing_makers() -> dict[str, Maker]:
    """By kind."""
    return {
        "cancel": cancel,
        "address": address,
        "payment": payment,
        "items": items,
        "return": return_item,
        "exchange": exchange,
        "invoice": invoice,
        "newsletter": newsletter,
        "personalisation": personalisation,
    }


def cancel(person: Person, rng: random.Random) -> Goal | None:
    """A pending order is cancelled for a reason."""
    allowed = person.policy.cancel_after_item_change
    pending = [order for order in _pending(person) if allowed or not order.items_modified]
    if not pending:
        return None
    order, reason = rng.choice(pending), rng.choice(person.policy.cancel_reasons)
    done = Must(
        "orders",
        {"order_id": order.order_id},
        {"status": OrderStatus.CANCELLED.value, "cancel_reason": reason},
        also=frozenset({"cancelled_at"}),
    )
    may = {**_money(person, order), "items": {"item_id": frozenset(line.item_id for line in order.lines)}}
    end = EndState([done], {**may, "loyalty_entries": _own(person)})
    spoken = {"reason": phrases()["reasons"][reason]}
    return about_order(person, "cancel", order, end, {"cancel_order"}, {"reason": reason}, spoken)


def address(person: Person, rng: random.Random) -> Goal | None:
    """A pending order goes elsewhere in its country."""
    known = phrases()["addresses"]
    pending = [order for order in _pending(person) if order.address.country in known]
    if not pending or "address" not in person.policy.changes_allowed:
        return None
    order = rng.choice(pending)
    new = known[order.address.country]
    values = {name: new[name] for name in ("address1", "postcode", "city")}
    done = Must("orders", {"order_id": order.order_id}, values, also=ADDRESS_COLUMNS)
    spoken = {"address": fill(phrases()["address"], {"address": new["text"]})}
    end = EndState([done], {"mails": _own(person)})
    return about_order(person, "address", order, end, {"change_address"}, {}, spoken)


def payment(person: Person, rng: random.Random) -> Goal | None:
    """A pending order is paid with another method of the customer."""
    found = [
        (order, method) for order in _pending(person) for method in person.methods if _may_pay(person, order, method)
    ]
    if not found or "payment" not in person.policy.changes_allowed:
        return None
    order, method = rng.choice(found)
    done = Must("orders", {"order_id": order.order_id}, {"payment_method_id": method.payment_method_id})
    fields = {"method": _said(method)}
    return about_order(
        person, "payment", order, EndState([done], _money(person, order)), {"change_payment"},
        {"payment_method_id": method.payment_method_id},
        {"payment_method_id": fill(phrases()["method"], fields)}, fields,
    )  # fmt: skip


def items(person: Person, rng: random.Random) -> Goal | None:
    """An item of a pending order becomes another option of the same product."""
    orders = [order for order in _pending(person) if not order.items_modified]
    found = list(_swaps(person, orders))
    if not found or "items" not in person.policy.changes_allowed:
        return None
    order, line, new = rng.choice(found)
    done = [
        Must("order_lines", {"line_id": line.line_id}, {"item_id": new.item_id}, also=frozenset({"price_cents"})),
        Must("orders", {"order_id": order.order_id}, {"items_modified": 1}),
    ]
    end = EndState(done, _swap_rows(person, order, line, new))
    return _about_line(person, "items", order, line, end, {"change_items"}, new=new)


def return_item(person: Person, rng: random.Random) -> Goal | None:
    """One delivered item goes back; the money goes where it came from."""
    found = [(order, line) for order, line in _returnable(person) if order.payment_method is not None]
    if not found:
        return None
    (order, line), reason = rng.choice(found), rng.choice(REASONS)
    assert order.payment_method is not None
    method = order.payment_method.payment_method_id
    written = {"reason": reason, "payment_method_id": method, "kind": "return"}
    done = [
        Must("order_lines", {"line_id": line.line_id}, {"status": LineStatus.RETURN_REQUESTED.value}),
        Must("orders", {"order_id": order.order_id}, {"status": OrderStatus.RETURN_REQUESTED.value}),
        Must("returns", {"line_id": line.line_id}, written),
    ]
    facts = {"reason": reason, "payment_method_id": method}
    spoken = {
        "reason": phrases()["reasons"][reason],
        "payment_method_id": fill(phrases()["method"], {"method": _said(order.payment_method)}),
    }
    end = EndState(done, _money(person, order))
    return _about_line(person, "return", order, line, end, {"return_items"}, facts=facts, spoken=spoken)


def exchange(person: Person, rng: random.Random) -> Goal | None:
    """One delivered item is exchanged for another option."""
    returnable = {line.line_id for _, line in _returnable(person)}
    delivered = [order for order in person.orders if order.status is OrderStatus.DELIVERED]
    found = [each for each in _swaps(person, delivered) if each[1].line_id in returnable]
    if not found or not person.policy.exchanges_allowed:
        return None
    order, line, new = rng.choice(found)
    done = [
        Must("order_lines", {"line_id": line.line_id}, {"status": LineStatus.EXCHANGE_REQUESTED.value}),
        Must("orders", {"order_id": order.order_id}, {"status": OrderStatus.EXCHANGE_REQUESTED.value}),
        Must("returns", {"line_id": line.line_id}, {"kind": "exchange", "new_item_id": new.item_id}),
    ]
    end = EndState(done, _swap_rows(person, order, line, new))
    return _about_line(person, "exchange", order, line, end, {"exchange_items"}, new=new)


def invoice(person: Person, rng: random.Random) -> Goal | None:
    """A copy of an invoice is mailed."""
    # Older ones than these are not offered to choose from.
    recent = person.orders[:5]
    if not recent:
        return None
    order = rng.choice(recent)
    key = {"template": "invoice_copy", "customer_id": person.customer_id}
    end = EndState([Must("mails", key, holding={"fields": order.order_id})])
    return about_order(person, "invoice", order, end, {"invoice_copy"})


def newsletter(person: Person, _: random.Random) -> Goal:
    """The newsletter is turned on for who does not get it, and off for who does."""
    on = not has_consent(person.connection, person.customer_id, Purpose.NEWSLETTER)
    intent = "newsletter_subscribe" if on else "newsletter_unsubscribe"
    return _consent(person, "newsletter", intent, Purpose.NEWSLETTER, on)


def personalisation(person: Person, _: random.Random) -> Goal | None:
    """Who has agreed to personal suggestions takes that back."""
    if not has_consent(person.connection, person.customer_id, Purpose.PERSONALISATION):
        return None
    return _consent(person, "personalisation", "consent_withdraw", Purpose.PERSONALISATION, False)


def _consent(person: Person, kind: str, intent: str, purpose: Purpose, granted: bool) -> Goal:
    done = Must("consents", {"customer_id": person.customer_id}, {"purpose": purpose.value, "granted": int(granted)})
    texts = phrases()["openings"].get(intent) or phrases()["openings"][kind]
    return Goal(kind, person.customer_id, texts, EndState([done]), frozenset({intent}))


def _about_line(
    person: Person,
    kind: str,
    order: Order,
    line: OrderLine,
    end: EndState,
    intents: set[str],
    new: ExchangeOption | None = None,
    facts: Mapping[str, str] | None = None,
    spoken: Mapping[str, Any] | None = None,
) -> Goal:
    fields = {"product": line.product_name}
    known: dict[str, str] = {"line_id": str(line.line_id), **(facts or {})}
    words: dict[str, Any] = {"line_id": fill(phrases()["item"], fields), **(spoken or {})}
    if new is not None:
        known["item_id"] = new.item_id
        words["item_id"] = fill(phrases()["option"], {"option": new.options_text})
    return about_order(person, kind, order, end, intents, known, words, fields)


def _pending(person: Person) -> list[Order]:
    return [order for order in person.orders if order.status is OrderStatus.PENDING]


def _returnable(person: Person) -> Iterator[tuple[Order, OrderLine]]:
    """Lines that may go back whatever the reason."""
    for order in person.orders:
        for line in order.lines if order.status is OrderStatus.DELIVERED else ():
            quote = quote_return(
                person.connection, person.identity, order.order_id, [line.line_id], "no_longer_needed", person.now
            )
            if quote.outcome is ReturnOutcome.ELIGIBLE:
                yield order, line


def _swaps(person: Person, orders: Sequence[Order]) -> Iterator[tuple[Order, OrderLine, ExchangeOption]]:
    """Lines with another option in stock; a gift card may not hold what is to be paid more, so none of those."""
    for order in orders:
        if order.payment_method is None or order.payment_method.is_gift_card:
            continue
        for line in order.lines:
            if line.status is LineStatus.ORDERED:
                for option in exchange_options(person.connection, person.identity, line.line_id):
                    yield order, line, option


def _may_pay(person: Person, order: Order, method: PaymentMethod) -> bool:
    current = order.payment_method.payment_method_id if order.payment_method else None
    if method.payment_method_id == current or method.kind == INVOICE:
        return False
    # The words for it must fit one method alone.
    if sum(_said(each) == _said(method) for each in person.methods) > 1:
        return False
    return not method.is_gift_card or (method.balance_cents or 0) >= order.total_cents


def _said(method: PaymentMethod) -> str:
    if method.kind == "credit_card":
        return f"my {(method.brand or 'card').title()} ending in {method.last_four}"
    return {"paypal": "PayPal", "gift_card": "my gift card", INVOICE: "invoice"}.get(method.kind, method.kind)


def _own(person: Person) -> dict[str, frozenset[Any]]:
    return {"customer_id": frozenset({person.customer_id})}


def _money(person: Person, order: Order) -> dict[str, Mapping[str, frozenset[Any]]]:
    """Rows that carry the money of one order, and the mail about it."""
    return {
        "payments": {"order_id": frozenset({order.order_id})},
        "payment_methods": _own(person),
        "mails": _own(person),
    }


def _swap_rows(
    person: Person, order: Order, line: OrderLine, new: ExchangeOption
) -> dict[str, Mapping[str, frozenset[Any]]]:
    """The same, and the stock of both items."""
    return {**_money(person, order), "items": {"item_id": frozenset({line.item_id, new.item_id})}}
