"""A tiny encoder of the Hugging Face kind, saved as a folder."""

import json

import pytest
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from stages.encoders.module import build_encoder

CONFIG = {
    "model_type": "bert", "vocab_size": 40, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
    "intermediate_size": 32, "max_position_embeddings": 32, "auto_mapping": "no code",
}  # fmt: skip
WORDS = [
    "crimson",
    "scarlet",
    "ruby",
    "azure",
    "navy",
    "cobalt",
    "lime",
    "olive",
    "jade",
    "some",
    "noise",
    "here",
    "and",
    "there",
]


@pytest.fixture
def encoder_folder(tmp_path):
    """A folder with config.json, tokenizer.json and model.safetensors; fields of the config may be other ones."""

    def make(name="encoder", seed=0, **fields):
        folder = tmp_path / name
        folder.mkdir()
        config = {name: value for name, value in (CONFIG | fields).items() if value is not None}
        (folder / "config.json").write_text(json.dumps(config))
        vocabulary = {word: i for i, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS])}
        tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
        tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
        tokenizer.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
        tokenizer.save(str(folder / "tokenizer.json"))
        torch.manual_seed(seed)
        state = build_encoder(json.dumps(CONFIG).encode()).inner.state_dict()
        save_file({f"bert.{key}": tensor for key, tensor in state.items()}, folder / "model.safetensors")
        return folder

    return make
