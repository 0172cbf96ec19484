from pathlib import Path

from collector import schema, schema_docs

PAGE = Path(__file__).parents[1] / "docs" / "fields.md"


def test_the_page_of_fields_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == schema_docs.page(), "python -m collector.schema_docs > docs/fields.md"


def test_the_page_has_each_field_once() -> None:
    rows = [line.split("|")[1].strip(" `") for line in schema_docs.page().splitlines() if line.startswith("| `")]
    assert sorted(rows) == sorted([*schema.fields(), *schema.copies()])


def test_each_row_has_the_columns_of_its_head() -> None:
    rows = [line for line in schema_docs.page().splitlines() if line.startswith("|")]
    assert {line.replace("\\|", "").count("|") for line in rows} == {6}
