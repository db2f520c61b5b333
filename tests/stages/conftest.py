"""Tables of texts, and a toy problem that a net learns in a second."""

import json
import random

import pyarrow as pa
import pytest
import torch

from pipeline import Table
from schemas import SplitText, Text, Tokens
from stages import Bag, Learned, Max, Perceptron, TextNet, Train, Vectorize, Words

COLOURS = {"red": ["crimson", "scarlet", "ruby"], "blue": ["azure", "navy", "cobalt"], "green": ["lime", "olive", "jade"]}

ENCODER = {
    "model_type": "bert", "vocab_size": 40, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
    "intermediate_size": 32, "max_position_embeddings": 32,
}  # fmt: skip
KNOWN = [
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


@pytest.fixture(autouse=True, scope="session")
def _one_thread():
    """Nets this small only wait for each other on several threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def texts():
    """Texts as a Table[Text], labelled alike unless told otherwise."""

    def of(*values, labels=None, record=Text, **columns):
        ids = [str(i) for i in range(len(values))]
        labels = labels or ["a"] * len(values)
        text = pa.array(values, pa.string())
        if record is SplitText:
            columns = {"group": ids, **columns}
        return Table.of(record, pa.table({"id": ids, "text": text, "label": labels, **columns}))

    return of


@pytest.fixture(scope="session")
def toy():
    """n rows whose label follows from one word among noise: 70% train, 10% valid, 20% test."""

    def rows(n=300, classes=3, seed=0):
        draw = random.Random(seed)
        labels = [draw.choice(sorted(COLOURS)[:classes]) for _ in range(n)]
        words = [
            [draw.choice(COLOURS[label]), *draw.choices(["some", "noise", "here", "and", "there"], k=draw.randrange(1, 8))]
            for label in labels
        ]
        for row in words:
            draw.shuffle(row)
        split = ["train" if i % 10 < 7 else "valid" if i % 10 < 8 else "test" for i in range(n)]
        table = {
            "id": [f"r{i:04}" for i in range(n)],
            "text": [" ".join(row) for row in words],
            "label": labels,
            "split": split,
            "group": [f"r{i:04}" for i in range(n)],
        }
        return Table.of(SplitText, pa.table(table))

    return rows


@pytest.fixture(scope="session")
def words():
    """Vectorize one column of tokens; every word counts unless told otherwise."""
    return lambda **config: Vectorize[Tokens](features={"tokens": Words(**{"min_count": 1, **config})})


@pytest.fixture(scope="session")
def features(toy, words):
    """The toy problem as token numbers with their vocabulary."""
    return words().run(toy())


@pytest.fixture(scope="session")
def small_net():
    """A net of four small parts."""
    return lambda **parts: TextNet(
        **{
            "embed": Learned(width=8, dropout=0.1),
            "encode": Bag(),
            "attend": Max(),
            "predict": Perceptron(dropout=0.1),
            **parts,
        }
    )


@pytest.fixture(scope="session")
def trainer(small_net):
    """A Train stage for the CPU with a small net."""
    return lambda **config: Train(
        **{"model": small_net(), "epochs": 3, "batch": 16, "rate": 0.05, "device": "cpu", **config},
    )


@pytest.fixture
def encoder_folder(tmp_path):
    """A folder with config.json, tokenizer.json and model.safetensors; fields of the config may be other ones."""

    from safetensors.torch import save_file
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    from stages.encoders.module import build_encoder

    def make(name="encoder", seed=0, **fields):
        folder = tmp_path / name
        folder.mkdir()
        config = {name: value for name, value in (ENCODER | fields).items() if value is not None}
        (folder / "config.json").write_text(json.dumps(config))
        vocabulary = {word: i for i, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *KNOWN])}
        tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
        tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
        tokenizer.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
        tokenizer.save(str(folder / "tokenizer.json"))
        torch.manual_seed(seed)
        state = build_encoder(json.dumps(ENCODER).encode()).inner.state_dict()
        save_file({f"bert.{key}": tensor for key, tensor in state.items()}, folder / "model.safetensors")
        return folder

    return make
