"""CSV files, good and bad."""

import csv as reference
import gzip
import io
import subprocess
import sys
import tracemalloc
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import LINE, SOURCE, StageError, UsageError
from pipeline.progress import listening
from stages import CsvFile


@pytest.fixture
def csv(tmp_path):
    """A source of these bytes."""

    def of(content, **config):
        path = tmp_path / "rows.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return CsvFile(path=path, **config)

    return of


def test_values_stay_text_whatever_they_look_like(csv, read):
    rows, away = read(csv("id,n,day\n01,1.50,2024-02-29\n02,,true\n"))
    assert rows == [{"id": "01", "n": "1.50", "day": "2024-02-29"}, {"id": "02", "n": "", "day": "true"}]
    assert away == []


def test_a_newline_and_a_comma_may_stand_in_a_quoted_value(csv, read):
    rows, away = read(csv('id,text\n1,"two\nlines, ""quoted"""\n2,b\n'))
    assert [row["text"] for row in rows] == ['two\nlines, "quoted"', "b"]
    assert away == []


def test_a_newline_may_stand_in_the_header(csv, read):
    assert read(csv('"the\nid",text\n1,a\n'))[0] == [{"the\nid": "1", "text": "a"}]


def test_a_byte_order_mark_is_no_part_of_the_first_column(csv, read):
    assert read(csv(b"\xef\xbb\xbfid,text\n1,a\n"))[0] == [{"id": "1", "text": "a"}]


def test_ragged_lines_are_quarantined_with_their_number_and_text(csv, read):
    rows, away = read(csv("id,text\n1,a\n2\n3,c,extra\n4,d\n"))
    assert [row["id"] for row in rows] == ["1", "4"]
    assert [(line["rule"], line["line"], line["row"]) for line in away] == [
        ("has 1 fields, expected 2", 3, '{"_raw":"2"}'),
        ("has 3 fields, expected 2", 4, '{"_raw":"3,c,extra"}'),
    ]


def test_a_ragged_line_far_down_keeps_its_number_and_order_is_kept(csv, read):
    lines = [f"{i},{'x' * 90}" for i in range(30_000)]  # more than one of Arrow's blocks
    lines[25_000] = "alone"
    rows, away = read(csv("id,text\n" + "\n".join(lines) + "\n"))
    assert [row["id"] for row in rows] == [str(i) for i in range(30_000) if i != 25_000]
    assert (away[0]["line"], away[0]["row"]) == (25002, '{"_raw":"alone"}')


def test_a_file_of_a_header_alone_has_no_rows(csv, read):
    assert read(csv("id,text\n")) == ([], [])


def test_a_column_named_twice_is_a_stage_error_and_not_lost(csv, read):
    with pytest.raises(StageError, match=r"names a column twice: \['id', 'text', 'id'\]"):
        read(csv("id,text,id\n1,a,2\n"))


def test_a_file_of_blank_lines_is_a_stage_error(csv, read):
    with pytest.raises(StageError, match=r"rows\.csv has no line that names its columns"):
        read(csv("\n\n"))


def test_an_empty_file_is_a_usage_error_before_anything_runs(csv):
    with pytest.raises(UsageError, match=r"rows\.csv is empty, expected a file with rows"):
        csv("").state()


def test_a_missing_file_is_a_usage_error_that_names_it(tmp_path):
    with pytest.raises(UsageError, match=r"gone\.csv cannot be read: No such file"):
        CsvFile(path=tmp_path / "gone.csv").state()


def test_a_folder_is_a_usage_error_that_says_so(tmp_path):
    with pytest.raises(UsageError, match="is no file, expected one"):
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
    with pytest.raises(UsageError, match=r"\*\.csv: no file fits, expected some"):
        CsvFile(path=tmp_path / "*.csv").state()


# Where a row stands


def strict(text):
    """(line, fields) of each record, by the reader of Python, which knows no line of its own but the last one read."""
    rows, before = [], 0
    reader = reference.reader(io.StringIO(text, newline=""))
    for row in reader:
        rows += [(before + 1, row)] if row else []
        before = reader.line_num
    return rows


