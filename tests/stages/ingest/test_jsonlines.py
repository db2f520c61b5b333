"""JSON Lines, good and bad."""

import json
import math
import tracemalloc
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import LINE, SOURCE, StageError
from pipeline.quarantine import without_origin
from stages import JsonLines


@pytest.fixture
def lines(tmp_path):
    """A source of these lines or bytes."""

    def of(*content, **config):
        path = tmp_path / "rows.jsonl"
        path.write_bytes(content[0] if isinstance(content[0], bytes) else "".join(f"{line}\n" for line in content).encode())
        return JsonLines(path=path, **config)

    return of


def test_values_keep_their_types_and_objects_become_structs(lines, read):
    rows = {"id": 1, "x": 1.5, "ok": True, "none": None, "day": "2024-02-29", "tags": ["a"], "at": {"zip": "01", "n": [1, 2]}}
    assert read(lines(json.dumps(rows))) == ([rows], [])


def test_a_key_that_a_row_does_not_have_is_null_however_far_down_it_comes(lines, read):
    rows, away = read(lines(*['{"a": 1}'] * 200_000, '{"b": {"c": [1]}}'))
    assert (rows[0], rows[-1], len(rows), away) == ({"a": 1, "b": None}, {"a": None, "b": {"c": [1]}}, 200_001, [])


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"a": 1,}', "is no JSON: "),
        ('{"a": 1} x', "is no JSON: Extra data"),
        ('{"a": 1}{"a": 2}', "is no JSON: Extra data"),
        ("[1, 2]", "is no JSON object but a list"),
        ("5", "is no JSON object but a int"),
        ('{"a": 1, "a": 2}', "names the key 'a' twice"),
        ('{"a": {"b": 1, "b": 2}}', "names the key 'b' twice"),
        ('{"a": 1e999}', "holds a number that is too large for a float"),
        ('{"a": "\\ud800"}', "holds half of a surrogate pair"),
        ('{"\\u0000line": 1}', "has a NUL in the name of a key"),
        ('{"a": "x', "is no JSON: Unterminated string"),
        ('{"a": ' + "[" * 50_000 + "]" * 50_000 + "}", "is nested too deep"),
        ("not json", "is no JSON: Expecting value"),
    ],
)
def test_a_bad_line_is_turned_away_with_its_line_and_takes_no_other_along(lines, read, line, why):
    rows, away = read(lines('{"a": 1}', "", line, '{"a": 2}'))
    assert rows == [{"a": 1}, {"a": 2}]
    assert [(bad["line"], bad["rule"][: len(why)]) for bad in away] == [(3, why)]
    assert json.loads(away[0]["row"])["_raw"][:20] == line[:20]


def test_bytes_that_are_not_utf_8_turn_their_line_away(lines, read):
    rows, away = read(lines(b'{"a": "x"}\n{"a": "\xff"}\n'))
    assert (rows, away[0]["line"], away[0]["rule"]) == ([{"a": "x"}], 2, "holds bytes that are not UTF-8")


def test_a_column_of_numbers_and_text_is_text(lines, read):
    rows, _ = read(
        lines('{"a": 1, "l": [1]}', '{"a": "x", "l": ["y", null]}', '{"a": true, "l": null}', '{"a": {"b": 1}, "l": []}')
    )
    assert [row["a"] for row in rows] == ["1", "x", "true", '{"b": 1}']
    assert [row["l"] for row in rows] == [["1"], ["y", None], None, []]


def test_whole_numbers_that_no_column_of_numbers_holds_stay_exact(lines, read):
    huge = 123456789012345678901234567890
    assert [row["a"] for row in read(lines(f'{{"a": {huge}}}', '{"a": 1}'))[0]] == [str(huge), "1"]
    assert read(lines('{"a": 9223372036854775807}'))[0] == [{"a": 9223372036854775807}]


def test_whole_and_other_numbers_are_numbers(lines, read):
    assert read(lines('{"a": 1}', '{"a": 2.5}', '{"a": NaN}'))[0][:2] == [{"a": 1.0}, {"a": 2.5}]
    assert math.isnan(read(lines('{"a": NaN}'))[0][0]["a"])


