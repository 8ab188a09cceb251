"""What somebody looks for at a price: "a quiet vacuum under 200 euros", "your cheapest kettle"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from price_parser import Price
from sqlalchemy.engine import Connection

from crm_models.catalogue import ProductCard, find_products
from crm_models.product_search import query_words

# A number is a price with a currency, or without one where no unit follows ("max 30 watts").
_UNITS = (
    r"\s?(?:%|percent|watts?|w|k?wh|v|l|ml|lit(?:er|re)s?|cups?|cm|mm|m|met(?:er|re)s?|inch(?:es)?|kg|g|db|people|"
    r"persons?|guests?|kids|minutes?|hours?|days?|weeks?|months?|years?|pieces?|items?)\b"
)
_NUMBER = (
    r"(?:(?:€|\$|£|eur|usd|gbp)\s?)?(?P<number>\d[\d.,']*\d|\d)(?![\d.,']*\d)"
    rf"(?:\s?(?:€|\$|£|(?:eur(?:os?)?|usd|dollars?|gbp|pounds?)\b)|(?!{_UNITS}))"
)
_AT_MOST = re.compile(
    rf"\b(?:under|below|less than|cheaper than|at most|no more than|not more than|up to|max(?:imum)?|within|"
    rf"budget(?: is| of)?)\s+(?:about\s+|of\s+)?{_NUMBER}",
    re.IGNORECASE,
)
_AROUND = re.compile(rf"\b(?:around|about|for|roughly)\s+{_NUMBER}", re.IGNORECASE)
_CURRENCY = re.compile(r"€|\$|£|\b(?:eur(?:os?)?|usd|dollars?|gbp|pounds?)\b", re.IGNORECASE)
_CHEAPEST = re.compile(r"\b(?:cheapest|least expensive|lowest[- ]priced?)\b", re.IGNORECASE)
_CHEAPER = re.compile(
    r"\b(?:cheaper|less expensive|more affordable|(?:not|n't) (?:so|too|that|as) (?:expensive|dear|pricey)|"
    r"(?:costs?|for) less|too (?:expensive|dear|pricey))\b",
    re.IGNORECASE,
)
# "Around 60 euros" may cost a little more.
_SPARE = 1.15


@dataclass(frozen=True)
class Wish:
    """`words` say what it is, without the price; `most_cents` is None where the price does not matter."""

    words: str
    most_cents: int | None
    cheapest: bool


@dataclass(frozen=True)
class Granted:
    """Products that fit, the best first; where none does, the cheapest of the kind."""

    fitting: tuple[ProductCard, ...]
    nearest: ProductCard | None


def read_wish(text: str, about: str = "", than_cents: int | None = None) -> Wish | None:
    """The wish in `text`; None where it names no price, or nothing that could be searched for.

    `about` is the kind of product talked about until then, and `than_cents` its price: "under 30", "something cheaper".
    """
    found, spare = _AT_MOST.search(text), 1.0
    if found is None and (around := _AROUND.search(text)) and _CURRENCY.search(around[0]):
        found, spare = around, _SPARE
    most = _cents(found["number"], spare) if found else None
    cheapest = _CHEAPEST.search(text) is not None
    if most is None and not cheapest and than_cents is not None and _CHEAPER.search(text):
        # Not the very same product once more.
        return Wish(about, than_cents - 1, False) if query_words(about) else None
    if most is None and not cheapest:
        return None
    words = _CHEAPEST.sub(" ", text.replace(found[0], " ") if found else text)
    words = words if query_words(words) else about
    return Wish(words, most, cheapest) if query_words(words) else None


def grant(connection: Connection, wish: Wish, limit: int) -> Granted:
    """Up to `limit` products for the wish; those in stock before others, the cheapest first where that is wished."""
    found = find_products(connection, wish.words, limit=50)
    found = tuple(card for card in found if _is_named(card, wish.words)) or found
    fitting = [card for card in found if wish.most_cents is None or _price(card) <= wish.most_cents]
    fitting.sort(key=lambda card: (not card.in_stock, _price(card) if wish.cheapest else 0))  # stable: best match first
    nearest = min(found, key=lambda card: (not card.in_stock, _price(card)), default=None)
    return Granted(tuple(fitting[:limit]), None if fitting else nearest)


def _is_named(card: ProductCard, text: str) -> bool:
    """Whether the kind of product is in the text: who looks for a vacuum wants none of its "vacuum bags"."""
    kind = query_words(str(card.attributes.get("type", "")))
    return bool(kind) and kind[-1] in query_words(text)


def _price(card: ProductCard) -> int:
    price = card.price_range
    return price.lowest_cents if price else 0


def _cents(number: str, spare: float) -> int | None:
    amount = Price.fromstring(number).amount
    return None if amount is None else round(float(amount) * 100 * spare)
