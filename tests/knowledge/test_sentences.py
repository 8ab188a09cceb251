import pytest

from knowledge.sentences import split_sentences


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("It is free. Ask us.", ("It is free.", "Ask us.")),
        (
            "The label costs 3.90 EUR. Order before 14:00!",
            ("The label costs 3.90 EUR.", "Order before 14:00!"),
        ),
        ("Send it to Dr. Meyer, e.g. by post. Done.", ("Send it to Dr. Meyer, e.g. by post.", "Done.")),
        ('Press "Start." Then wait.', ('Press "Start."', "Then wait.")),
        ("Why? Because.  5 days\nlater it works.", ("Why?", "Because.", "5 days later it works.")),
        ("no stop at the end", ("no stop at the end",)),
        ("可以退货。请联系我们。", ("可以退货。", "请联系我们。")),
        ("  \n ", ()),
    ],
)
def test_text_is_split_where_a_reader_would(text: str, sentences: tuple[str, ...]) -> None:
    assert split_sentences(text) == sentences
