"""A customer's loyalty account while the story is told: tier by what was ordered, points, vouchers.

The terms come from the shop's policy, so that the seeded tiers and points are the ones the shop would give.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from crm_models.shop_policy import ShopPolicy, TierTerms
from demo.catalogue import Product
from demo.purchase import Line, Purchase

_YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Entry:
    points: int
    reason: str  # order, return, voucher
    purchase: Purchase
    created_at: datetime


class LoyaltyAccount:
    """Keeps the purchases of one customer, oldest first."""

    def __init__(self, policy: ShopPolicy, products: dict[str, Product]) -> None:
        self._policy = policy
        self._products = products
        self._purchases: list[Purchase] = []
        self._entries: list[Entry] = []

    def add(self, purchase: Purchase) -> None:
        """Book a purchase, whose fate is settled, at the tier of its day; call in order of time."""
        per_unit = self.terms(purchase.placed_at).points_per_unit
        self._purchases.append(purchase)
        if purchase.cancelled_at is None:
            booked = [Entry(-purchase.points_spent, "voucher", purchase, purchase.placed_at)]
            booked += self._earned(purchase, per_unit)
            self._entries += [entry for entry in booked if entry.points]

    def tier(self, at: datetime) -> str:
        """The highest tier reached with the orders of the last 12 months, cancelled ones left out."""
        ordered = sum(
            purchase.total_cents
            for purchase in self._purchases
            if at - _YEAR <= purchase.placed_at < at and (purchase.cancelled_at is None or purchase.cancelled_at >= at)
        )
        tiers = self._policy.tiers.items()
        return [name for name, terms in tiers if ordered >= terms.reached_from_cents][-1]

    def terms(self, at: datetime) -> TierTerms:
        return self._policy.terms(self.tier(at))

    def points(self, at: datetime) -> int:
        """Points to spend. Points of the last 24 months only, all spending counted: never too many."""
        oldest = at - timedelta(days=30 * (self._policy.points_expire_months or 1200))
        return sum(
            entry.points
            for entry in self._entries
            if entry.created_at < at and (entry.points < 0 or entry.created_at >= oldest)
        )

    def entries(self) -> list[Entry]:
        """Everything booked, also in the future; a purchase's points come with its delivery."""
        return sorted(self._entries, key=lambda entry: entry.created_at)

    def _earned(self, purchase: Purchase, per_unit: float) -> list[Entry]:
        net = sum(self._net_cents(purchase, line) for line in purchase.lines)
        earned = [Entry(int(per_unit * net / 100), "order", purchase, purchase.delivered_at)]
        for line in purchase.lines:
            if line.returned is not None and line.returned.kind == "return":
                lost = int(per_unit * self._net_cents(purchase, line) / 100)
                earned.append(Entry(-lost, "return", purchase, line.returned.refunded_at))
        return earned

    def _net_cents(self, purchase: Purchase, line: Line) -> int:
        """Goods after discounts; gift cards earn nothing."""
        if self._products[line.item.item_id].is_gift_card:
            return 0
        return line.total_cents - purchase.share_of_discount(line)
