"""What each topic can come to: the outcomes of the functions behind it, and those its action finds itself.

Only what the source does not show as a text stands here: an outcome that is computed. When an action computes a
new one, `test_domain.py` fails until it is noted here and the domain has its sentence.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from actions.return_items import REASONS
from actions.words import languages_of
from crm_models.churn.model import ChurnModel
from crm_models.escalations import RequestOutcome
from crm_models.exchanges import ExchangeOutcome
from crm_models.feedback import FeedbackOutcome
from crm_models.invoices import InvoiceOutcome
from crm_models.item_changes import ItemsOutcome
from crm_models.memory import Remembered
from crm_models.offer_reasons import WhyOffer
from crm_models.order_changes import AddressOutcome, CancelOutcome, PaymentOutcome
from crm_models.order_records import OrderStatus
from crm_models.personal_fields import ChoiceOutcome, PersonalField
from crm_models.proactive.kinds import NoticeKind
from crm_models.proactive.wishes import WatchOutcome, WishOutcome
from crm_models.profile_corrections import Correctable, CorrectionOutcome
from crm_models.refunds import RefundOutcome
from crm_models.returns import ReturnOutcome
from crm_models.segments.model import Segmentation
from crm_models.segments.names import NAMES as SEGMENT_NAMES
from crm_models.segments.stage import LifecycleStage
from crm_models.shop_policy import ShopPolicy
from crm_models.value.model import LifetimeValue
from crm_models.verification import SignInOutcome
from crm_models.view.profile import SourceKind


def _values(outcomes: Iterable[Enum]) -> set[str]:
    return {str(outcome.value) for outcome in outcomes}


_ORDER_TASKS = {"cancel", "address", "items", "payment", "return", "exchange"}
_CONSENT = {"on", "off", "already_on", "already_off"}

# By topic: what stands after `utter_<topic>_`.
COMPUTED: dict[str, set[str]] = {
    "cancel": _values(CancelOutcome),
    "address": _values(AddressOutcome),
    "items": _values(ItemsOutcome),
    "payment": _values(PaymentOutcome),
    "return": _values(ReturnOutcome),
    "exchange": _values(ExchangeOutcome),
    "confirm": _ORDER_TASKS,
    "invoice_copy": _values(InvoiceOutcome),
    "refund_status": _values(RefundOutcome),
    "order_status": _values(OrderStatus),
    "sign_in": _values(SignInOutcome),
    "person": _values(RequestOutcome),
    "feedback": _values(FeedbackOutcome),
    "remembered": _values(Remembered),
    "why_offer": {*_values(WhyOffer), "visitor"},
    "field": {*_values(ChoiceOutcome), "which", "needs_consent"},
    "correct": _values(CorrectionOutcome),
    "new_value": {*_values(Correctable), "not_valid"},
    "email_code": {"code_sent", "too_many_codes", "wrong", "expired", "no_more_attempts"},
    "newsletter": _CONSENT,
    "consent": _CONSENT,
    "foreign_language": set(languages_of("foreign_language")),
    "foreign_asked": set(languages_of("foreign_asked")),
    "complaint": {"recorded", "recorded_order", "put_right"},
    "next": {"complaint", "person", "deletion", "return", "exchange", "task", "nothing"},
    "recommend": {"popular", "category", "happy", "because"},
    "watch": _values(WatchOutcome),
    "notices": _values(WishOutcome),
    "product": {"stock_in_stock", "stock_other_option", "stock_sold_out"},
}

# By first part: what stands after `utter_word_<first part>_`.
COMPUTED_WORDS: dict[str, set[str]] = {
    "status": _values(OrderStatus),
    "payment": {"credit_card", "paypal", "gift_card", "invoice", "unknown"},
    "reason": {*REASONS, *ShopPolicy().cancel_reasons},
    "country": set(ShopPolicy().ships_to),
    "task": {*_ORDER_TASKS, "complaint", "feedback", "correct"},
    "difference": {"pay", "refund", "none"},
    "notice": _values(NoticeKind),
    "heard": _values(NoticeKind),
    "known": {"name", "email", "phone", "address"},
    "source": _values(SourceKind),
    "field": _values(PersonalField),
    "used_for": _values(PersonalField),
    "correct": _values(Correctable),
    "use": {"used", "forbidden", "no_consent"},
    # the rules by which something is given; the other reasons are of answers without an offer
    "rule": {"makes_good", "may_leave", "fits_the_customer", "due", "explored"},
    # what models think, by model and label; a model whose labels are its own is told of in one sentence
    "estimate": {
        "uplift",
        "gap",
        *(f"{kind.name}_{label}" for kind in (ChurnModel, LifecycleStage, LifetimeValue) for label in kind.labels),
        *(f"{Segmentation.name}_{name}" for name in SEGMENT_NAMES),
    },
}
