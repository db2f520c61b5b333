"""The file layer: which files a path names, their state, their bytes, and the bad input that concerns files."""

import base64
import gzip
import hashlib
import os
import re
import tarfile
import traceback
import tracemalloc
import zipfile

import fsspec
import pyarrow as pa
import pytest

from pipeline import LINE, SOURCE, Pipeline, StageError, Step, UsageError
from schemas import Text
from stages import CsvFile, Files, Ingest, JsonLines, ParquetFiles
from stages.ingest import source_of


class Raw(Files):
    """A row a part: its name and its bytes."""

    def rows(self, part):
        yield pa.table({SOURCE: [part.name], LINE: [1], "bytes": [part.stream.read()]}), []


def parts(source):
    """Name -> bytes of every part."""
    return {r[SOURCE]: r["bytes"] for name in source.state() for rows, _ in source.read(name) for r in rows.to_pylist()}


def turned(source):
    return [
        (r["source"], r["rule"])
        for name in source.state()
        for _, away in source.read(name)
        for part in away
        for r in part.to_pylist()
    ]


# Packed


@pytest.mark.parametrize("kind", ["gz", "zst"])
def test_a_packed_file_is_unpacked_whatever_its_name(tmp_path, packed, kind):
    for name in (f"rows.csv.{kind}", "rows.csv"):
        (tmp_path / name).write_bytes(packed(kind, b"x" * 3_000_000))
        assert parts(Raw(path=tmp_path / name)) == {str(tmp_path / name): b"x" * 3_000_000}


def test_several_streams_in_one_file_are_one_after_the_other(tmp_path):
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"one") + gzip.compress(b"two"))
    assert [*parts(Raw(path=tmp_path / "a.gz")).values()] == [b"onetwo"]


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
def test_an_archive_is_the_folder_of_its_members_in_their_order(tmp_path, packed, kind):
    path = tmp_path / f"days.{kind}"
    path.write_bytes(
        packed(kind, {"b/2.csv": b"two", "a/1.csv.gz": gzip.compress(b"one"), ".hidden": b"no", "__MACOSX/x": b"no"})
    )
    assert parts(Raw(path=path)) == {f"{path}/b/2.csv": b"two", f"{path}/a/1.csv.gz": b"one"}
    assert parts(Raw(path=path, members="b/*")) == {f"{path}/b/2.csv": b"two"}
    assert list(Raw(path=path).state()) == [str(path)]


def test_members_that_none_fits_are_a_stage_error(tmp_path, packed):
    (tmp_path / "a.zip").write_bytes(packed("zip", {"a.txt": b"x"}))
    with pytest.raises(StageError, match=r"has no member that fits '\*\.csv'"):
        parts(Raw(path=tmp_path / "a.zip", members="*.csv"))


@pytest.mark.parametrize(
    "name", ["../up.csv", "a/../../up.csv", "/abs.csv", "C:\\x.csv", "..\\up.csv", "a\x1b[2Jb.csv", "a\nb.csv"]
)
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_member_whose_name_leads_out_or_hides_is_refused(tmp_path, packed, kind, name):
    (tmp_path / f"a.{kind}").write_bytes(packed(kind, {"good.csv": b"x", name: b"y"}))
    with pytest.raises(StageError, match="which leads out of it"):
        parts(Raw(path=tmp_path / f"a.{kind}"))


def test_links_and_devices_in_an_archive_are_turned_away_one_by_one(tmp_path, packed):
    path = tmp_path / "a.tar"
    link, hard = {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}, {"type": tarfile.LNKTYPE, "linkname": "good.csv"}
    device = {"type": tarfile.CHRTYPE}
    path.write_bytes(packed("tar", {"good.csv": b"x", "link.csv": link, "hard.csv": hard, "dev.csv": device, "z.csv": b"z"}))
    assert parts(Raw(path=path)) == {f"{path}/good.csv": b"x", f"{path}/z.csv": b"z"}
    assert [source.rpartition("/")[2] for source, _ in turned(Raw(path=path))] == ["link.csv", "hard.csv", "dev.csv"]


