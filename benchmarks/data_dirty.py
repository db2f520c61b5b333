"""Dirty CSV files: records of every kind of trouble, and the line on which each begins."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

Place = str  # file:line, as in `a.csv:7`
WORDS = ("ball", "lamp", "größer", "naïve", "e\u0301te\u0301", "日本語", "of", "the", "and", "7", "x")


def dirty_file(name: str, draw: Random) -> tuple[bytes, list[Place]]:
    """The bytes of a file, and the places of its records; empty lines are none."""
    end = draw.choice([b"\n", b"\r\n"])
    bad = draw.choice([0.0, 0.1, 0.6])
    lines = [b"id,text,label"]
    places = []
    at = 2  # the header is line 1
    for _ in range(draw.choice([0, 1, *[draw.randint(2, 300)] * 6])):
        place = f"{name}:{at}"
        kind = draw.choice(KINDS) if draw.random() < bad else _plain
        record = kind(place, draw)
        lines.append(record)
        places += [place] if record else []
        at += 1 + record.count(b"\n")
    last = b"" if draw.random() < 0.3 and lines[-1] else end
    mark = b"\xef\xbb\xbf" if draw.random() < 0.2 else b""
    return mark + end.join(lines) + last, places


def _text(draw: Random) -> str:
    return " ".join(draw.choices(WORDS, k=draw.randint(1, 6)))


def _plain(place: str, draw: Random) -> bytes:
    return f"{place},{_text(draw)},{draw.choice(('yes', 'no'))}".encode()


def _short(place: str, draw: Random) -> bytes:
    return f"{place},x,yes".encode()


def _blank(place: str, draw: Random) -> bytes:
    return f"{place},{' ' * draw.randint(0, 3)},no".encode()


def _unknown(place: str, draw: Random) -> bytes:
    return f"{place},{_text(draw)},{draw.choice(('', 'maybe', 'YES'))}".encode()


def _few(place: str, draw: Random) -> bytes:
    return f"{place},{_text(draw)}".encode()


def _many(place: str, draw: Random) -> bytes:
    return f"{place},{_text(draw)},yes,no,".encode()


def _quoted(place: str, draw: Random) -> bytes:
    return f'{place},"{_text(draw)}, ""{_text(draw)}""",yes'.encode()


def _spanning(place: str, draw: Random) -> bytes:
    return f'{place},"{_text(draw)}\n{_text(draw)}\n",no'.encode()


def _controls(place: str, draw: Random) -> bytes:
    return f"{place},{_text(draw)}\x07\x1b \u200b{_text(draw)},yes".encode()


def _nul(place: str, draw: Random) -> bytes:
    return f"{place},{_text(draw)}\0,yes".encode()


def _undecodable(place: str, draw: Random) -> bytes:
    return f"{place},{_text(draw)} caf".encode() + b"\xe9,no"


def _long(place: str, draw: Random) -> bytes:
    return f"{place},{'long ' * 6_000},no".encode()


def _nothing(place: str, draw: Random) -> bytes:
    return b""


KINDS: tuple[Callable[[str, Random], bytes], ...] = (
    _short, _blank, _unknown, _few, _many, _quoted, _spanning, _controls, _nul, _undecodable, _long, _nothing,
)  # fmt: skip
