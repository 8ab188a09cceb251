"""From stories to rows of the shop's tables, as they stand on the day the data ends."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from numpy.random import Generator

from crm_models.campaigns import CampaignOutcome
from crm_models.order_records import LineStatus, OrderStatus
from demo.behaviour import Browse, Consent, Watch
from demo.campaigns import PROPENSITY, WITHIN_DAYS, Mailed, Wave
from demo.catalogue import Catalogue
from demo.delivery import tracking_id
from demo.loyalty import LoyaltyAccount
from demo.people import Person
from demo.purchase import Line, Purchase, Return

Row = dict[str, Any]


class Ledger:
    """Collects rows by table name; whatever happens at `until` or later is not written."""

    def __init__(self, until: datetime, random: Generator) -> None:
        self.tables: defaultdict[str, list[Row]] = defaultdict(list)
        self._until = until
        self._random = random

    def add_catalogue(self, catalogue: Catalogue) -> None:
        for product in catalogue.products:
            self._add(
                "products",
                product_id=product.product_id,
                name=product.name,
                category=product.category,
                brand=product.brand,
                description=product.description,
                attributes=product.attributes,
            )
        for item in catalogue.items():
            self._add("items", **vars(item))

    def add_person(self, person: Person) -> None:
        """The customer and the identities; the ways to pay come last, see `add_methods`."""
        self._add(
            "customers",
            customer_id=person.customer_id,
            first_name=person.first_name,
            last_name=person.last_name,
            email=person.email,
            phone=person.phone,
            **person.address,
            language="en",
            tier=person.tier,
            created_at=person.created_at,
        )
        known: list[tuple[str, str | None]] = [("account", person.customer_id)]
        known += [("email", email) for email in (person.email, *person.more_emails)]
        known += [("phone", person.phone), ("chat", person.chat)]
        for kind, value in known:
            if value:
                self._add(
                    "identities",
                    kind=kind,
                    value=value,
                    customer_id=person.customer_id,
                    linked_at=person.created_at,
                )

    def add_methods(self, person: Person) -> None:
        """After the person's purchases, as these move the balance of a gift card."""
        for method in person.methods:
            self._add("payment_methods", customer_id=person.customer_id, **vars(method))

    def add_purchase(self, purchase: Purchase) -> None:
        """The order with its lines, shipment, payments, returns, complaints and feedback."""
        sent = self._past(purchase.shipped_at) and not self._cancelled(purchase)
        delivered = sent and self._past(purchase.delivered_at)
        self._add(
            "orders",
            order_id=purchase.order_id,
            customer_id=purchase.customer_id,
            status=self._status(purchase).value,
            placed_at=purchase.placed_at,
            promised_on=purchase.promised_on,
            delivered_at=purchase.delivered_at if delivered else None,
            cancelled_at=purchase.cancelled_at if self._cancelled(purchase) else None,
            cancel_reason=purchase.cancel_reason if self._cancelled(purchase) else None,
            items_modified=False,
            shipping_cents=purchase.shipping_cents,
            discount_cents=purchase.discount_cents,
            payment_method_id=purchase.method.payment_method_id,
            **purchase.address,
        )
        self._add_payment(purchase)
        if sent:
            self._add_shipment(purchase, delivered)
        for line in purchase.lines:
            self._add_line(purchase, line)
        self._add_opinions(purchase)

    def add_points(self, person: Person, account: LoyaltyAccount) -> None:
        for entry in account.entries():
            if self._past(entry.created_at):
                self._add(
                    "loyalty_entries",
                    entry_id=self._next("loyalty_entries"),
                    customer_id=person.customer_id,
                    points=entry.points,
                    reason=entry.reason,
                    order_id=entry.purchase.order_id,
                    created_at=entry.created_at,
                )

    def add_behaviour(self, person: Person, browses: Iterable[Browse], consents: Iterable[Consent]) -> None:
        customer_id = person.customer_id
        for browse in browses:
            self._add(
                "browse_events",
                event_id=self._next("browse_events"),
                customer_id=customer_id,
                **vars(browse),
            )
        for consent in consents:
            self._add("consents", consent_id=self._next("consents"), customer_id=customer_id, **vars(consent))

    def add_watches(self, person: Person, watches: Iterable[Watch]) -> None:
        for watch in watches:
            self._add(
                "stock_watches",
                watch_id=self._next("stock_watches"),
                customer_id=person.customer_id,
                **vars(watch),
            )

    def add_campaigns(self, waves: Iterable[Wave], mailed: Iterable[Mailed]) -> None:
        """Last of all: the visits that the mailings brought about follow all others."""
        for wave in waves:
            self._add("campaigns", **vars(wave), outcome=CampaignOutcome.VISIT.value, within_days=WITHIN_DAYS)
        for each in mailed:
            self._add(
                "campaign_members",
                campaign_id=each.campaign_id,
                customer_id=each.customer_id,
                treated=each.treated,
                propensity=PROPENSITY,
            )
            for visit in each.visits:
                self._add(
                    "browse_events",
                    event_id=self._next("browse_events"),
                    customer_id=each.customer_id,
                    **vars(visit),
                )

    def _status(self, purchase: Purchase) -> OrderStatus:
        if self._cancelled(purchase):
            return OrderStatus.CANCELLED
        if self._past(purchase.delivered_at):
            under_way = [
                line.returned.kind
                for line in purchase.lines
                if line.returned is not None
                and self._past(line.returned.created_at)
                and not self._past(line.returned.refunded_at)
            ]
            if "return" in under_way:
                return OrderStatus.RETURN_REQUESTED
            return OrderStatus.EXCHANGE_REQUESTED if under_way else OrderStatus.DELIVERED
        if self._past(purchase.shipped_at):
            return OrderStatus.SHIPPED
        return OrderStatus.PROCESSED if self._past(purchase.processed_at) else OrderStatus.PENDING

    def _add_payment(self, purchase: Purchase) -> None:
        cancelled = self._cancelled(purchase)
        uncollected = purchase.paid_at is not None and not self._past(purchase.paid_at)
        paid_at = purchase.placed_at if purchase.paid_at is None else purchase.paid_at
        never_paid = cancelled and purchase.paid_at is not None
        self._pay(
            purchase,
            "payment",
            purchase.total_cents,
            purchase.placed_at,
            None if never_paid or uncollected else paid_at,
            status="void" if never_paid else None,
        )
        if cancelled and not never_paid:
            assert purchase.cancelled_at is not None and purchase.refunded_at is not None
            self._pay(purchase, "refund", purchase.total_cents, purchase.cancelled_at, purchase.refunded_at)

    def _add_shipment(self, purchase: Purchase, delivered: bool) -> None:
        if delivered:
            status = "delivered"
        elif purchase.promised_on.date() < self._until.date():
            status = "delayed"
        else:
            recent = purchase.shipped_at > self._until - timedelta(days=1)
            status = "shipped" if recent else "in_transit"
        self._add(
            "shipments",
            shipment_id=self._next("shipments"),
            order_id=purchase.order_id,
            tracking_id=tracking_id(self._random, purchase.carrier),
            carrier=purchase.carrier,
            status=status,
            shipped_at=purchase.shipped_at,
            delivered_at=purchase.delivered_at if delivered else None,
        )

    def _add_line(self, purchase: Purchase, line: Line) -> None:
        line_id = self._next("order_lines")
        returned = line.returned
        if returned is not None and not self._past(returned.created_at):
            returned = None
        status = LineStatus.ORDERED if returned is None else self._line_status(returned)
        self._add(
            "order_lines",
            line_id=line_id,
            order_id=purchase.order_id,
            item_id=line.item.item_id,
            quantity=line.quantity,
            price_cents=line.price_cents,
            status=status.value,
        )
        if returned is not None:
            self._add_return(purchase, line_id, returned)

    def _add_return(self, purchase: Purchase, line_id: int, returned: Return) -> None:
        closed, received = self._past(returned.refunded_at), self._past(returned.received_at)
        is_return = returned.kind == "return"
        self._add(
            "returns",
            return_id=self._next("returns"),
            order_id=purchase.order_id,
            line_id=line_id,
            kind=returned.kind,
            new_item_id=returned.new_item.item_id if returned.new_item else None,
            reason=returned.reason,
            payment_method_id=purchase.method.payment_method_id if is_return else None,
            status="closed" if closed else "received" if received else "requested",
            created_at=returned.created_at,
        )
        if is_return and returned.refund_cents > 0:
            # The refund's days count from the arrival of the parcel.
            since = returned.received_at if received else returned.created_at
            self._pay(purchase, "refund", returned.refund_cents, since, returned.refunded_at)

    def _line_status(self, returned: Return) -> LineStatus:
        if returned.kind == "return":
            arrived = self._past(returned.received_at)
            return LineStatus.RETURNED if arrived else LineStatus.RETURN_REQUESTED
        exchanged = self._past(returned.refunded_at)
        return LineStatus.EXCHANGED if exchanged else LineStatus.EXCHANGE_REQUESTED

    def _add_opinions(self, purchase: Purchase) -> None:
        for complaint in purchase.complaints:
            if self._past(complaint.created_at):
                closed = self._past(complaint.closed_at)
                self._add(
                    "complaints",
                    complaint_id=self._next("complaints"),
                    customer_id=purchase.customer_id,
                    order_id=purchase.order_id,
                    topic=complaint.topic,
                    text=complaint.text,
                    status="closed" if closed else "open",
                    created_at=complaint.created_at,
                    closed_at=complaint.closed_at if closed else None,
                )
        if purchase.feedback is not None and self._past(purchase.feedback.created_at):
            self._add(
                "feedback",
                feedback_id=self._next("feedback"),
                customer_id=purchase.customer_id,
                **vars(purchase.feedback),
            )

    def _pay(
        self,
        purchase: Purchase,
        kind: str,
        cents: int,
        created_at: datetime,
        done_at: datetime | None,
        status: str | None = None,
    ) -> None:
        done = done_at is not None and self._past(done_at)
        if kind == "refund" and done and purchase.method.balance_cents is not None:
            purchase.method.balance_cents += cents
        self._add(
            "payments",
            payment_id=self._next("payments"),
            order_id=purchase.order_id,
            kind=kind,
            amount_cents=cents,
            payment_method_id=purchase.method.payment_method_id,
            status=status or ("done" if done else "pending"),
            created_at=created_at,
            done_at=done_at if done else None,
        )

    def _cancelled(self, purchase: Purchase) -> bool:
        return purchase.cancelled_at is not None and self._past(purchase.cancelled_at)

    def _past(self, moment: datetime) -> bool:
        return moment < self._until

    def _next(self, table: str) -> int:
        return len(self.tables[table]) + 1

    def _add(self, table: str, **values: Any) -> None:
        self.tables[table].append(values)
