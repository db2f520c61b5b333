"""Passwords in the URLs of databases."""

from traceback import format_exception

import pytest
from pydantic import ValidationError

from pipeline import UsageError
from stages import SqlRows
from stages.ingest.credentials import expanded, without_secrets


def shown(error):
    """With its traceback and what that goes back to."""
    return "".join(format_exception(error))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:s3cret@host/db", "postgresql://me:s3c@ret@host/db", "postgresql://me:s3c/ret@host/db",
        "postgresql://me:${NAME}s3cret@host/db", "postgresql://host/db?user=me&password=s3cret", "postgresql://me:$s3cret@host/db",
        "postgresql://:s3cret@host/db", "postgresql://me:s3c:ret@host", "postgresql://host/db?sslpassword=s3cret",
    ],
)  # fmt: skip
def test_a_password_written_out_is_refused_and_not_shown_whatever_else_is_wrong(url):
    for fields in ({"url": url, "table": "mails"}, {"url": url}, {"url": [url], "tabel": "x"}, {"url": url, "table": 7}):
        with pytest.raises((UsageError, ValidationError)) as raised:
            SqlRows(**fields)
        assert "s3c" not in shown(raised.value)
    with pytest.raises(UsageError, match=r"holds a password or a token.*write \$\{NAME\}"):
        SqlRows(url=url, table="mails")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://host/db", "postgresql://me@host/db", "postgresql://me:${PGPASSWORD}@host:5432/db", "${DATABASE_URL}",
        "sqlite:///a:b@c.db", "postgresql://host/db?password=${P}&application_name=tokens", "postgresql:///db?host=/var/run",
    ],
)  # fmt: skip
def test_a_url_without_one_stays_as_it_is(url):
    assert SqlRows(url=url, table="mails").url == url


def test_a_value_may_be_any_text_and_is_not_shown_in_any_form(monkeypatch):
    monkeypatch.setenv("BW_A", "p@s/s")
    assert expanded("postgresql://me:${BW_A}@host/db", encoded=True) == "postgresql://me:p%40s%2Fs@host/db"
    said = without_secrets("no postgresql://me:p%40s%2Fs@host/db, p@s/s", "postgresql://me:${BW_A}@host/db")
    assert said == "no postgresql://me:${BW_A}@host/db, ${BW_A}"


def test_a_value_that_is_the_whole_url_is_taken_as_it_is_and_its_password_is_not_shown(monkeypatch):
    monkeypatch.setenv("BW_A", "postgresql://me:p%40ss@host/db?sslpassword=other")
    assert expanded("${BW_A}", encoded=True) == "postgresql://me:p%40ss@host/db?sslpassword=other"
    assert "p" not in without_secrets("p@ss p%40ss sslpassword=other", "${BW_A}")


def test_a_variable_that_is_not_set_is_a_usage_error(monkeypatch):
    monkeypatch.delenv("BW_A", raising=False)
    with pytest.raises(UsageError, match="BW_A, which is not set"):
        SqlRows(url="postgresql://me:${BW_A}@host/db", table="mails").state()
