"""What an agent's answer says, without the greeting before it and the name below."""

from __future__ import annotations

import re

# "Hello Anna," and "Dear Mr Miller,": the greeting ends the line or is short and ends with a comma.
_GREETING = re.compile(
    r"\A\s*(?:hi|hello|hey|dear|good (?:morning|afternoon|evening))\b(?:[ \t]+[^\n,.!:?]{1,40})?\s*(?:[,!.]|\n)\s*",
    re.IGNORECASE,
)
_THANKS = re.compile(
    r"\A\s*(?:thank you|thanks)(?: so much| very much)? for (?:contacting|reaching out|your (?:message|e-?mail|mail"
    r"|patience|question|request|inquiry|enquiry))[^.!\n]{0,60}[.!]\s*",
    re.IGNORECASE,
)
_SIGNED = re.compile(
    r"(?:\A|\n|(?<=[.!?])[ \t])\s*(?:(?:kind|best|warm|many)(?:est)? regards|regards|best wishes|all the best|"
    r"sincerely|yours (?:sincerely|truly|faithfully)|cheers)\b[\s\S]{0,160}\Z",
    re.IGNORECASE,
)


def body_of(answer: str) -> str:
    """The answer without salutation, thanks for writing and signature, in its lines; all of it if nothing else is."""
    text = answer.replace("\r\n", "\n").replace("\r", "\n").strip()
    inner = _SIGNED.sub("", _THANKS.sub("", _GREETING.sub("", text, count=1), count=1)).strip()
    if not inner:
        return text
    return inner[0].upper() + inner[1:]
