"""E-mails as they come: MIME, charsets, encoded headers, and what senders get wrong."""

import time
from base64 import b64encode
from contextlib import suppress
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.ingest.mail import parse
from stages.ingest.mailheader import decoded_header


def mail(*lines, body=b"text"):
    return b"\n".join([b"From: Me <me@example.org>", *lines, b"", body])


def whole():
    """A mail as a mail program writes it: plain text and HTML that say the same, a picture in it, a file and a mail attached."""
    message = EmailMessage()
    message["From"] = "Jörg Müller <joerg@example.org>"
    message["To"] = "a@example.org, Größe <b@example.org>"
    message["Cc"] = "c@example.org"
    message["Date"] = "Thu, 29 Feb 2024 13:00:00 +0100"
    message["Subject"] = "Größe: 小 " * 20
    message.set_content("Grüße\n-- \nJörg", cte="base64")
    message.add_alternative("<p>Gr&uuml;&szlig;e</p>", subtype="html", cte="quoted-printable")
    message.get_payload()[1].add_related(b"GIF", "image", "gif", cid="<1>")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="Größe ../../x.pdf")
    message.add_attachment("name,text\n", filename="rows.csv")
    message.add_attachment(EmailMessage())
    return bytes(message)


def test_a_mail_of_many_parts_gives_what_a_mail_program_shows_and_names_the_rest():
    found = parse(whole())
    assert found.text == "Grüße\n-- \nJörg"
    assert found.subject == ("Größe: 小 " * 20).strip()
    assert found.sender == "joerg@example.org"
    assert found.recipients == ["a@example.org", "b@example.org", "c@example.org"]
    assert found.date == datetime(2024, 2, 29, 12, tzinfo=UTC)
    assert found.html is False
    assert found.parts == 6
    assert found.attachments == ["image/gif", "Größe ../../x.pdf", "rows.csv", "message/rfc822"]


def test_html_is_read_where_there_is_no_plain_text():
    found = parse(mail(b"Content-Type: text/html; charset=utf-8", body="<style>x</style><p>Größe<script>x()</script>".encode()))
    assert (found.text, found.html) == ("Größe", True)
    empty = b"--b\nContent-Type: text/plain\n\n \n--b\nContent-Type: text/html\n\n<p>shown\n--b--"
    found = parse(mail(b"Content-Type: multipart/alternative; boundary=b", body=empty))
    assert (found.text, found.html, found.parts) == ("shown", True, 2)


def test_parts_that_say_different_things_are_all_read_and_a_text_that_is_a_file_is_not():
    body = (
        b"preamble\n--b\n\none\n--b\nContent-Type: text/html\n\n<p>two\n--b\nContent-Type: text/plain; name=x.txt\n\nfile\n"
        b"--b\nContent-Disposition: inline; filename=y.txt\n\nthree\n--b--\nepilogue"
    )
    found = parse(mail(b"Content-Type: multipart/mixed; boundary=b", body=body))
    assert found.text == "one\n\ntwo\n\nthree"
    assert found.attachments == ["x.txt"]


