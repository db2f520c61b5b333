"""Checks and receipts; the expectations are judged by Great Expectations itself."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import Check, Finding, Model, Table
from pipeline.check import Complete
from schemas import Between, InSet, NotNull, Record, RowCount, Suite


class Row(Record):
    n: int | None
    name: str | None


class Says(Check):
    findings: tuple[Finding, ...]

    def judge(self, artifact):
        return self.findings


def finding(evaluated: int = 3, passed: bool = True, **given) -> Finding:
    return Finding(rule="r", evaluated=evaluated, failed=0 if passed else evaluated, passed=passed, **given)


def receipt(*expectations, **columns):
    rows = Table(Row, (pa.table(columns),), digest="d")
    return Suite(name="suite", expectations=expectations).receipt(rows)


def numbers(*values) -> pa.Array:
    return pa.array(values, pa.int64())


def test_a_receipt_passes_when_every_rule_does_and_carries_the_artifact_s_digest():
    found = receipt(NotNull(column="n"), Between(column="n", min_value=0), n=numbers(1, 2))
    assert (found.check, found.artifact, found.passed, found.failures) == ("suite", "d", True, ())
    assert [(one.evaluated, one.failed) for one in found.findings] == [(2, 0), (2, 0)]


def test_a_check_with_no_expectation_fails():
    found = receipt(n=numbers(1, 2))
    assert not found.passed
    assert found.failures[0].note == "nothing was evaluated"


def test_a_check_of_an_empty_table_fails():
    found = receipt(NotNull(column="n"), InSet(column="name", values=("a",)), n=numbers(), name=pa.array([], pa.string()))
    assert not found.passed
    assert len(found.failures) == 2
    assert not receipt(RowCount(min_value=1), n=numbers()).passed


@pytest.mark.parametrize("rule", [Between(column="n", min_value=0), InSet(column="n", values=(1,))])
def test_a_check_of_a_column_that_is_all_null_fails(rule):
    found = receipt(rule, n=numbers(None, None))
    assert not found.passed
    assert (found.failures[0].evaluated, found.failures[0].note) == (0, "nothing was evaluated")


def test_a_check_of_a_column_that_is_missing_fails():
    assert not receipt(Between(column="m", min_value=0), n=numbers(1)).passed


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.sampled_from(["error", "warn"]))))
def test_a_receipt_passes_only_if_something_was_evaluated_and_no_error_failed(outcomes):
    listed = tuple(finding(evaluated, passed, severity=severity) for evaluated, passed, severity in outcomes)
    found = Says(name="says", findings=listed).receipt(Model(digest="d"))
    holds = any(evaluated for evaluated, *_ in outcomes) and all(
        severity == "warn" or (passed and evaluated) for evaluated, passed, severity in outcomes
    )
    assert found.passed == holds
    assert bool(found.failures) != holds


def test_a_finding_reads_as_a_sentence():
    said = Finding(
        rule="is not ge 0", column="n", evaluated=12_345, failed=1_234, passed=False, examples=("-1", "-2"), note="look again"
    )
    assert str(said) == "column n: is not ge 0: 1,234 of 12,345 failed (-1, -2); look again"


def test_a_check_that_defines_no_judge_says_so():
    with pytest.raises(TypeError, match=r"check Check must define judge\(self, artifact\)"):
        Check(name="idle").receipt(Model(digest="d"))


def complete(**given):
    return Complete().receipt(Model(digest="d", **given))


def test_an_artifact_with_files_and_finite_numbers_is_complete():
    assert complete(files={"weights": b"1"}, facts={"history": [{"loss": 0.5}], "good": True}).passed
    assert complete(files={"weights": b"1"}).passed
    assert complete(facts={"n": 1}).passed


def test_an_empty_file_is_incomplete_and_named():
    (failure,) = complete(files={"weights": b"", "config": b"1"}, facts={"n": 1}).failures
    assert (failure.rule, failure.examples, failure.evaluated) == ("files are not empty", ("weights",), 2)


def test_a_number_that_is_not_finite_is_incomplete_and_its_place_is_named():
    (failure,) = complete(facts={"history": [{"loss": 0.5}, {"loss": float("nan")}]}).failures
    assert (failure.rule, failure.examples) == ("numbers are finite", ("history[1].loss",))


def test_an_artifact_with_nothing_in_it_is_incomplete():
    assert not complete().passed
    assert not complete(facts={"family": "net", "good": True}).passed
