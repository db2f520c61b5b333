"""Resume: a training that is cut off after any step goes on to the same bits."""

import threading

import pytest
import torch
from safetensors.torch import load

from pipeline import StageError
from pipeline.digest import digest_bytes
from pipeline.progress import listening
from pipeline.workplace import working
from stages import Cnn, Gru
from stages.predict import predictor
from stages.train.checkpoint import newest


class Cut(BaseException):
    """The power goes."""


class Desk:
    """A workplace in memory."""

    def __init__(self, files=()):
        self.files = dict(files)

    def write(self, name, data):
        self.files[name] = data

    def read(self, name):
        return self.files.get(name)

    def names(self):
        return sorted(self.files)

    def remove(self, name):
        self.files.pop(name, None)


@pytest.fixture(scope="module")
def run(features):
    """Train, at a desk if one is given; cut off after so many steps."""

    def of(config, desk=None, after=None):
        steps = []

        def listener(step, done, total, note):
            if note.startswith("epoch") and ":" not in note:
                steps.append(done)
                if len(steps) == after:
                    raise Cut

        with working(desk), listening("net", listener):
            return config.run(features.rows, features.vocabulary)

    return of


@pytest.fixture(scope="module")
def config(trainer, small_net):
    """Dropout, momentum, several batches a step, two epochs of 14 batches, a checkpoint each third step."""

    def of(**fields):
        return trainer(**{"epochs": 2, "batch": 15, "checkpoint": 3, "accumulate": 2, "rate": 0.02, **fields})

    return of


STEPS = 14  # 2 epochs x 14 batches / 2 a step


@pytest.mark.parametrize("after", range(1, STEPS + 1))
def test_cut_off_after_any_step_it_ends_with_the_same_bits(run, config, after):
    desk = Desk()
    with pytest.raises(Cut):
        run(config(), desk, after)
    assert run(config(), desk) == run(config())


@pytest.mark.parametrize(
    "fields",
    [
        {"model": {"encode": Gru(hidden=4, layers=2, dropout=0.3)}},
        {"model": {"encode": Cnn(windows=(2,), channels=4)}, "balance": "sampling"},
        {"tokens": 60, "schedule": "cosine", "balance": "weights"},
        {"precision": "bf16", "metric": "loss", "checkpoint": 1},
    ],
    ids=str,
)
def test_whatever_the_config_it_ends_with_the_same_bits(run, config, small_net, fields):
    fields = {**fields, "model": small_net(**fields.get("model", {}))}
    desk = Desk()
    for _ in range(3):  # cut off three times, each time some steps further
        with pytest.raises(Cut):
            run(config(**fields), desk, 4)
    assert run(config(**fields), desk) == run(config(**fields))


def test_weights_optimizer_and_history_of_every_later_checkpoint_are_the_same_bits(run, config):
    whole, desk = Desk(), Desk()
    run(config(checkpoint=1), whole)
    with pytest.raises(Cut):
        run(config(checkpoint=1), desk, 5)
    run(config(checkpoint=1), desk)
    assert desk.files == whole.files  # their names are the digests of all they hold
    tensors = load(newest(desk))
    assert {name.partition(".")[0] for name in tensors} == {"best", "curve", "head", "net", "optimizer"}
    assert any(name.endswith("exp_avg_sq") for name in tensors)


def test_two_checkpoints_are_kept(run, config):
    desk = Desk()
    run(config(checkpoint=1), desk)
    assert [int(name[:10]) for name in desk.names()] == [STEPS - 1, STEPS]


@pytest.mark.parametrize("harm", [lambda data: data[:-1], lambda data: data[:50] + b"!" + data[51:], lambda data: b""])
def test_a_damaged_checkpoint_falls_back_to_the_one_before(run, config, harm):
    desk, told = Desk(), []
    with pytest.raises(Cut):
        run(config(), desk, 11)
    last = desk.names()[-1]
    desk.files[last] = harm(desk.files[last])
    with listening("net", lambda *said: told.append(said[-1])):
        data = newest(desk)
    assert f"note: checkpoint {last[:24]} is damaged; the one before it is used" in told
    assert last not in desk.files
    assert data is not None
    assert run(config(), desk) == run(config())


def test_where_all_are_damaged_it_starts_afresh(run, config):
    desk = Desk()
    with pytest.raises(Cut):
        run(config(), desk, 7)
    desk.files = dict.fromkeys(desk.files, b"no") | {"notes.txt": b"someone's"}
    assert run(config(), desk) == run(config())


def test_a_checkpoint_of_another_config_is_refused_with_the_difference(run, config, small_net):
    desk = Desk()
    with pytest.raises(Cut):
        run(config(), desk, 7)
    wanted = r"another training: .*config\.model\.encode\.class: stages\.parts\.encode:Bag there, .*:Cnn here.*config\.rate: 0\.02 there, 0\.01 here"
    with pytest.raises(StageError, match=wanted):
        run(config(rate=0.01, model=small_net(encode=Cnn())), desk)


def test_a_header_that_claims_a_gigabyte_is_a_damaged_checkpoint(run, config):
    desk = Desk({"0000000003-" + "0" * 64 + ".safetensors": (2**30).to_bytes(8, "little") + b"{}"})
    assert run(config(), desk) == run(config())


def test_a_step_draws_the_same_dropout_whatever_was_drawn_before(run, config):
    one = run(config(epochs=1))
    torch.manual_seed(5)
    torch.rand(10)
    assert run(config(epochs=1)) == one


def test_one_of_another_number_of_processes_is_told_and_not_gone_on_with(run, config, monkeypatch):
    from stages.train import fit

    desk, told = Desk(), []
    with pytest.raises(Cut):
        run(config(), desk, 7)
    (name, data) = max(desk.files.items())
    two = data.replace(b'"processes": 1', b'"processes": 2')
    desk.files = {f"{name[:10]}-{digest_bytes(two)}.safetensors": two}
    monkeypatch.setattr(fit, "report", lambda done, total, note="": told.append(note))
    assert run(config(), desk) == run(config())
    assert any("another number of processes (processes: 2 there, 1 here); it starts afresh" in note for note in told)


def test_how_often_checkpoints_are_written_is_no_other_training(run, config):
    desk = Desk()
    with pytest.raises(Cut):
        run(config(checkpoint=3), desk, 7)
    assert run(config(checkpoint=5), desk) == run(config(checkpoint=2))


def test_a_model_that_is_loaded_meanwhile_changes_nothing(run, config, trainer, features):
    model = trainer(epochs=1).run(features.rows, features.vocabulary).model
    alone, over = run(config()), threading.Event()

    def load():
        while not over.is_set():
            predictor(model)(features.rows.read().append_column("text", features.rows.read()["label"]).slice(0, 2))

    loader = threading.Thread(target=load)
    loader.start()
    try:
        assert run(config()) == alone
    finally:
        over.set()
        loader.join()
