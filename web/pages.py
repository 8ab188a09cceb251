"""Templates and what they can use."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from starlette.templating import Jinja2Templates

from crm_models.reason_words import reason_in_words
from web.languages import LANGUAGES
from web.money import money
from web.security import CSRF_FIELD, form_token, keep_nonce
from web.services import services_of

FOLDER = Path(__file__).resolve().parent


def duration(span: timedelta) -> str:
    """How long, in the two largest units: `1 h 05 min`."""
    minutes = max(0, int(span.total_seconds() // 60))
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min" if minutes else "now"


def day(value: datetime | None) -> str:
    return f"{value.day} {value:%b %Y}" if value else ""


def moment(value: datetime | None) -> str:
    return f"{value.day} {value:%b %Y, %H:%M}" if value else ""


def words(name: str | None) -> str:
    """`return_requested` as `return requested`."""
    return (name or "").replace("_", " ")


def reason(name: str) -> str:
    """Why a conversation waits for a person, in words."""
    language = name.removeprefix("foreign_language_")
    if language != name:
        return f"writes {LANGUAGES.get(language, f'another language ({language})')}"
    return {"asked_for_person": "asked for a person", "delete_data": "wants their data deleted"}.get(name, words(name))


def percent(share: float | None) -> str:
    return "" if share is None else f"{share * 100:.0f} %"


templates = Jinja2Templates(FOLDER / "templates")
templates.env.trim_blocks = templates.env.lstrip_blocks = True
templates.env.filters.update(
    money=money,
    duration=duration,
    day=day,
    moment=moment,
    words=words,
    percent=percent,
    reason=reason,
    score_reason=reason_in_words,
)


def render(
    request: Request, template: str, context: Mapping[str, Any] | None = None, status: int = 200
) -> HTMLResponse:
    """A page; never cached, because it may show a person's own things and carries their form token."""
    services = services_of(request)
    token = form_token(request, services.keys.session_key)
    values = {"form_field": CSRF_FIELD, "form_token": token, "say": services.sentences.say, **(context or {})}
    response = templates.TemplateResponse(request, template, values, status_code=status)
    response.headers["Cache-Control"] = "no-store"
    keep_nonce(request, response, services.settings.secure_cookies)
    return response
