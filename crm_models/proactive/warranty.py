"""Warranties that end soon: so many months after delivery, by the customer's tier."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.engine import Connection

from crm_models.months import months_later
from crm_models.order_records import LineStatus
from crm_models.proactive.kinds import Candidate, Dropped, NoticeKind
from crm_models.proactive.occasion import Fields, Occasions
from crm_models.shop_policy import ShopPolicy, read_policy
from crm_models.tables import customers, items, order_lines, orders, products

# A month more or less has up to three days more or less: so far around the window is looked.
_SLACK = timedelta(days=4)


class WarrantyEnds(Occasions):
    kind = NoticeKind.WARRANTY_ENDS

    def find(self, connection: Connection, now: datetime) -> Iterable[Candidate]:
        """Delivered orders whose warranty ends within the next `days_before` days."""
        terms = read_policy(connection)
        found = {}
        for months in sorted({tier.warranty_months for tier in terms.tiers.values() if tier.warranty_months}):
            begun = months_later(datetime.combine(now.date(), time()), -months)
            rows = connection.execute(
                select(orders.c.customer_id, orders.c.order_id, orders.c.delivered_at, customers.c.tier)
                .join(customers, customers.c.customer_id == orders.c.customer_id)
                .where(
                    *self.agreed(orders.c.customer_id),
                    orders.c.delivered_at >= begun - _SLACK,
                    orders.c.delivered_at <= begun + timedelta(days=self._days_before) + _SLACK,
                )
                .order_by(orders.c.delivered_at, orders.c.order_id)
            )
            for row in rows:
                ends = _ends(terms, row.tier, row.delivered_at)
                if ends is not None and 0 <= (ends - now.date()).days <= self._days_before:
                    found[row.order_id] = Candidate(row.customer_id, row.order_id)
        return [each for each in found.values() if self._kept(connection, each.about)]

    def look(self, connection: Connection, candidate: Candidate, now: datetime) -> Fields | Dropped:
        """What of the order is still the customer's, and until when."""
        row = connection.execute(
            select(orders.c.delivered_at, customers.c.tier)
            .join(customers, customers.c.customer_id == orders.c.customer_id)
            .where(orders.c.order_id == candidate.about, orders.c.customer_id == candidate.customer_id)
        ).one_or_none()
        names = self._kept(connection, candidate.about)
        if row is None or row.delivered_at is None or not names:
            return Dropped.NOTHING_KEPT
        ends = _ends(read_policy(connection), row.tier, row.delivered_at)
        if ends is None or ends < now.date():
            return Dropped.WARRANTY_OVER
        more = f" +{len(names) - 2}" if len(names) > 2 else ""
        return {"order_id": candidate.about, "items": ", ".join(names[:2]) + more, "ends": ends.isoformat()}

    @property
    def _days_before(self) -> int:
        return self.policy.kinds.warranty_ends.days_before

    def _kept(self, connection: Connection, order_id: str) -> list[str]:
        """Names of what was worth so much, and neither went back nor is about to."""
        rows = connection.execute(
            select(products.c.name)
            .join(items, items.c.product_id == products.c.product_id)
            .join(order_lines, order_lines.c.item_id == items.c.item_id)
            .where(
                order_lines.c.order_id == order_id,
                order_lines.c.status == LineStatus.ORDERED.value,
                order_lines.c.price_cents >= self.policy.kinds.warranty_ends.from_price_cents,
            )
            .order_by(order_lines.c.line_id)
        )
        return list(dict.fromkeys(rows.scalars()))


def _ends(terms: ShopPolicy, tier: str, delivered_at: datetime) -> date | None:
    """The last day; None where the shop does not say."""
    months = terms.terms(tier).warranty_months
    return months_later(delivered_at, months).date() if months else None
