"""What the churn model is called, its label for those who probably leave, and which value of a table means "left"."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

CHURN = "churn"
AT_RISK = "at_risk"

# Values as tables say them, in the languages that tables of European shops are written in.
_YES = frozenset(["true", "t", "yes", "y", "ja", "j", "oui", "o", "si", "sí", "sì", "sim", "wahr", "vrai"])
_NO = frozenset(["false", "f", "no", "n", "nein", "non", "não", "falsch", "faux"])
_LEFT = frozenset(
    re.findall(
        r"\w+",
        """
        left leaver churn churned lost gone cancelled canceled closed attrited exited inactive lapsed
        terminated ended gekündigt kündigung abgewandert verloren inaktiv weg résilié parti perdu
        inactif baja perdido inactivo
        """,
    )
)
_STAYED = frozenset(
    re.findall(
        r"\w+",
        """
        stay stayed retained kept active current existing renewed loyal aktiv geblieben bestand actif
        fidèle activo
        """,
    )
)
# Names of a target of which "yes" means that the customer is still there.
_STAYING_NAME = _STAYED | frozenset(
    ["retention", "retain", "renewal", "renews", "bleibt", "verlängert", "reste", "renouvelé"]
)
_NOT = frozenset(["not", "nicht", "kein", "keine", "pas"])


def yes_or_no(text: str | None) -> bool | None:
    """What `ja`, `FALSE` or `1` means; None where it is neither a yes nor a no."""
    said = "" if text is None else text.lower()
    return True if said in _YES | {"1"} else False if said in _NO | {"0"} else None


def meaning_left(target: str, rows: Mapping[str, int]) -> tuple[str, str]:
    """Which of two values means that the customer left, and why it is thought so.

    Args:
        target: the name of the column; a "yes" of `retained` means the contrary of one of `churned`.
        rows: how many rows say each of the two values.
    """
    named = set(_words(target))
    staying = bool(named & _STAYING_NAME) and not named & _LEFT
    yes, no = (_YES | {"1"}, _NO | {"0"}) if set(rows) == {"0", "1"} else (_YES, _NO)  # of 1 and 2 neither is a yes
    gone, here = (_LEFT | no, _STAYED | yes) if staying else (_LEFT | yes, _STAYED | no)
    for value, other in (sorted(rows), sorted(rows, reverse=True)):
        goes = _says(value, gone, here) and not _says(other, gone, here)
        if goes or (_says(other, here, gone) and not _says(value, here, gone)):
            return value, f"as {target} tells who stayed" if staying else "by what the values say"
    return min(rows, key=lambda value: (rows[value], value)), "as fewer rows say so"


def _says(value: str, words: Collection[str], contrary: Collection[str]) -> bool:
    """Whether one of the words stands in the value, or one of the contrary after a "not"."""
    said = set(_words(value))
    return not said.isdisjoint(contrary if said & _NOT else words)


def _words(text: str) -> list[str]:
    """`isActiveMember`, `is_active` and `Is active` have the same words."""
    return re.findall(r"[^\W_]+", re.sub(r"(?<=[a-zß-ÿ])(?=[A-Z])", " ", text).lower())
