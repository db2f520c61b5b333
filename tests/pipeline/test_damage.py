"""Objects that were damaged or deleted are set aside and made again, never served."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline import Check, Finding, LocalStore, Model, Pipeline, Stage, StageError, Step, Table, plan
from pipeline.publish import manifest
from pipeline.quarantine import Quarantined


class HasRows(Check):
    """Light, since damage is the subject here and not Great Expectations."""

    name: str = "has rows"

    def judge(self, artifact):
        count = artifact.read().num_rows
        yield Finding(rule="has rows", evaluated=count, failed=0, passed=count > 0)


class Line(Quarantined):
    @classmethod
    def contract(cls) -> Check:
        return HasRows()


class Lines(Stage):
    """Two rows; their text is `first`, and what the file `drift` holds, where there is one."""

    drift: str = ""

    def run(self) -> Table[Line]:
        text = Path(self.drift).read_text() if self.drift else "first"
        return Table.of(Line, pa.table({name: [text, text] for name in Line.columns()}))


class Fit(Stage):
    seed: int = 1

    def run(self, rows: Table[Line]) -> Model:
        return Model(facts={"n": rows.read().num_rows, "seed": self.seed}, files={"weights": b"1"})


def built(seed: int = 1, drift: str = "") -> Pipeline:
    return Pipeline("p", Step("lines", Lines(drift=drift)), Step("fit", Fit(seed=seed), {"rows": "lines"}))


def overwrite(path: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(b"damaged")


def objects(store: LocalStore, record, step: str, port: str) -> tuple[Path, Path]:
    """The paths of an output's manifest and of its only file."""
    digest = record.step(step).outputs[port]
    (file,) = manifest(store, digest)["files"]
    return store._object(digest), store._object(file["digest"])


def everything(store: LocalStore) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (store.root / "objects").rglob("*") if path.is_file()}


@pytest.mark.parametrize("harm", [overwrite, Path.unlink], ids=["damaged", "deleted"])
def test_an_input_that_a_stale_step_reads_is_made_again(store, harm: Callable[[Path], None]):
    first = built().run(store.root)
    whole = everything(store)
    harm(objects(store, first, "lines", "rows")[1])
    record = built(seed=2).run(store.root)
    assert record.status == "done"
    assert record.step("lines").outputs == first.step("lines").outputs
    assert whole.items() <= everything(store).items()


@pytest.mark.parametrize("harm", [overwrite, Path.unlink], ids=["damaged", "deleted"])
@pytest.mark.parametrize(("step", "port"), [("lines", "rows"), ("fit", "model")])
def test_a_manifest_that_is_not_whole_is_a_reason_to_run_and_comes_back_as_it_was(store, harm, step, port):
    first = built().run(store.root)
    whole = everything(store)
    harm(objects(store, first, step, port)[0])
    why = "damaged object set aside" if harm is overwrite else "output missing"
    assert plan(built(), LocalStore(store.root)).steps[["lines", "fit"].index(step)].why == why
    record = built().run(store.root)
    assert record.status == "done"
    assert [one.outputs for one in record.steps] == [one.outputs for one in first.steps]
    assert everything(store) == whole


def test_a_deleted_file_is_made_again_also_by_the_process_that_wrote_it(store):
    from pipeline.runner import run

    first = run(built(), store)
    objects(store, first, "fit", "model")[1].unlink()
    assert [step.why for step in plan(built(), store).steps] == ["nothing changed", "output missing"]
    assert run(built(), store).status == "done"
    assert plan(built(), store).stale == ()
    assert run(built(), store).status == "up-to-date"


def test_what_was_damaged_is_kept_aside(store):
    first = built().run(store.root)
    path = objects(store, first, "lines", "rows")[1]
    overwrite(path)
    built(seed=2).run(store.root)
    assert (store.root / "aside" / f"{path.parent.name}{path.name}").read_bytes() == b"damaged"


def test_an_input_that_comes_out_otherwise_is_never_passed_for_the_old_one(store, tmp_path):
    drift = tmp_path / "drift"
    drift.write_text("first")
    first = built(drift=str(drift)).run(store.root)
    overwrite(objects(store, first, "lines", "rows")[1])
    drift.write_text("second")
    record = built(seed=2, drift=str(drift)).run(store.root)
    assert record.step("fit").status == "failed"
    assert "step 'lines' was remade because its output was damaged, and gave other bytes; run with --force" in (
        record.step("fit").error
    )
    assert StageError.exit_code == 1


def test_an_action_that_is_torn_is_made_again(store):
    first = built().run(store.root)
    path = store.root / "actions" / f"{first.step('fit').key}.json"
    overwrite(path)
    record = built().run(store.root)
    assert [step.status for step in record.steps] == ["reused", "ran"]
    assert record.step("fit").outputs == first.step("fit").outputs
