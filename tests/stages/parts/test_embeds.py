"""Embeds: their shapes, that padding changes nothing, and that all they have learns."""

import itertools
import json
from pathlib import Path

import pyarrow as pa
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from pipeline import StageError, UsageError
from pipeline.progress import listening
from stages import Bag, CharCnn, Hashed, Learned, Mean, Perceptron, Pretrained, Projected, TextNet, Values, Words
from stages.parts.base import Input

SIZE = 9
TOKENS = torch.tensor([[3, 4, 5, 3, 4], [6, 7, 0, 0, 0], [8, 0, 0, 0, 0]])
CHARACTERS = F.pad(torch.stack([TOKENS, TOKENS.flip(1), TOKENS]), (0, 2))  # [3, 3, 7], tokens that are all padding among them
NUMBERS = torch.tensor([[0.5, -1.0, 2.0], [0.0, 0.0, 0.0]])
EMBEDS = [
    (Learned(width=6, dropout=0), TOKENS, (3, 5, 6)),
    (Hashed(width=6, buckets=50, ngrams=3, dropout=0), TOKENS, (3, 5, 6)),
    (Hashed(width=6, ngrams=1, dropout=0), TOKENS, (3, 5, 6)),
    (CharCnn(width=5, windows=(1, 2, 4, 9), channels=3, dropout=0), CHARACTERS, (3, 3, 12)),
    (Pretrained(path="nowhere", width=6, dropout=0), TOKENS, (3, 5, 6)),
    (Values(width=6), NUMBERS, (2, 3, 6)),
    (Projected(width=6, activation="tanh", dropout=0), NUMBERS, (2, 1, 6)),
]


def built(embed, size=None):
    torch.manual_seed(0)
    return embed.build(Input(embed.takes, size or (3 if embed.takes == "numbers" else SIZE)))


@pytest.mark.parametrize(("embed", "given", "shape"), EMBEDS, ids=str)
def test_the_shape_is_as_told_and_gradients_reach_every_parameter(embed, given, shape):
    module = built(embed)
    found = module(given)
    assert found.shape == shape
    assert embed.width_out() == shape[-1]
    found.square().sum().backward()
    assert all(weights.grad is not None and weights.grad.abs().sum() > 0 for weights in module.parameters())


@pytest.mark.parametrize(
    ("embed", "given"), [(embed, given) for embed, given, _ in EMBEDS if embed.takes != "numbers"], ids=str
)
def test_padding_changes_nothing_and_a_row_stands_for_itself(embed, given):
    module = built(embed)
    found = module(given)
    longer = module(F.pad(given, (0, 3) if embed.takes == "tokens" else (0, 2, 0, 3)))
    torch.testing.assert_close(longer[:, : given.shape[1]], found)
    torch.testing.assert_close(torch.cat([module(row.unsqueeze(0)) for row in given]), found)


def test_padding_has_the_vector_0():
    for embed, given, _ in EMBEDS[:5]:
        real = given != 0 if given.dim() == 2 else (given != 0).any(2)
        assert not built(embed)(given)[~real].any()
        assert built(embed)(given)[real].any()


def test_a_vector_is_that_of_the_token_and_of_the_ngrams_that_end_there():
    module = built(Hashed(width=6, buckets=10_000, ngrams=2, dropout=0))
    found, alone = module(TOKENS), module.vectors(TOKENS)
    torch.testing.assert_close(found[:, 0], alone[:, 0])  # no n-gram ends at the first
    torch.testing.assert_close(found[0, 1], found[0, 4])  # 3 4, wherever it stands
    pairs = found[0, 1:] - alone[0, 1:]
    assert all((one - other).abs().max() > 1e-3 for one, other in itertools.combinations(pairs[:3], 2))
    swapped = module(torch.tensor([[4, 3]]))[0, 1] - module.vectors(torch.tensor(3))
    assert (swapped - pairs[0]).abs().max() > 1e-3


def test_ngrams_fill_the_buckets_evenly():
    module = built(Hashed(width=1, buckets=997, ngrams=2), size=20_000)
    draw = torch.Generator().manual_seed(1)
    (places,) = module._places(torch.randint(1, 20_000, (400, 201), generator=draw))
    counts = torch.bincount(places[:, 1:].flatten() - 20_000, minlength=997)
    assert len(counts) == 997
    assert counts.float().var() / counts.float().mean() < 1.3  # 1 where each bucket is as likely as any other


def test_fasttexts_classifier_tells_the_order_of_words():
    torch.manual_seed(0)
    net = TextNet(
        embed=Hashed(width=8, buckets=100, dropout=0), encode=Bag(), attend=Mean(), predict=Perceptron(dropout=0)
    ).build({"tokens": Input("tokens", SIZE)}, 2)
    rows, labels = {"tokens": torch.tensor([[3, 4, 5], [4, 3, 5], [5, 3, 4], [5, 4, 3]])}, torch.tensor([0, 1, 0, 1])
    optimiser = torch.optim.Adam(net.parameters(), 0.1)
    for _ in range(60):
        optimiser.zero_grad()
        F.cross_entropy(net(rows), labels).backward()
        optimiser.step()
    assert net(rows).argmax(1).tolist() == labels.tolist()


