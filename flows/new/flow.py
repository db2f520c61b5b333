"""The text of flow.py: the pipeline, from the file to the comparison of its models."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from .names import class_name
from .python import Call, Code, call, comment, layout, literal, mapping, several
from .survey import MIN_CHARS

if TYPE_CHECKING:
    from .decide import Decision
    from .survey import Survey

_PLAIN = re.compile(r"[^\W_][\w -]{0,20}")
_FEW = 8  # values of a column by which metrics are cut


def flow(name: str, found: Survey, decided: Decision) -> str:
    """The module: where the rows are, what must hold of them, and the steps."""
    row = f"{class_name(name)}Row"
    steps = "\n".join(_steps(found, decided, row))
    body = f"""
{layout(code_of(found.source), before="ROWS = ")}

{layout(_enough(found), before="ENOUGH = ")}

{name} = Pipeline(
    {literal(name)},
{steps}
)
"""
    ours = {
        "pipeline": ("Limit", "Pipeline", "Step"),
        "schemas": ("DistinctCount", "RowCount", "Suite", "Tokens"),
        "stages": tuple(sorted(set(re.findall(r"\b([A-Z]\w+)[(\[]", body)) & _stages())),
    }
    imports = "\n".join(_import(module, names) for module, names in ours.items())
    return f'''"""{_question(found)}"""

from __future__ import annotations

{imports}

from .records import {", ".join(sorted([row, f"Split{row}"]))}
{body}'''


def code_of(model: BaseModel) -> Call:
    """A config as the call that makes it: what is not set to its default."""
    fields = {name: getattr(model, name) for name, info in type(model).model_fields.items()}
    defaults = {name: info.get_default() for name, info in type(model).model_fields.items()}
    return call(type(model).__name__, **{name: _code(value) for name, value in fields.items() if value != defaults[name]})


def _code(value: Any) -> Code:
    if isinstance(value, BaseModel):
        return code_of(value)
    if isinstance(value, dict):
        return mapping(value)
    if isinstance(value, tuple):
        return several([literal(item) for item in value])
    return literal(str(value) if isinstance(value, Path) else value)


def _steps(found: Survey, decided: Decision, row: str) -> list[str]:
    by = [literal(decided.by)]
    shares = {"valid": str(decided.valid), "test": str(decided.test)}
    if decided.seed != 7:
        shares["seed"] = str(decided.seed)
    least = {"min_count": "1"} if decided.small else {}
    words = call("Words", **least, max_tokens=str(decided.max_tokens))
    resamples = {"resamples": "200"} if decided.large else {}
    models = mapping({"rows": "split", "models": several(['"majority"', '"linear"', '"net"'])})
    steps: list[tuple[str, Code]] = [
        (
            "",
            _step("raw", call(f"Ingest[{row}]", source="ROWS"), checks=(_limit(found.away.total(), found.rows), _drift(found))),
        ),
        (
            _conflicting(found),
            _step(
                "clean",
                call(f"Clean[{row}]", min_chars=str(MIN_CHARS)),
                "raw",
                (_limit(found.cleaned.total(), found.rows), call("OneLabel", share=_twice(found.conflicts, found.rows))),
            ),
        ),
        (_repeated(found), _step("unique", call(f"Deduplicate[{row}]"), "clean", ("ENOUGH",))),
        (
            _apart(found, decided),
            _step(
                "split",
                call(f"Split[Split{row}]", by=by[0], **shares),
                "unique",
                (call("Leakage", severity='"warn"'), call("LabelsInParts")),
            ),
        ),
        ("", _step("features", call("Vectorize[Tokens]", features=mapping({"tokens": words})), "split")),
        ("", _step("majority", call("Baseline", model=call("Majority")), "split")),
        ("", _step("linear", call("Baseline", model=call("TfidfLogistic")), "split")),
        ("", call("Step", '"net"', _net(decided), reads=mapping({"rows": "features", "vocabulary": "features"}))),
        ("", call("Step", '"report"', call("Evaluate", **_slices(found), **resamples), reads=models)),
        (
            _judged(found, decided),
            call(
                "Step",
                '"compare"',
                call("Compare", model='"net"', baselines=several(['"linear"', '"majority"']), **_metric(decided), **resamples),
                reads=mapping({"evaluation": "report", "rows": "report"}),
            ),
        ),
    ]
    return [(f"{comment(said)}\n" if said else "") + layout(step, "", ",", 4) for said, step in steps]


def _step(name: str, stage: Code, reads: str = "", checks: tuple[Code, ...] = ()) -> Call:
    named: dict[str, Code] = {}
    if reads:
        named["reads"] = mapping({"rows": reads})
    if checks:
        named["checks"] = several(checks)
    return call("Step", literal(name), stage, **named)


def _limit(away: int, rows: int) -> Code:
    return call("Limit", fraction=_twice(away, rows))


def _twice(count: int, rows: int) -> str:
    """Twice the share that was seen, and at least one row in a hundred: more says that the data changed.

    Where much is lost already, what was seen and a third of the rest, since twice of it would never block.
    """
    seen = count / max(rows, 1)
    return literal(max(0.01, math.ceil(100 * min(2 * seen, seen + (1 - seen) / 3)) / 100))


def _drift(found: Survey) -> Code:
    """The digest that serves as an id says nothing of the data; a Key is left out by the check itself."""
    return call("Drift", **({} if found.column("id") else {"skip": several(['"id"'])}))


def _enough(found: Survey) -> Call:
    half = found.left // 2
    least = max(1, round(half, -max(0, len(str(half)) - 2)))
    return call(
        "Suite",
        name='"enough to learn from"',
        expectations=several(
            [call("RowCount", min_value=literal(least)), call("DistinctCount", column='"label"', min_value="2")]
        ),
        hint=literal(f"there were {found.left:,} different texts of {len(found.labels):,} labels when this was written"),
    )


def _net(decided: Decision) -> Call:
    if decided.large:
        return call("Train", model=call("TextNet", encode=call("Bag"), attend=call("Mean")), epochs="3", batch="256")
    if decided.small:
        return call("Train", model=call("TextNet", encode=call("Bag"), attend=call("Mean")), epochs="20", patience="5")
    return call("Train", model=call("TextNet", encode=call("Cnn"), attend=call("Max")))


def _slices(found: Survey) -> dict[str, Code]:
    """Columns of few values by which the metrics are cut, beside the length of the text."""
    few = [c.field for c in found.columns if not c.role and 0 < len(c.closed) <= _FEW and not c.missing][:2]
    return {"slices": several([literal(name) for name in ("length", *few)])} if few else {}


def _metric(decided: Decision) -> dict[str, Code]:
    return {"metric": literal(decided.metric)} if decided.metric != "accuracy" else {}


def _repeated(found: Survey) -> str:
    return f"{found.repeats:,} rows repeat the text of an earlier one" if found.repeats else ""


def _conflicting(found: Survey) -> str:
    return f"the texts of {found.conflicts:,} rows stand under more than one label" if found.conflicts else ""


def _apart(found: Survey, decided: Decision) -> str:
    if decided.seed != 7:
        return f"the first seed that leaves every part rows, and as many labels as it can; by {decided.by}"
    return f"rows of one {decided.by} stay together" if found.column("group") else ""


def _judged(found: Survey, decided: Decision) -> str:
    share = found.labels.most_common(1)[0][1] / found.left
    return f"one label is {share:.0%} of the rows, which makes accuracy easy: macro F1 judges" if _metric(decided) else ""


def _question(found: Survey) -> str:
    labels = sorted(found.labels)
    if len(labels) <= 4 and all(_PLAIN.fullmatch(label) for label in labels):
        return f"{', '.join(labels[:-1])} or {labels[-1]}, by what the text says."
    return "The label of a text, by what it says."


def _import(module: str, names: tuple[str, ...]) -> str:
    """Ruff's form: one line where it fits, else a name a line."""
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= 128:
        return line
    inner = "".join(f"    {name},\n" for name in names)
    return f"from {module} import (\n{inner})"


def _stages() -> set[str]:
    import stages

    return set(stages.__all__)
