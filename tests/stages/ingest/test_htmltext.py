"""HTML to text."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stages.ingest.htmltext import text_of


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("plain", "plain"),
        ("<p>one</p><p>two<br>three</p>", "one\ntwo\nthree"),
        ("a <b>b</b><i>c</i>\n  d", "a bc d"),
        ("<table><tr><td>1<td>2</tr><tr><td>3</table>", "1 2\n3"),
        (
            "<head><title>T</title><style>p { x: 'y' }</style></head><BODY>shown<script>if (a < b) hide('</p>')</script>!",
            "shown!",
        ),
        ("a<!-- b <p> -->c<!---->d<!-->e", "acde"),
        ("a<!--#rotate>b", "ab"),
        ("a<!doctype html>b<![endif]>c<?xml version='1'?>d", "abcd"),
        (
            "x &lt;b&gt; &amp;amp; &nbsp;&eacute;&#8364;&#x41; &#0; &#xD800; &unknown;",
            "x <b> &amp; é€A \ufffd \ufffd &unknown;",
        ),
        ('<a title="a > b" href=x>link</a>', "link"),
        ('<p>one<a title="never ends>two', "onetwo"),
        ('<a title="never ends>one</a><p title="x>y">two', 'y">two'),
        ("1 < 2 <3 a<b", "1 < 2 <3 a"),
        ("<SCRIPT>x</script >shown", "shown"),
        ("shown<style>never closed <p>text", "shown"),
        ("<scripture>shown</scripture>", "shown"),
        ("", ""),
    ],
)
def test_the_text_is_what_a_reader_sees(html, text):
    assert text_of(html) == text


@given(st.text(alphabet="<>!-/\"'= \npab&#x;scritylen", max_size=60))
@example("<a '>")
def test_nothing_that_looks_like_html_is_too_broken(html):
    text = text_of(html)
    assert "\n\n" not in text
    assert not text.startswith((" ", "\n"))


@pytest.mark.parametrize(
    "piece",
    [
        "<",
        "<a ",
        '<a "',
        "<!--",
        "<!--x",
        "<script>",
        "</script",
        "&#",
        "<a b='",
        "<![",
        " ",
        "<p",
        "-->",
        "<style><",
        "<a '\" >",
        '<a ">"',
        "<!--x>",
    ],
)
def test_the_time_grows_with_the_length(piece):
    start = time.process_time()
    text_of(piece * 100_000)
    assert time.process_time() - start < 2
