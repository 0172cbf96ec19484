"""Start and end of flows, from whatever clock they are told by."""

import pytest

from collector.decode.decoder import Decoder
from tests.builders.netflow import NOW, Field, Template, Value, ipfix, netflow9
from tests.decode.flow_reading import flow, flows, part

TIMES = ("event.start", "event.end", "event.duration", "@timestamp")
NTP = 2_208_988_800


def ntp(seconds: float) -> int:
    """NTP format of a time since 1970."""
    return int(seconds + NTP) << 32 | int(seconds % 1 * 2**32)


def told(*pairs: tuple[Field, Value]) -> dict[str, float]:
    """The times of an IPFIX record."""
    template = Template(256, [*[field for field, _ in pairs], (8, 4)])
    values = [*[value for _, value in pairs], "10.0.0.1"]
    return part(flow(ipfix(template.define(), template.data(values))), *TIMES)


START, END = NOW - 12.5, NOW - 2.25
BOTH = {"event.start": START, "event.end": END, "event.duration": 10_250_000_000, "@timestamp": END}


def test_milliseconds() -> None:
    assert told(((152, 8), int(START * 1000)), ((153, 8), int(END * 1000))) == BOTH


@pytest.mark.parametrize(("first", "last"), [(154, 155), (156, 157)])
def test_micro_and_nanoseconds_are_in_ntp_format(first: int, last: int) -> None:
    assert told(((first, 8), ntp(START)), ((last, 8), ntp(END))) == BOTH


def test_seconds() -> None:
    assert told(((150, 4), NOW - 10), ((151, 4), NOW - 3)) == {
        "event.start": NOW - 10.0,
        "event.end": NOW - 3.0,
        "event.duration": 7_000_000_000,
        "@timestamp": NOW - 3.0,
    }


def test_microseconds_before_the_export() -> None:
    assert told(((158, 4), 12_500_000), ((159, 4), 2_250_000)) == BOTH


def test_uptime_of_version_9() -> None:
    template = Template(256, [(22, 4), (21, 4), (8, 4)])
    found = flow(netflow9(template.define9(), template.data((987_500, 997_750, "10.0.0.1"))))
    assert part(found, *TIMES) == BOTH


@pytest.mark.parametrize("uptime", [0, 1, 5000, 2**31, 2**32 - 1])
def test_uptime_wraps(uptime: int) -> None:
    template = Template(256, [(22, 4), (21, 4), (8, 4)])
    values = ((uptime - 12_500) % 2**32, (uptime - 2_250) % 2**32, "10.0.0.1")
    found = flow(netflow9(template.define9(), template.data(values), uptime=uptime))
    assert part(found, *TIMES) == BOTH


def test_uptime_runs_on_between_record_and_header() -> None:
    template = Template(256, [(22, 4), (21, 4), (8, 4)])
    found = flow(netflow9(template.define9(), template.data((1_000_000, 1_004_700, "10.0.0.1"))))
    assert part(found, "event.start", "event.end") == {"event.start": NOW, "event.end": NOW + 4.7}


def test_uptime_in_another_unit_is_no_time() -> None:
    template = Template(256, [(22, 4), (21, 4), (8, 4)])
    week = 7 * 86_400_000
    found = flow(netflow9(template.define9(), template.data((1_000_000 + week, 1_000_000 + week, "10.0.0.1"))))
    assert part(found, *TIMES) == {"@timestamp": NOW}


def test_uptime_in_ipfix_needs_the_time_when_it_was_zero() -> None:
    boot = NOW * 1000 - 1_000_000
    assert told(((160, 8), boot), ((22, 4), 987_500), ((21, 4), 997_750)) == BOTH
    assert told(((22, 4), 987_500), ((21, 4), 997_750)) == {"@timestamp": NOW}


@pytest.mark.parametrize("before", [True, False])
def test_uptime_in_ipfix_with_that_time_in_options_data(before: bool) -> None:
    options = Template(300, [(143, 4), (160, 8)], scopes=1)
    template = Template(256, [(22, 4), (21, 4), (8, 4)])
    data = template.define() + template.data((987_500, 997_750, "10.0.0.1"))
    boot = options.define() + options.data((1, NOW * 1000 - 1_000_000))
    decoder = Decoder()
    found = flow(ipfix(boot, data) if before else ipfix(data, boot), decoder=decoder)
    assert part(found, *TIMES) == BOTH
    # It stays known, for the exporter's domain alone.
    assert part(flow(ipfix(data), decoder=decoder), *TIMES) == BOTH
    assert part(flow(ipfix(data, domain=1), decoder=decoder), *TIMES) == {"@timestamp": NOW}


def test_a_duration_fills_in_the_other_end() -> None:
    assert told(((152, 8), int(START * 1000)), ((161, 4), 10_250)) == BOTH
    assert told(((153, 8), int(END * 1000)), ((161, 4), 10_250)) == BOTH
    assert told(((152, 8), int(START * 1000)), ((162, 4), 10_250_000)) == BOTH


def test_milliseconds_are_preferred_to_seconds_and_uptime() -> None:
    pairs: list[tuple[Field, Value]] = [((22, 4), 1), ((21, 4), 1), ((150, 4), 1), ((151, 4), 1)]
    assert told(*pairs, ((152, 8), int(START * 1000)), ((153, 8), int(END * 1000))) == BOTH


def test_an_event_happens_at_its_own_time() -> None:
    found = told(((323, 8), int(END * 1000)), ((152, 8), int(START * 1000)))
    assert found == BOTH


def test_zero_is_no_time() -> None:
    template = Template(256, [(152, 8), (153, 8)])
    found = flows(ipfix(template.define(), template.data((0, 0), (int(START * 1000), 0))))
    assert [part(one, *TIMES) for one in found] == [
        {"@timestamp": NOW},
        {"event.start": START, "@timestamp": START},
    ]


def test_an_end_before_the_start_has_no_negative_duration() -> None:
    assert told(((152, 8), int(END * 1000)), ((153, 8), int(START * 1000)))["event.duration"] == 0


def test_years_of_more_than_four_digits_are_no_time() -> None:
    """A search engine refuses the whole document for such a date."""
    beyond = 253_402_300_800_000
    assert told(((152, 8), int(START * 1000)), ((153, 8), beyond)) == {"event.start": START, "@timestamp": START}
    assert told(((152, 8), 2**64 - 1), ((153, 8), 2**63 - 1)) == {"@timestamp": NOW}


def test_a_duration_that_reaches_back_for_ages_gives_no_start() -> None:
    found = told(((153, 8), int(END * 1000)), ((161, 4), 2**32 - 1), ((162, 8), 2**62))
    assert found == {**BOTH, "event.start": END - (2**32 - 1) / 1000, "event.duration": (2**32 - 1) * 1_000_000}
    assert told(((153, 8), int(END * 1000)), ((162, 8), 2**62)) == {"event.end": END, "@timestamp": END}


def test_a_duration_of_centuries_is_none() -> None:
    """63 bits hold 292 years of nanoseconds."""
    found = told(((152, 8), 1000), ((153, 8), 253_402_300_799_000))
    assert "event.start" in found
    assert "event.end" in found
    assert "event.duration" not in found
