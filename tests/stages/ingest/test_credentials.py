"""Credentials in URLs."""

import pytest
from pydantic import ValidationError

from pipeline import UsageError
from stages import SqlRows
from stages.ingest.credentials import filled_in, hidden, without_secrets


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:s3cret@host/db", "postgresql://me:s3c@ret@host/db", "postgresql://me:s3c/ret@host/db",
        "postgresql://me:${NAME}s3cret@host/db", "postgresql://host/db?user=me&password=s3cret", "postgresql://me:$s3cret@host/db",
        "https://host/rows.csv?x=1&api_key=s3cret", "https://host/rows?X-Amz-Signature=s3cret", "https://:s3cret@host/rows",
        "postgresql://me:s3cret@host",
    ],
)  # fmt: skip
def test_a_password_written_out_is_refused_and_not_shown(url):
    with pytest.raises(UsageError, match=r"holds a password or a token.*write \$\{NAME\}") as raised:
        without_secrets(url)
    assert "s3c" not in str(raised.value)
    with pytest.raises((UsageError, ValidationError)) as raised:
        SqlRows(url=url)
    assert "s3c" not in str(raised.value)
    with pytest.raises((UsageError, ValidationError)) as raised:
        SqlRows(url=[url], tabel="x")
    assert "s3c" not in str(raised.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://host/db", "postgresql://me@host/db", "postgresql://me:${PGPASSWORD}@host:5432/db", "${DATABASE_URL}",
        "sqlite:///a:b@c.db", "s3://bucket/rows@2024.csv", "https://host/rows?page=2&tokenizer=bert", "postgresql://h/d?password=${P}",
    ],
)  # fmt: skip
def test_a_url_without_one_stays_as_it_is(url):
    assert without_secrets(url) == url


def test_values_are_quoted_for_their_place_and_hidden_in_every_form(monkeypatch):
    monkeypatch.setenv("BW_A", "p@s/s")
    url, secrets = filled_in("postgresql://me:${BW_A}@host/db")
    assert url == "postgresql://me:p%40s%2Fs@host/db"
    assert hidden(f"cannot open {url} with p@s/s", secrets) == "cannot open postgresql://me:***@host/db with ***"


def test_a_value_that_is_the_whole_url_is_taken_as_it_is_and_its_password_is_hidden(monkeypatch):
    monkeypatch.setenv("BW_A", "postgresql://me:p%40ss@host/db?sslpassword=other")
    url, secrets = filled_in("${BW_A}")
    assert url == "postgresql://me:p%40ss@host/db?sslpassword=other"
    assert hidden(f"{url} p@ss p%40ss other", secrets) == "*** *** *** ***"


def test_a_variable_that_is_not_set_is_a_usage_error(monkeypatch):
    monkeypatch.delenv("BW_A", raising=False)
    with pytest.raises(UsageError, match=r"names \['BW_A'\], which the environment does not have"):
        filled_in("postgresql://me:${BW_A}@host/db")