@pytest.mark.parametrize(
    ("charset", "data", "text"),
    [
        (b"utf-8", "Größe".encode(), "Größe"),
        (b"utf-8", "Größe".encode("latin-1"), "Größe"),
        (b"us-ascii", "Größe".encode(), "Größe"),
        (b"iso-8859-1", "Größe €".encode("cp1252"), "Größe €"),
        (b"iso-8859-1", "Größe".encode(), "Größe"),
        (b"no-such-charset", "Größe".encode(), "Größe"),
        (b"zip", b"zip", "zip"),
        (b"unicode_escape", b"\\u0041", "\\u0041"),
        (b"idna", "Größe".encode(), "Größe"),
        (b"koi8-r", "Привет".encode("koi8-r"), "Привет"),
        (b"gb2312", "镕".encode("gb18030"), "镕"),
        (b"big5", "中文".encode("big5") + b"\xff", "中文\ufffd"),
        (b"iso-2022-jp", "日本語".encode("iso-2022-jp"), "日本語"),
        (b"utf-7", b"+AOQ-", "ä"),
        (b"utf-16", "Größe".encode("utf-16"), "Größe"),
        (b"utf-8\0x", b"text", "text"),
        (b'"ks_c_5601-1987"', "한국어".encode("cp949"), "한국어"),
        (b"", "Größe und Grüße aus Köln".encode("cp1252"), "Größe und Grüße aus Köln"),
    ],
)
def test_a_body_is_read_in_its_charset_and_where_it_is_not_in_that_in_what_it_looks_like(charset, data, text):
    body = b64encode(data) if b"\0" in data else data
    encoding = b"base64" if b"\0" in data else b"8bit"
    header = b"Content-Type: text/plain; charset=" + charset if charset else b"Content-Type: text/plain"
    assert parse(mail(header, b"Content-Transfer-Encoding: " + encoding, body=body)).text == text


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("plain", "plain"),
        ("=?utf-8?q?Gr=C3=B6=C3=9Fe?= und =?iso-8859-1?B?R3L232U=?=", "Größe und Größe"),
        ("=?utf-8?q?a?= =?utf-8?q?b?=\r\n =?utf-8?q?c?= d", "abc d"),
        ("=?utf-8?b?w?= =?utf-8?b?7Y=?=", "\ufffd"),
        ("=?utf-8?q?Gr=C3?= =?utf-8?q?=B6=C3=9Fe?=", "Größe"),
        ("=?utf-8?q?not encoded rightly?=", "not encoded rightly"),
        ("a=?utf-8?q?b_c?=d", "ab cd"),
        ("=?nonsense?q?=C3=B6?=", "ö"),
        ("=?utf-8?x?a?= =?utf-8?q?b", "=?utf-8?x?a?= =?utf-8?q?b"),
        ("=?utf-8*de?q?=C3=B6?=", "ö"),
        ("folded\n\tonce", "folded once"),
        ("=?utf-8?b?!!!?=", "!!!"),
    ],
)
def test_a_header_is_decoded_as_far_as_it_can_be(raw, text):
    assert decoded_header(raw) == text


def test_headers_of_bare_bytes_are_read_as_text():
    assert parse(mail("Subject: Größe".encode())).subject == "Größe"
    assert parse(mail("Subject: Größe und Grüße aus Köln".encode("latin-1"))).subject == "Größe und Grüße aus Köln"


def test_a_comma_in_an_encoded_name_parts_no_address():
    found = parse(b"From: =?utf-8?q?M=C3=BCller=2C_Jo?= <jo@example.org>\nTo: =?utf-8?q?A=2C_B?= <a@example.org>\n\nx")
    assert (found.sender, found.recipients) == ("jo@example.org", ["a@example.org"])


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        (b"Thu, 29 Feb 2024 12:00:00 +0000", datetime(2024, 2, 29, 12, tzinfo=UTC)),
        (b"29 Feb 2024 12:00", datetime(2024, 2, 29, 12, tzinfo=UTC)),
        (b"Thu, 29 Feb 2024 12:00:00 -0000 (nowhere)", datetime(2024, 2, 29, 12, tzinfo=UTC)),
        (b"Thu, 29 Feb 2024 07:00:00 EST", datetime(2024, 2, 29, 12, tzinfo=UTC)),
        (b"Thu, 31 Feb 2024 12:00:00 +0000", None),
        (b"Thu, 29 Feb 2024 12:00:00 +9999", None),
        (b"Fri, 31 Dec 9999 23:59:59 -0100", None),
        (b"1 Jan 1800 00:00:00 +0000", None),
        (b"yesterday", None),
        (b"9" * 5000 + b" Feb 2024 12:00:00 +0000", None),
    ],
)
def test_a_date_is_a_time_in_utc_or_nothing(date, expected):
    assert parse(mail(b"Date: " + date)).date == expected
    assert parse(mail()).date is None


