"""What host names cost the pipeline: flows a second without them, with a name server, and with a dead one.

    python -m benchmarks.hostnames [--flows 1000000] [--rounds 5]

Takes NetFlow v9 (benchmarks/traffic) through decoder, enrichment and the Parquet store, batch after batch without a
pause, while the names of all addresses are looked up. The dead name server has a socket and never answers; the living
one is unbound, where it is installed. Prints medians, also of the ratio to the pipeline without names in the same
round.
"""

import argparse
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.decode import traffic
from benchmarks.pipeline import row
from collector.datagram import Datagram
from collector.enrichers import open_enricher
from collector.inbox import BATCH
from collector.pipeline import Pipeline
from collector.settings import load
from collector.stores import open_store

UNBOUND = """
server:
  interface: 127.0.0.1@{port}
  do-daemonize: no
  use-syslog: no
  username: ""
  chroot: ""
  pidfile: ""
  directory: "{folder}"
  local-zone: "arpa." redirect
  local-data: "arpa. 3600 PTR host.example.net."
remote-control:
  control-enable: no
"""
OFF = "off"


def one_round(datagrams: Sequence[Datagram], flags: Mapping[str, str]) -> tuple[float, int]:
    """Flows a second, and names known at the end."""
    with tempfile.TemporaryDirectory() as name:
        settings = load({"folder": Path(name), **flags})
        pipeline = Pipeline(open_store(settings), enricher=open_enricher(settings))
        hosts = pipeline.enricher.hosts
        if hosts:
            hosts.resolver.start()
        start = time.perf_counter()
        for first in range(0, len(datagrams), BATCH):
            pipeline.process(datagrams[first : first + BATCH])
        pipeline.store.flush(600.0)
        seconds = time.perf_counter() - start
        named = hosts.resolver.counts().named if hosts else 0
        if hosts:
            hosts.resolver.close()
        pipeline.store.close(60.0)
        return pipeline.tallies.flows / seconds, named


@contextmanager
def servers() -> Iterator[dict[str, str]]:
    """Places of name servers by what they are."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as dead, tempfile.TemporaryDirectory() as folder:
        dead.bind(("127.0.0.1", 0))
        places = {"dead": f"127.0.0.1:{dead.getsockname()[1]}"}
        program = shutil.which("unbound") or shutil.which("unbound", path="/usr/sbin")
        if not program:
            yield places
            return
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        Path(folder, "unbound.conf").write_text(UNBOUND.format(port=port, folder=folder))
        process = subprocess.Popen([program, "-d", "-c", "unbound.conf"], cwd=folder, stderr=subprocess.DEVNULL)
        try:
            time.sleep(1.0)
            yield places | {"living": f"127.0.0.1:{port}"}
        finally:
            process.terminate()
            process.wait()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    speeds: dict[str, list[float]] = {}
    names: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as name, servers() as places:
        datagrams = traffic("netflow9", args.flows, Path(name))
        kinds = {OFF: {"dns": "off"}} | {kind: {"dns": "both", "dns_servers": place} for kind, place in places.items()}
        for _ in range(args.rounds):
            for kind, flags in kinds.items():
                speed, names[kind] = one_round(datagrams, flags)
                speeds.setdefault(kind, []).append(speed)
    print(row("name server", "flows a second", "ratio", "names"), row("---", "---", "---", "---"), sep="\n")
    for kind, found in speeds.items():
        ratio = statistics.median(one / without for one, without in zip(found, speeds[OFF], strict=True))
        print(row(kind, f"{statistics.median(found):,.0f}", f"{ratio:.3f}", f"{names[kind]:,}"))


if __name__ == "__main__":
    main()
