"""No customer's data goes into training files: what is personal in a message is replaced by something made up.

What `crm_models.masking` finds is replaced, and so is what the shop knows of the customer. A name that nobody told the
shop cannot be known; a word that looks like one is shown to whoever labels (`doubtful`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.nlu_tools.examples import Example, plain_of, same_key
from bot.nlu_tools.write import unmarked
from crm_models.masking import CODE, CUSTOMER, EMAIL, NUMBER, ORDER, PHONE, mask_text

# For each column of a customer; e-mails, phones and numbers are found by their form.
_STAND_INS = {
    "first_name": "Alex",
    "last_name": "Miller",
    "address1": "12 Garden Street",
    "address2": "second floor",
    "city": "Newtown",
    "state": "Westshire",
}
_NAMED = "Alex"
_SHORTEST = 3  # letters of a known value that is looked for
# Made up in the way that nobody has them; the entity marks them where the data knows it.
_MADE_UP = {
    EMAIL: ("alex.miller@example.com", "email"),
    ORDER: ("HV-100001", "order_id"),
    PHONE: ("+44 20 7946 0000", "phone"),
    CODE: ("2345-ABCD-6789", None),
    NUMBER: ("100001", None),
}
_PLACEHOLDER = re.compile("|".join(re.escape(each) for each in _MADE_UP))
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?")
_INTRODUCED = re.compile(
    r"\b(?:name is|name's|this is|i am|i'm|im|regards|yours|mr|mrs|ms|dr|herr|frau)\b[\s,.:]*([^\W\d_]+)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Vocabulary:
    """What the examples know already."""

    words: frozenset[str]
    """Every word outside of names, small."""
    marked: Mapping[str, Sequence[str]]
    """Marked texts of each entity."""

    @classmethod
    def of(cls, examples: Iterable[Example]) -> Vocabulary:
        words: set[str] = set()
        marked: dict[str, list[str]] = {}
        for example in examples:
            text = example.text
            for mark in example.marks:
                marked.setdefault(mark.entity, []).append(mark.text)
                if mark.entity == "name":
                    text = text.replace(mark.text, " ")
            words.update(_small(word) for word in _WORD.findall(text))
        return cls(frozenset(words), {entity: sorted(set(texts)) for entity, texts in marked.items()})


def shown(text: str, known: Mapping[str, str]) -> str:
    """The text as it may be shown on a screen, on one line."""
    return mask_text(unmarked(text), known.values())


def made_up(text: str, known: Mapping[str, str], vocabulary: Vocabulary) -> str:
    """The text as an example, with made-up values for personal ones, marked where the data marks such values.

    The same message gives the same example.
    """
    text = unmarked(text)
    for column, value in sorted(known.items(), key=lambda item: -len(item[1])):
        if column in _STAND_INS and len(value.strip()) >= _SHORTEST:
            text = re.sub(rf"(?<!\w){re.escape(value.strip())}(?!\w)", _STAND_INS[column], text, flags=re.IGNORECASE)
    masked = mask_text(text, known.values()).replace(CUSTOMER, _NAMED)
    seed = hashlib.sha256(masked.encode()).digest()
    return _PLACEHOLDER.sub(lambda found: _stand_in(found[0], vocabulary, seed[found.start() % 32]), masked)


def personal_left(original: str, known: Mapping[str, str], marked: str) -> list[str]:
    """Pieces of the original that would be masked there and stand in the text to be written all the same."""
    masked = set(_pieces(mask_text(unmarked(original), known.values())))
    personal = set(_pieces(unmarked(original))) - masked
    return sorted(personal & set(_pieces(plain_of(marked))))


def doubtful(marked: str, vocabulary: Vocabulary) -> list[str]:
    """Words that may be somebody's name: new to the data, and written large or after "my name is" and the like."""
    plain = plain_of(marked)
    allowed = {_small(word) for each in (*_STAND_INS.values(), _NAMED) for word in _WORD.findall(each)}
    allowed |= {_small(word) for text, _ in _MADE_UP.values() for word in _WORD.findall(text)}
    for entity, texts in vocabulary.marked.items():
        if entity != "name":  # an invented name of the examples may be a customer's real one
            allowed |= {_small(word) for text in texts for word in _WORD.findall(text)}
    introduced = {_small(found[1]) for found in _INTRODUCED.finditer(plain)}
    return [
        word
        for word in dict.fromkeys(_WORD.findall(plain))
        if _small(word) not in vocabulary.words | allowed
        and len(word) >= _SHORTEST
        and (word[0].isupper() or _small(word) in introduced)
    ]


def _stand_in(placeholder: str, vocabulary: Vocabulary, number: int) -> str:
    value, entity = _MADE_UP[placeholder]
    if entity is None or entity not in vocabulary.marked:
        return value
    if placeholder == ORDER:  # numbers look as this shop's do
        samples = [each for each in vocabulary.marked[entity] if mask_text(each) == ORDER] or [value]
        value = samples[number % len(samples)]
    return f"[{value}]({entity})"


def _pieces(text: str) -> list[str]:
    return [piece for word in text.split() if len(piece := same_key(word).replace(" ", "")) >= _SHORTEST]


def _small(word: str) -> str:
    return word.casefold().replace("\u2019", "'").removesuffix("'s")
