"""What is pushed and pulled: all of it, in order, verified, whatever was killed or damaged on the way."""

import json
import re
import sys
import time
import traceback
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline import Check, Finding, LocalStore, Model, Pipeline, Stage, Step, StoreError, Table, UsageError, plan
from pipeline.digest import digest_bytes
from pipeline.publish import manifest
from pipeline.quarantine import Quarantined
from pipeline.sharing import remote as remote_module
from pipeline.sharing import share
from pipeline.sharing.needs import files_of, needs
from pipeline.sharing.pull import pull
from pipeline.sharing.push import push
from pipeline.sharing.remote import Remote, masked
from pipeline.store.sealed import opened, seal

NOTHING = {"objects": 0, "bytes": 0, "actions": 0, "runs": 0, "accepts": 0, "champions": 0}


class HasRows(Check):
    name: str = "has rows"

    def judge(self, artifact):
        count = artifact.read().num_rows
        yield Finding(rule="has rows", evaluated=count, failed=0, passed=count > 0)


class Line(Quarantined):
    @classmethod
    def contract(cls) -> Check:
        return HasRows()


class Lines(Stage):
    """Fragments of two rows."""

    def run(self) -> Table[Line]:
        rows = [pa.table({name: [str(i), "x"] for name in Line.columns()}) for i in range(4)]
        return Table(Line, tuple(rows))


class Shout(Stage):
    def map(self, rows: Table[Line]) -> Table[Line]:
        return Table.of(Line, rows.read())


class Fit(Stage):
    seed: int = 1

    def run(self, rows: Table[Line]) -> Model:
        return Model(facts={"n": rows.read().num_rows, "seed": self.seed}, files={"weights": bytes(100 + self.seed)})


class Alone(Stage):
    def run(self) -> Model:
        return Model(facts={}, files={"weights": b"alone"})


def built(seed: int = 1) -> Pipeline:
    return Pipeline(
        "p", Step("lines", Lines()), Step("shout", Shout(), {"rows": "lines"}), Step("fit", Fit(seed=seed), {"rows": "shout"})
    )


OTHER = Pipeline("q", Step("alone", Alone()))


@pytest.fixture
def full(store) -> LocalStore:
    """A store in which two pipelines have run."""
    assert built().run(store.root).status == "done"
    assert OTHER.run(store.root).status == "done"
    return LocalStore(store.root)


@pytest.fixture
def empty(tmp_path) -> LocalStore:
    return LocalStore(tmp_path / "another store")


