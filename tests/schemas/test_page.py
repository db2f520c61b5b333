"""docs/records.md against the code."""

import re
from pathlib import Path

import pytest

from pipeline import UsageError
from schemas import Record
from schemas.record.columns import WORDS

PAGE = (Path(__file__).parents[2] / "docs/records.md").read_text()
REQUEST = {
    "id": "1",
    "insurance": "A123456789",
    "ward": "surgery",
    "kind": "planned",
    "start": "2024-02-28",
    "end": "2024-02-27",
    "seen": "2024-02-28T10:00Z",
    "fever": 39,
    "drugs": [{"name": "aspirin", "price": 1.5}],
}


def test_the_record_of_the_page_refuses_what_the_page_says(project):
    code, use = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    project.write("mypkg/page.py", code)
    visit = project.load("mypkg.page:Visit")
    assert f'# "{visit.refusal(REQUEST)}"' in use
    assert visit.refusal(REQUEST | {"end": None}) is None


def test_the_page_and_the_error_name_every_type(project):
    class Odd(Record):
        value: complex

    with pytest.raises(UsageError) as raised:
        Odd.columns()
    for kind in (*(kind.__name__ for kind in WORDS), "Decimal", "Literal", "Enum", "Record", "list"):
        assert kind in str(raised.value)
        assert re.search(rf"^\| [^|]*{kind}", PAGE, re.MULTILINE), kind
    assert len(PAGE.splitlines()) <= 120
