"""Orders that did not come when they were promised, or of which the carrier says so."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta

from sqlalchemy import or_, select
from sqlalchemy.engine import Connection

from crm_models.identity import Identity, Trust
from crm_models.order_records import OPEN, Order, OrderStatus
from crm_models.orders import get_order
from crm_models.proactive.kinds import Candidate, Dropped, NoticeKind
from crm_models.proactive.occasion import Fields, Occasions
from crm_models.tables import orders, shipments

DELAYED = "delayed"  # of a shipment, as the carrier reports it


class LateDeliveries(Occasions):
    kind = NoticeKind.DELIVERY_LATE

    def find(self, connection: Connection, now: datetime) -> Iterable[Candidate]:
        """Open orders whose promised day is over, and those on their way that the carrier reports as delayed."""
        rules = self.policy.kinds.delivery_late
        today = datetime.combine(now.date(), time())
        reported = select(shipments.c.order_id).where(shipments.c.status == DELAYED, shipments.c.delivered_at.is_(None))
        rows = connection.execute(
            select(orders.c.customer_id, orders.c.order_id)
            .where(
                *self.agreed(orders.c.customer_id),
                orders.c.status.in_([status.value for status in OPEN]),
                orders.c.promised_on >= today - timedelta(days=rules.oldest_days),
                or_(
                    orders.c.promised_on < today - timedelta(days=rules.grace_days),
                    orders.c.order_id.in_(reported),
                ),
            )
            .order_by(orders.c.promised_on, orders.c.order_id)
        )
        return [Candidate(row.customer_id, row.order_id) for row in rows]

    def look(self, connection: Connection, candidate: Candidate, now: datetime) -> Fields | Dropped:
        """The order as it is now."""
        order = get_order(connection, Identity("", candidate.customer_id, Trust.VERIFIED), candidate.about)
        if order is None or order.status is OrderStatus.CANCELLED:
            return Dropped.CANCELLED
        if not order.is_open:
            return Dropped.DELIVERED
        late = self._is_late(order, now)
        delayed = [each for each in order.shipments if each.status == DELAYED and each.delivered_at is None]
        if order.promised_on is None or not (late or delayed):
            return Dropped.NO_LONGER_LATE
        fields = {
            "order_id": order.order_id,
            "items": order.summary(),
            "promised": order.promised_on.date().isoformat(),
        }
        if late and (order.status is not OrderStatus.SHIPPED or not order.shipments):
            return {**fields, "sentence": "delivery_late_not_sent"}
        shipment = order.shipments[-1] if late else delayed[-1]
        sentence = "delivery_late" if late else "delivery_late_carrier"
        return {**fields, "sentence": sentence, "carrier": shipment.carrier, "tracking": shipment.tracking_id}

    def _is_late(self, order: Order, now: datetime) -> bool:
        grace = timedelta(days=self.policy.kinds.delivery_late.grace_days)
        return order.is_late(now - grace)
