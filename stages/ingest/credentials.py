"""Credentials: a URL names the environment's variables that hold them, and is filled in only while a source is read."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, quote, unquote

from pipeline import UsageError
from pipeline.sharing.remote import masked

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_USER = re.compile(r"://(?=[^/]*[:@])(.*)@")  # to the last @, since a password may hold one
_SECRET = re.compile(r"(?i)pass(word|wd)?$|pwd$|token$|secret|signature|^sig$|api_?key|access_?key")


def without_secrets(url: str) -> str:
    """The same URL. Raises UsageError, which shows none of it, for a password or token written out in it."""
    user = _USER.search(url)
    written = [user[1].partition(":")[2]] if user else []
    written += [value for name, value in parse_qsl(url.partition("?")[2]) if _SECRET.search(name)]
    if any(_VARIABLE.sub("", part) for part in written):
        raise UsageError(
            f"the URL {masked(url)} holds a password or a token, which would be kept in the store with the config; "
            "write ${NAME} in its place: it is taken from the environment when the source is read, and kept nowhere"
        )
    return url


def filled_in(url: str) -> tuple[str, list[str]]:
    """The URL with the environment's values for its `${NAME}`, and what of it must never be shown.

    A value is quoted for its place in the URL; one that is the whole URL is taken as it is.
    Raises UsageError for a variable that is not set.
    """
    missing = sorted({name for name in _VARIABLE.findall(url) if name not in os.environ})
    if missing:
        raise UsageError(f"the URL {url} names {missing}, which the environment does not have; set it and give the command again")
    values = [os.environ[name] for name in _VARIABLE.findall(url)]
    whole = _VARIABLE.fullmatch(url)
    if not whole:
        return _VARIABLE.sub(lambda found: quote(os.environ[found[1]], safe=""), url), _forms(values)
    return values[0], _forms([*values, *_parts(values[0])])


def hidden(text: str, secrets: Iterable[str]) -> str:
    """The text with *** for each secret."""
    for secret in secrets:
        text = text.replace(secret, "***")
    return text


def _parts(url: str) -> list[str]:
    user = _USER.search(url)
    written = [user[1], user[1].partition(":")[2]] if user else []
    return written + [value for _, value in parse_qsl(url.partition("?")[2])]


def _forms(values: Iterable[str]) -> list[str]:
    """As written, quoted and unquoted; the longest first, so that none is hidden in part."""
    return sorted({form for value in values for form in (value, quote(value, safe=""), unquote(value)) if form}, key=len, reverse=True)
