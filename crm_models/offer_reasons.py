"""Why something was offered to a customer, from the row that was written when it was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import or_, select
from sqlalchemy.engine import Connection

from crm_models.next_action.kinds import Reason, Trouble
from crm_models.offers import OfferKind
from crm_models.tables import decisions, offers, products

LOOK_BACK = timedelta(days=90)


class WhyOffer(StrEnum):
    """What spoke for it, as the customer is told."""

    BOUGHT = "bought"  # a product they have
    KIND = "kind"  # they asked for this kind of product
    POPULAR = "popular"  # many buy it; nothing of the customer was used
    LATE = "late"  # their deliveries were late
    TROUBLE = "trouble"  # complaints, returns, slow refunds, bad moods
    PRICE = "price"  # they said that it costs too much
    THANKS = "thanks"  # for their orders
    AWAY = "away"  # no order for longer than usual
    KEEP = "keep"  # another sign that they may leave
    NONE = "none"  # nothing was offered


# What went wrong, the rule that chose it, or the strongest reason of the churn score (`column:value`) by its column.
_GIVEN = {
    Trouble.LATE_DELIVERY.value: WhyOffer.LATE,
    Trouble.LATE_AGAIN.value: WhyOffer.LATE,
    Trouble.SLOW_REFUND.value: WhyOffer.TROUBLE,
    Trouble.PRODUCT.value: WhyOffer.TROUBLE,
    Trouble.SERVICE.value: WhyOffer.TROUBLE,
    Trouble.PRICE.value: WhyOffer.PRICE,
    Reason.MAKES_GOOD.value: WhyOffer.TROUBLE,
    Reason.FITS_THE_CUSTOMER.value: WhyOffer.THANKS,
    "late_deliveries": WhyOffer.LATE,
    "slow_refunds": WhyOffer.TROUBLE,
    "returned": WhyOffer.TROUBLE,
    "complaints": WhyOffer.TROUBLE,
    "open_complaints": WhyOffer.TROUBLE,
    "escalations": WhyOffer.TROUBLE,
    "open_escalations": WhyOffer.TROUBLE,
    "open_questions": WhyOffer.TROUBLE,
    "repeated_contacts": WhyOffer.TROUBLE,
    "sentiment": WhyOffer.TROUBLE,
    "no_order_for": WhyOffer.AWAY,
    "not_seen_for": WhyOffer.AWAY,
    "times_usual_gap": WhyOffer.AWAY,
    "last_gap": WhyOffer.AWAY,
    "orders_in_a_year": WhyOffer.AWAY,
    "orders_in_a_quarter": WhyOffer.AWAY,
}


@dataclass(frozen=True)
class OfferReason:
    why: WhyOffer
    offered_at: datetime | None = None
    product: str | None = None  # name of what was suggested
    because: str | None = None  # name of the purchase behind it
    category: str | None = None  # of what was suggested
    percent_off: int | None = None
    credit_cents: int | None = None
    points: int | None = None
    decision: str | None = None  # the word of the policy by which it was chosen, where that was logged


def why_offered(connection: Connection, customer_id: str, conversation_id: str, now: datetime) -> OfferReason:
    """Of the latest offer in this conversation, else of the customer's latest of the last weeks."""
    row = connection.execute(
        select(offers, products.c.name, products.c.category)
        .select_from(offers.outerjoin(products, products.c.product_id == offers.c.product_id))
        .where(
            offers.c.customer_id == customer_id,
            or_(offers.c.conversation_id == conversation_id, offers.c.created_at >= now - LOOK_BACK),
        )
        .order_by((offers.c.conversation_id == conversation_id).desc(), offers.c.offer_id.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return OfferReason(WhyOffer.NONE)
    why, _, detail = row.reason.partition(":")
    decision = connection.execute(
        select(decisions.c.reason).where(decisions.c.offer_id == row.offer_id).order_by(decisions.c.decision_id.desc())
    ).scalars().first()  # fmt: skip
    if row.kind != OfferKind.RECOMMENDATION.value:
        return OfferReason(
            _GIVEN.get(why.partition("=")[0], WhyOffer.KEEP),
            row.created_at,
            percent_off=row.percent_off,
            credit_cents=row.credit_cents,
            points=row.points,
            decision=decision,
        )
    because = (
        connection.execute(select(products.c.name).where(products.c.product_id == detail)).scalar_one_or_none()
        if detail and why != "category"
        else None
    )
    reason = WhyOffer.BOUGHT if because else WhyOffer.KIND if why == "category" else WhyOffer.POPULAR
    return OfferReason(reason, row.created_at, row.name, because, row.category, decision=decision)
