"""Products that somebody wanted to be told of when they are back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from crm_models.catalogue import product_card
from crm_models.proactive.kinds import Candidate, Dropped, NoticeKind
from crm_models.proactive.occasion import Fields, Occasions
from crm_models.tables import items, stock_watches


class BackInStock(Occasions):
    """Wishes for several options of a product are one occasion: the oldest wish stands for them."""

    kind = NoticeKind.BACK_IN_STOCK

    def find(self, connection: Connection, now: datetime) -> Iterable[Candidate]:
        """Products of which an option that was wished for can be had."""
        rows = connection.execute(
            select(stock_watches.c.customer_id, func.min(stock_watches.c.watch_id).label("watch_id"))
            .join(items, items.c.item_id == stock_watches.c.item_id)
            .where(
                *self.agreed(stock_watches.c.customer_id),
                stock_watches.c.ended_at.is_(None),
                stock_watches.c.created_at >= self._oldest(now),
            )
            .group_by(stock_watches.c.customer_id, items.c.product_id)
            .having(func.max(items.c.stock) > 0)
            .order_by(func.min(stock_watches.c.watch_id))
        )
        return [Candidate(row.customer_id, str(row.watch_id)) for row in rows]

    def look(self, connection: Connection, candidate: Candidate, now: datetime) -> Fields | Dropped:
        """The wished-for options that can be had now."""
        product_id = connection.execute(
            select(items.c.product_id)
            .join(stock_watches, stock_watches.c.item_id == items.c.item_id)
            .where(
                stock_watches.c.watch_id == int(candidate.about),
                stock_watches.c.customer_id == candidate.customer_id,
                stock_watches.c.ended_at.is_(None),
                stock_watches.c.created_at >= self._oldest(now),
            )
        ).scalar_one_or_none()
        card = product_card(connection, product_id) if product_id else None
        if card is None:
            return Dropped.NO_LONGER_WANTED
        wished = set(
            connection.execute(
                select(stock_watches.c.item_id).where(
                    stock_watches.c.customer_id == candidate.customer_id, stock_watches.c.ended_at.is_(None)
                )
            ).scalars()
        )
        there = [item for item in card.items if item.item_id in wished and item.stock > 0]
        if not there:
            return Dropped.OUT_OF_STOCK
        named = ", ".join(dict.fromkeys(item.options_text for item in there if item.options_text))
        return {
            "product_id": card.product_id,
            "name": card.name,
            "options": named or card.name,
            "price_cents": min(item.price_cents for item in there),
        }

    def _oldest(self, now: datetime) -> datetime:
        return now - timedelta(days=self.policy.kinds.back_in_stock.watch_days)
