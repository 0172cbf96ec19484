"""What the line of every minute says."""

from collections import Counter

from collector.report import Snapshot, told


def snapshot(**counts: Counter[str]) -> Snapshot:
    empty: Counter[str] = Counter()
    dropped, lost, others = (counts.get(name, empty) for name in ("dropped", "lost", "others"))
    return Snapshot(2, 100, 5, 0, 3 * len(others), 0, 4, 1, dropped, lost, others)


def test_a_line_names_what_came_what_waits_and_what_is_missing() -> None:
    line = told(snapshot(dropped=Counter({"bad-set": 3}), lost=Counter({"NetFlow v9": 7, "IPFIX": 1200})))
    assert line == (
        "2 datagrams; 5 flows; 4 stored; 1 waiting for the store; lost before they came: 7 datagrams of NetFlow v9, "
        "1,200 records of IPFIX; dropped or flawed: 3 bad-set"
    )


def test_a_line_tells_of_other_rows_where_there_are_any() -> None:
    line = told(snapshot(others=Counter({"counters": 1200, "discards": 2})))
    assert line == (
        "2 datagrams; 5 flows; 4 stored; 6 counter samples, 1,200 stored; 0 dropped packets, 2 stored; "
        "1 waiting for the store"
    )


def test_only_the_commonest_reasons_are_named() -> None:
    line = told(snapshot(dropped=Counter({f"reason-{number}": 10 - number for number in range(8)})))
    assert line.endswith("7 reason-3, 6 reason-4 and 3 more reasons")


def test_what_a_later_snapshot_adds_is_the_difference() -> None:
    since = snapshot(lost=Counter({"sFlow": 5})).since(snapshot(lost=Counter({"sFlow": 2})))
    assert (since.lost, since.datagrams, since.waiting) == (Counter({"sFlow": 3}), 0, 1)
