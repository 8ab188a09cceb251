"""What the shop knows of the customer, where each of it comes from, what it is used for, what is written unasked, and
how to change that."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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
from crm_models.proactive.kinds import NoticeKind
from crm_models.proactive.wishes import watched_products

# Those a button is offered for; the others are changed in words. Without the consent, purchases are not used anyway.
_CHANGEABLE = (PersonalField.NAME, PersonalField.LAST_CONVERSATION, PersonalField.PURCHASES)


class ActionAboutMe(ShopAction):
    """The account in a sentence, then the sources, the estimates, the messages that come unasked, and the use."""

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
        _say_notices(context, profile)
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


def _say_notices(context: Context, profile: Profile) -> None:
    """Which messages come unasked, as agreed to, and the products that are waited for."""
    agreed = [kind for kind in NoticeKind if profile.consents.get(kind.purpose)]
    if not agreed:
        context.say("about_me", "no_notices")
        return
    waited_for = watched_products(context.connection, profile.customer_id)
    context.say("about_me", "notices", kinds=_lines(_notice_line(profile, kind, waited_for) for kind in agreed))


def _notice_line(profile: Profile, kind: NoticeKind, waited_for: Sequence[str]) -> str:
    line = word(f"notice_{kind.value}")
    if kind is NoticeKind.BACK_IN_STOCK:
        named = ", ".join(waited_for) or word("notice_waits_for_nothing")
        return word("notice_waits_for", kind=line, products=named)
    if kind is NoticeKind.WIN_BACK and not profile.consents.get(Purpose.PERSONALISATION):
        return word("notice_needs_consent", kind=line)
    return line


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
