"""What a member of staff writes down about a customer while the conversation is theirs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.engine import Connection

from crm_models import escalations
from crm_models.desk import get_conversation
from crm_models.profile_corrections import Correctable, CorrectionOutcome, correct_field
from crm_models.staff import StaffMember
from crm_models.view.profile import SourceKind
from web.staff.handover import Handover


def correct_customer(
    connection: Connection, conversation_id: str, member: StaffMember, field: str, value: str, now: datetime
) -> Handover:
    """DONE, also where it stood there already; GONE without a customer, NOT_YOURS, or NOT_VALID for the field."""
    line = get_conversation(connection, conversation_id)
    if line is None or line.customer_id is None:
        return Handover.GONE
    if escalations.owner_of(connection, conversation_id) != member.staff_id:
        return Handover.NOT_YOURS
    if field not in set(Correctable):
        return Handover.NOT_VALID
    outcome = correct_field(
        connection, line.customer_id, Correctable(field), value, f"staff {member.username}", SourceKind.STAFF, now
    )
    return Handover.NOT_VALID if outcome is CorrectionOutcome.NOT_VALID else Handover.DONE