values = st.text(st.sampled_from('ab,"\r\n é;'), max_size=6)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(values, values), max_size=12), st.sampled_from(["\n", "\r\n", "\r"]), st.integers(0, 3), st.booleans()
)
def test_every_row_carries_the_line_that_it_begins_on_as_pythons_reader_has_it(tmp_path_factory, pairs, end, blanks, quoted):
    text = io.StringIO(newline="")
    style = (
        reference.QUOTE_ALL if quoted or end != "\r\n" else reference.QUOTE_MINIMAL
    )  # it looks for those of its own line end alone
    writer = reference.writer(text, lineterminator=end + end * blanks, quoting=style)
    writer.writerows([("x", "y"), *pairs])
    path = tmp_path_factory.mktemp("lines") / "rows.csv"
    path.write_bytes(text.getvalue().encode().rstrip(b"\r\n") if blanks else text.getvalue().encode())
    source = CsvFile(path=path, delimiter=",", quote='"', escape="")
    found = [row for table, away in source.read(str(path)) for row in table.to_pylist() if not away]
    expected = strict(text.getvalue())[1:]
    assert [(row[LINE], [row["x"], row["y"]]) for row in found] == expected
    assert {row[SOURCE] for row in found} <= {str(path)}


def test_lines_are_counted_over_quoted_newlines_blank_lines_ragged_rows_and_blocks(csv, places):
    many = "".join(f'{i},"a\nb"\n\n' for i in range(150_000))  # more than a block
    source = csv(f"id,text\n{many}lone\n9,z\n")
    lines = [line for _, line in places(source)]
    assert lines == [*range(2, 450_002, 3), 450_003]


def test_newlines_of_every_kind_may_be_mixed(csv, read, places):
    source = csv(b"id,text\r\n1,a\r2,b\n\r\n3,c")
    assert read(source)[0] == [{"id": "1", "text": "a"}, {"id": "2", "text": "b"}, {"id": "3", "text": "c"}]
    assert [line for _, line in places(source)] == [2, 3, 5]


# Rows that are turned away, and take no other along


def turned(away):
    return [(line["line"], line["rule"], line["row"]) for line in away]


def test_a_quote_that_is_never_closed_takes_its_line_alone(csv, read):
    rows, away = read(csv('id,text\n1,"never\n' + "".join(f"{i},x\n" for i in range(2, 300_000))))
    assert [row["id"] for row in rows] == [str(i) for i in range(2, 300_000)]
    assert turned(away) == [(2, "opens a quote that is not closed within 4,194,304 bytes", '{"_raw":"1,\\"never"}')]


def test_a_quote_that_is_closed_in_the_middle_of_a_value_takes_its_line_alone(csv, read):
    rows, away = read(csv('id,text\n1,"never\n2,"x"\n3,"y"\n'))
    assert [row["id"] for row in rows] == ["2", "3"]
    assert [(line, rule) for line, rule, _ in turned(away)] == [(2, "has a quote that is closed in the middle of a value")]


def test_a_quote_in_the_middle_of_a_value_that_is_not_quoted_is_a_letter(csv, read):
    rows, away = read(csv('id,text\n1,a 5" disk\n2,"b"\n3,c"\n4,"d" \n'))
    assert [row["text"] for row in rows] == ['a 5" disk', "b", 'c"', "d "]
    assert away == []


def test_a_row_that_is_longer_than_max_row_is_turned_away_and_shown_in_part(csv, read):
    rows, away = read(csv(f"id,text\n1,{'x' * 500}\n2,b\n", max_row=100))
    assert [row["id"] for row in rows] == ["2"]
    assert (away[0]["line"], away[0]["rule"]) == (2, "is longer than 100 bytes")


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_value_of_100_mb_is_turned_away_in_memory_that_does_not_grow_with_it(csv, read, quote):
    source = csv(b"id,text\n1," + quote.encode() + b"x" * 100_000_000 + quote.encode() + b"\n2,b\n")
    tracemalloc.start()
    rows, away = read(source)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [row["id"] for row in rows] == ["2"]
    assert (away[0]["line"], away[0]["rule"]) == (2, "is longer than 4,194,304 bytes")
    assert len(away[0]["row"]) < 70_000
    assert peak < 40_000_000


def test_a_file_of_100_000_columns_is_read(csv, read):
    names = ",".join(f"c{i}" for i in range(100_000))
    rows, away = read(csv(f"{names}\n{','.join(['1'] * 100_000)}\n1,2\n"))
    assert (len(rows), len(rows[0])) == (1, 100_000)
    assert turned(away)[0][:2] == (3, "has 2 fields, expected 100000")


def test_a_nul_byte_turns_its_row_away(csv, read):
    rows, away = read(csv(b"id,text\n1,a\x00b\n2,c\n"))
    assert [row["id"] for row in rows] == ["2"]
    assert turned(away) == [(2, "holds a NUL byte, which no text has", '{"_raw":"1,a\\u0000b"}')]


