"""Keeping what was chosen where it is an offer, with the terms of the policy and the reason that is told for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy.engine import Connection

from crm_models.next_action.choice import Choice
from crm_models.next_action.kinds import ActionKind, Trouble
from crm_models.next_action.policy import OfferPolicy
from crm_models.next_action.situation import CHURN, Situation
from crm_models.offers import Offer, OfferKind, make_offer, propose_recommendation, recommendation_reason
from crm_models.recommend.model import Suggestion

RECOMMENDATION = "recommendation"  # the model, in the log


def keep_offer(
    connection: Connection,
    choice: Choice,
    situation: Situation,
    policy: OfferPolicy,
    suggestion: Suggestion | None,
    models: Mapping[str, str],
) -> Offer | None:
    """The offer that was chosen, kept; None where the action is no offer.

    `Offer.reason` is what went wrong (a `Trouble`), or else the strongest reason of the churn score, or how a product
    was found; see `crm_models.next_action.kinds` for the words.
    """
    if choice.action is ActionKind.RECOMMENDATION:
        assert suggestion is not None, "only a product that was found is recommended"
        return propose_recommendation(
            connection,
            situation.customer_id,
            str(situation.conversation_id),
            suggestion.product_id,
            reason=recommendation_reason(
                "happy" if suggestion.because_product_id else "popular", suggestion.because_product_id
            ),
            model_version=models[RECOMMENDATION],
            now=situation.now,
        )
    given = _given(choice, policy)
    if given is None:
        return None
    churn = situation.scores.get(CHURN) if choice.action is ActionKind.RETENTION_OFFER else None
    reason = choice.reason.value if churn is None or not churn.reasons else churn.reasons[0]
    return make_offer(
        connection,
        customer_id=situation.customer_id,
        conversation_id=situation.conversation_id,
        reason=reason if situation.trouble is Trouble.NONE else situation.trouble.value,
        model_version=None if churn is None else churn.version,
        now=situation.now,
        **given,
    )


def _given(choice: Choice, policy: OfferPolicy) -> dict[str, Any] | None:
    """What is given, and for how long."""
    retention, credit, perk = (
        policy.actions.retention_offer,
        policy.actions.apology_credit,
        policy.actions.loyalty_perk,
    )
    if choice.action is ActionKind.RETENTION_OFFER:
        days, kind, given = retention.valid_days, OfferKind.RETENTION, {"percent_off": choice.percent_off}
    elif choice.action is ActionKind.APOLOGY_CREDIT:
        days, kind, given = credit.valid_days, OfferKind.APOLOGY, {"credit_cents": credit.credit_cents}
    elif choice.action is ActionKind.LOYALTY_PERK:
        days, kind, given = perk.valid_days, OfferKind.PERK, {"points": perk.points}
    else:
        return None
    return {"kind": kind, "valid": timedelta(days=days), **given}
