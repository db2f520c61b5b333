"""A stored net that claims more than it holds."""

import json
import resource

import pyarrow as pa
import pytest
import torch

from pipeline import Model, StageError
from stages import Cnn, Gru, HuggingFace, Learned, Lstm, Mean, Subwords, TextNet, Transformer, Words, predictor
from stages.features.fitting import fit_all
from stages.train.model import files_of, inputs_of, model_of, rebuild
from stages.train.objectives import OneOfClasses

TEXTS = pa.table({"text": ["crimson and azure", "lime and lime"]})


def stored(embed=None, encode=None, feature=None):
    """A net as it is stored, untrained."""
    fitted = fit_all({"tokens": feature or Words(min_count=1)}, TEXTS)
    config = TextNet(embed=embed or Learned(width=8), encode=encode or Gru(hidden=4), attend=Mean())
    files = files_of(config, fitted)
    torch.manual_seed(0)
    net = config.build(inputs_of(config, fitted, files), 2).eval()
    return model_of(net, config, OneOfClasses(("a", "b"), "label", 0.0), files, {})


def forged(model, file="config.json", **facts):
    """The model with another document in place of one of its files."""

    def by(change):
        document = json.loads(model.read(file))
        change(document)
        return Model(facts={**model.facts, **facts}, files={**model.files, file: json.dumps(document).encode()})

    return by


@pytest.mark.parametrize("encode", [Gru(hidden=4), Lstm(hidden=4, layers=2), Cnn(channels=3), Transformer(heads=2)], ids=str)
def test_a_net_as_it_was_stored_is_read(encode):
    assert predictor(stored(encode=encode))(TEXTS).shape == (2, 2)


def test_an_encoder_as_it_was_stored_is_read(encoder_folder):
    folder = str(encoder_folder())
    model = stored(embed=HuggingFace(path=folder, width=16), feature=Subwords(path=folder, max_tokens=12))
    assert predictor(model)(TEXTS).shape == (2, 2)


@pytest.mark.parametrize(
    ("field", "value"), [("hidden", 10**9), ("layers", 10**12), ("hidden", 4096), ("hidden", 5), ("layers", 4000)]
)
def test_a_config_that_claims_more_is_refused_without_taking_memory(field, value):
    model = forged(stored())(lambda document: document["TextNet"]["encode"]["Gru"].update({field: value}))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(
        StageError,
        match=rf"the config says .*Gru\.{field}: {value:,}|weight '.*' has shape .* by the config|size calculation overflowed",
    ):
        rebuild(model)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kilobytes


def test_more_outputs_than_there_are_weights_are_refused():
    model = stored()
    with pytest.raises(StageError, match=r"weight 'predict.* has shape \(500000000,\) by the config, and \(2,\) in the file"):
        rebuild(Model(facts={**model.facts, "outputs": 500_000_000}, files=model.files))
