"""The module from the files, and its sentence vectors."""

import json
import re

import numpy as np
import pytest
import torch
from safetensors.torch import load, save
from transformers import AutoModel

from pipeline import StageError
from stages.encoders import read_encoder
from stages.encoders.module import KINDS, build_encoder, encoder_tokenizer
from stages.encoders.vectors import sentence_vectors

SMALL = {
    "vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32,
    "max_position_embeddings": 40, "embedding_size": 16,
}  # fmt: skip
OWN = {
    "distilbert": {"dim": 16, "n_layers": 2, "n_heads": 2, "hidden_dim": 32},
    "modernbert": {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "cls_token_id": 1, "sep_token_id": 2},
}


def parts(folder, max_tokens=16):
    files = read_encoder(str(folder))
    tokenizer = encoder_tokenizer(files["tokenizer.json"], files["config.json"], max_tokens)
    return build_encoder(files["config.json"], files["weights.safetensors"]), tokenizer


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_comes_back_from_its_weights_and_padding_changes_nothing(kind):
    config = json.dumps({"model_type": kind, **SMALL, **OWN.get(kind, {})}).encode()
    fresh = build_encoder(config)
    state = {name: tensor.contiguous().clone() for name, tensor in fresh.inner.state_dict().items()}
    again = build_encoder(config, save(state))
    tokens, real = torch.tensor([[5, 6, 7, 8]]), torch.ones(1, 4, dtype=torch.bool)
    padded, some = torch.tensor([[5, 6, 7, 8, 0, 0]]), torch.tensor([[True] * 4 + [False] * 2])
    assert torch.equal(fresh(tokens, real), again(tokens, real))
    assert again(tokens, real).shape == (1, 4, again.width)
    torch.testing.assert_close(again(padded, some)[:, :4], again(tokens, real), atol=1e-5, rtol=0)


def test_vectors_are_means_of_length_1_as_transformers_gives_them(encoder_folder):
    folder = encoder_folder()
    encoder, tokenizer = parts(folder)
    texts = ["crimson", "some noise and azure here", "", "crimson", "nobody knows this", "lime " * 100]
    found = sentence_vectors(encoder, tokenizer, texts, 1)
    theirs = AutoModel.from_pretrained(folder, use_safetensors=True).eval()
    for text, vector in zip(texts, found, strict=True):
        with torch.no_grad():
            mean = theirs(input_ids=torch.tensor([tokenizer.encode(text).ids])).last_hidden_state.mean(1)[0]
        np.testing.assert_allclose(vector, (mean / mean.norm()).numpy(), atol=1e-5)
    assert np.ptp(found, axis=0).max() > 0.1
    assert len(tokenizer.encode(texts[-1]).ids) == 16


def test_the_same_texts_give_the_same_vectors_in_any_order(encoder_folder):
    encoder, tokenizer = parts(encoder_folder())
    texts = [f"crimson {'noise ' * (i % 7)}" for i in range(40)]
    forth, back = sentence_vectors(encoder, tokenizer, texts, 1), sentence_vectors(encoder, tokenizer, texts[::-1], 1)
    np.testing.assert_allclose(forth, back[::-1], atol=1e-6)
    assert sentence_vectors(encoder, tokenizer, [], 1).shape == (0, 16)


def test_python_files_beside_the_weights_are_never_run(encoder_folder, tmp_path):
    folder = encoder_folder()
    for name in ("__init__.py", "modeling_bert.py", "configuration_bert.py", "tokenization_bert.py", "sitecustomize.py"):
        (folder / name).write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    encoder, tokenizer = parts(folder)
    sentence_vectors(encoder, tokenizer, ["crimson"], 1)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"model_type": "berd"}, "kind 'berd', which is not read; did you mean 'bert'"),
        ({"model_type": "gpt2"}, "kind 'gpt2', which is not read"),
        ({"hidden_size": 32}, "do not fit its config"),
        ({"num_hidden_layers": 3}, "lack 16 of what its config says, such as encoder.layer.2"),
        ({"num_hidden_layers": 1_000_000}, "config says 1,000,000 layers, its weights have"),
        ({"vocab_size": 10**9}, r"config says vocab_size: 1000000000, expected at most"),
        ({"inner": {"size": 10**12}}, r"config says inner\.size: 1000000000000"),
        ({"vocab_size": 7}, "tokenizer has 18 tokens, its config says 7"),
        ({"max_position_embeddings": 8}, "max_tokens is 16, the encoder has 8 positions"),
    ],
)
def test_a_config_that_does_not_fit_is_a_stage_error(encoder_folder, fields, said):
    with pytest.raises(StageError, match=said):
        parts(encoder_folder(**fields))


@pytest.mark.parametrize(
    "fields",
    [
        {"attn_implementation": "stranger/kernel"},
        {"_attn_implementation": "stranger/kernel"},
        {"quantization_config": {"quant_method": "stranger"}},
        {"dtype": "float64", "torch_dtype": "float16"},
        {"use_kernels": True},
    ],
    ids=str,
)
def test_what_could_load_other_code_or_numbers_is_passed_over(encoder_folder, fields):
    texts = ["crimson and azure"]
    plain, odd = (
        sentence_vectors(*parts(folder), texts, 1) for folder in (encoder_folder("plain"), encoder_folder("odd", **fields))
    )
    assert np.array_equal(plain, odd)


def test_weights_with_nan_are_refused(encoder_folder):
    files = read_encoder(str(encoder_folder()))
    tensors = load(files["weights.safetensors"])
    next(iter(tensors.values())).view(-1)[3] = float("nan")
    with pytest.raises(StageError, match="hold NaN or infinities"):
        build_encoder(files["config.json"], save(tensors))


def test_a_tokenizer_that_is_none_is_a_stage_error(encoder_folder):
    files = read_encoder(str(encoder_folder()))
    with pytest.raises(StageError, match=re.escape("tokenizer.json is none")):
        encoder_tokenizer(b"{}", files["config.json"], 16)
