"""The action server: rasa-sdk's application, on loopback, answering only those who know the shared key."""

from __future__ import annotations

import hmac
import json
import os

from rasa_sdk.endpoint import create_app
from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse
from sanic.response import json as json_response

from actions.services import services
from actions.settings import ActionSettings
from crm_models.database import check_version

KEY_HEADER = "X-Rapport-Key"


def read_key(settings: ActionSettings) -> str:
    """The shared key: from the environment, or from the installation's secrets.

    Raises:
        SystemExit: there is none; a server without a key would run for anybody on the machine.
    """
    if settings.action_key:
        return settings.action_key
    path = settings.home / "secrets.json"
    if path.exists():
        key = json.loads(path.read_text()).get("action_key")
        if key:
            return str(key)
    raise SystemExit(f"No action_key in {path}. Run `rapport up`, or set RAPPORT_ACTION_KEY.")


def build_app(key: str) -> Sanic:
    """The application with every action of this package."""
    app = create_app("actions")

    @app.middleware("request")
    async def check_key(request: Request) -> HTTPResponse | None:
        if request.path == "/health":
            return None
        if hmac.compare_digest(request.headers.get(KEY_HEADER, "").encode(), key.encode()):
            return None
        return json_response({"error": f"wrong or missing {KEY_HEADER}"}, status=401)

    return app


def main() -> None:
    """Check the database, then serve until stopped."""
    settings = ActionSettings()
    check_version(services().engine)
    app = build_app(read_key(settings))
    # Rasa's SDK asks for one worker; more are more processes, behind one port.
    workers = int(os.environ.get("ACTION_SERVER_SANIC_WORKERS", "1"))
    app.run(settings.action_host, settings.action_port, workers=workers, access_log=False)


if __name__ == "__main__":
    main()
