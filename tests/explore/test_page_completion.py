"""What the filter bar proposes. The cursor is at the bar."""

import pytest

from collector import schema
from collector.explore.page import completion
from collector.explore.page.completion import Writing


def at(text: str) -> tuple[str, int]:
    cursor = text.index("|")
    return text.replace("|", ""), cursor


@pytest.mark.parametrize(
    ("text", "field", "prefix"),
    [
        ("|", None, ""),
        ("flow.ser|", None, "flow.ser"),
        ("a:b AND (flow.s|)", None, "flow.s"),
        ("-cli|", None, "cli"),
        ("NOT client.domain:fi|", "client.domain", "fi"),
        ('client.domain:"two wo|', "client.domain", "two wo"),
        ('client.domain:"two words" AND ser|', None, "ser"),
        ('client.ip:"2001:db8|', "client.ip", "2001:db8"),
    ],
)
def test_what_is_being_written(text: str, field: str | None, prefix: str) -> None:
    found = completion.writing(*at(text))
    assert (found.field, found.prefix) == (field, prefix)


def test_fields_that_begin_so_come_first() -> None:
    text, cursor = at("a:b AND serv|")
    found = completion.fields(text, completion.writing(text, cursor), schema.fields() | schema.copies())
    assert found[0].word.startswith("server.")
    assert "flow.service_name" in [one.word for one in found]


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("client.domain:fi|", "files-1.example", 'client.domain:"files-1.example" |'),
        ('client.domain:"fi|" AND a:b', "two words", 'client.domain:"two words"| AND a:b'),
        ("(flow.service_name:ht|)", "https", "(flow.service_name:https|)"),
        ("flow.service_name:|", "OR", 'flow.service_name:"OR" |'),
        ("flow.service_name:|", 'a"b', 'flow.service_name:"a\\"b" |'),
    ],
)
def test_a_value_that_is_chosen(text: str, value: str, expected: str) -> None:
    plain, cursor = at(text)
    (found,) = completion.values(plain, completion.writing(plain, cursor), [value])
    assert (found.text, found.cursor) == at(expected)


def test_a_field_that_is_chosen_keeps_what_is_behind_it() -> None:
    text, cursor = at("clie|nt.ip:1 AND x:y")
    found = completion.fields(text, completion.writing(text, cursor), {"client.domain": schema.field("client.domain")})
    assert completion.writing(text, cursor) == Writing(0, 9, None, "clie")
    assert (found[0].text, found[0].cursor) == at("client.domain:|1 AND x:y")
