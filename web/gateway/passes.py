"""The signed pass a browser keeps for its conversation. Whoever shows it may read and write there."""

from __future__ import annotations

from dataclasses import dataclass

from itsdangerous import BadSignature, URLSafeTimedSerializer


@dataclass(frozen=True)
class Pass:
    """`signed_in` is the customer whose identity token bound the conversation, empty when none did."""

    conversation_id: str
    signed_in: str = ""


class Passes:
    """Makes and checks passes; they hold for `days` and cannot be made without the session key."""

    def __init__(self, session_key: str, days: float) -> None:
        self._signer = URLSafeTimedSerializer(session_key, salt="rapport.conversation")
        self._seconds = int(days * 86_400)

    def issue(self, granted: Pass) -> str:
        return str(self._signer.dumps([granted.conversation_id, granted.signed_in]))

    def read(self, value: str | None) -> Pass | None:
        """The pass, or None when it is absent, forged or too old."""
        if not value or len(value) > 1000:
            return None
        try:
            conversation_id, signed_in = self._signer.loads(value, max_age=self._seconds)
        except (BadSignature, ValueError, TypeError):
            return None
        return Pass(conversation_id, signed_in)
