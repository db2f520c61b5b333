"""Tagging: an averaged perceptron that reads left to right (Collins 2002; features of Honnibal 2013)."""

from __future__ import annotations

import json
import re
import unicodedata
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from pipeline import StageError
from pipeline.digest import Json

from ..texts import texts_of
from .tokenizing import spans

TAGS = (
    "ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON", "PROPN", "PUNCT", "SCONJ", "SYM", "VERB", "X",
)  # fmt: skip
_FIRST = 2  # 0 is the padding, 1 stands for an empty text
_NUMBERS = {tag: _FIRST + place for place, tag in enumerate(TAGS)}
_MOST = 2**26  # bytes of a tagger, unpacked

# What the treebank calls a word: "don't" is do and n't, "John's" is John and 's.
_WORD = re.compile(r"[^\W_]+?(?=n['\u2019]t\b)|n['\u2019]t\b|['\u2019](?:s|re|ve|ll|d|m)\b|[^\W_]+", re.IGNORECASE)


@dataclass(frozen=True)
class Tagger:
    """weights: feature -> label -> weight. known: word -> label of those with one alone. A label is `VERB|Fin`, a tag and a form."""

    weights: Mapping[str, Mapping[str, float]]
    known: Mapping[str, str]
    labels: tuple[str, ...]

    def tag(self, words: Sequence[str]) -> list[str]:
        """One tag a word."""
        lower = ["<s>", "<s>", *(word.lower() for word in words), "</s>", "</s>"]
        tags = []
        before, last = "<s>", "<s>"
        for place, word in enumerate(words, 2):
            label = self.known.get(lower[place]) or self._likeliest(_features(place, word, lower, before, last))
            tags.append(label.partition("|")[0])
            before, last = last, label
        return tags

    def _likeliest(self, features: Sequence[str]) -> str:
        """The label with the highest score; of several the last by name, as when it was trained."""
        scores = dict.fromkeys(self.labels, 0.0)
        for feature in features:
            for label, weight in self.weights.get(feature, {}).items():
                scores[label] += weight
        return max(self.labels, key=lambda label: (scores[label], label))


def _features(place: int, word: str, lower: Sequence[str], before: str, last: str) -> tuple[str, ...]:
    """What is looked at for one word, in the words of the file. before, last: the labels of the two words to its left."""
    own = lower[place]
    shape = ("X" if word[:1].isupper() else "x") + ("d" if any(letter.isdigit() for letter in word) else "")
    return (
        "bias", f"suf3 {own[-3:]}", f"suf2 {own[-2:]}", f"suf1 {own[-1:]}", f"pre1 {own[:1]}", f"shape {shape}", f"w {own}",
        f"t-1 {last}", f"t-2 {before}", f"t-1t-2 {last} {before}", f"w-1 {lower[place - 1]}", f"w-2 {lower[place - 2]}",
        f"w+1 {lower[place + 1]}", f"w+2 {lower[place + 2]}", f"t-1 w {last} {own}",
    )  # fmt: skip


@dataclass(frozen=True)
class FittedTags:
    """A tagger for a column of texts."""

    column: str
    max_tokens: int
    tagger: Tagger = field(repr=False)
    files: Mapping[str, bytes] = field(repr=False)

    @property
    def size(self) -> int:
        """The tags, with the padding and the empty text."""
        return _FIRST + len(TAGS)

    @property
    def state(self) -> Json:
        """All of it is in the file."""
        return {}

    def apply(self, rows: pa.Table) -> pa.Array:
        """n lists of at least one tag."""
        texts = texts_of(rows, self.column)
        found = [self._tags(*pair) or [1] for pair in zip(texts, spans(texts, self.max_tokens), strict=True)]
        return pa.array(found, pa.list_(pa.int64()))

    def _tags(self, text: str, tokens: Sequence[tuple[int, int]]) -> list[int]:
        """The tag of the word that each token begins in; marks, which the tagger never saw, tell what they are themselves."""
        words = list(_WORD.finditer(text, 0, tokens[-1][1] if tokens else 0))
        tags = self.tagger.tag([word[0].replace("\u2019", "'") for word in words])
        at = {place: tag for word, tag in zip(words, tags, strict=True) for place in range(*word.span())}
        return [_NUMBERS[at.get(start) or _mark(text[start])] for start, _ in tokens]


def _mark(mark: str) -> str:
    """What is no word."""
    kind = unicodedata.category(mark)[0]
    return "SYM" if kind == "S" else "PUNCT" if kind == "P" else "X"


def read_tagger(data: bytes) -> Tagger:
    """A tagger from packed JSON. Raises StageError for one that is none."""
    try:
        unpacked = zlib.decompressobj(wbits=31).decompress(data, _MOST)
        found = json.loads(unpacked)
        tagger = Tagger(found["weights"], found["tagdict"], tuple(sorted(found["classes"])))
        unknown = {label.partition("|")[0] for label in (*tagger.labels, *tagger.known.values())} - set(TAGS)
    except (zlib.error, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise StageError(f"the tagger does not read ({type(error).__name__}); install brickwise[tags] again") from None
    if unknown or not tagger.labels:
        raise StageError(f"the tagger knows the tags {sorted(unknown)[:3]}, expected those of Universal Dependencies")
    return tagger
