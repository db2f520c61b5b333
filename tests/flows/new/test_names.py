"""Names of packages and fields."""

from __future__ import annotations

import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.new.names import TAKEN, class_name, field_names, require_package_name
from pipeline import UsageError
from schemas import Record


@pytest.mark.parametrize(
    ("column", "field"),
    [
        ("Review text (raw)", "review_text_raw"),
        ("Größe", "größe"),
        ("日本", "日本"),
        ("marketplaceId", "marketplace_id"),
        ("Unnamed: 3", "unnamed_3"),
        ("class", "class_"),
        ("None", "none"),
        ("text", "text_"),
        ("label", "label_"),
        ("json", "json_"),
        ("sift", "sift_"),
        ("date", "date_"),
        ("2020", "column_2020"),
        ("", "column_1"),
        ("  ", "column_1"),
        ("🙂", "column_1"),
        ("__class__", "class_"),
        ("model_dump", "column_model_dump"),
        ("ﬁle", "file"),
        ('x"); import os #', "x_import_os"),
    ],
)
def test_a_column_becomes_a_field_that_python_and_pydantic_take(column, field):
    assert field_names([column]) == {column: field}


def test_columns_that_look_alike_stay_apart():
    assert list(field_names(["a b", "a_b", "A-B", "a_b_2"]).values()) == ["a_b", "a_b_", "a_b_2", "a_b_2_"]


@given(st.lists(st.text(max_size=60), max_size=12, unique=True))
def test_any_columns_become_different_fields_of_a_record(columns):
    fields = list(field_names(columns).values())
    assert len(set(fields)) == len(columns)
    for field in fields:
        assert field.isidentifier()
        assert not keyword.iskeyword(field)
        assert not field.startswith("_")
        assert field not in TAKEN
        assert not hasattr(Record, field)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("My-Data", "did you mean 'my_data'"),
        ("../elsewhere", "did you mean 'elsewhere'"),
        ("class", "no name for a package"),
        ("2020", "no name for a package"),
        ("a/b", "did you mean 'a_b'"),
        ("", "no name for a package"),
        ("stages", "a package of brickwise itself"),
        ("json", "an installed module"),
        ("pandas", "an installed module"),
        ("there", "is there already"),
        ("module", "is there already"),
        ("link", "is there already"),
    ],
)
def test_a_name_that_cannot_be_a_package_here_is_refused(tmp_path, name, said):
    (tmp_path / "there").mkdir()
    (tmp_path / "module.py").touch()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UsageError, match=said):
        require_package_name(name, tmp_path)


def test_a_good_name_is_taken(tmp_path):
    require_package_name("spam_2", tmp_path)
    assert class_name("spam_2") == "Spam2"
