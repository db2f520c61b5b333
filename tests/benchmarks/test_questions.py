"""The questions: their options, what a few seeds can tell, and the command on a pipeline of a user's own."""

import json
import os
import random
import subprocess
import sys

import pyarrow as pa
import pytest
from scipy import stats

from pipeline import LocalStore, Table, Vocabulary
from pipeline.settings import config, with_settings
from schemas import SplitText, Tokens
from stages import Branch, Cnn, Lstm, MixedNet, Number, TextNet, Train

PIPELINE = '''
"""Which animal is it?"""
from pipeline import Pipeline, Step
from schemas import SplitText, Text, Tokens
from stages import CsvFile, Ingest, Learned, Split, TextNet, Train, Vectorize, Words

animals = Pipeline(
    "animals",
    Step("raw", Ingest[Text](source=CsvFile(path="animals.csv"))),
    Step("split", Split[SplitText](by="id", valid=0.2, test=0.3), reads={"rows": "raw"}),
    Step("features", Vectorize[Tokens](features={"tokens": Words(min_count=1)}), reads={"rows": "split"}),
    Step(
        "net",
        Train(model=TextNet(embed=Learned(width=8)), device="cpu"),
        reads={"rows": "features", "vocabulary": "features"},
    ),
)
'''
BRANCH = Branch(encode=Lstm(hidden=16))
NETS = {"one branch": TextNet(encode=Cnn()), "two branches": MixedNet(branches={"tokens": BRANCH, "title": BRANCH})}


@pytest.mark.parametrize("net", NETS)
def test_options_of_a_question_are_different_configs_of_the_step(net):
    from asked import QUESTIONS

    train = Train(model=NETS[net])
    for name, question in QUESTIONS.items():
        options = question.options(train)
        made = [
            json.dumps(config(with_settings("net", train, [setting.split("=", 1) for setting in settings])))
            for settings in options.values()
        ]
        assert len(set(made)) == len(options) >= 2, name


def test_an_option_reaches_every_branch():
    from asked import QUESTIONS

    settings = QUESTIONS["encoder"].options(Train(model=NETS["two branches"]))["GRU"]
    assert settings == tuple(f'model.branches.{name}.encode={{"Gru": {{}}}}' for name in ("title", "tokens"))


def test_label_smoothing_is_asked_about_only_where_there_are_labels():
    from asked import QUESTIONS

    options = QUESTIONS["regularisation"].options(Train(target=Number(column="price")))
    assert "label smoothing" not in options
    assert "weight decay" in options


def test_with_two_options_the_answer_is_the_paired_t_test():
    from seeds import answer

    draw = random.Random(3)
    luck = [draw.gauss(0, 0.1) for _ in range(6)]
    a, b = ([mean + one + draw.gauss(0, 0.01) for one in luck] for mean in (0.80, 0.85))
    told = answer({"a": a, "b": b})
    assert (told.leader, told.rivals, told.worse) == ("b", (), ("a",))
    t = stats.ttest_rel(a, b)
    low, high = t.confidence_interval(0.95)
    assert told.least == pytest.approx((high - low) / 2, rel=1e-3)


def test_options_that_chance_explains_are_undecided():
    from seeds import answer

    told = answer({"a": [0.80, 0.84], "b": [0.83, 0.82], "far": [0.1, 0.12]})
    assert (told.rivals, told.worse) == (("b",) if told.leader == "a" else ("a",), ("far",))
    assert str(told).startswith("undecided: ")


def test_one_seed_tells_nothing():
    from seeds import answer, interval

    told = answer({"a": [0.8], "b": [0.9]})
    assert (told.leader, told.rivals, told.least) == ("b", ("a",), None)
    assert interval([0.8]) == {"mean": 0.8, "low": None, "high": None}


def test_of_a_loss_the_lowest_is_best():
    from seeds import answer

    assert answer({"a": [1.0, 1.1, 1.0], "b": [0.2, 0.3, 0.2]}, higher=False).leader == "b"


def test_fewer_rows_are_whole_groups_of_the_training_split():
    from sampled import Fewer

    n = 400
    split = ["train" if (i // 10) % 4 else "valid" for i in range(n)]
    ids, groups = [f"r{i}" for i in range(n)], [f"g{i // 10}" for i in range(n)]
    rows = Table.of(Tokens, pa.table({"id": ids, "split": split, "label": ["a"] * n, "tokens": [[1]] * n}))
    table = {"id": ids[::-1], "text": ["x"] * n, "label": ["a"] * n, "split": split[::-1], "group": groups[::-1]}
    known = Vocabulary(facts={}, files={"words": b"a"})
    made = Fewer[Tokens](size=45).run(rows, known, Table.of(SplitText, pa.table(table)))
    assert made.vocabulary is known
    found = made.rows.read()
    kept = [
        int(name[1:]) for name, part in zip(found["id"].to_pylist(), found["split"].to_pylist(), strict=True) if part == "train"
    ]
    assert len(kept) == 50
    assert {i // 10 for i in kept} == {kept[place] // 10 for place in range(0, 50, 10)}
    assert found.num_rows == 50 + split.count("valid")
    assert [i // 10 for i in kept] != list(range(1, 6))  # drawn, not the first


def test_fewer_rows_stand_between_the_features_and_the_net():
    from sampled import with_fewer

    from flows.docstrings import docstrings

    made = with_fewer(docstrings, "net", 100)
    assert made.upstream("fewer_rows") == ("features", "split")
    assert made.upstream("net") == ("fewer_rows",)


def test_a_question_to_a_pipeline_of_ones_own_and_the_second_time_nothing_is_trained(tmp_path, benchmarks):
    draw = random.Random(5)
    sounds = {"cat": "miaow purr", "dog": "woof growl", "owl": "hoot screech"}
    lines = ["id,text,label"]
    for i in range(150):
        label = draw.choice(sorted(sounds))
        lines.append(f"r{i},{draw.choice(sounds[label].split())} it said {draw.choice('abcdef')} {i},{label}")
    (tmp_path / "zoo").mkdir()
    (tmp_path / "zoo" / "__init__.py").touch()
    (tmp_path / "zoo" / "flow.py").write_text(PIPELINE)
    (tmp_path / "animals.csv").write_text("\n".join(lines) + "\n")
    command = [sys.executable, benchmarks / "questions.py", "zoo.flow:animals", "--quick", "--json", "--store", "store"]
    environment = os.environ | {"PYTHONPATH": str(benchmarks.parent)}
    first, second = (
        subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False) for _ in range(2)
    )
    assert first.returncode == 0, first.stderr
    asked = json.loads(first.stdout)["questions"]
    assert list(asked) == ["encoder"]
    options = asked["encoder"]["options"]
    assert options["LSTM"]["parameters"] > options["GRU"]["parameters"] > 0
    assert all(one["low"] <= one["mean"] <= one["high"] for one in options.values())
    assert "answer: " in first.stderr
    assert json.loads(second.stdout)["questions"] == asked  # seconds too: they are those of the first time
    store = LocalStore(tmp_path / "store")
    assert [len(list(store.runs(name))) for name in ("animals_questions", "animals")] == [4, 0]