def kept(root: Path) -> dict[str, bytes]:
    """What a store has that others can use."""
    found = {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    return {name: data for name, data in found.items() if name.partition("/")[0] in ("objects", "actions", "runs")}


def assert_closed(files: dict[str, bytes]) -> None:
    """Every file is what its name says, and what it names is there."""

    def require(digest: str) -> bytes:
        data = files[f"objects/{digest[:2]}/{digest[2:]}"]
        assert digest_bytes(data) == digest
        return data

    for path, data in files.items():
        folder, _, name = path.partition("/")
        if folder in ("actions", "runs"):
            document = opened(path.removesuffix(".json"), data)
            assert document is not None
            found = needs(folder, document)
            for digest in [*found.artifacts, *(digest for digest, _ in found.objects)]:
                require(digest)
            for artifact in found.artifacts:
                for digest, size in files_of(json.loads(require(artifact))):
                    assert len(require(digest)) == size
            assert all(f"actions/{key}.json" in files for key in found.keys)
        elif folder == "refs" and name.endswith("/champion"):
            assert f"runs/{data.decode().strip()}.json" in files


def everything(remote) -> dict[str, bytes]:
    return {name: remote.read(name) for name in remote.names() if not name.startswith("tmp/")}


def test_what_one_store_ran_another_reuses(remote, full, empty):
    pushed = push(full, remote.url).document()
    assert_closed(everything(remote))
    pulled = pull(empty, remote.url).document()
    assert pushed["copied"] == pulled["copied"]
    assert pulled["copied"]["runs"] == pulled["copied"]["champions"] == 2
    assert plan(built(), empty).stale == plan(OTHER, empty).stale == ()
    assert built().run(empty.root).status == "up-to-date"
    assert kept(empty.root) == kept(full.root)
    assert {name: target for name, target in full.refs().items() if name[1] == "champion"}.items() <= empty.refs().items()
    assert {run["run_id"] for run in empty.runs()} == {run["run_id"] for run in full.runs()}


def test_only_what_others_can_use_is_pushed(remote, full):
    (full.root / "aside").mkdir()
    (full.root / "aside" / "x").touch()
    push(full, remote.url)
    assert {name.partition("/")[0] for name in remote.names()} == {"format", "objects", "actions", "runs", "refs"}
    assert [name for name in remote.names() if name.startswith("refs/")] == ["refs/p/champion", "refs/q/champion"]


def test_the_second_time_nothing_is_copied(remote, full, empty):
    first = push(full, remote.url).document()
    before = everything(remote)
    for again in (push(full, remote.url), push(full, remote.url, verify=True)):
        assert (again.document()["copied"], again.document()["there"]) == (NOTHING, first["copied"])
    assert everything(remote) == before
    pull(empty, remote.url)
    again = pull(empty, remote.url).document()
    assert (again["copied"], again["there"]) == (NOTHING, first["copied"])


def test_what_is_new_alone_is_copied(remote, full, empty):
    push(full, remote.url)
    pull(empty, remote.url)
    built(seed=2).run(full.root)
    counts = {"objects": 2, "bytes": 102 + full.size(next(full.runs("p"))["steps"][2]["outputs"]["model"]), "actions": 2}
    for done in (push(full, remote.url), pull(empty, remote.url)):
        assert done.document()["copied"] == counts | {"runs": 1, "accepts": 0, "champions": 0}
    assert plan(built(seed=2), empty).stale == ()


def test_the_next_miss_after_a_pull_is_explained(remote, full, empty):
    push(full, remote.url)
    pull(empty, remote.url)
    assert plan(built(seed=2), empty).steps[2].why == "config: seed 1 -> 2"


def test_large_objects_go_the_same_way(remote, full, empty, monkeypatch):
    monkeypatch.setattr(share, "SMALL", 300)
    monkeypatch.setattr(remote_module, "SMALL", 300)
    push(full, remote.url)
    pull(empty, remote.url)
    assert kept(empty.root) == kept(full.root)


def test_objects_go_before_actions_before_runs_before_champions(remote, full, monkeypatch):
    sent = []
    real = Remote.send

    def watched(self, source, path, digest):
        sent.append(("begins", path))
        real(self, source, path, digest)
        sent.append(("is there", path))

    monkeypatch.setattr(Remote, "send", watched)
    push(full, remote.url)
    folders = [path.partition("/")[0] for _, path in sent]
    assert folders == sorted(folders, key=["format", "objects", "actions", "runs", "refs"].index)


KILLED_PUSH = """
    import itertools, os, signal, sys
    from pipeline import LocalStore
    from pipeline.sharing.push import push
    from pipeline.sharing.remote import Remote, masked
    store, url, where, point = sys.argv[1:]
    count, real = itertools.count(1), getattr(Remote, where)
    def deadly(self, *given):
        if next(count) == int(point):
            os.kill(os.getpid(), signal.SIGKILL)
        return real(self, *given)
    setattr(Remote, where, deadly)
    push(LocalStore(store), url)
"""

KILLED_PULL = """
    import itertools, os, signal, sys
    from pipeline import LocalStore
    from pipeline.store import durable
    from pipeline.sharing.pull import pull
    store, url, point = sys.argv[1:]
    count = itertools.count(1)
    def watch(operation, path, target):
        if operation == "rename" and next(count) == int(point):
            os.kill(os.getpid(), signal.SIGKILL)
    durable.watch = watch
    pull(LocalStore(store), url)
"""


def again_and_again(project, code, *arguments, then):
    """Give the same command until it is not killed, each time a bit later; says how often it was."""
    for killed in range(40):
        process = project.python(code, *arguments, str(2 + 2 * killed))
        _, err = process.communicate(timeout=60)
        then()
        if process.returncode == 0:
            return killed
        assert process.returncode == -9, err
    raise AssertionError("it never came to an end")


@pytest.mark.parametrize("where", ["send", "_digest"], ids=["before a file is written", "before it is proved"])
def test_a_push_that_is_killed_leaves_a_whole_remote_and_goes_on(remote, full, empty, project, where):
    arguments = (str(full.root), remote.url, where)
    assert again_and_again(project, KILLED_PUSH, *arguments, then=lambda: assert_closed(everything(remote))) > 2
    assert push(full, remote.url).document()["copied"] == NOTHING
    pull(empty, remote.url)
    assert kept(empty.root) == kept(full.root)


def test_a_pull_that_is_killed_leaves_a_whole_store_and_goes_on(remote, full, empty, project):
    push(full, remote.url)
    arguments = (str(empty.root), remote.url)
    assert again_and_again(project, KILLED_PULL, *arguments, then=lambda: assert_closed(kept(empty.root))) > 2
    assert pull(empty, remote.url).document()["copied"] == NOTHING
    assert kept(empty.root) == kept(full.root)


TOGETHER = """
    import sys, time
    from pathlib import Path
    from pipeline import LocalStore
    from pipeline.sharing.push import push
    import s3fs
    store, url, ready, go = sys.argv[1:]
    Path(ready).touch()
    while not Path(go).exists():
        time.sleep(0.001)
    push(LocalStore(store), url)
"""


def test_two_may_push_at_once(remote, full, empty, project, tmp_path):
    second = LocalStore(tmp_path / "second")
    built().run(second.root)
    built(seed=3).run(second.root)
    ready = [tmp_path / "ready1", tmp_path / "ready2"]
    both = [
        project.python(TOGETHER, str(store.root), remote.url, str(here), str(tmp_path / "go"))
        for store, here in zip((full, second), ready, strict=True)
    ]
    while not all(here.exists() for here in ready) and all(process.poll() is None for process in both):
        time.sleep(0.01)
    (tmp_path / "go").touch()
    told = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    assert_closed(everything(remote))
    pull(empty, remote.url)
    assert kept(empty.root).keys() == kept(full.root).keys() | kept(second.root).keys()
    assert plan(built(seed=3), empty).stale == ()


def path_of(store: LocalStore, digest: str) -> str:
    return str(store._object(digest).relative_to(store.root))


def weights(store: LocalStore) -> tuple[str, str]:
    """The paths of the manifest and of the file of what p's last step made."""
    digest = next(store.runs("p"))["steps"][2]["outputs"]["model"]
    return path_of(store, digest), path_of(store, manifest(store, digest)["files"][0]["digest"])


def flip(data: bytes) -> bytes:
    return bytes([data[0] ^ 1]) + data[1:]


HARMS = {"a flipped bit": flip, "a truncation": lambda data: data[:-3], "missing": None}


def harm(remote, path: str, how: str) -> None:
    if HARMS[how] is None:
        remote.remove(path)
    else:
        remote.write(path, HARMS[how](remote.read(path)))


@pytest.mark.parametrize("how", HARMS)
@pytest.mark.parametrize("which", [0, 1], ids=["manifest", "file"])
def test_an_object_damaged_at_the_remote_is_named_and_never_served(remote, full, empty, which, how):
    push(full, remote.url)
    path = weights(full)[which]
    harm(remote, path, how)
    pulled = pull(empty, remote.url)
    run_id = next(full.runs("p"))["run_id"]
    with pytest.raises(StoreError, match=rf"{path} \((damaged|missing)\); 3 documents .* push again with --verify") as caught:
        pulled.require_whole()
    assert caught.value.exit_code == 5
    assert f"runs/{run_id}.json" in pulled.left_out
    assert [run["pipeline"] for run in empty.runs()] == ["q"]
    assert kept(empty.root).items() <= kept(full.root).items()
    assert_closed(kept(empty.root))
    assert (empty.ref("p", "champion"), empty.ref("q", "champion")) == (None, full.ref("q", "champion"))
    assert plan(built(), empty).stale == ("fit",)

    mended = push(full, remote.url, verify=True)
    assert mended.replaced == ([path] if how != "missing" else [])
    assert mended.document()["copied"]["objects"] == 1
    pull(empty, remote.url).require_whole()
    assert kept(empty.root) == kept(full.root)


def test_a_truncated_object_at_the_remote_is_replaced_without_being_read(remote, full):
    push(full, remote.url)
    before = everything(remote)
    harm(remote, weights(full)[1], "a truncation")
    assert push(full, remote.url).replaced == [weights(full)[1]]
    assert everything(remote) == before


def test_a_damaged_object_here_is_replaced_by_a_pull_when_its_size_is_wrong(remote, full):
    push(full, remote.url)
    before = kept(full.root)
    path = full.root / weights(full)[1]
    path.chmod(0o644)
    path.write_bytes(b"torn")
    assert pull(LocalStore(full.root), remote.url).replaced == [weights(full)[1]]
    assert kept(full.root) == before


@pytest.mark.parametrize("how", HARMS)
def test_a_document_damaged_at_the_remote_is_not_recorded(remote, full, empty, how):
    push(full, remote.url)
    run = next(full.runs("p"))
    action = f"actions/{run['steps'][2]['key']}.json"
    harm(remote, action, how)
    pulled = pull(empty, remote.url)
    if how != "missing":
        with pytest.raises(StoreError, match=rf"{action} \(damaged\)"):
            pulled.require_whole()
    assert pulled.left_out == [f"runs/{run['run_id']}.json"]
    assert not (empty.root / action).exists()
    assert_closed(kept(empty.root))
    assert push(full, remote.url, verify=how == "a flipped bit").copied["actions"] == 1
    pull(empty, remote.url).require_whole()
    assert kept(empty.root) == kept(full.root)


def test_documents_that_were_swapped_or_made_up_are_not_recorded(remote, full, empty):
    push(full, remote.url)
    run = next(full.runs("p"))
    one, two = (f"actions/{step['key']}.json" for step in run["steps"][:2])
    first, second = remote.read(one), remote.read(two)
    remote.write(one, second)
    remote.write(two, first)
    remote.write("runs/2026-x.json", seal("runs/2026-x", {"run_id": "2026-x", "pipeline": "p"}))
    remote.write("actions/k.json", seal("actions/k", {"outputs": {"rows": "../../secret"}, "quarantine": None}))
    remote.write("actions/a b.json", b"no name of ours")
    pulled = pull(empty, remote.url)
    assert pulled.damaged == {
        one: "damaged", two: "damaged", "runs/2026-x.json": "damaged", "actions/k.json": "of no known kind",
    }  # fmt: skip
    assert [one["pipeline"] for one in empty.runs()] == ["q"]


def test_an_object_damaged_here_is_set_aside_and_not_pushed(remote, full):
    path = full.root / weights(full)[1]
    path.chmod(0o644)
    path.write_bytes(flip(path.read_bytes()))
    pushed = push(full, remote.url)
    with pytest.raises(StoreError, match=rf"in this store: {weights(full)[1]} \(damaged\); .* run the pipeline again"):
        pushed.require_whole()
    assert_closed(everything(remote))
    assert weights(full)[1] not in remote.names()
    assert pushed.copied["runs"] == 1
    built().run(full.root)
    push(full, remote.url).require_whole()
    assert len([name for name in remote.names() if name.startswith("runs/")]) == 3


def test_what_comes_out_otherwise_at_the_remote_is_told_and_removed(remote, full, monkeypatch):
    real = Remote.__init__

    def opened_with_a_bad_wire(self, url):
        real(self, url)
        put = self._fs.put_file

        def put_file(source, target):
            put(source, target)
            self._fs.pipe_file(target, b"noise")

        self._fs.put_file = put_file

    with monkeypatch.context() as patch:
        patch.setattr(Remote, "__init__", opened_with_a_bad_wire)
        with pytest.raises(StoreError, match=r"objects/\S+ was sent to .* and read back with other bytes"):
            push(full, remote.url)
    assert remote.names() == ["format"]
    push(full, remote.url)
    assert_closed(everything(remote))


@pytest.mark.parametrize(
    ("found", "told"), [(b"3\n", "has format 3, .*upgrade brickwise, or choose another URL"), (None, "has format 1, ")]
)
def test_a_remote_of_another_format_is_refused(remote, full, empty, found, told):
    push(full, remote.url)
    if found is None:
        remote.remove("format")
    else:
        remote.write("format", found)
    before = everything(remote)
    built(seed=2).run(full.root)
    for attempt in (lambda: push(full, remote.url), lambda: pull(empty, remote.url)):
        with pytest.raises(StoreError, match=told):
            attempt()
    assert everything(remote) == before
    assert not empty.root.exists()


def test_another_champion_is_kept_and_that_is_said(remote, full, empty):
    push(full, remote.url)
    built(seed=2).run(empty.root)
    ours, theirs = empty.ref("p", "champion"), full.ref("p", "champion")
    pulled = pull(empty, remote.url)
    assert pulled.champions_kept == [{"pipeline": "p", "kept": ours, "other": theirs}]
    assert empty.ref("p", "champion") == ours
    assert push(empty, remote.url).champions_kept == [{"pipeline": "p", "kept": theirs, "other": ours}]
    assert remote.read("refs/p/champion").decode().strip() == theirs


def test_of_an_action_made_twice_the_first_stays(remote, full, empty):
    push(full, remote.url)
    step = next(full.runs("p"))["steps"][2]
    built().run(empty.root)
    other = {**empty.action(step["key"]), "rows_in": 7}
    empty.record_action(step["key"], other)
    assert push(empty, remote.url).replaced == []
    assert pull(empty, remote.url).damaged == {}
    assert empty.action(step["key"]) == other
    assert opened(f"actions/{step['key']}", remote.read(f"actions/{step['key']}.json")) == full.action(step["key"])


def test_what_this_store_lacks_is_left_out_of_a_push(remote, full):
    (full.root / weights(full)[1]).unlink()
    pushed = push(full, remote.url)
    pushed.require_whole()
    assert len(pushed.left_out) == 3
    assert_closed(everything(remote))


def test_nothing_was_pushed_there_or_here(remote, full, empty):
    with pytest.raises(UsageError, match=r"there is no store at .*begin it with: brickwise push URL"):
        pull(empty, remote.url)
    with pytest.raises(UsageError, match=r"there is no store in .* to push"):
        push(empty, remote.url)
    assert not empty.root.exists()
    assert remote.names() == []


def test_a_server_that_does_not_answer_is_told(full, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(StoreError, match=r"cannot list s3://bucket/team/actions: \w+: .*; mend the cause and give the same"):
        push(full, "s3://bucket/team")
    with pytest.raises(StoreError, match=r"cannot write file:///proc/1/x/format: FileNotFoundError: .*; mend the cause"):
        push(full, "file:///proc/1/x")


SECRET = "hunter2"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sftp://me:hunter2@host/team", "sftp://***@host/team"),
        ("sftp://me:hun@ter/hunter2@host:22/team", "sftp://***@host:22/team"),
        ("sftp://hunter2@host/team", "sftp://***@host/team"),
        ("s3://key:hunter2@bucket/team", "s3://***@bucket/team"),
        ("simplecache::ftp://me:hunter2@host/team", "simplecache::ftp://***@host/team"),
        ("https://host/team?X-Amz-Signature=hunter2", "https://host/team?***"),
        ("s3://bucket/a@b", "s3://bucket/a@b"),
        ("/mnt/a@b", "/mnt/a@b"),
    ],
)
def test_what_may_be_a_secret_is_masked(url, shown):
    assert masked(url) == shown


@pytest.mark.parametrize(
    "url",
    [
        f"ftp://me:{SECRET}@127.0.0.1:1/team", f"sftp://me:{SECRET}@host/team", f"nowhere://me:{SECRET}@host/team",
        f"s3://key:{SECRET}@bucket/team",
    ],
)  # fmt: skip
def test_no_error_and_no_traceback_shows_a_secret(full, url, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with pytest.raises((StoreError, UsageError)) as caught:
        push(full, url)
    assert "://***@" in str(caught.value)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_a_driver_that_is_missing_is_named_with_its_extra(full, monkeypatch):
    from fsspec.registry import _registry

    monkeypatch.setitem(sys.modules, "s3fs", None)
    monkeypatch.delitem(_registry, "s3", raising=False)
    with pytest.raises(UsageError, match=re.escape("pip install 'brickwise[s3]'")):
        push(full, "s3://bucket/team")
    with pytest.raises(UsageError, match=r"starts with 's33', which is no file system .*did you mean 's3'"):
        push(full, "s33://bucket/team")
