"""What an operator should know about an exporter, in sentences: what is the matter, where, and how to mend it."""

from collections.abc import Iterator, Mapping, Sequence

from collector.decode.clocks import AHEAD, BEHIND
from collector.decode.ledger import UNITS
from collector.decode.problems import REASONS
from collector.decode.state import ExporterState, Missing, StreamState
from collector.exporters.loss import percent
from collector.exporters.spans import span

QUIET = 600_000
"""Milliseconds without a datagram after which an exporter is missed."""
SETTLED = 60_000
"""Milliseconds after its first message from which on something may be missed of a stream."""
SKEWED = 60_000
"""Milliseconds that a clock may be off before it is told; headers tell whole seconds, and datagrams are under way."""
LOSSES, LOSS_PERCENT = 10, 0.1
"""Losses that are worth a sentence: so many, and so much of what was sent."""
RESETS = 3
REPEATED, REPEATED_PERCENT = 10, 1
CHANGES_AN_HOUR = 10
HOUR = 3_600_000
NAMED = 3
"""Templates that a sentence names; of more it gives the number."""
TOLD_OTHERWISE = ("clock-skew",)
"""Problems that sentences of their own tell."""
OFTEN = (
    "let it send templates every minute (Cisco: `template data timeout 60`, Juniper: `template-refresh-rate seconds"
    " 60`, MikroTik: `v9-template-timeout=1m`); many routers do so every 30 min only"
)


def exporter_notes(state: ExporterState, problems: Mapping[str, int], now: int) -> Iterator[str]:
    """All sentences about an exporter at `now` (milliseconds since 1970); `problems` by reason."""
    quiet = now - state.last
    if quiet >= QUIET:
        yield (
            f"nothing has come for {span(quiet)}: look whether the device is up and still exports to this collector,"
            " and whether a firewall lies between"
        )
    yield from _no_flows(state)
    about: dict[str, list[StreamState]] = {}
    for stream in state.streams:
        for sentence in _stream_notes(stream, state, now):
            about.setdefault(sentence, []).append(stream)
    for sentence, streams in about.items():
        yield f"{where(streams)}: {sentence}"
    for reason, count in sorted(problems.items()):
        if reason not in TOLD_OTHERWISE:
            yield f"{count:,} × {reason}: {lowered(REASONS[reason])}"


def where(streams: Sequence[StreamState]) -> str:
    """Which streams a sentence is about: the first of them, and how many more."""
    first = streams[0]
    domain = f", domain {first.domain}" if first.domain else ""
    agent = f", agent {first.agent}" if first.agent else ""
    more = f" and {len(streams) - 1:,} more" if len(streams) > 1 else ""
    return f"{first.protocol}{domain}{agent}{more}"


def lowered(sentence: str) -> str:
    """A sentence as the end of another."""
    return sentence[:1].lower() + sentence[1:].removesuffix(".")


def _stream_notes(stream: StreamState, state: ExporterState, now: int) -> Iterator[str]:
    if stream.missing:
        yield _missing(stream.missing, now)
    yield from _lost(stream)
    yield from _disorder(stream)
    yield from _clock(stream.counts.skew)
    yield from _sampling(stream, state)
    yield from _changing(stream)


def _missing(missing: Sequence[Missing], now: int) -> str:
    sets = sum(one.sets for one in missing)
    since = span(now - min(one.since for one in missing))
    names = ", ".join(str(one.template) for one in missing[:NAMED])
    more = f" and {len(missing) - NAMED:,} more" if len(missing) > NAMED else ""
    wait = "data set waits" if sets == 1 else "data sets wait"
    return f"no template {names}{more} for {since} ({sets:,} {wait}): {OFTEN}"


def _lost(stream: StreamState) -> Iterator[str]:
    share = percent([(stream.protocol, stream.counts)])
    if stream.counts.lost >= LOSSES and share >= LOSS_PERCENT:
        unit = UNITS[stream.protocol]
        yield (
            f"{share:g} % of its {unit} ({stream.counts.lost:,}) were lost before they came: where the collector tells"
            " of a full receive buffer it is that (raise `net.core.rmem_max`), else the network or the device drops"
            " them: look at the device's own export statistics, let it export less or give this traffic priority"
        )


def _disorder(stream: StreamState) -> Iterator[str]:
    counts = stream.counts
    if counts.resets >= RESETS:
        yield (
            f"its sequence numbers began anew {counts.resets:,} times: its export process restarts again and again, or"
            " several devices send from this one address (NAT), which must not be"
        )
    if counts.repeated >= REPEATED and counts.repeated * 100 >= REPEATED_PERCENT * counts.messages:
        yield (
            f"{counts.repeated:,} of its {counts.messages:,} messages came twice: look for a second way to this"
            " collector, such as a mirror port or two exporter entries, which count every flow twice"
        )


def _clock(skew: int) -> Iterator[str]:
    if abs(skew) < SKEWED:
        return
    off = f"its clock is {span(abs(skew))} {'behind' if skew < 0 else 'ahead'}"
    if -BEHIND <= skew <= AHEAD:
        yield f"{off}, and so are the times of its flows: set up NTP on the device"
    else:
        yield f"{off}: its flows are filed under the time of receipt; set up NTP on the device, if this host's is right"


def _sampling(stream: StreamState, state: ExporterState) -> Iterator[str]:
    if stream.counts.rate or not stream.counts.flows:
        return
    if stream.protocol == "sFlow":
        yield "its flow samples have no sampling rate, so bytes and packets are too small: set one on the device"
    elif state.unknown_sampler:
        yield (
            "its flows name a sampler whose rate is not known, so bytes and packets may be too small: let it send its"
            " samplers (Cisco: `option sampler-table timeout 300`)"
        )
    elif state.rates:
        rates = ", ".join(map(str, state.rates[:NAMED]))
        yield (
            f"it tells sampling rates ({rates}), but none that holds for these flows, so bytes and packets may be too"
            " small: let it send the sampler of each flow (element 48, or 302 in IPFIX)"
        )


def _no_flows(state: ExporterState) -> Iterator[str]:
    if state.flows or state.last - state.first < SETTLED or any(stream.missing for stream in state.streams):
        return
    if any(stream.protocol == "sFlow" for stream in state.streams):
        yield (
            "sFlow: it sends counters but no flow samples: set a sampling rate on its interfaces (Arista: `sflow sample"
            " 16384`)"
        )
    elif any(stream.templates for stream in state.streams):
        yield (
            "it sends templates and options data but no flows: put the flow monitor on an interface (Cisco: `ip flow"
            " monitor NAME input`)"
        )


def _changing(stream: StreamState) -> Iterator[str]:
    hours = max(stream.counts.received - stream.counts.first, HOUR) / HOUR
    if stream.redefined >= CHANGES_AN_HOUR * hours:
        yield (
            f"its templates were redefined or withdrawn {stream.redefined:,} times, and data may be lost or misread at"
            " each: look for newer firmware, or for two devices or processes behind one address and domain"
        )


def total_notes(kernel_drops: int, overflow: int, refused: int) -> Iterator[str]:
    """Sentences about all exporters together: datagrams that a full receive buffer, a slow machine and forged senders
    cost.
    """
    if kernel_drops:
        yield (
            f"{kernel_drops:,} datagrams were dropped because the receive buffer was full, which shows up as loss of"
            " their exporters: raise `net.core.rmem_max` and --receive-buffer-mib"
        )
    if overflow:
        yield f"{overflow:,} datagrams were dropped because this machine is too slow for them: give it a faster core"
    if refused:
        yield f"{refused:,} × too-many-exporters: {lowered(REASONS['too-many-exporters'])}"
