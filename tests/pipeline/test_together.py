"""Two processes run one pipeline on one store at once."""

import json
import time

PACKAGE = """
    import time
    from pathlib import Path
    from pipeline import Pipeline, Report, Stage, Step

    def note(log, line):
        with Path(log).open("a") as file:
            file.write(f"{line}\\n")

    class Slow(Stage):
        log: str
        value: int = 1
        def run(self, report: Report | None = None) -> Report:
            note(self.log, self.value)
            time.sleep(0.2)
            return Report(facts={"n": self.value})

    def make(log):
        return Pipeline(
            "p",
            Step("one", Slow(log=log)),
            Step("two", Slow(log=log, value=2), {"report": "one"}),
            Step("three", Slow(log=log, value=3)),
        )
"""

RUN = """
    import json, sys, time
    from pathlib import Path
    from mypkg.flow import make
    store, log, ready, go = sys.argv[1:]
    Path(ready).touch()
    while not Path(go).exists():
        time.sleep(0.01)
    print(json.dumps(make(log).run(store).document()))
"""


def test_both_succeed_with_equal_results_and_each_step_is_made_once(project, tmp_path):
    project.write("mypkg/flow.py", PACKAGE)
    log, go = tmp_path / "log", tmp_path / "go"
    ready = [tmp_path / "ready1", tmp_path / "ready2"]
    both = [project.python(RUN, str(tmp_path / "store"), str(log), str(here), str(go)) for here in ready]
    while not all(here.exists() for here in ready) and all(process.poll() is None for process in both):
        time.sleep(0.01)
    go.touch()
    said = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    documents = [json.loads(out) for out, _ in said]
    assert sorted(log.read_text().split()) == ["1", "2", "3"]
    assert {document["status"] for document in documents} == {"done"}
    outputs = [[step["outputs"] for step in document["steps"]] for document in documents]
    assert outputs[0] == outputs[1]
    ran = sorted(sum(step["status"] == "ran" for step in document["steps"]) for document in documents)
    assert sum(ran) == 3