def test_a_link_in_a_zip_is_turned_away(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("good.csv", "x")
        info = zipfile.ZipInfo("link.csv")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    assert turned(Raw(path=path)) == [(f"{path}/link.csv", "is a link or a device, no regular file")]


def test_an_archive_in_an_archive_is_turned_away(tmp_path, packed):
    path = tmp_path / "a.zip"
    path.write_bytes(
        packed("zip", {"in.zip": packed("zip", {"x": b"y"}), "in.tgz": packed("tar.gz", {"x": b"y"}), "good": b"z"})
    )
    assert [rule for _, rule in turned(Raw(path=path))] == ["is an archive in an archive"] * 2


def test_an_encrypted_member_is_refused_by_name(tmp_path, packed):
    content = bytearray(packed("zip", {"secret.csv": b"x"}))
    for sign, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(sign) + place] |= 1
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(StageError, match=r"member 'secret\.csv', which is encrypted"):
        parts(Raw(path=tmp_path / "a.zip"))


def test_an_office_document_is_no_archive(tmp_path, packed):
    (tmp_path / "a.xlsx").write_bytes(packed("zip", {"[Content_Types].xml": b"<x/>"}))
    with pytest.raises(StageError, match="is an office document"):
        parts(Raw(path=tmp_path / "a.xlsx"))


# Bombs, in memory that does not grow with them


class Skim(Files):
    """Reads on and keeps nothing."""

    def rows(self, part):
        while part.stream.read(2**20):
            pass
        yield pa.table({"n": [1]}), []


