"""Who of the staff is calling, and what their role lets them do."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import Response
from itsdangerous import BadSignature, URLSafeTimedSerializer

from crm_models.staff import Role, StaffMember, get_staff
from web.errors import LoginNeeded, Refused
from web.services import Services, services_of

COOKIE = "rapport_staff"

DESK = frozenset({Role.AGENT, Role.ADMIN})
READERS = frozenset(Role)


def _signer(services: Services) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(services.keys.session_key, salt="rapport.staff")


def let_in(services: Services, response: Response, member: StaffMember) -> None:
    seconds = int(services.settings.staff_session_hours * 3600)
    response.set_cookie(
        COOKIE,
        str(_signer(services).dumps(member.staff_id)),
        max_age=seconds,
        httponly=True,
        samesite="strict",
        secure=services.settings.secure_cookies,
    )


async def member_of(request: Request) -> StaffMember | None:
    """The signed-in member of the staff; None for a cookie that is forged, too old or of a closed account."""
    services = services_of(request)
    seconds = int(services.settings.staff_session_hours * 3600)
    try:
        staff_id = _signer(services).loads(request.cookies.get(COOKIE, ""), max_age=seconds)
    except BadSignature:
        return None
    return await services.database.read(get_staff, staff_id)


async def require(request: Request, roles: frozenset[Role]) -> StaffMember:
    """The caller, when their role is among `roles`; LoginNeeded or Refused otherwise."""
    member = await member_of(request)
    if member is None:
        raise LoginNeeded(request.url.path)
    if member.role not in roles:
        raise Refused(403, "forbidden")
    return member
