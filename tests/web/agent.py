"""A member of the staff at the console, without a browser."""

from __future__ import annotations

import re

import httpx

from tests.web.conftest import PASSWORDS, Web


class Agent:
    def __init__(self, web: Web, username: str = "agent", password: str | None = None) -> None:
        self.http = httpx.Client(base_url=web.url, timeout=20, trust_env=False)
        self.answer = self.log_in(username, PASSWORDS[username] if password is None else password)

    def log_in(self, username: str, password: str, form_token: str | None = None) -> httpx.Response:
        if form_token is None:
            form_token = self.form_token("/staff/login")
        form = {"username": username, "password": password, "form_token": form_token}
        return self.http.post("/staff/login", data=form)

    def form_token(self, path: str) -> str:
        found = re.search(r'name="form_token" value="([0-9a-f]{64})"', self.http.get(path).text)
        return found.group(1) if found else ""

    def do(self, conversation_id: str, what: str, **form: str) -> dict[str, str]:
        """Presses a button of the console; the outcome, with the HTTP status."""
        headers = {"Accept": "application/json", "X-Form-Token": self.form_token("/")}
        path = f"/staff/conversations/{conversation_id}/{what}"
        answer = self.http.post(path, data=form, headers=headers)
        return {"status": str(answer.status_code), **answer.json()}

    def outcome(self, conversation_id: str, what: str, **form: str) -> str:
        return self.do(conversation_id, what, **form).get("outcome", "")
