"""Tokens that this shop signs: who is logged in, and the links by which messages are stopped.

An identity token comes from the merchant's site, and the chat believes it until it expires. A link in a message names
the customer and the kind of message; it proves nothing else, and holds for as long as the mail is kept.

JWT with HS256 and nothing else: the algorithm is fixed here, never read from the token.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import jwt

from crm_models.errors import BadToken

ALGORITHM = "HS256"
AUDIENCE = "rapport-chat"
STOP_AUDIENCE = "rapport-stop"
MAX_LIFETIME = timedelta(hours=24)
MIN_KEY_BYTES = 32
# Clocks of two machines differ a little.
LEEWAY = timedelta(seconds=30)


def issue_token(key: str, customer_id: str, now: datetime, lifetime: timedelta = timedelta(minutes=30)) -> str:
    """A token that says: until `now + lifetime`, the bearer is this customer.

    Args:
        key: the secret shared with the merchant's site, 32 bytes or more.
        now: UTC without zone.
        lifetime: more than nothing, at most MAX_LIFETIME.
    """
    _check_key(key)
    if not timedelta(0) < lifetime <= MAX_LIFETIME:
        raise ValueError(f"a token lives up to {MAX_LIFETIME}, not {lifetime}")
    claims = {
        "sub": customer_id,
        "aud": AUDIENCE,
        "iat": _seconds(now),
        "exp": _seconds(now + lifetime),
    }
    return jwt.encode(claims, key, algorithm=ALGORITHM)


def read_token(key: str, token: str, now: datetime) -> str:
    """The customer the token was issued for.

    Raises:
        BadToken: forged, expired, from the future, for another audience, or not a token at all.
    """
    _check_key(key)
    try:
        # Times are checked below against `now`, so that a test can say what time it is.
        claims = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            options={
                "require": ["sub", "aud", "iat", "exp"],
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
            },
        )
    except jwt.InvalidAudienceError as error:
        raise BadToken(f"The identity token is not for {AUDIENCE}.") from error
    except jwt.MissingRequiredClaimError as error:
        raise BadToken(f"The identity token lacks {error.claim!r}.") from error
    except jwt.InvalidSignatureError as error:
        raise BadToken("The identity token was not signed with this shop's key.") from error
    except jwt.InvalidTokenError as error:
        raise BadToken(f"The identity token cannot be read: {error}.") from error
    _check_times(claims["iat"], claims["exp"], now)
    if not isinstance(claims["sub"], str) or not claims["sub"]:
        raise BadToken("The identity token names no customer.")
    return claims["sub"]


def issue_stop_token(key: str, customer_id: str, kind: str) -> str:
    """What the link of a message holds: whoever opens it may stop this customer's messages of the kind, or all."""
    _check_key(key)
    return jwt.encode({"sub": customer_id, "aud": STOP_AUDIENCE, "kind": kind}, key, algorithm=ALGORITHM)


def read_stop_token(key: str, token: str) -> tuple[str, str]:
    """Customer and kind of a link.

    Raises:
        BadToken: forged, cut off, or a token of another sort.
    """
    _check_key(key)
    try:
        claims = jwt.decode(
            token, key, algorithms=[ALGORITHM], audience=STOP_AUDIENCE, options={"require": ["sub", "aud", "kind"]}
        )
    except jwt.InvalidTokenError as error:
        raise BadToken(f"The link cannot be read: {error}.") from error
    if not (isinstance(claims["sub"], str) and isinstance(claims["kind"], str)):
        raise BadToken("The link names no customer or no kind of message.")
    return claims["sub"], claims["kind"]


def _check_times(issued: object, expires: object, now: datetime) -> None:
    if not isinstance(issued, int | float) or not isinstance(expires, int | float):
        raise BadToken("The identity token's times are no numbers.")
    moment = _seconds(now)
    leeway = LEEWAY.total_seconds()
    if expires + leeway <= moment:
        raise BadToken(f"The identity token expired {moment - expires:.0f} seconds ago; get a new one.")
    if issued - leeway > moment:
        raise BadToken("The identity token is from the future; check the clocks of both servers.")
    if expires - issued > MAX_LIFETIME.total_seconds():
        raise BadToken(f"The identity token lives longer than {MAX_LIFETIME}; issue a shorter one.")


def _check_key(key: str) -> None:
    if len(key.encode()) < MIN_KEY_BYTES:
        raise ValueError(f"the token key needs {MIN_KEY_BYTES} bytes or more, it has {len(key.encode())}")


def _seconds(when: datetime) -> int:
    return int(when.replace(tzinfo=UTC).timestamp())