def test_a_byte_order_mark_blank_lines_and_a_last_line_without_an_end_are_fine(lines, read, places):
    source = lines(b'\xef\xbb\xbf{"a": 1}\r\n\r\n  \n{"a": 2}')
    assert read(source) == ([{"a": 1}, {"a": 2}], [])
    assert [line for _, line in places(source)] == [1, 4]


def test_a_line_of_100_mb_is_turned_away_in_memory_that_does_not_grow_with_it(lines, read):
    source = lines(b'{"a": "' + b"x" * 100_000_000 + b'"}\n{"a": "y"}\n')
    tracemalloc.start()
    rows, away = read(source)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (rows, away[0]["line"], away[0]["rule"]) == ([{"a": "y"}], 1, "is longer than 16,777,216 bytes")
    assert peak < 80_000_000


def test_rows_without_any_key_are_rows(lines, places):
    assert len(places(lines("{}", "{}"))) == 2


def test_one_json_array_is_a_stage_error_that_says_so(lines, read):
    with pytest.raises(StageError, match=r"is one JSON array over many lines; expected a JSON object a line"):
        read(lines("[", '{"a": 1},', '{"a": 2}', "]"))


def test_a_packed_file_and_members_of_an_archive_are_read(tmp_path, packed, read):
    (tmp_path / "a.jsonl.gz").write_bytes(packed("gz", b'{"a": 1}\n'))
    (tmp_path / "b.zip").write_bytes(packed("zip", {"1.jsonl": b'{"a": 2}\n', "2.jsonl": b'{"a": 3}\n'}))
    assert read(JsonLines(path=tmp_path / "*"))[0] == [{"a": 1}, {"a": 2}, {"a": 3}]


scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
)
nested = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(["a", "b", "ü"]), nested, max_size=3), min_size=1, max_size=6))
def test_every_object_is_a_row_on_its_line_whatever_it_holds(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("json") / "rows.jsonl"
    path.write_text("".join(f"{json.dumps(row, ensure_ascii=len(rows) % 2 == 0)}\n" for row in rows))
    found = [row for table, away in JsonLines(path=path).read(str(path)) for row in table.to_pylist() if not away]
    assert [row[LINE] for row in found] == list(range(1, len(rows) + 1))
    for row, given_row in zip(found, rows, strict=True):
        assert row.pop(SOURCE) == str(path)
        for name, value in given_row.items():
            if isinstance(value, str | bool) or value is None:
                assert row[name] in (value, json.dumps(value, ensure_ascii=False))


def test_blocks_that_arrow_reads_and_those_that_python_reads_agree(tmp_path):
    good = [{"id": i, "x": i / 7, "text": f"größe {i}", "tags": [{"n": i}] * (i % 3)} for i in range(2000)]
    path = tmp_path / "rows.jsonl"
    text = "".join(f"{json.dumps(row)}\n" for row in good)
    path.write_text(text)
    (quick,) = [without_origin(table) for table, _ in JsonLines(path=path).read(str(path)) if table.num_rows]
    path.write_text(text + "bad\n")
    (slow,) = [without_origin(table) for table, _ in JsonLines(path=path).read(str(path)) if table.num_rows]
    assert quick.equals(slow)
    assert quick.to_pylist() == good


@pytest.mark.parametrize("opening", ['{"a": ' + "[" * 50_000 + "]" * 50_000 + "}", '{"a": ' * 20_000 + "1" + "}" * 20_000])
def test_a_line_nested_many_thousand_levels_deep_does_not_end_the_process(lines, read, opening):
    rows, away = read(lines(opening, '{"b": "[[["}'))
    assert (rows, [bad["rule"] for bad in away]) == ([{"b": "[[["}], ["is nested too deep"])


def test_a_key_that_is_named_twice_among_very_many_is_found_at_once(tmp_path, read):
    keys = [*range(50_000), 49_999]  # in minutes, where each key is looked for among all before it
    path = tmp_path / "rows.jsonl"
    path.write_text("{" + ",".join(f'"k{key}": 1' for key in keys) + "}\n")
    started = perf_counter()
    assert [line["rule"] for line in read(JsonLines(path=path))[1]] == ["names the key 'k49999' twice"]
    assert perf_counter() - started < 20
