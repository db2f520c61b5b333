"""Data quoted in a message."""

import pytest

from pipeline.errors import bounded


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("two\nlines", "two\\nlines"),
        (None, "None"),
        ("x" * 200, f"{'x' * 38}...{'x' * 38}"),
    ],
)
def test_a_value_is_quoted_on_one_line_of_bounded_length(value, shown):
    assert bounded(value) == shown


def test_a_number_that_python_does_not_write_is_told():
    assert bounded([10**5_000]) == "a list with a number of thousands of digits"
