"""What happens after an order is sent: late parcels, damage, returns, refunds, complaints, feedback."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from numpy.random import Generator

from crm_models.shop_policy import ShopPolicy, TierTerms
from demo.catalogue import Product
from demo.moments import within_day, working_day_after
from demo.mood import Mood
from demo.purchase import Complaint, Feedback, Line, Purchase, Return
from demo.traits import Traits

_PHRASES = Path(__file__).parent / "phrases.yml"
_DAMAGED, _WRONG, _CHANGED_MIND, _EXCHANGE = 0.018, 0.006, 0.045, 0.015
_REASONS = ("no_longer_needed", "not_as_described", "ordered_by_mistake", "does_not_fit")
_SLOW_REFUND, _SLOW_DAYS = 0.25, 25.0
_COMPLAINS, _SLOW_ANSWER = 0.55, 0.15
_GIVES_FEEDBACK, _FEEDBACK_WHEN_BAD = 0.14, 0.22
_SEVERITY = {"late_delivery": 0.25, "damaged_item": 0.55, "wrong_item": 0.5, "slow_refund": 0.6}
_SEVERITY_PER_LATE_DAY = 0.075
_UNANSWERED = 0.45  # severity of a complaint that nobody answers for ten days


@dataclass(frozen=True)
class _Incident:
    topic: str
    at: datetime
    severity: float


class AfterSales:
    """Decides the fate of orders that were not cancelled."""

    def __init__(self, policy: ShopPolicy, products: dict[str, Product]) -> None:
        self._policy = policy
        self._products = products
        self._phrases: dict[str, Any] = yaml.safe_load(_PHRASES.read_text(encoding="utf-8"))

    def follow(self, random: Generator, purchase: Purchase, traits: Traits, mood: Mood, terms: TierTerms) -> None:
        """Add returns, complaints and feedback to the purchase, and tell the mood what will be felt."""
        incidents = self._late(purchase)
        for line in purchase.lines:
            incidents += self._after_line(random, purchase, line, terms)
        for incident in incidents:
            mood.tell(incident.at, incident.severity)
            if random.random() < _COMPLAINS * (1.3 - traits.patience) * min(incident.severity * 2, 1):
                self._complain(random, purchase, incident, mood)
        if not incidents:
            mood.tell(purchase.delivered_at, 0.0)
        purchase.feedback = self._feedback(random, purchase, incidents, mood)

    def _late(self, purchase: Purchase) -> list[_Incident]:
        if purchase.days_late == 0:
            return []
        severity = _SEVERITY["late_delivery"] + _SEVERITY_PER_LATE_DAY * purchase.days_late
        felt_at = purchase.promised_on + timedelta(days=min(purchase.days_late, 4), hours=20)
        return [_Incident("late_delivery", felt_at, min(severity, 1.0))]

    def _after_line(self, random: Generator, purchase: Purchase, line: Line, terms: TierTerms) -> list[_Incident]:
        product = self._products[line.item.item_id]
        chance = float(random.random())
        if chance < _DAMAGED:
            return self._fault(random, purchase, line, "damaged", "damaged_item", terms)
        if chance < _DAMAGED + _WRONG:
            return self._fault(random, purchase, line, "wrong_item", "wrong_item", terms)
        if not product.is_returnable or product.consumable:
            return []
        if chance < _DAMAGED + _WRONG + _CHANGED_MIND:
            reason = _REASONS[int(random.integers(len(_REASONS)))]
            return self._send_back(random, purchase, line, reason, terms)
        if chance < _DAMAGED + _WRONG + _CHANGED_MIND + _EXCHANGE and len(product.items) > 1:
            self._swap(random, purchase, line, product)
        return []

    def _fault(
        self, random: Generator, purchase: Purchase, line: Line, reason: str, topic: str, terms: TierTerms
    ) -> list[_Incident]:
        felt = _Incident(topic, purchase.delivered_at + timedelta(hours=2), _SEVERITY[topic])
        return [felt, *self._send_back(random, purchase, line, reason, terms)]

    def _send_back(
        self, random: Generator, purchase: Purchase, line: Line, reason: str, terms: TierTerms
    ) -> list[_Incident]:
        days = int(random.integers(1, 4 if reason in self._policy.fault_reasons else 15))
        asked = within_day(random, (purchase.delivered_at + timedelta(days=days)).date(), 8, 22)
        arrived = within_day(random, working_day_after(asked, int(random.integers(3, 7))), 8, 12)
        due = within_day(random, working_day_after(arrived, self._policy.refund_working_days[1]), 8, 16)
        label = 0 if reason in self._policy.fault_reasons else terms.return_label_cents or 0
        refund = line.total_cents - purchase.share_of_discount(line) - label
        if len(purchase.lines) == 1:  # the cost of standard delivery comes back with the last item
            refund += min(purchase.shipping_cents, terms.standard_shipping_cents or 0)
        line.returned = Return(
            kind="return",
            reason=reason,
            created_at=asked,
            received_at=arrived,
            refunded_at=due - timedelta(days=int(random.integers(3)), hours=int(random.integers(5))),
            refund_cents=max(refund, 0),
        )
        if random.random() >= _SLOW_REFUND:
            return []
        late = timedelta(days=5 + float(random.exponential(_SLOW_DAYS)))
        line.returned.refunded_at = (due + late).replace(microsecond=0)
        return [_Incident("slow_refund", due + timedelta(days=4), _SEVERITY["slow_refund"])]

    def _swap(self, random: Generator, purchase: Purchase, line: Line, product: Product) -> None:
        others = [
            item for item in product.items if item.item_id != line.item.item_id and item.price_cents == line.price_cents
        ]
        if not others:
            return
        asked = within_day(random, (purchase.delivered_at + timedelta(days=int(random.integers(1, 12)))).date(), 8, 22)
        arrived = within_day(random, working_day_after(asked, 4), 8, 12)
        line.returned = Return(
            kind="exchange",
            reason="does_not_fit",
            created_at=asked,
            received_at=arrived,
            refunded_at=arrived + timedelta(hours=6),
            new_item=others[int(random.integers(len(others)))],
        )

    def _complain(self, random: Generator, purchase: Purchase, incident: _Incident, mood: Mood) -> None:
        texts = self._phrases["complaints"][incident.topic]
        said_at = incident.at + timedelta(hours=float(random.uniform(1, 40)))
        slow = random.random() < _SLOW_ANSWER
        days = float(random.uniform(12, 40) if slow else random.uniform(0.3, 5))
        if slow:
            mood.tell(said_at + timedelta(days=10), _UNANSWERED)
        purchase.complaints.append(
            Complaint(
                topic=incident.topic,
                text=texts[int(random.integers(len(texts)))],
                created_at=said_at.replace(microsecond=0),
                closed_at=(said_at + timedelta(days=days)).replace(microsecond=0),
            )
        )

    def _feedback(
        self, random: Generator, purchase: Purchase, incidents: list[_Incident], mood: Mood
    ) -> Feedback | None:
        if random.random() >= (_FEEDBACK_WHEN_BAD if incidents else _GIVES_FEEDBACK):
            return None
        worst = max((incident.severity for incident in incidents), default=0.0)
        score = 2.6 + 2.4 * mood.experience - 4.0 * worst + float(random.normal(0, 0.5))
        rating = int(min(max(round(score), 1), 5))
        comment, sentiment = None, None
        if random.random() < 0.7:
            said = self._phrases["feedback"][rating]
            comment, sentiment = said[int(random.integers(len(said)))]
        given_at = purchase.delivered_at + timedelta(days=1, hours=int(random.integers(20)))
        return Feedback(rating, comment, sentiment, given_at)
