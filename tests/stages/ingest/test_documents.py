"""Folders and archives of text files and of e-mails."""

import re

import pyarrow as pa
import pytest
from pydantic import ValidationError

from pipeline import LINE, SOURCE, Outside, Pipeline, StageError, Step, UsageError
from schemas import Record
from stages import Ingest, MailFolder, TextFolder

MAIL = b"From: me@example.org\nSubject: %d\n\ntext %d\n"


@pytest.fixture
def folder(tmp_path):
    """Write name -> bytes into a folder, and its path."""

    def of(files):
        for name, content in files.items():
            path = tmp_path / "docs" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return str(tmp_path / "docs")

    return of


def rows(source):
    """Rows as dicts, and (rule, source, line) of what was turned away."""
    parts = [part for name in source.state() for part in source.read(name)]
    table = pa.concat_tables(table for table, _ in parts)
    away = [
        (line["rule"], line["source"], line["line"]) for _, rejected in parts for part in rejected for line in part.to_pylist()
    ]
    return table.to_pylist(), away


def test_each_file_is_a_row_with_its_folder_as_label_in_the_order_of_names(folder):
    path = folder({"spam/b.txt": b"two\r\nlines\r", "spam/a.txt": "Größe".encode(), "ham/deep/c.md": b"three", "d.txt": b"top"})
    found, away = rows(TextFolder(path=path))
    assert away == []
    assert found == [
        {"id": name, "label": label, "text": text, SOURCE: f"{path}/{name}", LINE: None}
        for name, label, text in [
            ("d.txt", "docs", "top"), ("ham/deep/c.md", "deep", "three"), ("spam/a.txt", "spam", "Größe"), ("spam/b.txt", "spam", "two\nlines\n"),
        ]
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "ids"),
    [
        ("/", ["d.txt", "ham/1.eml", "ham/x.txt", "spam/2.eml"]),
        ("/*/*.eml", ["ham/1.eml", "spam/2.eml"]),
        ("/ham/*", ["1.eml", "x.txt"]),
        ("/**/*.txt", ["d.txt", "ham/x.txt"]),
        ("/d.txt", ["d.txt"]),
    ],
)
def test_an_id_is_the_path_below_the_folder_or_the_fixed_part_of_the_pattern(folder, pattern, ids):
    path = folder(dict.fromkeys(("d.txt", "ham/1.eml", "ham/x.txt", "spam/2.eml", ".hidden", "ham/.hidden/x.txt"), b"x"))
    found, _ = rows(TextFolder(path=path + pattern))
    assert [row["id"] for row in found] == ids
    assert "ham" in {row["label"] for row in found} or pattern == "/d.txt"


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
def test_an_archive_is_a_folder_too_and_only_members_that_fit_are_read(folder, packed, kind):
    members = {"spam/1.txt": b"one", "ham/2.txt": b"two", "README": b"no"}
    path = folder({f"all.{kind}": packed(kind, members)}) + f"/all.{kind}"
    found, away = rows(TextFolder(path=path, members="*/*"))
    assert away == []
    assert [(row["id"], row["label"], row["text"], row[SOURCE]) for row in found] == [
        ("spam/1.txt", "spam", "one", f"{path}/spam/1.txt"), ("ham/2.txt", "ham", "two", f"{path}/ham/2.txt"),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["../x.txt", "/etc/x.txt", "a/../../x.txt", "..\\x.txt", "C:\\x.txt"])
@pytest.mark.parametrize("kind", ["zip", "tar"])
@pytest.mark.parametrize("source", [TextFolder, MailFolder])
def test_a_member_whose_name_leads_out_is_refused(folder, packed, source, kind, name):
    path = folder({f"all.{kind}": packed(kind, {"a.txt": b"X: y\n\nfine", name: b"X: y\n\nevil"})})
    with pytest.raises(StageError, match="leads out of it"):
        rows(source(path=f"{path}/all.{kind}"))


def test_links_are_not_followed(folder, packed, tmp_path):
    import tarfile

    link = {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}
    path = folder({"all.tar": packed("tar", {"a.txt": b"fine", "link.txt": link})})
    found, away = rows(TextFolder(path=f"{path}/all.tar"))
    assert [row["text"] for row in found] == ["fine"]
    assert [(rule, source) for rule, source, _ in away] == [
        ("is a link, a device or has holes, no regular file", f"{path}/all.tar/link.txt")
    ]
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "docs/out.txt").symlink_to(tmp_path / "secret")
    with pytest.raises(UsageError, match="a link that leads out"):
        TextFolder(path=path).state()


