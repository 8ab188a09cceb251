from knowledge.documents import Document, Format
from knowledge.render import render_html


def render(body: str, body_format: Format = Format.MARKDOWN) -> str:
    return render_html(Document("a", "A", body, body_format, "a.md", ""))


def test_markdown_becomes_html() -> None:
    page = render("## Cost\n\nIt is **free**.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n")
    assert "<h2>Cost</h2>" in page
    assert "<strong>free</strong>" in page
    assert "<td>1</td>" in page


def test_nothing_in_an_article_can_run() -> None:
    page = render(
        "<script>alert(1)</script>\n\nA <img src=x onerror=alert(1)> b [c](javascript:alert(1)) "
        "[d](data:text/html,x) ![e](http://evil.example/pixel.png)\n"
    )
    assert "<script" not in page
    assert "<img" not in page
    assert 'href="javascript' not in page
    assert 'href="data' not in page
    assert "evil.example" not in page


def test_links_do_not_pass_on_where_the_reader_comes_from() -> None:
    assert 'rel="noopener noreferrer nofollow"' in render("[here](https://shop.example/returns)")


def test_plain_text_keeps_its_paragraphs_and_is_escaped() -> None:
    assert render("One <b>\ntwo\n\nthree", Format.TEXT) == "<p>One &lt;b&gt;<br>two</p>\n<p>three</p>"
