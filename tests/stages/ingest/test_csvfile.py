"""CSV files, good and bad."""

import pyarrow as pa
import pytest

from pipeline import StageError, UsageError
from stages import CsvFile


@pytest.fixture
def csv(tmp_path):
    """A source of these bytes."""

    def of(content):
        path = tmp_path / "rows.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return CsvFile(path=path)

    return of


def read(source):
    (name,) = source.state()
    parts = list(source.read(name))
    rows = pa.concat_tables(rows for rows, _ in parts)
    return rows.to_pylist(), [line for _, away in parts for part in away for line in part.to_pylist()]


def test_values_stay_text_whatever_they_look_like(csv):
    rows, away = read(csv("id,n,day\n01,1.50,2024-02-29\n02,,true\n"))
    assert rows == [{"id": "01", "n": "1.50", "day": "2024-02-29"}, {"id": "02", "n": "", "day": "true"}]
    assert away == []


def test_a_newline_and_a_comma_may_stand_in_a_quoted_value(csv):
    rows, away = read(csv('id,text\n1,"two\nlines, ""quoted"""\n2,b\n'))
    assert [row["text"] for row in rows] == ['two\nlines, "quoted"', "b"]
    assert away == []


def test_a_newline_may_stand_in_the_header(csv):
    assert read(csv('"the\nid",text\n1,a\n'))[0] == [{"the\nid": "1", "text": "a"}]


def test_a_byte_order_mark_is_no_part_of_the_first_column(csv):
    assert read(csv(b"\xef\xbb\xbfid,text\n1,a\n"))[0] == [{"id": "1", "text": "a"}]


def test_ragged_lines_are_quarantined_with_their_number_and_text(csv):
    rows, away = read(csv("id,text\n1,a\n2\n3,c,extra\n4,d\n"))
    assert [row["id"] for row in rows] == ["1", "4"]
    assert [(line["rule"], line["line"], line["row"]) for line in away] == [
        ("has 1 fields, expected 2", 3, '{"text":"2"}'),
        ("has 3 fields, expected 2", 4, '{"text":"3,c,extra"}'),
    ]


def test_a_ragged_line_far_down_keeps_its_number_and_order_is_kept(csv):
    lines = [f"{i},{'x' * 90}" for i in range(30_000)]  # more than one of Arrow's blocks
    lines[25_000] = "alone"
    rows, away = read(csv("id,text\n" + "\n".join(lines) + "\n"))
    assert [row["id"] for row in rows] == [str(i) for i in range(30_000) if i != 25_000]
    assert (away[0]["line"], away[0]["row"]) == (25002, '{"text":"alone"}')


def test_a_file_of_a_header_alone_has_no_rows(csv):
    assert read(csv("id,text\n")) == ([], [])


@pytest.mark.parametrize("content", ["id,text\n1,größe\n".encode("latin-1"), "größe,text\n1,a\n".encode("latin-1")])
def test_bytes_that_are_not_utf_8_are_a_stage_error_that_names_the_file(csv, content):
    with pytest.raises(StageError, match=r"rows\.csv is not UTF-8 CSV"):
        read(csv(content))


def test_bytes_that_are_not_utf_8_far_down_are_found_as_well(csv):
    with pytest.raises(StageError, match=r"rows\.csv is not UTF-8 CSV"):
        read(csv(b"id,text\n" + b"1,a\n" * 500_000 + b"1,\xff\n"))


def test_a_column_named_twice_is_a_stage_error_and_not_lost(csv):
    with pytest.raises(StageError, match=r"names a column twice: \['id', 'text', 'id'\]"):
        read(csv("id,text,id\n1,a,2\n"))


def test_a_file_of_blank_lines_is_a_stage_error(csv):
    with pytest.raises(StageError, match=r"rows\.csv is not UTF-8 CSV with a header"):
        read(csv("\n\n"))


def test_an_empty_file_is_a_usage_error_before_anything_runs(csv):
    with pytest.raises(UsageError, match=r"rows\.csv is empty, expected a header"):
        csv("").state()


def test_a_missing_file_is_a_usage_error_that_names_it(tmp_path):
    with pytest.raises(UsageError, match=r"gone\.csv cannot be read: No such file"):
        CsvFile(path=tmp_path / "gone.csv").state()


def test_a_folder_is_a_usage_error_that_says_so(tmp_path):
    with pytest.raises(UsageError, match="is no file, expected a CSV file"):
        CsvFile(path=tmp_path).state()


def test_the_state_follows_the_content_and_nothing_else(csv):
    one, two = csv("id\n1\n").state(), csv("id\n2\n").state()
    assert one != two
    assert csv("id\n1\n").state() == one


def test_a_pattern_names_every_file_that_fits_in_the_order_of_their_names(tmp_path):
    for name in ("b", "a", "c"):
        (tmp_path / f"{name}.csv").write_text(f"id,text\n{name},x\n")
    (tmp_path / "other.txt").write_text("no")
    (tmp_path / "folder.csv").mkdir()
    source = CsvFile(path=tmp_path / "*.csv")
    assert [name.rpartition("/")[2] for name in source.state()] == ["a.csv", "b.csv", "c.csv"]
    (tmp_path / "b.csv").unlink()
    assert len(source.state()) == 2


def test_a_file_whose_name_looks_like_a_pattern_is_read_as_it_is(tmp_path):
    path = tmp_path / "rows[1].csv"
    path.write_text("id\n1\n")
    assert list(CsvFile(path=path).state()) == [str(path)]


def test_a_pattern_that_nothing_fits_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match=r"\*\.csv: no file fits, expected CSV files"):
        CsvFile(path=tmp_path / "*.csv").state()