@pytest.mark.parametrize("kind", ["gz", "zst", "zip", "tar.gz", "header"])
def test_a_bomb_is_stopped_while_it_is_read(tmp_path, packed, kind):
    zeros = bytes(300_000_000)
    path = tmp_path / f"bomb.{kind}"
    if kind == "header":
        pax = tarfile.TarInfo("x")
        pax.pax_headers = {"comment": "x" * 80_000_000}
        path = tmp_path / "bomb.tar.gz"
        path.write_bytes(gzip.compress(pax.tobuf(tarfile.PAX_FORMAT), 1))
    else:
        path.write_bytes(packed(kind, zeros if kind in ("gz", "zst") else {"a": zeros}))
    del zeros
    source = Skim(path=path)
    tracemalloc.start()
    with pytest.raises(StageError, match=r"times its [\d,]+ bytes, as a zip bomb does|bytes of headers"):
        list(source.read(str(path)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12_000_000


def test_a_file_that_holds_more_than_it_may_is_refused_and_one_that_may_is_read(tmp_path):
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(bytes(100_000_000)))
    with pytest.raises(StageError, match="holds more than max_bytes=90,000,000; raise it"):
        list(Skim(path=path, max_bytes=90_000_000, max_ratio=10_000).read(str(path)))
    assert list(Skim(path=path, max_ratio=10_000).read(str(path)))


# Damaged


@pytest.mark.parametrize("kind", ["gz", "zst", "zip", "tar", "tar.gz"])
@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_a_damaged_file_is_a_stage_error_that_names_it_and_says_how_far_it_went(tmp_path, packed, kind, damage):
    noise = os.urandom(3_000_000)
    content = packed(kind, noise if kind in ("gz", "zst") else {"a": noise, "b": noise})
    half = len(content) // 2
    path = tmp_path / f"rows.{kind}"
    path.write_bytes(content[:-half] if damage == "cut" else content[:half] + b"\xff\x00\xff\x00" + content[half + 4 :])
    if kind in ("tar", "zst") and damage == "changed":
        return  # neither has a sum of its bytes
    with pytest.raises(StageError, match=rf"source .*rows\.{kind}.* is (a )?damaged") as error:
        parts(Raw(path=path))
    if (kind, damage) == ("gz", "cut"):
        assert "after 1," in str(error.value)


def test_a_tar_that_is_cut_off_between_two_members_is_seen(tmp_path, packed):
    (tmp_path / "a.tar").write_bytes(packed("tar", {"a": b"x", "b": b"y"})[: 2 * 512])
    with pytest.raises(StageError, match="cut off"):
        parts(Raw(path=tmp_path / "a.tar"))


def test_a_name_that_promises_what_the_bytes_do_not_hold_is_a_stage_error(tmp_path):
    (tmp_path / "a.csv.gz").write_bytes(b"<html>Not found</html>")
    with pytest.raises(StageError, match="is named like gzip and does not begin like it"):
        parts(Raw(path=tmp_path / "a.csv.gz"))


# Patterns and links


def test_two_stars_go_into_all_folders_and_into_no_hidden_one(tmp_path):
    for name in ("b/2.csv", "a/x/1.csv", "0.csv", ".git/9.csv", "a/.z.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    names = [name.removeprefix(f"{tmp_path}/") for name in Raw(path=tmp_path / "**/*.csv").state()]
    assert names == ["0.csv", "a/x/1.csv", "b/2.csv"]
    assert len(Raw(path=tmp_path / "**").state()) == 3
    assert len(Raw(path=f"file://{tmp_path}/*/*.csv").state()) == 1


def test_a_link_in_a_folder_counts_where_it_stays_in_it_and_is_refused_where_it_leads_out(tmp_path):
    inside, outside = tmp_path / "days", tmp_path / "secret.csv"
    inside.mkdir()
    outside.write_text("secret")
    (inside / "1.csv").write_text("x")
    (inside / "2.csv").symlink_to("1.csv")
    assert len(Raw(path=inside / "*.csv").state()) == 2
    (inside / "3.csv").symlink_to(outside)
    with pytest.raises(UsageError, match=r"3\.csv is a link that leads out of .*/days/; remove it, or give the name"):
        Raw(path=inside / "*.csv").state()
    assert parts(Raw(path=inside / "3.csv")) == {str(inside / "3.csv"): b"secret"}  # who names a link means it


def test_a_name_that_is_not_utf_8_is_a_usage_error_that_can_be_printed(tmp_path):
    (tmp_path / os.fsdecode(b"gr\xf6\xdfe.csv")).write_text("x")
    with pytest.raises(UsageError, match=r"gr\\udcf6\\udcdfe\.csv' has a name that is not UTF-8") as error:
        Raw(path=tmp_path / "*.csv").state()
    str(error.value).encode()


def test_folders_that_link_to_each_other_are_no_endless_folder(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/1.csv").write_text("x")
    (tmp_path / "a/again").symlink_to(tmp_path / "a")
    (tmp_path / "a/up").symlink_to(tmp_path)
    assert len(Raw(path=tmp_path / "**/*.csv").state()) == 1


def test_a_pattern_that_goes_up_is_refused(tmp_path):
    with pytest.raises(UsageError, match="goes up"):
        Raw(path=f"{tmp_path}/*/../x.csv").state()


# An unchanged file is never read again


OPENED: list[str] = []


class Counting(Files):
    """Texts, a file a row, that tells which files it reads."""

    def rows(self, part):
        OPENED.append(part.name)
        text = part.stream.read().decode()
        yield pa.table({"id": [part.name], "text": [text], "label": ["a"]}), []


def test_a_file_that_stayed_as_it_was_is_never_read_again(store, tmp_path, packed):
    def run():
        OPENED.clear()
        outcome = Pipeline("p", Step("raw", Ingest[Text](source=Counting(path=tmp_path / "*.*")))).run(store.root).step("raw")
        assert outcome.status in ("ran", "reused")
        return [name.removeprefix(f"{tmp_path}/") for name in OPENED]

    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "b.txt").write_text("b")
    (tmp_path / "c.zip").write_bytes(packed("zip", {"1": b"x", "2": b"y"}))
    assert run() == ["a.txt", "b.txt", "c.zip/1", "c.zip/2"]
    assert run() == []
    os.utime(tmp_path / "a.txt", (1, 1))
    assert run() == []
    (tmp_path / "b.txt").write_text("bb")
    (tmp_path / "d.txt").write_text("d")
    assert run() == ["b.txt", "d.txt"]


# URLs


def test_a_file_system_that_fsspec_knows_is_read_as_a_folder_is(memory, packed):
    memory.pipe_file("/days/2.gz", packed("gz", b"two"))
    memory.pipe_file("/days/1.csv", b"one")
    memory.pipe_file("/days/c.zip", packed("zip", {"x": b"three"}))
    assert parts(Raw(path="memory://days/*")) == {
        "memory://days/1.csv": b"one", "memory://days/2.gz": b"two", "memory://days/c.zip/x": b"three",
    }  # fmt: skip
    before = Raw(path="memory://days/*").state()
    assert Raw(path="memory://days/*").state() == before
    memory.pipe_file("/days/1.csv", b"new")
    after = Raw(path="memory://days/*").state()
    assert [name for name in before if before[name] != after[name]] == ["memory://days/1.csv"]


@pytest.mark.parametrize("remote", ["s3"], indirect=True)
def test_objects_of_an_s3_server_are_known_by_their_etag(remote, packed, read):
    bucket = remote.url.split("/")[2]
    for name, content in {"days/1.csv": b"one", "days/2.csv.gz": packed("gz", b"two"), "other": b"x"}.items():
        remote.client.put_object(Bucket=bucket, Key=name, Body=content)
    source = Raw(path=f"s3://{bucket}/days/*")
    state = source.state()
    assert list(state) == [f"s3://{bucket}/days/1.csv", f"s3://{bucket}/days/2.csv.gz"]
    assert [*parts(source).values()] == [b"one", b"two"]
    remote.client.put_object(Bucket=bucket, Key="days/1.csv", Body=b"uno")
    name = f"s3://{bucket}/days/1.csv"
    assert source.state_of(name) != state[name]
    with pytest.raises(UsageError, match=r"nothing\.csv cannot be found"):
        Raw(path=f"s3://{bucket}/nothing.csv").state()


def test_a_file_over_http_is_read_when_its_sha256_is_declared_and_is_that(served):
    served["rows.csv"] = b"id\n1\n"
    right = hashlib.sha256(b"id\n1\n").hexdigest()
    url = f"{served.url}/rows.csv"
    assert parts(Raw(path=url, sha256=right)) == {url: b"id\n1\n"}
    assert Raw(path=url, sha256=right).state() == {url: right}
    assert parts(Raw(path=f"{served.url}/moved/rows.csv", sha256=right))
    with pytest.raises(UsageError, match=r"declare it as sha256='\.\.\.'; `sha256sum FILE` prints it"):
        Raw(path=url).state()
    with pytest.raises(StageError, match=f"has the sha256 {right}, declared is {'0' * 64}; it is not the file you mean"):
        parts(Raw(path=url, sha256="0" * 64))
    with pytest.raises(StageError, match=r"gone\.csv cannot be read: the server answered 404 Not Found"):
        parts(Raw(path=f"{served.url}/gone.csv", sha256=right))
    with pytest.raises(StageError, match="is larger than max_bytes=3"):
        parts(Raw(path=url, sha256=right, max_bytes=3))


def test_a_plan_over_http_asks_no_server(served):
    Raw(path=f"{served.url}/rows.csv", sha256="0" * 64).state()
    assert served.requests == []


def test_a_server_that_is_not_there_is_a_stage_error():
    with pytest.raises(StageError, match="Connection refused"):
        parts(Raw(path="http://127.0.0.1:9/rows.csv", sha256="0" * 64))


def test_a_sha256_is_of_one_file_wherever_it_lies(tmp_path):
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("x")
    with pytest.raises(UsageError, match="names several files"):
        Raw(path=tmp_path / "*.csv", sha256="0" * 64).state()
    with pytest.raises(StageError, match="it is not the file you mean"):
        parts(Raw(path=tmp_path / "a.csv", sha256="0" * 64))


@pytest.mark.parametrize("url", ["s4://bucket/x", "zip://a.csv::s3://b/c.zip", "simplecache::https://h/x"])
def test_a_url_that_cannot_be_read_is_refused_when_the_source_is_built(url):
    with pytest.raises(UsageError, match=r"no file system that fsspec knows|chains file systems"):
        Raw(path=url)


# Secrets


@pytest.mark.parametrize(
    "url",
    [
        "https://ann:hunter2@host/x.csv",
        "https://hunter2@host/x.csv",
        "sftp://ann:hunter2@host/x.csv",
        "https://host/x.csv?token=hunter2",
        "https://host/x.csv?a=1&X-Amz-Signature=hunter2",
        "https://host/x.csv?sig=hunter2",
        "https://ann:hun@ter2@host/x.csv",
        "s3://${KEY}:hunter2@host/x.csv",
        "sftp://ann%3Ahunter2@host/x.csv",
        "https://host/x.csv#access_token=hunter2",
        "https://host/x.csv?a=1#access_token=hunter2",
        *(
            f"https://host/x.csv?a=1&{name}=hunter2"
            for name in ("pw", "pass", "code", "jwt", "bearer", "session", "hmac", "PassPhrase")
        ),
    ],
)
def test_a_secret_in_a_url_is_refused_and_not_shown(url):
    with pytest.raises(UsageError, match=r"holds a password or a token.*write \$\{NAME\} in its place") as error:
        Raw(path=url)
    assert "ter2" not in str(error.value) + "".join(traceback.format_exception(error.value))


@pytest.mark.parametrize(
    "url",
    [
        "sftp://ann@host/x",
        "https://host/x?page=2&v=a",
        "https://${U}:${P}@host/x?sig=${S}",
        "s3://b/a@b:c",
        "https://h/x?passenger=2&zip_code=3#top",
    ],
)
def test_a_url_without_a_secret_is_taken_as_it_is(url):
    assert Raw(path=url).path == url


def test_what_stands_for_a_name_is_sent_and_stored_nowhere(served, monkeypatch, store):
    served["rows.csv"] = b"some text"
    right = hashlib.sha256(b"some text").hexdigest()
    url = served.url.replace("http://", "http://${BRICK_USER}:${BRICK_WORD}@") + "/rows.csv?sig=${BRICK_SIG}"
    for name, value in {"BRICK_USER": "ann", "BRICK_WORD": "hunter2%40x", "BRICK_SIG": "s3cr3t"}.items():
        monkeypatch.setenv(name, value)
    pipeline = Pipeline("p", Step("raw", Ingest[Text](source=Counting(path=url, sha256=right))))
    assert pipeline.run(store.root).status == "done"
    (request,) = served.requests
    assert "sig=s3cr3t" in request.path
    assert request.headers["Authorization"] == "Basic YW5uOmh1bnRlcjJAeA=="  # ann:hunter2@x
    written = b"".join(path.read_bytes() for path in store.root.rglob("*") if path.is_file())
    assert not [secret for secret in (b"hunter2", b"s3cr3t", b"aHVudGVy") if secret in written]
    assert b"${BRICK_WORD}" in written


def test_an_error_of_a_library_that_quotes_the_url_is_masked(monkeypatch):
    class Telling(fsspec.AbstractFileSystem):
        protocol = "telling"

        def info(self, path, **_):
            raise ValueError(f"no such thing: telling://{path} with hunter2")

        open = info

    fsspec.register_implementation("telling", Telling, clobber=True)
    monkeypatch.setenv("BRICK_WORD", "hunter2")
    source = Raw(path="telling://ann:${BRICK_WORD}@host/x.csv")
    for ask in (source.state, lambda: list(source.read(source.path))):
        with pytest.raises((UsageError, StageError)) as error:
            ask()
        told = "".join(traceback.format_exception(error.value))
        assert "hunter2" not in told
        assert "${BRICK_WORD}" in told


@pytest.mark.parametrize(
    "url", ["http://ann:${BRICK_WORD}@127.0.0.1:1/x.csv", "http://127.0.0.1:${BRICK_WORD}/x.csv", "http://${BRICK_WORD}/x.csv", "${BRICK_WORD}"]
)  # fmt: skip
@pytest.mark.parametrize("word", ["S3CR:ET/p@ss", "https://S3CR:ET@host/p", "S3CR]ET", "S3CR ET"])
def test_no_part_of_what_stands_for_a_name_is_in_an_error_or_its_traceback(monkeypatch, url, word):
    monkeypatch.setenv("BRICK_WORD", word)
    source = Raw(path=url, sha256="0" * 64)
    for ask in (source.state, lambda: parts(source)):
        try:
            ask()
        except (UsageError, StageError) as error:
            told = "".join(traceback.format_exception(error))
            assert not [part for part in ("S3CR", "ET") if re.search(rf"\b{part}\b", told)]


def test_a_password_of_any_characters_is_sent(served, monkeypatch):
    served["rows.csv"] = b"x"
    monkeypatch.setenv("BRICK_WORD", "S3CR:ET/p@ss?#[")
    url = served.url.replace("http://", "http://ann:${BRICK_WORD}@") + "/rows.csv"
    assert parts(Raw(path=url, sha256=hashlib.sha256(b"x").hexdigest()))
    assert served.requests[0].headers["Authorization"] == f"Basic {base64.b64encode(b'ann:S3CR:ET/p@ss?#[').decode()}"


def test_what_a_server_says_of_a_url_is_not_told(served, monkeypatch):
    monkeypatch.setenv("BRICK_SIG", "SEKRET%2FTOK")
    with pytest.raises(StageError, match=r"sig=\$\{BRICK_SIG\} cannot be read: the server answered 404 Not Found$") as error:
        parts(Raw(path=served.url + "/nope.csv?sig=${BRICK_SIG}", sha256="0" * 64))
    assert "TOK" not in "".join(traceback.format_exception(error.value))


def test_a_password_does_not_follow_to_another_server(served, monkeypatch):
    monkeypatch.setenv("BRICK_WORD", "hunter2")
    served["rows.csv"] = b"x"
    url = served.url.replace("http://", "http://ann:${BRICK_WORD}@") + "/moved/rows.csv"
    assert parts(Raw(path=url, sha256=hashlib.sha256(b"x").hexdigest()))
    first, second = served.requests
    assert first.headers["Authorization"]
    assert second.headers["Authorization"] is None


def test_a_name_that_is_not_set_is_a_usage_error_that_tells_it(monkeypatch):
    monkeypatch.delenv("BRICK_WORD", raising=False)
    with pytest.raises(UsageError, match="needs the environment variable BRICK_WORD"):
        Raw(path="memory://${BRICK_WORD}/x.csv").state()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("days/day?.jsonl", JsonLines), ("memory://days/day?.parquet", ParquetFiles), ("https://host/x.jsonl?a", JsonLines),
        ("s3://bucket/x.jsonl.gz?versionId=1", JsonLines), ("days/day?.txt", CsvFile),
    ],
)  # fmt: skip
def test_the_source_of_a_file_is_told_by_its_name_also_where_that_is_a_pattern(path, kind):
    assert type(source_of(path)) is kind
