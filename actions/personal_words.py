"""How a customer is addressed, and what of them the conversation's slots hold: only what they let be used."""

from __future__ import annotations

from rasa_sdk.events import EventType, SlotSet

from actions.words import word
from crm_models.customers import Profile
from crm_models.personal_fields import PersonalField


def named(profile: Profile | None) -> str:
    """After "Hello": a blank and the name, or nothing."""
    return word("named", first_name=profile.called) if profile and profile.called else ""


def called(profile: Profile | None) -> str:
    """After "Thank you": a comma and the name, or nothing."""
    return word("called", first_name=profile.called) if profile and profile.called else ""


def personal_slots(profile: Profile | None) -> list[EventType]:
    """First name and tier, for sentences that fill themselves in."""
    tier = profile.tier if profile and profile.may_use(PersonalField.TIER) else None
    return [SlotSet("first_name", (profile.called or None) if profile else None), SlotSet("tier", tier)]
