"""A Record with every type at every depth, rules inside and outside, and what may stand in its rows."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import strategies as st
from pydantic import Field

from schemas import Distinct, Key, Record, row_rule


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    LOW = 1
    HIGH = 5


class Address(Record):
    zip: Annotated[str, Field(pattern=r"^\d{2,5}$")]
    city: Annotated[str, Field(min_length=2)] | None


class Item(Record):
    price: Annotated[Decimal, Field(max_digits=6, decimal_places=2, ge=Decimal("0.005"), multiple_of=Decimal("0.05"))]
    amount: Annotated[int, Field(ge=1, le=9, multiple_of=3)]
    tags: list[Annotated[str, Field(max_length=2)]]

    @row_rule("costs too much in all", column="amount")
    def affordable(rows: pa.Table) -> pa.ChunkedArray:  # noqa: N805
        return pc.less(pc.multiply(rows["price"].cast(pa.float64()), rows["amount"]), 9000)


class Visit(Record):
    id: Annotated[str, Key()]
    ward: Annotated[int, Distinct()]
    start: Annotated[date, Field(ge=date(2020, 1, 1))]
    end: date | None
    at: Annotated[datetime, Field(lt=datetime(2030, 1, 1, tzinfo=UTC))]
    ratio: Annotated[float, Field(ge=0, lt=10, multiple_of=0.25, allow_inf_nan=False)]
    loose: float
    open: bool
    cost: Annotated[Decimal, Field(max_digits=40, decimal_places=3, gt=-5, lt=Decimal("1000.0005"))] | None
    scan: Annotated[bytes, Field(min_length=1, max_length=3)]
    kind: Literal["a", "b"]
    rank: Literal[1, 2] | None
    colour: Colour
    level: Level | None
    name: Annotated[str, Field(min_length=1, max_length=4, pattern=r"\w\b")]
    address: Address
    former: Address | None
    items: Annotated[list[Item], Field(min_length=1, max_length=2)]
    grid: Annotated[list[Annotated[list[Annotated[int | None, Field(lt=5)]], Field(min_length=1)]], Field(max_length=3)] | None

    @row_rule("ends before it starts", column="end")
    @staticmethod
    def in_order(rows: pa.Table) -> pa.ChunkedArray:
        return pc.greater_equal(rows["end"], rows["start"])

    @row_rule("is open at level 5")
    @staticmethod
    def shut(rows: pa.Table) -> pa.ChunkedArray:
        return pc.invert(pc.and_(rows["open"], pc.equal(rows["level"], 5)))


GOOD: dict[str, Any] = {
    "id": "x",
    "ward": 3,
    "start": date(2024, 2, 28),
    "end": date(2024, 2, 29),
    "at": datetime(2024, 2, 29, 12, tzinfo=UTC),
    "ratio": 0.75,
    "loose": 1.5,
    "open": True,
    "cost": Decimal("12.345"),
    "scan": b"\xff\x00",
    "kind": "a",
    "rank": 2,
    "colour": "red",
    "level": 1,
    "name": "anna",
    "address": {"zip": "1234", "city": "Ulm"},
    "former": None,
    "items": [{"price": Decimal("1.55"), "amount": 3, "tags": ["a"]}],
    "grid": [[1, None], [2]],
}

TEXTS = (
    st.none()
    | st.text("ab1Z\n \u0663\u00e9\x0b", max_size=6)
    | st.sampled_from(["12", "12345", "1\n", "\u0661\u0662", "a-", "-a"])
)
INTEGERS = st.none() | st.integers(-3, 12) | st.sampled_from([-(2**63), 2**63 - 1])
DAYS = st.none() | st.dates() | st.dates(date(2019, 12, 30), date(2020, 1, 3)) | st.dates(date(2024, 2, 27), date(2024, 3, 1))
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30)), timezone(-timedelta(hours=11))])
MOMENTS = st.none() | st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=ZONES)
MOMENTS |= st.integers(-1, 1).map(lambda micros: datetime(2030, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros))
FLOATS = (
    st.none() | st.floats() | st.integers(-4, 44).map(lambda quarters: quarters / 4) | st.sampled_from([10.0, 0.2500000001])
)
ADDRESSES = st.fixed_dictionaries({"zip": TEXTS, "city": TEXTS}) | st.none()
PRICES = st.none() | st.decimals(-1, 9999, places=2) | st.integers(-2, 40).map(lambda steps: steps * Decimal("0.05"))
ITEMS = st.none() | st.fixed_dictionaries(
    {"price": PRICES, "amount": INTEGERS, "tags": st.none() | st.lists(st.none() | st.text("ab", max_size=3), max_size=2)}
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "id": TEXTS,
    "ward": INTEGERS,
    "start": DAYS,
    "end": DAYS,
    "at": MOMENTS,
    "ratio": FLOATS,
    "loose": FLOATS,
    "open": st.none() | st.booleans(),
    "cost": st.none() | st.decimals(-6, 1001, places=3) | st.sampled_from([Decimal(-5), Decimal(1000), Decimal("1000.001")]),
    "scan": st.none() | st.binary(max_size=5),
    "kind": st.none() | st.sampled_from(["a", "b", "c", ""]),
    "rank": st.none() | st.integers(0, 3),
    "colour": st.none() | st.sampled_from(["red", "blue", "RED", ""]),
    "level": st.none() | st.integers(0, 5),
    "name": TEXTS,
    "address": ADDRESSES,
    "former": ADDRESSES,
    "items": st.none() | st.lists(ITEMS, max_size=3),
    "grid": st.none() | st.lists(st.none() | st.lists(INTEGERS, max_size=3), max_size=4),
}
CHANGES = st.lists(
    st.sampled_from(sorted(VALUES)).flatmap(lambda name: st.tuples(st.just(name), VALUES[name])), min_size=1, max_size=4
).map(dict)