@pytest.mark.parametrize(
    ("content", "encoding", "text"),
    [
        ("Größe".encode(), None, "Größe"),
        (b"\xef\xbb\xbfa", None, "a"),
        ("Größe".encode("utf-16"), None, "Größe"),
        ("Größe".encode("utf-16"), "latin-1", "Größe"),
        ("Das ist die Größe, schöne Grüße aus Köln.".encode("latin-1"), None, "Das ist die Größe, schöne Grüße aus Köln."),
        ("Größe".encode("cp1251", "replace"), "cp1251", "Gr??e"),
        ("Привет".encode("koi8-r"), "koi8-r", "Привет"),
        ("Größe".encode("latin-1"), "utf-8", "is not utf-8: byte 2 is 0xf6"),
        (b"a\x00b", None, "is no text: it has zero bytes"),
        (b"", None, "is empty"),
        (b" \n\t", None, "is empty"),
        (b"\xef\xbb\xbf\n", None, "is empty"),
        ("Hello, hello".encode("utf-16-le"), None, "Hello, hello"),
        ("Hello, hello".encode("utf-16-le"), "cp1252", "is no text: it has zero bytes"),
    ],
)
def test_a_text_is_read_in_its_encoding_or_turned_away_with_the_reason(folder, content, encoding, text):
    path = folder({"a.txt": content})
    found, away = rows(TextFolder(path=path, encoding=encoding))
    assert ([row["text"] for row in found] or [rule for rule, _, _ in away]) == [text]
    assert [source for _, source, _ in away] in ([], [f"{path}/a.txt"])


def test_a_label_is_the_group_of_a_pattern_and_what_does_not_fit_is_turned_away(folder):
    path = folder({"a/1-spam.txt": b"x", "a/2-ham.txt": b"x", "a/3.txt": b"x"})
    found, away = rows(TextFolder(path=path, label=r"-(spam|ham)\.txt$"))
    assert [(row["id"], row["label"]) for row in found] == [("a/1-spam.txt", "spam"), ("a/2-ham.txt", "ham")]
    assert away == [(r"has an id that label='-(spam|ham)\\.txt$' does not fit", f"{path}/a/3.txt", None)]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"label": "spam"}, "has no group; write the part"),
        ({"label": "(spam"}, "is no regular expression"),
        ({"encoding": "klingon"}, "unknown encoding: klingon"),
        ({"path": "https://me:pw@example.org/x"}, r"holds a password or a token"),
    ],
)
def test_mistakes_in_the_config_are_told_when_it_is_made(fields, message):
    with pytest.raises((ValidationError, UsageError), match=message) as raised:
        TextFolder(**{"path": "docs", **fields})
    assert "pw@" not in str(raised.value)


def test_a_folder_that_is_empty_or_not_there_is_a_usage_error(folder, tmp_path):
    (tmp_path / "docs").mkdir()
    with pytest.raises(UsageError, match="no file fits"):
        TextFolder(path=str(tmp_path / "docs")).state()
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        TextFolder(path=str(tmp_path / "nowhere")).state()


def test_a_document_larger_than_it_may_be_is_turned_away(folder):
    path = folder({"a.txt": b"x" * 100, "b.txt": b"x" * 101})
    found, away = rows(TextFolder(path=path, largest=100))
    assert [row["id"] for row in found] == ["a.txt"]
    assert away == [("is larger than 100 bytes", f"{path}/b.txt", None)]


class Doc(Record):
    id: str
    label: str | None
    text: str


def test_a_file_that_comes_changes_or_goes_touches_its_own_group_alone(folder, tmp_path, monkeypatch):
    monkeypatch.setattr("stages.ingest.documents.GROUP", 16)
    path = folder({f"f{i:04}.txt": b"%d" % i for i in range(400)})
    source = TextFolder(path=path)
    first = source.state()
    assert 10 < len(first) < 50
    assert [row["id"] for row in rows(source)[0]] == [f"f{i:04}.txt" for i in range(400)]
    (tmp_path / "docs/f0200.txt").write_text("changed")
    second = source.state()
    assert len(first.items() ^ second.items()) == 2
    (tmp_path / "docs/f0200-more.txt").write_text("new")
    third = source.state()
    assert len(set(second.items()) - set(third.items())) <= 1
    (tmp_path / "docs/f0300.txt").unlink()
    assert len(set(third.items()) - set(source.state().items())) <= 2
    assert len(rows(source)[0]) == 400


