"""Wiring: which output feeds which port, and every mistake in it, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .errors import suggest
from .stage import Port, Ports


@dataclass(frozen=True)
class Wire:
    """One output that feeds a port."""

    step: str
    port: str


def wire(
    name: str,
    reads: Mapping[str, str | tuple[str, ...]],
    known: Mapping[str, Ports],
    order: list[str],
    columns: Mapping[str, Sequence[str] | Mapping[str, str | None]],
) -> tuple[dict[str, tuple[Wire, ...]], list[str]]:
    """Resolve what one step reads: port -> wires, and the problems found.

    known: the ports of every step.  order: all step names, as declared.  columns: what the config names, by port.
    """
    wires: dict[str, tuple[Wire, ...]] = {}
    problems = []
    inputs = known[name].inputs
    above = order[: order.index(name)]
    for port_name, wanted in reads.items():
        where = f"step {name!r}, port {port_name!r}"
        if port_name not in inputs:
            problems.append(f"{where}: no such port; {suggest(port_name, inputs)}")
            continue
        port = inputs[port_name]
        references = (wanted,) if isinstance(wanted, str) else tuple(wanted)
        if not references or (len(references) > 1 and not port.many):
            problems.append(f"{where}: found {len(references)} steps, expected one for {port}")
            continue
        found = []
        for reference in references:
            result = _resolve(where, reference, port, known, above, order)
            if isinstance(result, Wire):
                found.append(result)
                have = known[result.step].outputs[result.port].record.columns() if port.record else {}
                problems += _column_problems(where, result.step, columns.get(port_name, ()), have)
            else:
                problems.append(result)
        wires[port_name] = tuple(found)
    problems += [
        f"step {name!r}, port {port.name!r}: nothing feeds it, expected {port}; add reads={{{port.name!r}: ...}}"
        for port in inputs.values()
        if port.required and port.name not in reads
    ]
    return wires, problems


def _column_problems(
    where: str, step: str, named: Sequence[str] | Mapping[str, str | None], have: Mapping[str, str]
) -> list[str]:
    """Columns that the config names and the step above does not write, or writes as another type."""
    types = named if isinstance(named, Mapping) else dict.fromkeys(named)
    missing = [
        f"{where}: the config names column {column!r}, which {step!r} does not write; {suggest(column, have)}"
        for column in types
        if column not in have
    ]
    mistyped = [
        f"{where}: the config reads column {column!r} as {wanted}, which {step!r} writes as {have[column]}"
        for column, wanted in types.items()
        if wanted is not None and column in have and not _is_any(have[column].removesuffix(" | null"), wanted)
    ]
    return missing + mistyped


def _is_any(found: str, wanted: str) -> bool:
    """Whether a type is one of `int64 or decimal`; each is a whole type or the beginning of one."""
    return any(found.startswith(one) for one in wanted.split(" or "))


def _resolve(
    where: str, reference: str, port: Port, known: Mapping[str, Ports], above: list[str], order: list[str]
) -> Wire | str:
    step, _, output_name = reference.partition(".")
    if step not in order:
        return f"{where}: reads unknown step {step!r}; {suggest(step, above)}"
    if step not in above:
        return f"{where}: reads step {step!r}, which is not above it; move it up"
    if step not in known:
        return f"{where}: reads step {step!r}, whose own ports are wrong"
    outputs = known[step].outputs
    if output_name and output_name not in outputs:
        return f"{where}: step {step!r} writes no {output_name!r}; {suggest(output_name, outputs)}"
    candidates = [outputs[output_name]] if output_name else list(outputs.values())
    fitting = [output for output in candidates if output.kind is port.kind]
    if not fitting:
        return f"{where}: found {', '.join(map(str, candidates))} from {step!r}, expected {port}"
    if len(fitting) > 1:
        options = " or ".join(repr(f"{step}.{output.name}") for output in fitting)
        return f"{where}: step {step!r} writes several that fit; say {options}"
    difference = _record_difference(port, fitting[0]) if port.record else ""
    if difference:
        return f"{where}: found {fitting[0]} from {step!r}, expected {port}:\n{difference}"
    return Wire(step, fitting[0].name)


def _record_difference(wanted: Port, found: Port) -> str:
    """A diff of two Records, columns that fit left out; empty when every wanted column is there."""
    have = found.record.columns()
    lines = []
    for column, kind in wanted.record.columns().items():
        if column not in have:
            lines.append(f"      - {column}: {kind}    missing; {suggest(column, have)}")
        elif have[column] not in (kind, kind.removesuffix(" | null")):
            lines.append(f"      ~ {column}: {kind}    found {have[column]}")
    return "\n".join(lines)
