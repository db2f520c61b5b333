"""The contracts of text classification and of the shipped pipeline."""

import pyarrow as pa
import pytest

from pipeline import Table
from schemas import Docstring, Prediction, RawDocstring, Row, SplitDocstring, SplitRow, SplitText, Text, Tokens
from schemas.docstrings import LETTER

RAW = {"id": "a.py:1:f", "text": "Sum the rows.", "label": "numpy", "file": "a.py", "line": 1, "kind": "function"}


@pytest.mark.parametrize(
    ("record", "columns"),
    [
        (Text, ["id", "text", "label"]),
        (Row, ["id"]),
        (SplitRow, ["id", "split", "group"]),
        (SplitText, ["id", "text", "label", "split", "group"]),
        (Tokens, ["id", "split", "label", "tokens"]),
        (Prediction, ["id", "model", "label", "prediction", "group", "values", "loss", "slices"]),
        (RawDocstring, ["id", "text", "label", "file", "line", "kind"]),
        (Docstring, ["id", "text", "label", "file", "line", "kind"]),
    ],
)
def test_a_shipped_record_has_these_columns_in_this_order(record, columns):
    assert list(record.columns()) == columns


def test_a_split_docstring_can_stand_wherever_a_split_text_is_read():
    assert set(SplitText.columns().items()) <= set(SplitDocstring.columns().items())


@pytest.mark.parametrize(
    ("record", "change"),
    [
        (RawDocstring, {"kind": "lambda"}),
        (RawDocstring, {"line": 0}),
        (RawDocstring, {"file": ""}),
        (RawDocstring, {"label": ""}),
        (RawDocstring, {"text": None}),
        (Docstring, {"text": "ab"}),
        (Docstring, {"text": "1 + 1 = 2"}),
        (SplitDocstring, {"split": "training"}),
    ],
)
def test_a_shipped_record_turns_away(record, change):
    row = {
        name: value for name, value in {**RAW, "split": "train", "group": "f.py", **change}.items() if name in record.columns()
    }
    schema = pa.schema([(name, pa.int64() if name == "line" else pa.string()) for name in row])
    good, bad = (
        pa.Table.from_pylist([RAW | {"split": "train", "group": "f.py"}], schema=schema),
        pa.Table.from_pylist([row], schema=schema),
    )
    kept, away = record.sift(pa.concat_tables([good, bad]))
    assert (kept.num_rows, away.num_rows) == (1, 1)


@pytest.mark.parametrize("text", ["Größe", "größer als", "日本語の文", "Сумма", "a1 "])
def test_a_docstring_may_be_written_in_any_script(text):
    kept, _ = Docstring.sift(pa.Table.from_pylist([RAW | {"text": text}]))
    assert kept.num_rows == 1


def test_the_shipped_contract_passes_good_rows_and_tells_what_is_wrong_with_bad_ones():
    good = pa.Table.from_pylist([RAW, RAW | {"id": "a.py:9:g", "line": 9}])
    assert Docstring.contract().receipt(Table.of(Docstring, good)).passed
    bad = pa.Table.from_pylist([RAW, RAW | {"text": "12"}])
    failed = {f.rule for f in Docstring.contract().receipt(Table.of(Docstring, bad)).failures}
    assert failed == {
        "no value occurs twice",
        "every length is at least 3",
        f"every text matches {LETTER!r}",
    }
