"""Credentials: what a URL may not say, `${NAME}` in its place, and errors that quote neither."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote, unquote, urlsplit

from pipeline import BrickwiseError, StageError, UsageError
from pipeline.errors import bounded
from pipeline.sharing.remote import masked

_NAME = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_OF_USER = "!$&'()*+,;=:%"  # what stands before the @ of a URL as it is
_TELLING = re.compile(
    r"(?i)pass(?:w|phrase|code)|pwd|secret|token|signature|credential|api.?key|access.?key|bearer|jwt|hmac|session|"
    r"^(pw|pass|key|sig|sas|sid|code|auth|authorization)$"
)


def refuse_secrets(url: str) -> str:
    """The URL itself. Raises UsageError, with the secret masked, for one that holds a password or a token.

    A secret is the password of `//name:password@`, a name without one over HTTP, and a parameter of the query or the fragment
    whose name says so.  `${NAME}` is no secret.
    """
    scheme, found, rest = url.partition("://")
    if not found:
        return url
    bare = _NAME.sub("", rest)
    user = (
        bare.rpartition("@")[0]
        if "@" in bare.partition("?")[0] and ("/" not in bare.partition("@")[0] or ":" in bare.partition("/")[0])
        else ""
    )
    name, with_password, password = unquote(user).partition(":")
    secret = password or (name if scheme.startswith("http") and not with_password else "")
    parameters = [pair.partition("=") for pair in re.split("[?#&;]", bare)[1:]]
    if secret or any(value and _TELLING.search(unquote(name)) for name, _, value in parameters):
        raise UsageError(
            f"{masked(url).partition('#')[0]} holds a password or a token, which would be stored with the run; "
            f"write ${{NAME}} in its place, which is taken from the environment when the URL is read, and never stored"
        )
    return url


def expanded(url: str, *, encoded: bool = False) -> str:
    """The URL with each `${NAME}` taken from the environment. Raises UsageError for a name that is not set.

    encoded: a value may be any text, and is written as its place in a URL needs it; one that is the whole URL stays as it is.
    Else a value is taken as it stands there, but for what would end the part before the @ of a URL.
    """
    encoded = encoded and not _NAME.fullmatch(url)

    def value(found: re.Match[str]) -> str:
        if found[1] not in os.environ:
            raise UsageError(f"{url} needs the environment variable {found[1]}, which is not set; set it, and run again")
        if encoded:
            return quote(os.environ[found[1]], safe="")
        of_user = re.search(r"://[^/?#@]*$", url[: found.start()]) and re.match(r"[^/?#]*@", url[found.end() :])
        return quote(os.environ[found[1]], safe=_OF_USER) if of_user else os.environ[found[1]]

    return _NAME.sub(value, url)


@contextmanager
def quoting(url: str, doing: str, error_class: type[BrickwiseError] = StageError) -> Iterator[None]:
    """Turn what a library raises into an error that names the URL as it is written, and quotes nothing of what `${NAME}` stands for."""
    try:
        yield
    except BrickwiseError:
        raise
    except Exception as error:  # noqa: BLE001  # drivers raise what they like
        said = getattr(error, "strerror", None) or str(error) or type(error).__name__
        kind = "" if isinstance(error, OSError) else f"{type(error).__name__}: "
        wrong = error_class(f"source {url} cannot be {doing}: {kind}{bounded(without_secrets(said, url), 300)}")
        raise wrong from (None if _NAME.search(url) else error)  # its own words would be in the traceback


def without_secrets(text: str, url: str) -> str:
    """A library's words, with `${NAME}` again for all that it stands for in a URL, as written, encoded and decoded, and for its parts.

    A library that takes a URL apart in another place quotes any of these, such as what follows a colon as the port.
    """
    text = text.replace(expanded(url), url) if _NAME.search(url) else text
    for name in set(_NAME.findall(url)):
        value = os.environ.get(name, "")
        forms = {value, quote(value, safe=""), quote(value), unquote(value), *_parts(value)}
        for form in sorted(filter(None, forms), key=len, reverse=True):
            text = text.replace(form, f"${{{name}}}")
        for part in sorted(set(filter(None, re.split(r"[:/?#@&=;\[\]\\]", value))), key=len, reverse=True):
            text = re.sub(rf"(?<![\w{{]){re.escape(part)}(?![\w}}])", f"${{{name}}}", text)
    return text


def _parts(value: str) -> set[str]:
    """Where the variable holds a whole URL: its user, password and query, which a library may quote alone."""
    try:
        split = urlsplit(value)
        return {part for part in (split.password, unquote(split.password or ""), split.query, split.netloc) if part}
    except ValueError:
        return set()
