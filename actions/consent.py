"""Newsletter and personal suggestions."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from rasa_sdk.events import EventType

from actions.shop_action import Context, ShopAction
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
