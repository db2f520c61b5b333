"""What is declared, planned or up to date loads nothing heavy."""

import json

HEAVY = ("torch", "sklearn", "pandas", "great_expectations", "prefect", "pyarrow", "numpy", "scipy", "tokenizers")

SHIPPED = f"""
    import json, sys
    from flows.docstrings import docstrings
    from pipeline import LocalStore, plan
    store = sys.argv[1]
    planned = plan(docstrings.set(["raw.source.packages=[\\"pydantic\\"]"]), LocalStore(store))
    print(json.dumps([planned.steps[0].why, [name for name in {HEAVY} if name in sys.modules]]))
"""

PACKAGE = """
    from pipeline import Pipeline, Step
    from schemas import Record, RowCount, Suite
    from stages import Clean, CsvFile, Ingest
    from schemas import Text
    p = Pipeline(
        "p",
        Step("raw", Ingest[Text](source=CsvFile(path="rows.csv"))),
        Step("clean", Clean[Text](min_chars=2), reads={"rows": "raw"}, checks=(
            Suite(name="some", expectations=(RowCount(min_value=1),)),
        )),
    )
"""

FINISHED = f"""
    import json, sys
    from mypkg.flow import p
    from pipeline import LocalStore, plan
    store = sys.argv[1]
    stale = plan(p, LocalStore(store)).stale
    status = p.run(store).status
    print(json.dumps([stale, status, [name for name in {HEAVY} if name in sys.modules]]))
"""


def said(process) -> list:
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return json.loads(out)


def test_declaring_and_planning_the_shipped_pipeline_imports_nothing_heavy(project, tmp_path):
    assert said(project.python(SHIPPED, str(tmp_path / "store"))) == ["never run", []]


def test_planning_and_running_a_finished_pipeline_imports_nothing_heavy(project, tmp_path, monkeypatch):
    (project.folder / "rows.csv").write_text("id,text,label\n1,one,a\n2,two,b\n3,x,b\n")
    project.write("mypkg/flow.py", PACKAGE)
    monkeypatch.chdir(project.folder)
    first = project.load("mypkg.flow:p").run(str(tmp_path / "store"))
    assert (first.status, first.step("clean").rows_quarantined) == ("done", 1)
    assert said(project.python(FINISHED, str(tmp_path / "store"))) == [[], "up-to-date", []]
