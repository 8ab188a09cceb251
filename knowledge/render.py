"""An article as HTML that is safe to put into a page."""

from __future__ import annotations

from html import escape

from knowledge.blocks import markdown_parser
from knowledge.documents import Document, Format


def render_html(document: Document) -> str:
    """The body as an HTML fragment.

    Raw HTML in the article is shown as text, links to `javascript:` and the like are not made links
    (markdown-it's own check), images are replaced by their description so that reading an article tells
    no third party about the reader.
    """
    if document.format is Format.TEXT:
        paragraphs = document.body.replace("\r\n", "\n").split("\n\n")
        return "\n".join(
            f"<p>{escape(part.strip()).replace(chr(10), '<br>')}</p>" for part in paragraphs if part.strip()
        )
    parser = markdown_parser()
    tokens = parser.parse(document.body)
    for token in tokens:
        for child in token.children or []:
            if child.type == "image":
                child.type, child.tag, child.attrs = "text", "", {}
            elif child.type == "link_open":
                child.attrSet("rel", "noopener noreferrer nofollow")
    return str(parser.renderer.render(tokens, parser.options, {}))
