"""Newsletter, personal suggestions, and what the shop knows of the customer."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from rasa_sdk.events import EventType

from actions.formats import day
from actions.shop_action import Context, ShopAction
from actions.words import word
from crm_models.consents import ConsentChange, Purpose, set_consent
from crm_models.identity import Trust


class _ConsentAction(ShopAction):
    """Grants or withdraws one purpose."""

    needs = Trust.VERIFIED
    writes = True
    purpose: ClassVar[Purpose]
    granted: ClassVar[bool]

    def act(self, context: Context) -> list[EventType]:
        """Takes effect at once."""
        customer_id = str(context.identity.customer_id)
        change = set_consent(context.connection, customer_id, self.purpose, self.granted, "chat", context.turn.now)
        email = context.profile.email if context.profile else None
        context.say(self.topic(), self.outcome(change), email=email)
        return []

    @abstractmethod
    def topic(self) -> str:
        """First part of the response's name."""

    def outcome(self, change: ConsentChange) -> str:
        """Second part."""
        state = "on" if self.granted else "off"
        return state if change is ConsentChange.CHANGED else f"already_{state}"


class _Newsletter(_ConsentAction):
    purpose = Purpose.NEWSLETTER

    def topic(self) -> str:
        """`utter_newsletter_...`"""
        return "newsletter"


class _Personalisation(_ConsentAction):
    purpose = Purpose.PERSONALISATION

    def topic(self) -> str:
        """`utter_consent_...`"""
        return "consent"


class ActionNewsletterSubscribe(_Newsletter):
    """Newsletter on."""

    action = "action_newsletter_subscribe"
    granted = True


class ActionNewsletterUnsubscribe(_Newsletter):
    """Newsletter off."""

    action = "action_newsletter_unsubscribe"
    granted = False


class ActionConsentGive(_Personalisation):
    """Personal suggestions on."""

    action = "action_consent_give"
    granted = True


class ActionConsentWithdraw(_Personalisation):
    """Personal suggestions off."""

    action = "action_consent_withdraw"
    granted = False


class ActionAboutMe(ShopAction):
    """What the shop knows of the customer."""

    action = "action_about_me"
    needs = Trust.VERIFIED

    def act(self, context: Context) -> list[EventType]:
        """From the profile, nothing else."""
        profile = context.profile
        if profile is None:
            context.say("trouble")
            return []
        context.say(
            "about_me",
            "known",
            name=f"{profile.first_name} {profile.last_name}",
            tier=profile.tier.title(),
            since=day(profile.customer_since),
            orders=len(profile.order_ids),
            open_orders=len(profile.open_order_ids),
            points=profile.points.points,
            newsletter=word("subscribed" if profile.consents.get(Purpose.NEWSLETTER) else "not_subscribed"),
            personalisation=word("on" if profile.consents.get(Purpose.PERSONALISATION) else "off"),
        )
        return []