@pytest.mark.parametrize(
    ("headers", "body", "text"),
    [
        (b"Content-Transfer-Encoding: base64", b"dGV4dA==\n_____\nlist footer", "text"),
        (b"Content-Transfer-Encoding: base64", b"dGV4dA\n\nlist footer, not in base64", "text"),
        (b"Content-Transfer-Encoding: base64", b"dGV4dA\n_____ of a\nlist", "text"),
        (b"Content-Transfer-Encoding: base64", b"It is not base64 at all.", "It is not base64 at all."),
        (b"Content-Transfer-Encoding: base64", b"dGV4dC", "text"),
        (b"Content-Transfer-Encoding: quoted-printable", b"a=20b=\nc=XX=3D=", "a bc=XX=\n="),
        (b"Content-Transfer-Encoding: nonsense", b"text", "text"),
        (b'Content-Type: multipart/alternative; boundary="other"', b"--b\n\n<html>text</html>", "--b\ntext"),
        (b"Content-Type: multipart/mixed", b"text", "text"),
        (b"Content-Type: nonsense", b"text", "text"),
        (b"Content-Type: text/html; charset=\"", b"<p>text", "text"),
        (b"Content-Type: application/pdf", b"%PDF", ""),
        (b"Content-Type: text/plain; name=all.txt", b"text", "text"),
        (b"X: y", b"a\r\nb\rc\x00", "a\nb\nc\x00"),
    ],
)  # fmt: skip
def test_what_senders_get_wrong_is_read_as_mail_programs_do(headers, body, text):
    assert parse(mail(headers, body=body)).text.rstrip("\n=") == text.rstrip("\n=")


@pytest.mark.parametrize(
    "headers",
    [
        b"Content-Disposition: attachment; filename*=utf-8''%C3%B6.txt", b"Content-Type: text/plain; name*0*=x'y; name*1=z",
        b"Content-Type: ;;;=\"", b"To: <<>@,;:(\nFrom: (", b"Message-ID: <[x@y]>", b"Subject: =?utf-8?q?=0A?=", b"Content-Type: text/plain; name*",
        b"Content-Disposition: attachment; filename*=a\0b''x", b"Content-Type: text/plain; charset*=a''b",
    ],
)  # fmt: skip
def test_headers_that_break_parsers_break_nothing(headers):
    assert parse(mail(headers)).text in ("text", "")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b" \r\n\n", "is empty"),
        (b"no header, but text\n", "has no header"),
        (b"\x89PNG\r\n\x1a\n", "has no header"),
        (
            b"From: a\n" + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(2000)),
            "too deep",
        ),
    ],
)
def test_what_is_no_mail_is_a_value_error_that_says_why(data, reason):
    with pytest.raises(ValueError, match=reason):
        parse(data)


def test_a_line_of_an_envelope_or_empty_lines_may_stand_before_the_headers():
    for before in (b"From me@example.org Thu Feb 29 12:00:00 2024\n", b"\r\n\n"):
        assert parse(before + mail(b"Subject: x")).subject == "x"


@given(st.lists(st.one_of(st.binary(max_size=20), st.sampled_from([
    b"Content-Type: multipart/mixed; boundary=b\n", b"--b\n", b"--b--\n", b"=?utf-8?q?", b"?=", b"\n", b"\n\n", b"Content-Type: message/rfc822\n\n",
    b"Content-Transfer-Encoding: base64\n", b"charset=", b"; filename*=", b"Subject: ", b"Date: ", b"To: ", b"<!--", b"Content-Type: text/html\n\n",
])), max_size=30))  # fmt: skip
def test_any_bytes_are_a_mail_or_a_value_error_and_the_text_can_be_stored(pieces):
    try:
        found = parse(b"Subject: x\n" + b"".join(pieces))
    except ValueError:
        return
    "".join([found.text, found.subject, found.sender, *found.recipients, *found.attachments]).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"Subject: x" + b" " * 200_000 + b"x", b"Subject: " + b"=?a?q?" * 50_000, b"To: " + b"a@b, " * 20_000, b"To: " + b"(" * 20_000,
        b"Content-Type: text/plain" + b"; a=b" * 20_000, b"Content-Type: text/plain" + b'; a="' * 20_000, b"X: y\n" * 50_000,
        b"".join(b"Content-Type: multipart/alternative; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(100)) + b"\n<p>x" * 20_000,
    ],
)  # fmt: skip
def test_the_time_grows_with_the_mail(data):
    start = time.process_time()
    with suppress(ValueError):
        parse(data + b"\n\ntext")
    assert time.process_time() - start < 3
