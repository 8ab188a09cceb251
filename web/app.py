"""The composition root: settings in, a running web application out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime

from fastapi import FastAPI
from fastapi.responses import FileResponse
from starlette.middleware.cors import CORSMiddleware
from starlette.staticfiles import StaticFiles

from web import health, mistakes
from web.gateway import routes as gateway
from web.insights import experiments, models
from web.insights import routes as insights
from web.notices import routes as notices
from web.notices.round import round_of
from web.pages import FOLDER
from web.security import Guard
from web.services import build_services, utc_now
from web.settings import Keys, WebSettings, read_keys
from web.shop import routes as shop
from web.staff import routes as staff


def create_app(settings: WebSettings, keys: Keys | None = None, now: Callable[[], datetime] = utc_now) -> FastAPI:
    """The application; `keys` are read from the data folder when not given.

    Raises SettingsError or SentenceMissing when it could not serve.
    """
    services = build_services(settings, keys or read_keys(settings.home), now)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        watchers = [
            asyncio.create_task(services.hub.watch()),
            asyncio.create_task(services.postman.watch()),
            asyncio.create_task(services.reply_log.watch()),
            asyncio.create_task(round_of(services).watch()),
        ]
        try:
            yield
        finally:
            services.hub.close()
            for watcher in watchers:
                watcher.cancel()
                with suppress(asyncio.CancelledError):
                    await watcher
            await services.postman.stop()
            await services.bot.close()
            services.articles.close()
            services.database.close()

    app = FastAPI(title="Rapport", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.state.services = services
    mistakes.add_handlers(app)
    for part in (health, gateway, shop, notices, staff, experiments, models, insights):
        app.include_router(part.router)
    app.mount("/static", StaticFiles(directory=FOLDER / "static"), name="static")

    @app.get("/widget.js", include_in_schema=False)
    async def widget() -> FileResponse:
        """The chat window's code, for any page: also one of another site."""
        headers = {"Cache-Control": "public, max-age=300", "Cross-Origin-Resource-Policy": "cross-origin"}
        return FileResponse(FOLDER / "static" / "widget.js", media_type="text/javascript", headers=headers)

    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(settings.cors_origins),
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type", "Last-Event-ID"],
        max_age=3600,
    )
    app.add_middleware(Guard)
    return app
