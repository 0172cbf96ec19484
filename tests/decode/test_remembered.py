"""What exporters taught outlives the decoder: saved as JSON, loaded by the next one."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.datagram import Datagram
from collector.decode.decoder import Decoded, Decoder
from collector.decode.limits import Budget, Limits
from collector.receive.pcap import read_capture
from tests.builders.netflow import (
    EXPORTER,
    NOW,
    VARIABLE,
    Template,
    ipfix,
    netflow5,
    netflow9,
    record5,
    sent,
    withdrawal,
)
from tests.corpus import capture, manifest, needs_corpus
from tests.decode.flow_reading import decode, flow, part, read, reasons

FLOWS = Template(256, ((8, 4), (12, 4), (1, 4), (2, 4)))
ONE = ("10.0.0.1", "10.0.0.2", 1500, 3)
SYSTEM_RATE = Template(257, ((1, 4), (34, 4), (35, 1)), scopes=1)
SAMPLERS = Template(258, ((144, 4), (302, 4), (305, 4), (306, 4)), scopes=2)
SAMPLED = Template(259, (*FLOWS.fields, (302, 4)))
"""Flows that name their selector."""
DAY = 86_400


def restarted(decoder: Decoder) -> Decoder:
    """A new decoder that knows what the old one saved."""
    new = Decoder()
    for exporter in decoder.exporters:
        assert new.load(exporter, json.loads(json.dumps(decoder.saved(exporter)))) == []
    return new


def taught(*received: bytes | Datagram) -> Decoder:
    """A decoder that got these in its last run."""
    decoder = Decoder()
    decode(*received, decoder=decoder)
    return restarted(decoder)


def at(payload: bytes, seconds: float, exporter: str = EXPORTER) -> Datagram:
    """Received so long after the start of the tests' time."""
    return sent(payload, exporter, NOW + seconds)


def bytes_of(decoded: Decoded) -> list[int]:
    return [row["network.bytes"] for row in read(decoded.flows)]


def test_templates_of_netflow9() -> None:
    known = flow(netflow9(FLOWS.data(ONE)), decoder=taught(netflow9(FLOWS.define9())))
    assert part(known, "source.ip.lo", "network.bytes", "network.packets")["network.bytes"] == 1500


def test_templates_of_ipfix_with_variable_and_enterprise_fields() -> None:
    names = Template(300, ((8, 4), (1, 8), (371, VARIABLE), (56701, 4, 25461), (1, 8, 29305)))
    decoder = taught(ipfix(names.define(), domain=7))
    data = ipfix(names.data(("10.0.0.1", 900, "alice", 5, 80)), domain=7)
    fresh = Decoder()
    decode(ipfix(names.define(), domain=7), decoder=fresh)
    assert flow(data, decoder=decoder) == flow(data, decoder=fresh)


@pytest.mark.parametrize("domain", [0, 1])
def test_a_sampling_rate_scales_the_first_flows(domain: int) -> None:
    decoder = taught(netflow9(FLOWS.define9(), SYSTEM_RATE.define9()), netflow9(SYSTEM_RATE.data((0, 100, 2))))
    decode(netflow9(FLOWS.define9(), domain=domain), decoder=decoder)
    assert flow(netflow9(FLOWS.data(ONE), domain=domain), decoder=decoder)["network.bytes"] == 150_000


def test_a_rate_by_sampler() -> None:
    decoder = taught(ipfix(SAMPLERS.define(), SAMPLED.define()), ipfix(SAMPLERS.data((0, 7, 1, 99), (0, 8, 1, 499))))
    found = decode(ipfix(SAMPLED.data((*ONE, 7), (*ONE, 8), (*ONE, 9))), decoder=decoder)
    assert bytes_of(found) == [150_000, 750_000, 1500]


def test_rates_by_interface_template_and_domain() -> None:
    interface = Template(260, ((10, 4), (34, 4)), scopes=1)
    template = Template(261, ((145, 2), (34, 4)), scopes=1)
    with_input = Template(262, (*FLOWS.fields, (10, 4)))
    decoder = taught(
        ipfix(interface.define(), template.define(), SYSTEM_RATE.define(), FLOWS.define(), with_input.define()),
        ipfix(interface.data((5, 10)), template.data((256, 20)), SYSTEM_RATE.data((0, 30, 2))),
    )
    found = decode(ipfix(with_input.data((*ONE, 5), (*ONE, 6)), FLOWS.data(ONE)), decoder=decoder)
    assert sorted(bytes_of(found)) == [15_000, 30_000, 45_000]
    assert decoder.remembered() == (5, 3, 1)


