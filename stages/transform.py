"""Transform: hide what gives the label away, and split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Generic, TypeVar

from pydantic import Field, model_validator

from pipeline import Stage, Table, record_of
from pipeline.digest import digest_bytes
from schemas import Record, Row, Text

from .texts import changed

if TYPE_CHECKING:
    import pyarrow as pa

R = TypeVar("R", bound=Record)


class Mask(Stage, Generic[R]):
    """Replace words that would give the label away.

    stems: RE2 patterns, hidden wherever they stand, also inside a longer word, in any case.
    aliases: names hidden where they stand before a dot, as in `np.array`.
    rows: n rows.  Returns n rows, order kept.
    """

    packages: ClassVar[tuple[str, ...]] = ("pyarrow",)

    stems: tuple[Annotated[str, Field(min_length=1)], ...] = Field(min_length=1)
    aliases: tuple[Annotated[str, Field(pattern=r"^\w+$")], ...] = ()
    token: str = Field(default="LIB", pattern=r"^\w+$")

    def map(self, rows: Table[Text]) -> Table[R]:
        """One fragment."""
        import pyarrow.compute as pc

        stems = f"(?i:{'|'.join(self.stems)})"
        aliases = rf"\b(?:{'|'.join(self.aliases)})\."

        def hide(some: pa.ChunkedArray) -> pa.ChunkedArray:
            some = pc.replace_substring_regex(some, stems, self.token)
            return pc.replace_substring_regex(some, aliases, f"{self.token}.") if self.aliases else some

        table = rows.read()
        text = changed(table["text"], f"{stems}|{aliases}" if self.aliases else stems, hide)
        return Table.of(record_of(self), table.set_column(table.schema.get_field_index("text"), "text", text))


class Split(Stage, Generic[R]):
    """Say for each row whether it is for training, validation or test: the column `split`.

    by: the column whose equal values stay together; they become the column `group`.  A row's part depends on that value and the seed alone, so new data
    never moves an old row.  rows: n rows.  Returns n rows, order kept.
    """

    packages: ClassVar[tuple[str, ...]] = ("pyarrow",)

    by: str = "id"
    valid: float = Field(default=0.1, gt=0, lt=1)
    test: float = Field(default=0.2, gt=0, lt=1)
    seed: int = 7

    @model_validator(mode="after")
    def _leaves_some_to_train(self) -> Split[R]:
        if self.valid + self.test >= 1:
            raise ValueError(f"valid + test is {self.valid + self.test}, expected less than 1")
        return self

    def columns_read(self) -> Mapping[str, Sequence[str]]:
        """The group column."""
        return {"rows": (self.by,)}

    def map(self, rows: Table[Row]) -> Table[R]:
        """One fragment."""
        import pyarrow as pa

        table = rows.read()
        groups = table[self.by].combine_chunks().dictionary_encode()
        names = [str(group) for group in groups.dictionary.to_pylist()]
        parts, indices = pa.array(map(self.part, names), pa.string()), groups.indices
        table = table.append_column("split", parts.take(indices))
        return Table.of(record_of(self), table.append_column("group", pa.array(names, pa.string()).take(indices)))

    def part(self, group: str) -> str:
        """Give "test", "valid" or "train": where the group's digest falls in [0, 1)."""
        position = int(digest_bytes(f"{self.seed}\0{group}".encode())[:13], 16) / 16**13
        return "test" if position < self.test else "valid" if position < self.test + self.valid else "train"
