import random

from knowledge.blocks import Row
from knowledge.chunk import MAX_WORDS, MIN_WORDS, Listed, chunk, outline
from knowledge.documents import Document, Format

LONG = " ".join(f"Sentence number {number} tells something about the coffee machine." for number in range(9))


def document(body: str, body_format: Format = Format.MARKDOWN) -> Document:
    return Document("care", "Care", body, body_format, "care.md", "")


def test_passages_keep_the_path_of_headings() -> None:
    passages = chunk(document(f"# Coffee\n## Cleaning\n{LONG}\n## Storing\n{LONG}\n"))
    assert [passage.headings for passage in passages] == [("Coffee", "Cleaning"), ("Coffee", "Storing")]
    assert passages[0].search_text.startswith("Care. Coffee. Cleaning. Sentence number 0 ")
    assert [passage.position for passage in passages] == [0, 1]


def test_a_section_is_a_passage_of_its_own_however_short() -> None:
    body = "Keep it dry.\n\n## It wobbles\nTighten all of its screws once a month.\n\n"
    body += "## It squeaks\nA drop of oil into each joint is enough."
    passages = chunk(document(body))
    assert [passage.headings for passage in passages] == [("It wobbles",), ("It squeaks",)]
    assert [passage.heading for passage in passages] == ["It wobbles", "It squeaks"]
    # What stands before the first heading is too little to be found by itself.
    assert passages[0].sentences == ("Keep it dry.", "Tighten all of its screws once a month.")


def test_sections_of_few_words_are_read_together() -> None:
    passages = chunk(document("## Cost\nIt is free.\n\n## Time\nIt takes two days.\n\n## Who\nEverybody."))
    assert len(passages) == 1
    assert passages[0].headings == ("Cost / Time / Who",)
    assert passages[0].sentences == ("It is free.", "It takes two days.", "Everybody.")


def test_a_list_stays_with_the_line_that_introduces_it() -> None:
    steps = "\n".join(f"{number}. Press button number {number} and wait for the light." for number in range(1, 9))
    passages = chunk(document(f"{LONG}\n\n{LONG[:500]}\n\nTo start it:\n\n{steps}\n"))
    with_steps = [passage for passage in passages if "To start it:" in passage.sentences]
    assert with_steps[0].sentences[-8:] == tuple(
        f"Press button number {number} and wait for the light." for number in range(1, 9)
    )


def test_a_table_row_becomes_a_sentence() -> None:
    table = "| Tier | Return window | VAT |\n|---|---|---|\n| Gold | 60 days | 19 % |\n| Basic | 30 days | |\n"
    assert chunk(document(table))[0].sentences == (
        "Gold \u2013 return window: 60 days; VAT: 19 %.",
        "Basic \u2013 return window: 30 days.",
    )
    assert chunk(document("| | Cost |\n|---|---|\n| | 3.90 EUR |\n"))[0].sentences == ("Cost: 3.90 EUR.",)


def test_an_id_changes_with_the_words_and_only_with_them() -> None:
    before = chunk(document(f"## A\n{LONG}\n## B\n{LONG}"))
    after = chunk(document(f"## New\n{LONG} More.\n## A\n{LONG}\n## B\n{LONG} Changed."))
    assert before[0].passage_id == after[1].passage_id
    assert before[1].passage_id != after[2].passage_id


def test_the_same_words_twice_are_one_passage() -> None:
    assert len(chunk(document(f"## A\n{LONG}\n## A\n{LONG}"))) == 1


def test_text_without_any_structure_is_cut_all_the_same() -> None:
    passages = chunk(document("word " * 1000, Format.TEXT))
    assert sum(len(passage.text.split()) for passage in passages) >= MAX_WORDS
    assert max(len(passage.text.split()) for passage in passages) <= MAX_WORDS


def test_every_sentence_is_in_exactly_one_passage_and_lengths_are_kept() -> None:
    random_numbers = random.Random(7)
    for _ in range(50):
        counter = iter(range(10_000))
        paragraphs = [
            " ".join(
                f"Fact {next(counter)} " + "word " * random_numbers.randint(1, 30) + "ends."
                for _ in range(random_numbers.randint(1, 8))
            )
            for _ in range(random_numbers.randint(2, 12))
        ]
        parts = [
            f"## Heading {number}\n{text}" if random_numbers.random() < 0.4 else text
            for number, text in enumerate(paragraphs)
        ]
        passages = chunk(document("\n\n".join(parts)))
        facts = [int(sentence.split()[1]) for passage in passages for sentence in passage.sentences]
        assert facts == list(range(next(counter)))
        lengths = [len(passage.text.split()) for passage in passages]
        assert max(lengths) <= MAX_WORDS
        # Only a section that is short itself, or what is left over of one, makes a short passage.
        headed = sum(part.startswith("## ") for part in parts) + 1
        assert sum(length < MIN_WORDS for length in lengths) <= headed


def test_an_empty_body_has_no_passages() -> None:
    assert chunk(document("\n\n## Only a heading\n")) == []


def test_what_is_forbidden_says_so_in_each_item() -> None:
    body = "## Cleaning\n- rinse it\n\n## Do not\n- use vinegar\n- scratch it with a knife\n\n## Not sure?\n- ask us\n"
    sentences = chunk(document(body))[0].sentences
    assert sentences == ("rinse it.", "Do not: use vinegar.", "Do not: scratch it with a knife.", "ask us.")


def test_an_item_knows_its_list_and_the_line_that_introduces_it() -> None:
    body = "You need:\n\n- a descaler\n- one litre of water. Soft water will do.\n\nThen wait.\n\n"
    body += "1. Fill it.\n2. Start it.\n"
    descaler, water = (Listed(1, False, False, "You need:", number) for number in (1, 2))
    assert outline(document(body)) == {
        "a descaler.": descaler,
        "one litre of water.": water,
        "Soft water will do.": water,
        "Fill it.": Listed(2, False, True, number=1),
        "Start it.": Listed(2, False, True, number=2),
    }
    table = "| Tier | Days |\n|---|---|\n| Gold | 60 |\n"
    assert outline(document(table)) == {
        "Gold \u2013 days: 60.": Listed(1, True, False, number=1, row=Row(("Tier", "Days"), ("Gold", "60")))
    }
