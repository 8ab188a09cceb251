"""Why a customer cancels or sends back: the words people use, as the keys that the shop counts."""

from __future__ import annotations

import re

from bot.nlu.found import Found

NEGATED = r"(?:don'?t|do not|didn'?t|did not|doesn'?t|does not|isn'?t|is not|wasn'?t|won'?t|can'?t|cannot|never)"

_PHRASES: dict[str, tuple[str, ...]] = {
    "ordered_by_mistake": (
        r"(?:ordered|bought|clicked|purchased)(?: \w+){0,3} (?:by (?:mistake|accident)|twice|accidentally|in error)",
        r"(?:by (?:mistake|accident)|accidentally)",
        r"clicked (?:buy|order)(?: (?:too (?:early|soon)|twice))?",
        r"(?:duplicate|double) order",
        r"ordered (?:it )?twice",
        r"wrong (?:button|click)",
        r"(?:it|that) was a mistake",
    ),
    "found_cheaper": (
        r"(?:found|saw|seen|got)(?: \w+){0,3} (?:cheaper|for less|at a (?:better|lower) price)",
        r"(?:cheaper|better price|lower price) (?:elsewhere|somewhere else|in (?:town|another shop))",
        r"too expensive",
    ),
    "takes_too_long": (
        r"(?:(?:it|delivery|shipping|this) )?(?:takes?|taking|took|is) (?:far |way |much )?too long",
        r"(?:need|needed) (?:it|them) (?:sooner|earlier|faster)",
        r"(?:can'?t|cannot|won'?t) wait(?: (?:any|that) (?:longer|long))?",
        r"(?:arrives?|comes?|delivered) too late",
    ),
    "wrong_item": (
        r"(?:sent|got|received|delivered|shipped)(?: me)? (?:the|an?) (?:wrong|different|other) "
        r"(?:item|thing|product|one|colou?r|model)",
        r"wrong (?:item|product|article|model|thing|colou?r)",
        r"not (?:the (?:one|item|thing)|what) I ordered",
    ),
    "does_not_fit": (
        r"(?:it |they )?(?:does|do|did)(?: not|n'?t) fit(?: \w+){0,2}",
        r"(?:it |they )?(?:simply |just |really )?(?:does|do|did)(?: not|n'?t) "
        r"(?:suit|go with|match my|look right)(?: \w+){0,2}",
        r"(?:wrong|different|another) size",
        r"(?:far |way |much |a bit )?too? (?:small|big|large|tight|short|long|wide|narrow|tall|heavy)",
        r"is(?:n'?t| not) (?:compatible|the right size)",
        rf"{NEGATED} (?:really )?like (?:it|them|the \w+|how)(?: \w+)?",
    ),
    "not_as_described": (
        r"(?:not|n'?t)(?: at all)? (?:as|like)(?: it (?:was|is))? "
        r"(?:described|advertised|shown|expected|in the (?:picture|photo)s?)",
        r"looks? (?:very |quite |so )?different"
        r"(?: (?:than|from|to)(?: (?:in|on))? the (?:picture|photo|description)s?)?",
        rf"{NEGATED} (?:match|look like) the (?:description|picture|photo)s?",
        r"not (?:bright|loud|strong|warm|sharp|good) enough",
        r"too (?:loud|noisy|dark|dim|bright|weak)",
        r"(?:misleading|poor quality|bad quality)",
        rf"{NEGATED} (?:taste|smell|sound|feel)(?: \w+)? ?(?:good|nice|right|well|great)",
        r"(?:tastes?|smells?|sounds?|feels?) (?:bad|awful|terrible|strange|cheap|horrible)",
    ),
    "damaged": (
        r"(?:arrived |came |is |was |it'?s |already )?"
        r"(?:broken|damaged|cracked|shattered|smashed|dented|scratched|faulty|defective)",
        r"stopped working(?: \w+ (?:a|one|two|three|\d+) \w+)?",
        rf"{NEGATED} (?:work|turn on|switch on|charge|heat up)(?: any ?more)?",
        r"(?:in pieces|leak(?:s|ing))",
    ),
    "not_said": (
        r"(?:rather|prefer) not (?:to )?(?:say|tell)",
        r"(?:no (?:particular |special |real )?reason|none of your business)",
        rf"(?:{NEGATED} want to|won'?t|need not|needn'?t) (?:say|tell|give (?:a|any) reason)(?: (?:you|why))*",
        r"just because",
    ),
    "no_longer_needed": (
        r"(?:no longer|not) (?:need(?:ed)?|want(?:ed)?|require[ds]?|requiring)"
        r"(?: (?:it|this|them|one))?(?: any ?more)?",
        rf"{NEGATED} (?:really )?(?:need|want|require)(?: to keep)?"
        r"(?: (?:it|this|them|one|that))?(?: any ?more)?(?! to\b)",
        r"changed? (?:my|our) minds?",
        r"already (?:has|have|had|got|own|bought) (?:one|it|another)",
        r"(?:bought|got) (?:one|it|another)(?: \w+)? (?:in town|elsewhere|somewhere else|locally)",
        r"(?:unwanted|duplicate) (?:gift|present)",
    ),
}
_PATTERNS = tuple(
    (key, re.compile(rf"(?<!\w)(?:{'|'.join(phrases)})(?!\w)", re.IGNORECASE)) for key, phrases in _PHRASES.items()
)


def find_reasons(text: str) -> list[Found]:
    """Value one of the keys above; a text may give several reasons."""
    return [Found("reason", *match.span(), key) for key, pattern in _PATTERNS for match in pattern.finditer(text)]


REASONS = tuple(_PHRASES)
