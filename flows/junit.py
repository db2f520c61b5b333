"""A run as JUnit XML, which continuous integration reads: a suite a step, a case a rule of a check, and a suite of gates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from pipeline import LocalStore
from pipeline.check import Finding, Receipt
from pipeline.errors import bounded
from pipeline.gate import GateOutcome
from pipeline.headline import gate_words, headline
from pipeline.record import Outcome, RunRecord

from .told import with_receipts

# What XML 1.0 cannot hold, and marks that turn the direction of what stands beside them.
_UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_TEXT = 2000


def junit(record: RunRecord, store: LocalStore) -> str:
    """The document, in UTF-8.

    A step that failed is an error.  A rule that failed is a failure, one that a person let pass is skipped with the reason, one that
    only warns passes and says so.  A gate that is not passed, also for want of rows, is a failure.
    """
    record = with_receipts(record, store)
    root = ET.Element("testsuites", name=_fit(record.pipeline), time=f"{record.seconds:.3f}")
    for step in record.steps:
        cases = [_ran(step), *(case for receipt in step.receipts for case in _rules(step, receipt))]
        _suite(root, record, step.name, step.seconds, cases)
    if record.gates:
        _suite(root, record, "gates", 0.0, [_gate(gate) for gate in record.gates])
    for name in ("tests", "failures", "errors", "skipped"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(root: ET.Element, record: RunRecord, name: str, seconds: float, cases: list[ET.Element]) -> None:
    found = {word: sum(case.find(tag) is not None for case in cases) for word, tag in _COUNTED.items()}
    counts = {"tests": str(len(cases)), **{word: str(count) for word, count in found.items()}}
    started = record.started.partition("+")[0]
    about = {"name": _fit(name), "time": f"{seconds:.3f}", "timestamp": started}
    suite = ET.SubElement(root, "testsuite", about | counts)
    properties = ET.SubElement(suite, "properties")
    for key, value in (("run", str(record.run_id)), ("headline", headline(record))):
        ET.SubElement(properties, "property", name=key, value=_fit(value))
    suite.extend(cases)


_COUNTED = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def _ran(step: Outcome) -> ET.Element:
    case = _case(step.name, "the step runs")
    if step.status == "failed":
        _say(case, "error", step.error or step.why, "StageError")
    elif step.status == "skipped":
        _say(case, "skipped", step.why)
    elif step.status == "blocked" and not any(receipt.failures for receipt in step.receipts):
        _say(case, "failure", step.error or step.why, "BlockedError")
    return case


def _rules(step: Outcome, receipt: Receipt) -> Iterator[ET.Element]:
    let_pass = step.overridden.get(f"{step.name}.{receipt.check}")
    for finding in receipt.findings:
        case = _case(f"{step.name}.{receipt.check}", _rule(finding))
        if not finding.passed and finding.severity != "error":
            ET.SubElement(case, "system-out").text = _fit(f"WARNED: {finding}")
        elif not finding.passed and let_pass is not None:
            _say(case, "skipped", f"OVERRIDDEN: {let_pass}; {finding}")
        elif not finding.passed:
            _say(case, "failure", str(finding), "CheckFailed")
        yield case
    if not receipt.findings:
        case = _case(f"{step.name}.{receipt.check}", "evaluates something")
        if not receipt.passed:
            _say(case, "failure", "nothing was evaluated", "CheckFailed")
        yield case


def _rule(finding: Finding) -> str:
    return f"{finding.column}: {finding.rule}" if finding.column else finding.rule


def _gate(gate: GateOutcome) -> ET.Element:
    case = _case(f"gates.{gate.model}", f"{gate.gate}{f' on {gate.slice}' if gate.slice else ''}")
    if not gate.passed:
        _say(case, "failure", gate_words(gate), "GateNotEvaluated" if gate.status == "not evaluated" else "GateFailed")
    return case


def _case(of: str, name: str) -> ET.Element:
    return ET.Element("testcase", classname=_fit(of), name=_fit(name), time="0")


def _say(case: ET.Element, tag: str, message: str, kind: str = "") -> None:
    said = ET.SubElement(case, tag, {"message": _fit(message)} | ({"type": kind} if kind else {}))
    said.text = _fit(message) if kind else None


def _fit(text: str) -> str:
    """Text that XML can hold, bounded; what it cannot, and what would turn its direction, is written as an escape."""
    return _UNFIT.sub(lambda found: f"\\u{ord(found[0]):04x}", bounded(text, _TEXT))