def test_a_byte_that_does_not_decode_turns_its_row_away_with_its_line(csv, read):
    rows, away = read(csv("id,text\n1,größe\n2,weiß\n".encode() + b"3,gr\xf6\xdfe\n4,b\n"))
    assert [row["text"] for row in rows] == ["größe", "weiß", "b"]
    assert turned(away) == [(4, "holds bytes that are no text in the file's encoding", '{"_raw":"3,gr\\\\xf6\\\\xdfe"}')]


def test_rows_of_every_kind_are_kept_or_turned_away_and_never_lost(csv, read):
    good, bad = b'%d,"a\nb"\n', (b"%d\n", b"%d,\x00\n", b'%d,"x"y\n', b"%d,a,b\n")
    content = b"id,text\n" + b"".join((bad[i % 4] if i % 3 == 0 else good) % i for i in range(60_000))
    rows, away = read(csv(content))
    assert [int(row["id"]) for row in rows] == [i for i in range(60_000) if i % 3]
    assert len(away) == 20_000


# Headers


@pytest.mark.parametrize(("header", "names"), [("a,,c", ["a", "column_2", "c"]), (" ,b,", ["column_1", "b", "column_3"])])
def test_a_column_without_a_name_is_called_after_its_place(csv, read, header, names):
    assert list(read(csv(f"{header}\n1,2,3\n"))[0][0]) == names


def test_columns_may_be_declared_and_lines_before_them_left_out(csv, read, places):
    source = csv("made by hand\n\n1,?\n2, ? \n", columns=("id", "text"), skip_lines=1, nulls=("?", "NA"))
    assert read(source)[0] == [{"id": "1", "text": None}, {"id": "2", "text": None}]
    assert [line for _, line in places(source)] == [3, 4]


def test_blanks_around_values_are_taken_off_when_asked_for(csv, read):
    assert read(csv("a,b\n 1 , x\n", strip=True))[0] == [{"a": "1", "b": "x"}]
    assert read(csv("a,b\n 1 , x\n"))[0] == [{"a": " 1 ", "b": " x"}]


def test_a_header_that_is_broken_or_too_long_is_a_stage_error(csv, read):
    with pytest.raises(StageError, match=r"its header .* cannot be read: has a quote that is closed in the middle"):
        read(csv('"a"b,c\n1,2\n'))
    with pytest.raises(StageError, match="raise max_row"):
        read(csv("a" * 3_000_000, max_row=1000))


# Dialects and encodings


@pytest.mark.parametrize(
    ("content", "config"),
    [
        ("id\ttext\n1\ta, b\n2\tc\n", {}),
        ("id;text\n1;a, b\n2;c\n", {}),
        ("id|text\n1|a, b\n2|c\n", {}),
        ("id,text\n1,'a, b'\n2,'c'\n", {}),
        ('id,text\n1,"a, b"\n2,"c"\n', {}),
        ("sep=;\nid;text\n1;a, b\n2;c\n", {}),
        ("id~text\n1~a, b\n2~c\n", {"delimiter": "~"}),
        ("id,text\n1,a\\, b\n2,c\n", {"escape": "\\"}),
    ],
)
def test_the_dialect_is_found_or_declared(csv, read, content, config):
    assert read(csv(content, **config))[0] == [{"id": "1", "text": "a, b"}, {"id": "2", "text": "c"}]


def test_a_backslash_that_escapes_quotes_is_found(csv, read):
    rows, away = read(csv('id,text\n1,"say \\"yes\\", now"\n2,"c:\\\\"\n'))
    assert [row["text"] for row in rows] == ['say "yes", now', "c:\\"]
    assert away == []


def test_where_tabs_separate_a_quote_may_be_a_letter(csv, read):
    rows, away = read(csv('id\ttext\n1\t"so" he said\n2\t"never\n3\tc\n'))
    assert [row["text"] for row in rows] == ['"so" he said', '"never', "c"]
    assert away == []


def test_a_line_too_long_is_counted_after_lines_that_were_left_out(csv, read, places):
    source = csv(f"made by hand\nsep=;\nid;text\n1;{'x' * 3_000_000}\n2;b\n", skip_lines=1, max_row=1000)
    assert [line["line"] for line in read(source)[1]] == [4]
    assert [line for _, line in places(source)] == [5]