def test_options_templates() -> None:
    decoder = taught(netflow9(SYSTEM_RATE.define9()))
    (record,) = decode(netflow9(SYSTEM_RATE.data((0, 64, 2))), decoder=decoder).options
    assert record.values["samplingInterval"] == 64


def test_the_time_when_an_exporter_started() -> None:
    boot = Template(263, ((149, 4), (160, 8)), scopes=1)
    uptimes = Template(264, ((8, 4), (1, 4), (22, 4), (21, 4)))
    decoder = taught(ipfix(boot.define(), uptimes.define()), ipfix(boot.data((0, (NOW - 1000) * 1000))))
    found = flow(ipfix(uptimes.data(("10.0.0.1", 1, 900_000, 950_000))), decoder=decoder)
    assert found["event.start"] == NOW - 100


def test_a_third_run_knows_what_the_first_one_learned() -> None:
    decoder = restarted(taught(ipfix(FLOWS.define(), SYSTEM_RATE.define()), ipfix(SYSTEM_RATE.data((0, 10, 2)))))
    assert flow(ipfix(FLOWS.data(ONE)), decoder=decoder)["network.bytes"] == 15_000


def test_exporters_versions_and_domains_stay_apart() -> None:
    short = Template(256, ((8, 4), (1, 4)))
    decoder = taught(
        at(netflow9(FLOWS.define9()), 0),
        at(netflow9(short.define9()), 0, "192.0.2.2"),
        at(netflow9(short.define9(), domain=1), 0),
        at(ipfix(short.define()), 0),
    )
    two = short.data(("10.0.0.1", 7))
    found = decode(
        at(netflow9(FLOWS.data(ONE)), 1),
        at(netflow9(two), 1, "192.0.2.2"),
        at(netflow9(two, domain=1), 1),
        at(ipfix(two), 1),
        decoder=decoder,
    )
    assert (sorted(bytes_of(found)), found.problems) == ([7, 7, 7, 1500], [])