def test_a_file_that_changes_while_its_group_is_read_is_noticed(folder, tmp_path):
    path = folder({"a.txt": b"a", "b.txt": b"b"})
    stage = Ingest[Doc](source=TextFolder(path=path))
    ((name, state),) = stage.outside().items()
    assert sum(table.count() for table in stage.map(Outside(name, state))) == 2
    assert stage.unchanged(Outside(name, state))
    (tmp_path / "docs/b.txt").write_text("c")
    assert not stage.unchanged(Outside(name, state))


def test_a_run_reads_a_folder_once_and_keeps_every_file_as_a_row_or_in_quarantine(folder, tmp_path):
    path = folder({"a.txt": b"a", "b.txt": b"", "c.txt": b"c"})
    docs = Pipeline("docs", Step("raw", Ingest[Doc](source=TextFolder(path=path))))
    (step,) = docs.run(tmp_path / "store").steps
    assert (step.rows_out, step.rows_quarantined) == (2, 1)
    assert docs.run(tmp_path / "store").status == "up-to-date"


def test_mails_come_with_their_columns_and_what_is_none_is_turned_away(folder):
    path = folder({"spam/1": MAIL % (1, 1), "ham/2": MAIL % (2, 2), "ham/3": b"no header, no mail", "ham/4": b""})
    found, away = rows(MailFolder(path=path))
    assert [(row["id"], row["label"], row["subject"], row["text"]) for row in found] == [
        ("ham/2", "ham", "2", "text 2"), ("spam/1", "spam", "1", "text 1"),
    ]  # fmt: skip
    assert found[0] | {SOURCE: "", LINE: None} == {
        "id": "ham/2", "label": "ham", "text": "text 2", "subject": "2", "sender": "me@example.org", "recipients": [], "date": None,
        "html": False, "parts": 1, "attachments": [], SOURCE: "", LINE: None,
    }  # fmt: skip
    assert away == [("has no header of an e-mail", f"{path}/ham/3", None), ("is empty", f"{path}/ham/4", None)]


def test_an_mbox_gives_each_of_its_mails_with_the_line_where_it_begins(folder):
    start = b"From me@example.org Thu Feb 29 12:00:00 2024\n"
    mails = (
        start
        + MAIL % (1, 1)
        + b"From me at 12:00 in 2024 it is text.\n\n>From me\n\n"
        + start
        + MAIL % (2, 2)
        + b"\n"
        + start
        + b"\n"
    )
    path = folder({"inbox": mails, "one": MAIL % (3, 3)})
    found, away = rows(MailFolder(path=path, mbox=True))
    assert [(row["id"], row["text"], row[LINE]) for row in found] == [
        ("inbox:1", "text 1\nFrom me at 12:00 in 2024 it is text.\n\nFrom me", 1), ("inbox:10", "text 2", 10), ("one:1", "text 3", 1),
    ]  # fmt: skip
    assert away == [("has no header of an e-mail", f"{path}/inbox", 16)]
    found, away = rows(MailFolder(path=path, mbox=True, largest=100))
    assert [row["id"] for row in found] == ["inbox:10", "one:1"]
    assert away[0] == ("is larger than 100 bytes", f"{path}/inbox", 1)


@pytest.mark.parametrize("largest", [100, 5])
def test_the_mails_of_one_large_mbox_come_in_batches_also_where_all_are_turned_away(folder, largest):
    start = b"From me@example.org Thu Feb 29 12:00:00 2024\n"
    path = folder({"inbox": b"".join(start + MAIL % (i, i) + b"\n" for i in range(1000))})
    source = MailFolder(path=path, mbox=True, largest=largest)
    parts = [
        (table.num_rows, sum(part.num_rows for part in away)) for name in source.state() for table, away in source.read(name)
    ]
    assert max(kept + away for kept, away in parts) == 256
    assert sum(kept + away for kept, away in parts) == 1000


def test_html_in_a_text_stays_data(folder):
    path = folder({"a.txt": b"<script>alert(1)</script>", "b.txt": b"=cmd|' /C calc'!A0"})
    assert [row["text"] for row in rows(TextFolder(path=path))[0]] == ["<script>alert(1)</script>", "=cmd|' /C calc'!A0"]


def test_many_documents_come_in_batches(folder):
    found, _ = rows(MailFolder(path=folder({f"{i:04}": MAIL % (i, i) for i in range(600)})))
    assert [row["id"] for row in found] == [f"{i:04}" for i in range(600)]
    assert len({re.sub(r"\d", "", row["text"]) for row in found}) == 1
