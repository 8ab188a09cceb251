"""The insights page and its CSV files."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import Response
from markupsafe import Markup
from sqlalchemy.engine import Connection

from crm_models import insights
from crm_models.insights import Day, Period
from crm_models.offer_counts import count_offers
from crm_models.proactive.report import count_notices
from crm_models.staff import Role
from web.errors import Refused
from web.insights import charts
from web.insights.charts import Point
from web.insights.tables import TABLES, as_csv, masked
from web.pages import render
from web.services import services_of
from web.staff.access import READERS, require

router = APIRouter(prefix="/insights", include_in_schema=False)
_DEFAULT_DAYS = 30
_MOST_DAYS = 1100


@router.get("")
async def page(request: Request, since: str = "", until: str = "") -> Response:
    """`since` and `until` are days, both included; by default the last thirty."""
    services = services_of(request)
    member = await require(request, READERS)
    period = _period(since, until, services.now())
    values = await services.database.read(_read, period)
    shown = {
        "member": member,
        "since": period.since,
        "until": period.until - timedelta(days=1),
        "today": services.now().date(),
        "spans": [(days, services.now().date() - timedelta(days=days - 1)) for days in (7, 30, 90, 365)],
        "hide": (lambda text: text) if member.role is Role.ADMIN else masked,
        **values,
    }
    return render(request, "insights/page.html", shown)


@router.get("/{table}.csv")
async def table(request: Request, table: str, since: str = "", until: str = "") -> Response:
    services = services_of(request)
    member = await require(request, READERS)
    if table not in TABLES:
        raise Refused(404, "not_found")
    period = _period(since, until, services.now())
    rows = await services.database.read(TABLES[table], period, member.role is Role.ADMIN)
    name = f"rapport-{table}-{period.since}-{period.until - timedelta(days=1)}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(as_csv(rows), media_type="text/csv", headers=headers)


def _period(since: str, until: str, now: datetime) -> Period:
    try:
        last = date.fromisoformat(until) if until else now.date()
        first = date.fromisoformat(since) if since else last - timedelta(days=_DEFAULT_DAYS - 1)
        period = Period(first, last + timedelta(days=1))
    except (ValueError, OverflowError):
        raise Refused(422, "bad_request") from None
    if len(range((period.until - period.since).days)) > _MOST_DAYS:
        raise Refused(422, "bad_request")
    return period


def _read(connection: Connection, period: Period) -> dict[str, object]:
    days = insights.by_day(connection, period)
    return {
        "days": days,
        "volume": _volume(days),
        "mood": _mood(days),
        "outcomes": insights.outcomes(connection, period),
        "intents": insights.top_intents(connection, period),
        "questions": insights.unanswered_questions(connection, period),
        "feedback": insights.feedback_summary(connection, period),
        "offers": count_offers(connection, period.since, period.until),
        "notices": count_notices(connection, period.since, period.until),
        "messages": sum(each.messages for each in days),
        "charts": charts,
    }


def _volume(days: list[Day]) -> Markup:
    points = [
        Point(
            each.day,
            each.conversations,
            f"{each.day}: {each.conversations} conversations, {each.messages} messages",
        )
        for each in days
    ]
    return charts.bars(points, "Conversations a day", charts.WIDE)


def _mood(days: list[Day]) -> Markup:
    points = [
        Point(each.day, each.sentiment, "" if each.sentiment is None else f"{each.day}: {each.sentiment:+.2f}")
        for each in days
    ]
    return charts.line(points, "Mean sentiment of customers' messages a day")