@needs_corpus
def test_real_exporters_notice_no_restart() -> None:
    for name in manifest():
        datagrams = list(read_capture(capture(name)))
        before, after = datagrams[: len(datagrams) // 2], datagrams[len(datagrams) // 2 :]
        without, stopped = Decoder(), Decoder()
        for decoder in (without, stopped):
            decode(*before, decoder=decoder)
        if any(state.missing for state in stopped.state()):
            continue  # data that waits for its template is not kept
        expected, found = (decode(*after, decoder=decoder).flows for decoder in (without, restarted(stopped)))
        assert found.equals(expected), name


def test_withdrawn_templates_stay_withdrawn() -> None:
    other = Template(265, FLOWS.fields)
    decoder = taught(ipfix(FLOWS.define(), other.define()), ipfix(withdrawal(256)))
    assert decoder.remembered().templates == 1
    decode(ipfix(withdrawal(265)), decoder=decoder)
    assert decode(ipfix(other.data(ONE)), decoder=decoder).flows.is_empty()


def test_templates_of_sessions_are_not_kept() -> None:
    decoder = Decoder()
    decode(sent(ipfix(FLOWS.define()))._replace(session=1), decoder=decoder)
    assert (decoder.saved(EXPORTER), decoder.changes) == ({}, 0)


def test_fixed_formats_are_no_templates() -> None:
    decoder = Decoder()
    decode(netflow5(record5()), decoder=decoder)
    assert (decoder.saved(EXPORTER), decoder.changes) == ({}, 0)


def test_what_is_merely_repeated_changes_nothing() -> None:
    decoder = Decoder()
    told = ipfix(FLOWS.define(), SYSTEM_RATE.define()), ipfix(SYSTEM_RATE.data((0, 10, 2)))
    decode(*told, decoder=decoder)
    changes = decoder.changes
    decode(*told, ipfix(FLOWS.data(ONE)), ipfix(withdrawal(999)), decoder=decoder)
    assert decoder.changes == changes > 0


@pytest.mark.parametrize(
    "news",
    [
        ipfix(Template(256, ((8, 4), (1, 8))).define()),
        ipfix(Template(270, FLOWS.fields).define()),
        ipfix(withdrawal(256)),
        ipfix(withdrawal(2)),
        ipfix(SYSTEM_RATE.data((0, 11, 2))),
        ipfix(FLOWS.define(), domain=3),
    ],
)
def test_news_are_changes(news: bytes) -> None:
    decoder = Decoder()
    decode(ipfix(FLOWS.define(), SYSTEM_RATE.define()), ipfix(SYSTEM_RATE.data((0, 10, 2))), decoder=decoder)
    changes = decoder.changes
    decode(news, decoder=decoder)
    assert decoder.changes == changes + 1


def test_an_exporter_that_is_only_known_from_before_was_not_seen() -> None:
    decoder = taught(ipfix(FLOWS.define()))
    assert list(decoder.state()) == []
    decode(ipfix(FLOWS.data(ONE)), decoder=decoder)
    (state,) = decoder.state()
    assert (state.templates, state.counts.records) == (1, 1)


def test_a_restart_is_no_loss() -> None:
    decoder = taught(netflow9(FLOWS.define9(), sequence=10))
    assert decode(netflow9(FLOWS.data(ONE), sequence=500), decoder=decoder).losses == []


# Templates that the exporter has changed while nobody listened.


def test_the_exporters_own_template_wins() -> None:
    other = Template(256, ((8, 4), (12, 4), (2, 4), (1, 4)))
    decoder = taught(ipfix(FLOWS.define()))
    assert flow(ipfix(other.define()), ipfix(other.data(ONE)), decoder=decoder)["network.packets"] == 1500


def test_data_that_does_not_fit_waits_for_the_exporters_own_template() -> None:
    other = Template(256, ((8, 4), (12, 4), (1, 8), (2, 8), (4, 1)))
    decoder = taught(ipfix(FLOWS.define()))
    found = decode(ipfix(other.data((*ONE, 6))), decoder=decoder)
    assert (found.flows.is_empty(), reasons(found)) == (True, {"stale-template": 1})
    assert found.problems[0].detail == "template 256: 28 bytes are no records of 16"
    assert flow(ipfix(other.define()), decoder=decoder)["network.bytes"] == 1500


def test_padding_speaks_against_nothing() -> None:
    odd = Template(256, ((8, 4), (1, 4), (4, 1)))
    decoder = taught(ipfix(odd.define()))
    assert flow(ipfix(odd.data(("10.0.0.1", 5, 6))), decoder=decoder)["network.bytes"] == 5


def test_nothing_is_decoded_by_the_templates_of_before_an_exporters_restart() -> None:
    decoder = taught(at(netflow9(FLOWS.define9(), uptime=1_000_000), 0))
    found = decode(at(netflow9(FLOWS.data(ONE), uptime=50_000, seconds=NOW + 60), 60), decoder=decoder)
    assert (found.flows.is_empty(), reasons(found)) == (True, {"stale-template": 1})
    assert found.problems[0].detail == "template 256: the exporter has restarted since"
    again = at(netflow9(FLOWS.define9(), uptime=60_000, seconds=NOW + 70), 70)
    assert flow(again, decoder=decoder)["network.bytes"] == 1500


def test_a_template_that_was_sent_again_is_beyond_doubt() -> None:
    decoder = taught(at(netflow9(FLOWS.define9()), 0))
    decode(at(netflow9(FLOWS.define9(), uptime=50_000), 60), decoder=decoder)
    assert flow(at(netflow9(FLOWS.data(ONE), uptime=51_000, seconds=NOW + 61), 61), decoder=decoder)


def test_old_templates_are_forgotten() -> None:
    decoder = Decoder()
    decode(at(netflow9(FLOWS.define9()), 0), at(ipfix(FLOWS.define()), 8 * DAY), decoder=decoder)
    decode(at(netflow9(FLOWS.define9(), domain=1), 0), at(netflow9(FLOWS.define9(), domain=1), DAY), decoder=decoder)
    decoder = restarted(decoder)
    decoder.forget((NOW + DAY) * 1000)
    assert decoder.remembered().templates == 2
    found = decode(netflow9(FLOWS.data(ONE)), ipfix(FLOWS.data(ONE)), decoder=decoder)
    assert bytes_of(found) == [1500]


# What a file may hold that nobody wrote.

GOOD = {"raw": FLOWS.raw().hex(), "received": NOW * 1000}


def stream(*templates: Any, **more: Any) -> dict[str, Any]:
    return {"streams": [{"version": 10, "domain": 0, "templates": list(templates)} | more]}


@pytest.mark.parametrize(
    "saved",
    [
        stream({**GOOD, "raw": FLOWS.raw()[:-1].hex()}, GOOD),
        stream({**GOOD, "raw": "zz"}, GOOD),
        stream({**GOOD, "raw": ""}, GOOD),
        stream({**GOOD, "raw": FLOWS.raw().hex() * 2}, GOOD),
        stream({**GOOD, "raw": "01000000"}, GOOD),
        stream({**GOOD, "raw": "0100000100010000"}, GOOD),
        stream({**GOOD, "received": -1}, GOOD),
        stream({**GOOD, "received": "yesterday"}, GOOD),
        stream({**GOOD, "colour": "red"}, GOOD),
        stream(None, GOOD),
        {"streams": [17, *stream(GOOD)["streams"]]},
        {"streams": [*stream(GOOD, version=5)["streams"], *stream(GOOD)["streams"]]},
        {"streams": [*stream(GOOD, domain=1 << 32)["streams"], *stream(GOOD)["streams"]]},
        {"colours": [], **stream(GOOD)},
        {"sampling": [], **stream(GOOD)},
        {"sampling": {"domains": 5}, **stream(GOOD)},
        {"sampling": {"colours": [[1, 2]]}, **stream(GOOD)},
        {"sampling": {"domains": [[0]]}, **stream(GOOD)},
        {"sampling": {"domains": [[0, True]]}, **stream(GOOD)},
        {"sampling": {"domains": [[0, 0]]}, **stream(GOOD)},
        {"sampling": {"any": [[1 << 32]]}, **stream(GOOD)},
        {"boots": {}, **stream(GOOD)},
        {"boots": [[0, -1]], **stream(GOOD)},
    ],
)
def test_a_damaged_entry_costs_itself_alone(saved: Any) -> None:
    decoder = Decoder()
    assert len(decoder.load(EXPORTER, saved)) == 1
    assert decoder.remembered() == (1, 0, 1)
    assert flow(ipfix(FLOWS.data(ONE)), decoder=decoder)["network.bytes"] == 1500


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just(GOOD["raw"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["streams", "sampling", "boots", "version", "domain", "templates", "raw", "any", "samplers"]
            ),
            inner,
            max_size=4,
        )
    ),
)


