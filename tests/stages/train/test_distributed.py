"""Two processes train one net: the same batches, the same metrics, one model."""

import json
import os
import socket
import subprocess
import sys

import pytest

SCRIPT = """
    import json, os, sys
    from pathlib import Path
    import pyarrow as pa
    from pipeline import Table
    from pipeline.workplace import working
    from schemas import SplitText, Tokens
    from stages import Learned, Lstm, Perceptron, TextNet, Train, Vectorize, Words

    class Desk:
        def __init__(self, folder):
            self.folder = folder
        def write(self, name, data):
            (self.folder / name).write_bytes(data)
        def read(self, name):
            return (self.folder / name).read_bytes()
        def names(self):
            return sorted(path.name for path in self.folder.iterdir())
        def remove(self, name):
            (self.folder / name).unlink()

    n = 100  # 80 to train on, of which the last batch of an epoch is one row: the second process has none
    words = ["crimson", "azure", "olive"]
    table = pa.table({
        "id": [str(i) for i in range(n)], "text": [f"a {words[i % 3]} thing" for i in range(n)], "label": [words[i % 3] for i in range(n)],
        "split": ["valid" if i % 5 == 0 else "train" for i in range(n)], "group": [str(i) for i in range(n)],
    })
    made = Vectorize[Tokens](features={"tokens": Words(min_count=1)}).run(Table.of(SplitText, table))
    net = TextNet(embed=Learned(width=8, dropout=0), encode=Lstm(hidden=4), predict=Perceptron(dropout=0))
    config = Train(model=net, epochs=3, patience=3, batch=79, rate=0.02, device="cpu", checkpoint=1)
    rank = int(os.environ.get("RANK", 0))
    desk = Desk(Path(sys.argv[1])) if rank == 0 and len(sys.argv) > 1 else None
    with working(desk):
        found = config.run(made.rows, made.vocabulary)
    print(json.dumps([found.log.facts["epochs"], found.log.facts["steps"], hash(found.model.read("weights.safetensors"))]))
"""


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return str(one.getsockname()[1])


@pytest.fixture
def together(project):
    """Run the script in so many processes, as torchrun would; give what each printed."""

    def of(size, *arguments):
        project.write("together.py", SCRIPT)
        where = {"WORLD_SIZE": str(size), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": free_port(), "PYTHONHASHSEED": "0"}
        running = [
            subprocess.Popen(
                [sys.executable, str(project.folder / "together.py"), *arguments],
                env={**os.environ, **where, "RANK": str(rank), "LOCAL_RANK": str(rank)},
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            )
            for rank in range(size)
        ]  # fmt: skip
        said = [one.communicate(timeout=120) for one in running]
        assert [one.returncode for one in running] == [0] * size, said
        return [json.loads(out) for out, _ in said]

    return of


def test_two_processes_learn_what_one_does(together, tmp_path):
    desk = tmp_path / "desk"
    desk.mkdir()
    (alone,) = together(1)
    first, second = together(2, str(desk))
    assert first == second  # all agree, to the bit
    assert first[1] == alone[1]  # as many steps
    for one, other in zip(alone[0], first[0], strict=True):
        assert one.keys() == other.keys()
        assert all(abs(one[name] - other[name]) < 1e-4 for name in one)
    # The first process alone writes; a later run of two goes on from what it wrote.
    names = sorted(path.name for path in desk.iterdir())
    assert len(names) == 2
    (desk / names[-1]).unlink()
    assert together(2, str(desk))[0] == first
