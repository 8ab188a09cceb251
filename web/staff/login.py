"""Log-in and log-out of the staff."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from crm_models.staff import Role, check_login
from web.pages import render
from web.security import check_form
from web.services import address_of, services_of
from web.staff.access import COOKIE, let_in, member_of

router = APIRouter(prefix="/staff", include_in_schema=False)


@router.get("/login")
async def login_page(request: Request, next: str = "") -> Response:
    member = await member_of(request)
    if member is not None:
        return RedirectResponse(_home(member.role), 303)
    return render(request, "staff/login.html", {"next": next, "problem": None, "username": ""})


@router.post("/login")
async def login(request: Request) -> Response:
    services = services_of(request)
    await check_form(request, services.keys.session_key)
    form = await request.form()
    username, password = str(form.get("username", ""))[:60], str(form.get("password", ""))[:200]
    wanted = str(form.get("next", ""))
    limit = services.limits.login
    keys = (f"name:{username.strip().lower()}", f"address:{address_of(request)}")
    problem, status = "wrong", 401
    if any(limit.exhausted(key) for key in keys):
        problem, status = "slow_down", 429
    else:
        member = await services.database.write(check_login, username, password)
        if member is not None:
            own = wanted.startswith(("/staff/", "/insights")) and "\\" not in wanted
            response = RedirectResponse(wanted if own else _home(member.role), 303)
            let_in(services, response, member)
            return response
        for key in keys:
            limit.allow(key)
    values = {"next": wanted, "problem": problem, "username": username}
    return render(request, "staff/login.html", values, status)


@router.post("/logout")
async def logout(request: Request) -> Response:
    await check_form(request, services_of(request).keys.session_key)
    response = RedirectResponse("/staff/login", 303)
    response.delete_cookie(COOKIE)
    return response


def _home(role: Role) -> str:
    return "/insights" if role is Role.ANALYST else "/staff/queue"