@given(JSON)
def test_nothing_that_is_loaded_raises(saved: Any) -> None:
    decoder = Decoder()
    decoder.load(EXPORTER, saved)
    decode(ipfix(FLOWS.data(ONE)), decoder=decoder)
    json.dumps(decoder.saved(EXPORTER))


# Bounds hold for what is loaded, too.


def saved_by(exporter: str) -> Any:
    decoder = Decoder()
    decode(at(ipfix(FLOWS.define()), 0, exporter), decoder=decoder)
    return decoder.saved(exporter)


def test_strangers_do_not_push_out_an_exporter_of_the_last_run() -> None:
    decoder = Decoder(limits=Limits(exporters=4))
    assert decoder.load(EXPORTER, saved_by(EXPORTER)) == []
    for number in range(20):
        decode(at(b"garbage", number, f"198.51.100.{number}"), decoder=decoder)
    assert flow(ipfix(FLOWS.data(ONE)), decoder=decoder)["network.bytes"] == 1500


def test_an_exporter_that_is_only_known_from_before_is_not_shown() -> None:
    decoder = Decoder()
    decoder.load(EXPORTER, saved_by(EXPORTER))
    assert (decoder.known, decoder.busiest(5)) == (0, [])
    decode(ipfix(FLOWS.data(ONE)), decoder=decoder)
    assert (decoder.known, decoder.busiest(5)) == (1, [0])


@pytest.mark.parametrize("limits", [Limits(exporters=0), Limits(streams=Budget(0)), Limits(fields=Budget(0))])
def test_what_there_is_no_room_for_is_left_out(limits: Limits) -> None:
    decoder = Decoder(limits=limits)
    (problem,) = decoder.load(EXPORTER, saved_by(EXPORTER))
    assert problem.endswith("there is no room for it")
    assert decoder.remembered() == (0, 0, 0)
