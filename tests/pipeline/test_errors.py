"""Data quoted in a message."""

import pytest

from pipeline.errors import bounded


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("two\nlines", "two\\nlines"),
        (None, "None"),
        ("x" * 200, f"{'x' * 38}...{'x' * 38}"),
        (10**5_000, "a int with a number of thousands of digits"),
        ([10**5_000], "a list with a number of thousands of digits"),
    ],
)
def test_a_value_is_quoted_on_one_line_of_bounded_length(value, shown):
    assert bounded(value) == shown
