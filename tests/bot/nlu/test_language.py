"""Which language a message is in, and when that is clear enough to say that the bot does not read it."""

from __future__ import annotations

import socket

import pytest
import yaml

from bot.nlu.language import LanguageModel, LanguageRule, vocabulary
from bot.nlu.scripts import main_script
from bot.settings import PROJECT


@pytest.fixture(scope="module")
def examples() -> list[str]:
    found = []
    for path in sorted((PROJECT / "bot" / "data" / "nlu").glob("*.yml")):
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            found += [line.removeprefix("- ").strip() for line in entry.get("examples", "").splitlines()]
    return [line for line in found if line]


@pytest.fixture(scope="module")
def model(examples: list[str]) -> LanguageModel:
    return LanguageModel(LanguageRule(), vocabulary(examples))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Ich warte seit einer Woche auf mein Paket", "de"),
        ("WANN KOMMT MEINE BESTELLUNG", "de"),
        ("Guten Tag, wo bleibt HV-104233? Meine Adresse ist anna@example.com", "de"),
        ("je n'ai jamais reçu la facture", "fr"),
        ("el paquete llegó roto y quiero mi dinero", "es"),
        ("il pacco non è mai arrivato", "it"),
        ("mijn pakket is nog niet bezorgd", "nl"),
        ("ainda não recebi a encomenda", "pt"),
        ("paczka jeszcze nie przyszła", "pl"),
        ("siparişim hâlâ gelmedi", "tr"),
        ("jag har inte fått mitt paket", "sv"),
        ("посылка так и не пришла", "ru"),
        ("посилка досі не прийшла", "uk"),
        ("το δέμα δεν ήρθε ποτέ", "el"),
        ("لم يصل الطرد بعد", "ar"),
        ("包裹还没有到", "zh"),
        ("荷物がまだ届きません", "ja"),
        ("택배가 아직 안 왔어요", "ko"),
        ("पार्सल अभी तक नहीं आया", "hi"),
        ("你好", "zh"),
        ("我2024年买的 Moka Express 坏了", "zh"),
    ],
)
def test_a_message_in_another_language_is_noticed(model: LanguageModel, text: str, code: str) -> None:
    language = model.identify(text)
    assert language is not None
    assert (language.code, language.trained) == (code, False)


@pytest.mark.parametrize(
    "text",
    [
        "servus",
        "merci",
        "ciao bella",
        "hola",
        "danke!",
        "Peter Schmidt",
        "Mariahilfer Straße 88/12, 1070 Wien",
        "Hearth & Volt",
        "is the Bialetti Moka Express in stock",
        "the kindergarten rucksack",
        "bonjour, where is my parcel?",
        "whre is my oder",
        "whereismyorder",
        "wehn do i gte my pracel bakc",
        "WHERE IS MY ORDER",
        "HV-104233",
        "asdf jklö",
        "π",
    ],
)
def test_names_loan_words_and_typos_are_no_other_language(model: LanguageModel, text: str) -> None:
    language = model.identify(text)
    assert language is None or language.trained, language


def test_no_example_of_the_bot_is_taken_for_another_language(model: LanguageModel, examples: list[str]) -> None:
    assert not [text for text in examples if (language := model.identify(text)) and not language.trained]


def test_a_second_language_of_the_bot_is_its_own(examples: list[str]) -> None:
    both = LanguageModel(LanguageRule(languages=("en", "de")), vocabulary(examples))
    assert both.identify("Ich warte seit einer Woche auf mein Paket").trained
    assert not both.identify("je n'ai jamais reçu la facture").trained


@pytest.mark.parametrize("text", ["", "   ", "👍👍", "???", "104233"])
def test_without_letters_there_is_no_language(model: LanguageModel, text: str) -> None:
    assert model.identify(text) is None


def test_nothing_is_downloaded(monkeypatch: pytest.MonkeyPatch, examples: list[str]) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the network was asked for")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    fresh = LanguageModel(LanguageRule(), vocabulary(examples))
    assert fresh.identify("Ich warte seit einer Woche auf mein Paket").code == "de"


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("where?", "LATIN"),
        ("где?", "CYRILLIC"),
        ("私の注文", "HIRAGANA"),
        ("订单", "CJK"),
        ("ok, 订单在哪里呢", "CJK"),
        ("1 2 3", None),
    ],
)
def test_the_script_is_that_of_most_letters(text: str, script: str | None) -> None:
    assert main_script(text)[0] == script
