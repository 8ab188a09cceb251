"""What the shop knows of the customer, where each of it comes from, what it is used for, and how to change that."""

from __future__ import annotations

from collections.abc import Iterable

from rasa_sdk.events import EventType

from actions.field_choices import field_button
from actions.formats import day
from actions.shop_action import Context, ShopAction
from actions.words import has_word, word
from crm_models.consents import Purpose
from crm_models.customers import Profile
from crm_models.identity import Trust
from crm_models.known import Estimate, KnownValue, estimates, favourite_kinds, known_values
from crm_models.personal_fields import PersonalField

# Those a button is offered for; the others are changed in words. Without the consent, purchases are not used anyway.
_CHANGEABLE = (PersonalField.NAME, PersonalField.LAST_CONVERSATION, PersonalField.PURCHASES)


class ActionAboutMe(ShopAction):
    """The account in a sentence, then the sources, the estimates and the use."""

    action = "action_about_me"
    needs = Trust.VERIFIED

    def act(self, context: Context) -> list[EventType]:
        """From records alone."""
        profile = context.profile
        if profile is None:
            context.say("trouble")
            return []
        context.say(
            "about_me",
            "known",
            name=f"{profile.first_name} {profile.last_name}".strip() or profile.customer_id,
            tier=profile.tier.title(),
            since=day(profile.customer_since),
            orders=len(profile.order_ids),
            open_orders=len(profile.open_order_ids),
            points=profile.points.points,
            newsletter=word("subscribed" if profile.consents.get(Purpose.NEWSLETTER) else "not_subscribed"),
            personalisation=word("on" if profile.consents.get(Purpose.PERSONALISATION) else "off"),
        )
        known = known_values(context.connection, profile.customer_id, context.turn.now)
        context.say("about_me", "sources", values=_lines(_value_line(each) for each in known))
        self._say_estimates(context, profile)
        context.say(
            "about_me",
            "use",
            uses=_lines(_use_line(profile, field) for field in PersonalField),
            buttons=[
                field_button(field, allow=field in profile.forbidden)
                for field in _CHANGEABLE
                if profile.may_use(field) or field in profile.forbidden
            ],
        )
        return []

    def _say_estimates(self, context: Context, profile: Profile) -> None:
        kinds = favourite_kinds(context.connection, profile.customer_id)
        scores = estimates(context.connection, profile.customer_id)
        thought = [line for each in scores if (line := _estimate_line(each))]
        if kinds:
            thought.insert(0, word("estimate_kinds", kinds=", ".join(kinds)))
        if thought:
            context.say("about_me", "estimates", estimates=_lines(thought))


def _value_line(known: KnownValue) -> str:
    line = word(
        "known_value",
        field=word(f"known_{known.field}"),
        value=known.value,
        source=word(f"source_{known.source.value}"),
        since=day(known.since),
    )
    return line + (word("known_otherwise", others=", ".join(known.others)) if known.others else "")


def _estimate_line(estimate: Estimate) -> str:
    """Empty for a label without words, as of a model of one's own."""
    name = f"estimate_{estimate.model}_{estimate.label}"
    if not has_word(name):
        name = f"estimate_{estimate.model}"
    return word(name, since=day(estimate.scored_at)) if has_word(name) else ""


def _use_line(profile: Profile, field: PersonalField) -> str:
    state = "forbidden" if field in profile.forbidden else "used" if profile.may_use(field) else "no_consent"
    return word(f"use_{state}", field=word(f"field_{field.value}"), use=word(f"used_for_{field.value}"))


def _lines(parts: Iterable[str]) -> str:
    return "\n".join(f"- {part}" for part in parts)
