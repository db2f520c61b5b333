"""A realistic table: eight columns, their contract, a generator of clean rows, and the pipeline that judges what comes."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Annotated, Literal

from pydantic import Field

from pipeline import Limit, Pipeline, Step
from schemas import Fresh, InSet, Key, Record, RowCountNear, Suite
from stages import Clean, CsvFile, Drift, Ingest, Leakage, OneLabel, Split

ROWS = 3_000
COLUMNS = ("id", "text", "label", "age", "amount", "day", "city", "flag")
LABELS = {"good": 0.5, "mixed": 0.2, "bad": 0.3}
CITIES = {
    "Zürich": 20, "Málaga": 15, "Göteborg": 12, "Lyon": 12, "Porto": 10, "Ghent": 9, "Brno": 8, "Århus": 7, "Turin": 4, "Kraków": 3,
}  # fmt: skip
Rows = list[dict[str, str]]  # a value a column, as the file has it


class Review(Record):
    """What a customer wrote, and who and when. amount: euros."""

    id: Annotated[str, Key(), Field(pattern=r"^r\d{8}$")]
    text: Annotated[str, Field(max_length=2_000)]
    label: Literal["good", "mixed", "bad"]
    age: Annotated[int, Field(ge=18, le=110)] | None
    amount: Annotated[float, Field(gt=0, le=5_000)]
    day: Annotated[date, Field(ge=date(2000, 1, 1))]
    city: Annotated[str, Field(min_length=1)]
    flag: bool


class SplitReview(Review):
    """A review with its part of the data."""

    split: Literal["train", "valid", "test"]
    group: str


KNOWN = Suite(
    name="known",
    expectations=(
        RowCountNear(rows=ROWS, within=0.1),
        InSet(column="city", values=tuple(CITIES)),
        Fresh(column="day", days=14),
    ),
)
DRIFT = Drift(categories=("city",), columns={"label": 0.05})
LEAKAGE = Leakage()
ONE_LABEL = OneLabel()
SPLIT = Split[SplitReview](by="id", valid=0.1, test=0.2)
CLEAN = Clean[Review](min_chars=20)


def reviews(file: Path) -> Pipeline:
    """The pipeline on one file."""
    return Pipeline(
        "reviews",
        Step("raw", Ingest[Review](source=CsvFile(path=file)), checks=(KNOWN, DRIFT, Limit(fraction=0.02))),
        Step("clean", CLEAN, reads={"rows": "raw"}),
        Step("split", SPLIT, reads={"rows": "clean"}, checks=(LEAKAGE, ONE_LABEL)),
    )


def clean_rows(seed: int, count: int = ROWS) -> Rows:
    """Rows that keep every rule, drawn anew for each seed from the same distributions."""
    draw = Random(seed)  # noqa: S311  # words and numbers, no secrets
    first = draw.randrange(90_000_000)
    return [_row(draw, f"r{first + number:08}") for number in range(count)]


def words(draw: Random, least: int = 12, most: int = 40) -> str:
    """A text of words as frequent as in a language (Zipf)."""
    return " ".join(draw.choices(_WORDS, cum_weights=_FREQUENT, k=draw.randint(least, most)))


def written(rows: Rows, columns: Sequence[str] = COLUMNS) -> str:
    """The rows as CSV, a line each after the header."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def today() -> date:
    """In UTC, as freshness is judged."""
    return datetime.now(UTC).date()


def _row(draw: Random, name: str) -> dict[str, str]:
    age = min(max(round(draw.gauss(45, 14)), 18), 95)
    return {
        "id": name,
        "text": words(draw),
        "label": draw.choices(list(LABELS), list(LABELS.values()))[0],
        "age": "" if draw.random() < 0.03 else str(age),
        "amount": f"{min(draw.lognormvariate(3.5, 0.8), 4_000):.2f}",
        "day": str(today() - timedelta(days=draw.randint(1, 365))),
        "city": draw.choices(list(CITIES), list(CITIES.values()))[0],
        "flag": "true" if draw.random() < 0.3 else "false",
    }


def _vocabulary() -> list[str]:
    draw = Random(4)  # noqa: S311  # likewise
    syllables = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "é", "ö")]
    return ["".join(draw.choices(syllables, k=draw.randint(1, 4))) for _ in range(3_000)]


_WORDS = _vocabulary()
_FREQUENT = list(accumulate(1 / (rank + 3) for rank in range(len(_WORDS))))
