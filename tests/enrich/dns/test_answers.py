"""What is taken for a name, how long it holds, and how many are kept."""

import pytest

from collector.enrich.dns.answers import Answer, Answers, absent, failed, host_name, named


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Host.Example.NET.", "host.example.net"),
        ("_a-b.1/2.example", "_a-b.1/2.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("a" * 255, "a" * 255),
        ("a" * 256, None),
        ("", None),
        (".", None),
        ("two words", None),
        ("line\nfeed", None),
        ("b\\252cher", None),
        ("bücher.example", None),
        ("<script>", None),
        ('"', None),
    ],
)
def test_a_name_is_printable_and_not_too_long(text: str, name: str | None) -> None:
    assert host_name(text) == name


@pytest.mark.parametrize(("ttl", "seconds"), [(0, 300), (600, 600), (10_000_000, 86_400)])
def test_the_time_to_live_has_bounds(ttl: int, seconds: float) -> None:
    assert named([("a.example", ttl)], 1000.0) == Answer("a.example", 1000.0 + seconds)


def test_of_several_names_the_first_in_order_that_is_one_is_taken() -> None:
    assert named([("c.example", 900), ("B.example", 600), ("a b", 900)], 0.0) == Answer("b.example", 600.0)
    assert named([("a b", 900)], 0.0) == absent(0.0)


def test_failures_are_waited_for_ever_longer_up_to_an_hour() -> None:
    answer, waits = failed(None, 0.0), []
    for _ in range(8):
        waits.append(answer.until)
        answer = failed(answer, 0.0)
    assert waits == [60, 120, 240, 480, 960, 1920, 3600, 3600]


def test_the_oldest_answers_are_forgotten() -> None:
    answers = Answers(limit=2)
    for address in ("a", "b", "a", "c"):
        answers.put(address, absent(0.0))
    assert [answers.get(one) is None for one in "abc"] == [False, True, False]
    assert answers.changes() == {"a": absent(0.0), "b": None, "c": absent(0.0)}
    assert answers.changes() == {}
