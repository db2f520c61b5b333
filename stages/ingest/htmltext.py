"""HTML to the text that a reader would see, in time that grows with its length however broken it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "br",
        "caption",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "head",
        "header",
        "hr",
        "html",
        "li",
        "main",
        "nav",
        "ol",
        "option",
        "p",
        "pre",
        "section",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "title",
        "tr",
        "ul",
    ]
)  # what stands on lines of its own
_UNSEEN = ("script", "style", "title", "template", "noframes", "iframe", "object", "applet")
_OPENS = re.compile(r"<(?=[a-zA-Z/!?])")
_NAME = re.compile(r"/?([a-zA-Z][^\s/>]*)")
_TAG_END = re.compile(r"""(?:[^>"']++|"[^"]*+"|'[^']*+')*+>""")
_CLOSING = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in _UNSEEN}


def text_of(html: str) -> str:
    """Its text: a line for each block, runs of blanks as one, no line empty; scripts, styles and comments are left out."""
    text = unescape("".join(_pieces(html))).replace("\u00a0", " ")
    lines = (re.sub(r"[^\S\n]+", " ", line).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def _pieces(html: str) -> Iterator[str]:
    """Text between tags, its line breaks as blanks, and a line break for the tag of a block."""
    at = 0
    quotes = comments = True
    while found := _OPENS.search(html, at):
        yield _flat(html[at : found.start()])
        start = found.end()
        if html.startswith("!--", start):
            comments = comments and html.find("-->", start + 1) >= 0
            at = _after(html, "-->" if comments else ">", start + 1)  # `<!-->` is a whole comment; one may never end
            continue
        name = _NAME.match(html, start)
        if name is None:  # <!doctype>, <![endif]>, <?xml?>, </>
            at = _after(html, ">", start)
            continue
        end = _TAG_END.match(html, name.end()) if quotes else None
        quotes = quotes and end is not None  # one quote that never ends: from here on a tag ends at the first >
        at = end.end() if end else _after(html, ">", name.end())
        tag = name[1].lower()
        if tag in _CLOSING and html[start] != "/":
            closing = _CLOSING[tag].search(html, at)
            at = closing.start() if closing else len(html)
        yield "\n" if tag in _BLOCKS else " " if tag in ("td", "th") else ""
    yield _flat(html[at:])


def _flat(text: str) -> str:
    return text.replace("\r", " ").replace("\n", " ")


def _after(html: str, end: str, start: int) -> int:
    found = html.find(end, start)
    return len(html) if found < 0 else found + len(end)