def test_a_token_is_told_by_its_characters_in_their_order():
    module = built(CharCnn(width=8, windows=(2, 3), channels=20, dropout=0))
    same, turned, other = module(torch.tensor([[[3, 4, 5], [3, 4, 5], [5, 4, 3]], [[3, 4, 6]] * 3]))[0]
    torch.testing.assert_close(same, turned)
    assert (same - other).abs().max() > 1e-3


def test_what_the_convolutions_find_in_the_padding_of_a_token_does_not_count():
    module = built(CharCnn(width=4, windows=(1, 3), channels=30, dropout=0))
    token = torch.tensor([[[3, 4]]])
    torch.testing.assert_close(module(F.pad(token, (0, 5))), module(token))


def test_a_value_is_a_vector_times_the_number_plus_a_bias():
    module = built(Values(width=4))
    none, one, two = (module(torch.full((1, 3), number)) for number in (0.0, 1.0, 2.0))
    torch.testing.assert_close(two - one, one - none)
    torch.testing.assert_close(none[0], module.bias)


WORDS = Words(min_count=1).fit(pa.table({"text": ["paris london rome oslo paris"]}))
GIVEN = Input("tokens", WORDS.size, WORDS.files)


@pytest.fixture
def vectors(tmp_path):
    """A file of vectors of width 3."""
    path = tmp_path / "vectors.txt"
    path.write_text("paris 1 2 3\nLondon 4 5 6\nlima 7 8 9\n")
    return str(path)


def begun(embed, given=GIVEN):
    torch.manual_seed(0)
    module = embed.build(given)
    heard = []
    with listening("net", lambda *told: heard.append(told[3])):
        embed.begin(module, given)
    numbers = json.loads(WORDS.files["tokenizer.json"])["model"]["vocab"]
    return {word: module.vectors.weight[number].tolist() for word, number in numbers.items()}, heard, module


def test_words_get_the_vectors_of_the_file_and_the_share_is_told(vectors):
    found, heard, _ = begun(Pretrained(path=vectors, width=3))
    assert (found["paris"], found["london"], found["[PAD]"]) == ([1, 2, 3], [4, 5, 6], [0, 0, 0])
    assert heard == [f"note: {vectors} has vectors for 50% of the 4 words of the vocabulary"]
    assert 0 < max(map(abs, found["rome"])) < 10
    assert len({tuple(found[word]) for word in ("rome", "oslo", "[UNK]")}) == 3


@pytest.mark.parametrize("frozen", [True, False])
def test_vectors_are_learned_unless_they_are_frozen(vectors, frozen):
    _, _, module = begun(Pretrained(path=vectors, width=3, frozen=frozen))
    assert [weights.requires_grad for weights in module.parameters()] == [not frozen]


def test_a_stored_net_is_built_without_the_file(vectors):
    embed = Pretrained(path=vectors, width=3, dropout=0)
    _, _, module = begun(embed)
    again = Pretrained(path="nowhere", width=3, dropout=0).build(Input("tokens", WORDS.size))
    again.load_state_dict(module.state_dict())
    assert torch.equal(again(torch.tensor([[2, 3]])), module(torch.tensor([[2, 3]])))


def test_vectors_of_none_of_the_words_are_a_stage_error(tmp_path):
    (tmp_path / "v.txt").write_text("berlin 1 2 3\n")
    with pytest.raises(StageError, match="has no vector for any of the 4 words of the vocabulary"):
        begun(Pretrained(path=str(tmp_path / "v.txt"), width=3))


@pytest.mark.parametrize("given", [Input("tokens", WORDS.size), Input("tokens", WORDS.size + 1, WORDS.files)])
def test_vectors_of_words_need_words(vectors, given):
    with pytest.raises(StageError, match="which the column is not made of; make it with the feature Words"):
        begun(Pretrained(path=vectors, width=3), given)


def test_the_file_is_part_of_the_key_and_its_width_is_checked_when_planned(vectors, tmp_path):
    embed = Pretrained(path=vectors, width=3)
    before = embed.outside()
    with Path(vectors).open("a") as file:
        file.write("rome 1 1 1\n")
    assert list(before) == [vectors]
    assert embed.outside() != before
    with pytest.raises(UsageError, match=r"have 3 numbers each, Pretrained says 300; set width=3"):
        Pretrained(path=vectors, width=300).outside()
    with pytest.raises(UsageError, match="No such file or directory; expected a file"):
        Pretrained(path=str(tmp_path / "none.txt"), width=3).outside()


def test_dropout_is_off_when_a_net_predicts():
    for embed in (Hashed(width=6, dropout=0.9), CharCnn(dropout=0.9), Projected(width=50, dropout=0.9)):
        given = {"tokens": TOKENS, "characters": CHARACTERS, "numbers": NUMBERS}[embed.takes]
        module = built(embed)
        assert not torch.equal(module(given), module(given))
        module.eval()
        assert torch.equal(module(given), module(given))
        assert isinstance(module, nn.Module)
