"""Near-duplicate texts: none missed that counts, none told that is not."""

import random
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.checks.near import jaccard, near, signatures

DRAW = random.Random(5)
WORDS = ["".join(DRAW.choices("abcdefghijklmnopqrstuvwxyz", k=DRAW.randrange(2, 9))) for _ in range(3_000)]


def texts(count: int) -> list[str]:
    return [" ".join(DRAW.choices(WORDS, k=DRAW.randrange(6, 15))) for _ in range(count)]


def edited(text: str) -> str:
    at = DRAW.randrange(len(text))
    return f"{text[:at]}#{text[at + 1 :]}"


def test_the_similarity_is_the_share_of_runs_of_five_characters():
    assert jaccard("abcdef", "abcdef") == 1
    assert jaccard("abcdef", "bcdefg") == 1 / 3
    assert jaccard("abc", "abc") == 0


@pytest.mark.parametrize("least", [0.5, 0.7, 0.8, 0.9])
def test_every_near_duplicate_among_unlike_texts_is_found(least):
    others = texts(2_000)
    mine = [edited(edited(edited(text))) for text in others[:300]] + texts(300)
    best = {at: jaccard(mine[at], others[at]) for at in range(300)}
    expected = {at: at for at, value in best.items() if value >= least}
    found = near(mine, others, least)
    assert found.items() <= expected.items()
    assert len(found) >= 0.99 * len(expected)


@given(st.lists(st.text(alphabet="ab ", max_size=12), max_size=12), st.lists(st.text(alphabet="ab ", max_size=12), max_size=12))
def test_what_is_found_is_near_indeed(mine, others):
    for at, other in near(mine, others, 0.6).items():
        assert jaccard(mine[at], others[other]) >= 0.6


@pytest.mark.parametrize("odd", [[], [""], ["", "abcd", "😀" * 7, "\udc80" * 6]])
def test_texts_too_short_for_a_run_and_any_character_are_taken(odd):
    assert near(odd, ["", "abcd"], 0.5) == {}
    assert near(["the same text", *odd], ["the same text"], 0.5) == {0: 0}


def test_signatures_do_not_depend_on_what_else_is_signed():
    some = texts(50)
    assert np.array_equal(signatures(some, 5)[10:20], signatures(some[10:20], 5))


def test_the_share_of_equal_hashes_is_the_similarity():
    mine = texts(400)
    pairs = [(text, edited(text)) for text in mine]
    one, other = signatures([a for a, _ in pairs], 5), signatures([b for _, b in pairs], 5)
    expected = np.mean([jaccard(a, b) ** 5 for a, b in pairs])  # five hashes make a band
    assert (one == other).mean() == pytest.approx(expected, abs=0.03)


def test_many_texts_that_look_alike_are_gone_through_in_time():
    alike = [f"your order number {at:06} has been shipped today, thank you for buying" for at in range(6_000)]
    started = time.perf_counter()
    assert len(near(alike[:2_000], alike[2_000:], 0.7)) == 2_000
    assert near(alike[:500], alike[2_000:], 0.999) == {}
    assert time.perf_counter() - started < 20
