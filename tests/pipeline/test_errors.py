"""Data quoted in a message."""

import pytest

from pipeline.errors import bounded


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("two\nlines", "two\\nlines"),
        ("\x1b[31mred\x07\t\r", "\\x1b[31mred\\x07\\t\\r"),
        ("a\u202etxt.exe\u2066b\u2028c\x9b2J", "a\\u202etxt.exe\\u2066b\\u2028c\\x9b2J"),
        ("half a pair \ud83d", "half a pair \\ud83d"),
        ("naïve 猫 👩\u200d💻 שלום", "naïve 猫 👩\u200d💻 שלום"),
        (None, "None"),
        ("x" * 200, f"{'x' * 38}...{'x' * 38}"),
    ],
)
def test_a_value_is_quoted_on_one_line_of_bounded_length(value, shown):
    assert bounded(value) == shown


def test_a_number_that_python_does_not_write_is_told():
    assert bounded([10**5_000]) == "a list with a number of thousands of digits"
