"""A step between features and training that leaves fewer rows to train on, whole groups of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar, Generic, NamedTuple, TypeVar

from pydantic import Field

from pipeline import Pipeline, Stage, Step, Table, Vocabulary, record_of
from pipeline.digest import digest_bytes
from schemas import SplitRow, Vectorized

R = TypeVar("R", bound=Vectorized)
_NAME = "fewer_rows"


class Features(NamedTuple, Generic[R]):
    """What a training step reads."""

    rows: Table[R]
    vocabulary: Vocabulary


class Fewer(Stage, Generic[R]):
    """Training rows of groups, drawn until there are as many as wanted; all other rows stay.

    rows: n rows.  vocabulary: that of their numbers.  groups: the same rows with their groups; without them each row is drawn by itself.
    Returns m <= n rows, order kept, and the vocabulary as it is.
    """

    packages: ClassVar[tuple[str, ...]] = ("numpy", "pyarrow")
    keeps_rows: ClassVar[bool] = False  # a sample turns nothing away

    size: int = Field(ge=1, description="training rows; more, where the last group brings more")
    seed: int = 7

    def run(self, rows: Table[Vectorized], vocabulary: Vocabulary, groups: Table[SplitRow] | None = None) -> Features[R]:
        """A group comes in the order of its digest."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        table = rows.read()
        ids = table["id"]
        if groups is not None:
            known = groups.read(["id", "group"])
            ids = known["group"].take(pc.index_in(table["id"], value_set=known["id"]))
        training = pc.equal(table["split"], "train").to_numpy()
        coded = ids.combine_chunks().dictionary_encode()
        codes, names = coded.indices.to_numpy(), coded.dictionary.to_pylist()
        order = sorted(set(codes[training].tolist()), key=lambda code: digest_bytes(f"{self.seed}\0{names[code]}".encode()))
        counts = np.bincount(codes[training], minlength=len(names))[order].cumsum()
        chosen = order[: int(np.searchsorted(counts, self.size)) + 1]
        kept = table.filter(pa.array(~training | np.isin(codes, chosen)))
        return Features(Table.of(record_of(self), kept), vocabulary)


def with_fewer(pipeline: Pipeline, step: str, size: int) -> Pipeline:
    """The pipeline with that step between a training step and its rows."""
    wire = pipeline.wires[step]["rows"][0]
    record = pipeline.ports[wire.step].outputs[wire.port].record
    reads = {"rows": f"{wire.step}.{wire.port}", "vocabulary": pipeline.steps[step].reads["vocabulary"]}
    split = next(_with_groups(pipeline, wire.step), None)
    fewer = Step(_NAME, Fewer[record](size=size), reads=reads | ({"groups": split} if split else {}))
    steps = []
    for name, one in pipeline.steps.items():
        steps += [fewer, replace(one, reads={**one.reads, "rows": _NAME, "vocabulary": _NAME})] if name == step else [one]
    return Pipeline(pipeline.name, *steps)


def _with_groups(pipeline: Pipeline, step: str) -> Iterator[str]:
    """Tables above a step that know split and group, the nearest first."""
    above = [step]
    for name in above:  # it grows
        above += [up for up in pipeline.upstream(name) if up not in above]
        for port in pipeline.ports[name].outputs.values():
            if port.kind is Table and {"id", "split", "group"} <= set(port.record.columns()):
                yield f"{name}.{port.name}"
