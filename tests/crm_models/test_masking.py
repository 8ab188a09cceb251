from __future__ import annotations

import pytest

from crm_models.masking import mask_text
from crm_models.offers import _new_code

ADA = ("Ada", "Lovelace", "ada@example.org", "+43 555 010 0103", "Mühlgasse 31", None, "Wien", None, "1070")


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("write to Ada.L+shop@mail.example.org!", "write to [e-mail]!"),
        ("call +43 555 0100103 or (0555) 010-0103", "call [phone] or [phone]"),
        ("where is #HV-104233, or hv 104233, or W7678072?", "where is [order], or hv [number], or [order]?"),
        ("it is 104233", "it is [number]"),
        ("code 482913, tracking NL48213377X", "code [number], tracking [number]"),
        ("I paid 89.90 on 2026-10-12 and 12.10.2026, not 1200", "I paid 89.90 on 2026-10-12 and 12.10.2026, not 1200"),
        (
            "ada here, ADA LOVELACE, Mühlgasse 31 in Wien",
            "[customer] here, [customer] [customer], [customer] in [customer]",
        ),
        ("Adaptive lamps from Wiener Neustadt", "Adaptive lamps from Wiener Neustadt"),
        ("", ""),
        ("all good \N{PERSON WITH FOLDED HANDS}", "all good \N{PERSON WITH FOLDED HANDS}"),
    ],
)
def test_what_identifies_is_replaced_and_the_rest_stays(text: str, masked: str) -> None:
    assert mask_text(text, ADA) == masked


def test_a_discount_code_is_worth_money_and_replaced() -> None:
    assert {mask_text(f"The code is {_new_code()}, valid until June.") for _ in range(50)} == {
        "The code is [code], valid until June."
    }


def test_a_name_with_signs_of_a_pattern_is_taken_literally() -> None:
    assert mask_text("It is O'Neill (c.o.)", ["O'Neill (c.o.)", "a.c"]) == "It is [customer]"
