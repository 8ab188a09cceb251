"""`python -m web`: the web process, on loopback unless told otherwise."""

from __future__ import annotations

import logging
import sys

import uvicorn

from crm_models.database import check_version, create_engine
from crm_models.errors import CrmError
from web.app import create_app
from web.errors import WebError
from web.settings import read_settings


def main() -> int:
    """Serves until told to stop; 2 when it cannot start, with the reason in one sentence."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for chatty in ("httpx", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        settings = read_settings()
        app = create_app(settings)
        check_version(create_engine(settings.database))
    except (WebError, CrmError) as error:
        print(error, file=sys.stderr)
        return 2
    uvicorn.run(
        app,
        host=settings.web_host,
        port=settings.web_port,
        ws="none",  # uvicorn wants a newer websockets than Rasa allows; none are used
        access_log=False,
        log_level="warning",
        proxy_headers=True,
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_graceful_shutdown=3,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