def test_without_a_quote_every_letter_is_itself(csv, read):
    assert read(csv('id,text\n1,"a"\n', quote=""))[0] == [{"id": "1", "text": '"a"'}]


# fmt: off
SENTENCES = {
    "utf-8": "Größe — naïve “quoted” café €5",
    "utf-8-sig": "Größe — naïve “quoted” café €5",
    "utf-16": "Größe — naïve “quoted” café €5",
    "utf-16-le": "Some plain words, and one größe",
    "utf-32": "Größe — naïve “quoted” café €5",
    "cp1252": "Größe — naïve “quoted” café €5",
    "latin-1": "L'élève a mangé à la cantine, à Noël. Forêt, âge, naïf",
    "cp1250": "Příliš žluťoučký kůň úpěl ďábelské ódy",
    "cp1251": "Привет, как дела? Сегодня хорошая погода",
    "cp932": "こんにちは世界。今日は天気がいいです",
    "gb18030": "你好，世界。今天天气很好，我们去公园散步吧",  # noqa: RUF001
}
# fmt: on


@pytest.mark.parametrize("encoding", SENTENCES)
@pytest.mark.parametrize("declared", [True, False])
def test_text_of_every_encoding_is_read_declared_or_found(csv, read, encoding, declared):
    text = SENTENCES[encoding]
    content = "id,text\n" + "".join(f'{i},"{text}"\n' for i in range(20_000))
    rows, away = read(csv(content.encode(encoding), encoding=encoding if declared else None))
    assert {row["text"] for row in rows} == {text}
    assert (len(rows), away) == (20_000, [])


def test_what_was_found_is_told(csv, read):
    told = []
    with listening("raw", lambda *news: told.append(news[-1])):
        read(csv("id;text\n1;größe\n".encode("latin-1")))
    assert any("read as cp1252, guessed from the first MiB that is not ASCII" in note for note in told)
    assert any("separated by ';'" in note for note in told)


def test_one_bad_byte_far_down_does_not_make_utf_8_something_else(csv, read):
    rows, away = read(csv(("id,text\n" + "1,größe\n" * 9000).encode() + b"2,\xff\n"))
    assert (len(rows), rows[0]["text"], len(away)) == (9000, "größe", 1)


def test_a_byte_order_mark_goes_before_what_is_declared(csv, read):
    assert read(csv("id,text\n1,é\n".encode("utf-8-sig"), encoding="latin-1"))[0] == [{"id": "1", "text": "é"}]


def test_a_unit_that_is_no_utf_16_turns_its_row_away(csv, read):
    content = "id,text\n1,a\n".encode("utf-16-le") + b"2\x00,\x00\x00\xd8\n\x00" + "3,b\n".encode("utf-16-le")
    rows, away = read(csv(content, encoding="utf-16-le"))
    assert [row["id"] for row in rows] == ["1", "3"]
    assert away[0]["line"] == 3


@pytest.mark.parametrize(
    "config",
    [
        {"encoding": "klingon"},
        {"encoding": "base64"},
        {"delimiter": ",,"},
        {"delimiter": "\n"},
        {"delimiter": ";", "quote": ";"},
        {"columns": ("a", "a")},
    ],
)
def test_a_config_that_cannot_be_is_refused(config):
    with pytest.raises(ValueError, match="validation error"):
        CsvFile(path="rows.csv", **config)


def test_a_file_much_larger_than_what_is_held_is_read_in_little_memory(tmp_path):
    path = tmp_path / "rows.csv.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(b"id,text\n")
        for start in range(0, 1_500_000, 10_000):
            file.write(
                b"".join(
                    b'%d,"%d some words\nand more of them, to fill a line"\n' % (i, i * 7919)
                    for i in range(start, start + 10_000)
                )
            )
    code = (
        "import resource, sys; from stages import CsvFile; import stages.ingest.csvrows, pyarrow as pa\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; source = CsvFile(path=sys.argv[1])\n"
        "rows = sum(table.num_rows for table, _ in source.read(sys.argv[1]))\n"
        "print(rows, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    rows, grown = map(int, done.stdout.split())
    assert rows == 1_500_000
    assert grown < 80  # MiB, of a file of 100


def test_a_member_of_an_archive_says_where_its_rows_come_from(tmp_path, places):
    path = tmp_path / "days.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", "id\n1\n")
        archive.writestr("b.csv", "id\n\n2\n")
    assert places(CsvFile(path=path)) == [(f"{path}/a.csv", 2), (f"{path}/b.csv", 3)]
