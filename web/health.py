"""Whether this process and what it needs can serve."""

from __future__ import annotations

import asyncio
import logging

import httpx
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy import select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from crm_models.tables import shop
from web.database import Database
from web.services import services_of

logger = logging.getLogger(__name__)
router = APIRouter(include_in_schema=False)


@router.get("/health")
async def health(request: Request) -> Response:
    """200 while messages can be accepted, which takes the database alone; the rest is reported."""
    services = services_of(request)
    database, bot, actions = await asyncio.gather(
        _database(services.database), services.bot.alive(), _actions(services.settings.action_url)
    )
    parts = {"database": database, "bot": bot, "actions": actions}
    status = "ok" if all(parts.values()) else ("degraded" if database else "down")
    return JSONResponse(
        {"status": status, **{name: "ok" if up else "unreachable" for name, up in parts.items()}},
        status_code=200 if database else 503,
        headers={"Cache-Control": "no-store"},
    )


def _probe(connection: Connection) -> None:
    connection.execute(select(shop.c.key).limit(1)).first()


async def _database(database: Database) -> bool:
    try:
        await database.read(_probe)
    except SQLAlchemyError as error:
        logger.warning("The database does not answer: %s", error)
        return False
    return True


async def _actions(url: str) -> bool:
    try:
        async with httpx.AsyncClient(timeout=2.0, trust_env=False) as client:
            return (await client.get(f"{url}/health")).status_code == 200
    except httpx.HTTPError:
        return False
