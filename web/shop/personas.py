"""Whom a visitor of the demo shop can be signed in as; a real shop has its own log-in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from crm_models.tables import customers, mails, orders

COOKIE = "rapport_persona"
_OFFERED = 6


@dataclass(frozen=True)
class Persona:
    customer_id: str
    name: str
    email: str | None
    tier: str
    orders: int


@dataclass(frozen=True)
class Mail:
    mail_id: int
    recipient: str
    template: str
    fields: dict[str, Any]
    created_at: datetime


def list_personas(connection: Connection) -> list[Persona]:
    """The first customers by number: in the demo shop they are the ones with a story."""
    rows = connection.execute(
        select(
            customers.c.customer_id,
            customers.c.first_name,
            customers.c.last_name,
            customers.c.email,
            customers.c.tier,
            func.count(orders.c.order_id).label("orders"),
        )
        .select_from(customers.outerjoin(orders, orders.c.customer_id == customers.c.customer_id))
        .group_by(
            customers.c.customer_id,
            customers.c.first_name,
            customers.c.last_name,
            customers.c.email,
            customers.c.tier,
        )
        .order_by(customers.c.customer_id)
        .limit(_OFFERED)
    )
    return [
        Persona(
            row.customer_id,
            " ".join(part for part in (row.first_name, row.last_name) if part) or row.customer_id,
            row.email,
            row.tier,
            row.orders,
        )
        for row in rows
    ]


def list_mails(connection: Connection, customer_id: str | None, limit: int = 50) -> list[Mail]:
    """Newest first; of one customer, or of everybody."""
    query = select(mails.c.mail_id, mails.c.recipient, mails.c.template, mails.c.fields, mails.c.created_at)
    if customer_id is not None:
        query = query.where(mails.c.customer_id == customer_id)
    return [Mail(*row) for row in connection.execute(query.order_by(mails.c.mail_id.desc()).limit(limit))]


def _signer(session_key: str) -> URLSafeSerializer:
    return URLSafeSerializer(session_key, salt="rapport.persona")


def chosen(request: Request, session_key: str) -> str | None:
    """The customer this browser chose to be; None when nobody."""
    try:
        value = _signer(session_key).loads(request.cookies.get(COOKIE, ""))
    except BadSignature:
        return None
    return value if isinstance(value, str) else None


def choose(response: Response, session_key: str, customer_id: str | None, secure: bool) -> None:
    if customer_id is None:
        response.delete_cookie(COOKIE)
        return
    value = str(_signer(session_key).dumps(customer_id))
    response.set_cookie(COOKIE, value, httponly=True, samesite="lax", secure=secure)
