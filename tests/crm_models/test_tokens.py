import base64
import json
from datetime import timedelta

import jwt
import pytest
from people import NOW

from crm_models.errors import BadToken
from crm_models.tokens import AUDIENCE, issue_token, read_token

KEY = "a key that both servers know, long enough"
TEN_MINUTES = timedelta(minutes=10)


def claims(**changes: object) -> dict[str, object]:
    whole = jwt.decode(issue_token(KEY, "C-000001", NOW), options={"verify_signature": False})
    return {**whole, **changes}


def unsigned(**changes: object) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims(**changes))}."


def test_a_token_names_its_customer_until_it_expires() -> None:
    token = issue_token(KEY, "C-000001", NOW, TEN_MINUTES)
    assert read_token(KEY, token, NOW) == "C-000001"
    assert read_token(KEY, token, NOW + TEN_MINUTES) == "C-000001"  # clocks differ a little
    with pytest.raises(BadToken, match="expired 30 seconds ago"):
        read_token(KEY, token, NOW + TEN_MINUTES + timedelta(seconds=30))


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        (issue_token(KEY.replace("a", "b"), "C-000001", NOW), "not signed with this shop's key"),
        (jwt.encode(claims(aud="somebody else"), KEY, algorithm="HS256"), f"not for {AUDIENCE}"),
        (jwt.encode(claims(), KEY * 2, algorithm="HS512"), "cannot be read"),
        (unsigned(), "cannot be read"),
        ("", "cannot be read"),
        ("not.a.token", "cannot be read"),
        (issue_token(KEY, "C-000001", NOW) + "x", "not signed|cannot be read"),
        (jwt.encode(claims(sub=""), KEY, algorithm="HS256"), "names no customer"),
        (jwt.encode(claims(exp="soon"), KEY, algorithm="HS256"), "no numbers"),
        (jwt.encode(claims(exp=9e12), KEY, algorithm="HS256"), "lives longer"),
        (jwt.encode(claims(exp=None), KEY, algorithm="HS256"), "lacks 'exp'"),
        (issue_token(KEY, "C-000001", NOW + timedelta(hours=1)), "from the future"),
    ],
)
def test_what_proves_nothing_is_refused_with_the_reason(token: str, reason: str) -> None:
    with pytest.raises(BadToken, match=reason):
        read_token(KEY, token, NOW)


@pytest.mark.parametrize("claim", ["sub", "aud", "iat", "exp"])
def test_every_claim_is_needed(claim: str) -> None:
    token = jwt.encode({k: v for k, v in claims().items() if k != claim}, KEY, algorithm="HS256")
    with pytest.raises(BadToken, match=claim):
        read_token(KEY, token, NOW)


@pytest.mark.parametrize("lifetime", [timedelta(0), timedelta(seconds=-1), timedelta(days=2)])
def test_a_token_cannot_live_forever(lifetime: timedelta) -> None:
    with pytest.raises(ValueError, match="lives"):
        issue_token(KEY, "C-000001", NOW, lifetime)


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        issue_token("secret", "C-000001", NOW)
