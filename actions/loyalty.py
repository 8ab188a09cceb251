"""Points and tier."""

from __future__ import annotations

from rasa_sdk.events import EventType

from actions.formats import day, money
from actions.shop_action import Context, ShopAction
from crm_models.identity import Trust


class ActionLoyaltyPoints(ShopAction):
    """How many points, what they are worth, which expire soon."""

    action = "action_loyalty_points"
    needs = Trust.VERIFIED

    def act(self, context: Context) -> list[EventType]:
        """From the customer's ledger."""
        profile = context.profile
        if profile is None:
            context.say("trouble")
            return []
        points = profile.points
        context.say(
            "loyalty",
            "points_expiring" if points.expiring_points else "points",
            points=points.points,
            worth=money(points.worth_cents, context.currency),
            tier=profile.tier.title(),
            expiring=points.expiring_points,
            expires=day(points.expiring_on),
        )
        return []
