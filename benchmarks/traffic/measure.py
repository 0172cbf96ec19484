"""Run a collector, send it a pcap, and say what that cost: CPU per flow, peak memory, flows lost.

    python measure.py traffic.pcap --rate 50000 --runs 3 --count 'wc -l < out.json' -- collector --its-options

The collector must listen on the ports of the capture (or those of --map). CPU is user plus system time of the
collector and its children from before the first datagram until it has ended; it is ended by SIGTERM or
SIGINT after it has been idle for a second. Prints one line of JSON a run, then the medians.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
POLL = 0.02  # seconds between two looks at the processes
SEND = Path(__file__).with_name("send.py")


def tree(root: int) -> list[int]:
    """A process and all that descend from it."""
    found = [root]
    for pid in found:
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                found += map(int, children.read_text().split())
            except OSError:  # the thread has ended
                continue
    return found


def kibibytes(path: Path, key: str) -> int:
    """A number from a file of /proc; 0 where it does not say."""
    text = path.read_text()
    return int(text.split(key)[1].split()[0]) if key in text else 0


class Usage:
    """CPU seconds and peak memory of a process tree, also of members that have ended since."""

    def __init__(self, root: int) -> None:
        """Watch a root process."""
        self.root, self.alone, self.shared, self.polls = root, 0, 0, 0
        self.seconds: dict[int, float] = {}

    def poll(self) -> float:
        """Look again; the CPU seconds so far."""
        pids = tree(self.root)
        for pid in pids:
            try:
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            self.seconds[pid] = (int(fields[11]) + int(fields[12])) / TICKS
        if self.polls % 10 == 0:
            self._memory(pids)
        self.polls += 1
        return sum(self.seconds.values())

    def _memory(self, pids: list[int]) -> None:
        shares = 0
        for pid in pids:
            try:
                self.alone = max(self.alone, kibibytes(Path(f"/proc/{pid}/status"), "VmHWM:"))
                shares += kibibytes(Path(f"/proc/{pid}/smaps_rollup"), "Pss:")
            except OSError:
                continue
        self.shared = max(self.shared, shares)

    def peak_mib(self) -> float:
        """Peak resident set of a single process; of a tree the largest sum seen, shared pages counted once."""
        return (self.alone if len(self.seconds) == 1 else self.shared) / 1024

    def watch(self, seconds: float) -> float:
        """Poll for a while, often enough to catch children that live shortly; the CPU seconds used meanwhile."""
        end, before = time.monotonic() + seconds, self.poll()
        while time.monotonic() < end:
            time.sleep(POLL)
            self.poll()
        return self.poll() - before


def sockets(ports: set[int]) -> tuple[set[int], int]:
    """Which of the ports are bound by somebody, and how many datagrams the kernel has dropped there."""
    bound, drops = set(), 0
    for table in ("udp", "udp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            port = int(fields[1].rpartition(":")[2], 16)
            if port in ports:
                bound.add(port)
                drops += int(fields[12])
    return bound, drops


def idle(usage: Usage, seconds: float, limit: float) -> float:
    """Wait until the tree has used no more than 3 % of a core for so long; the seconds until that rest began."""
    begin = time.monotonic()
    while (elapsed := time.monotonic() - begin) < limit:
        if usage.watch(seconds) <= 0.03 * seconds:
            break
    return elapsed


def reap(collector: subprocess.Popen, usage: Usage, limit: float) -> float:
    """Wait for the collector's end, by force after the limit; CPU seconds of it and of the children it waited for."""
    deadline = time.monotonic() + limit
    while not (ended := os.wait4(collector.pid, os.WNOHANG))[0]:
        usage.watch(POLL)
        if time.monotonic() > deadline:
            collector.kill()
    collector.returncode = ended[1]
    return ended[2].ru_utime + ended[2].ru_stime


def run_once(args: argparse.Namespace, ports: set[int]) -> dict:
    """One run: the numbers of it."""
    if args.before:
        subprocess.run(args.before, shell=True, check=True)
    with args.log.open("ab") as log:
        collector = subprocess.Popen(args.command, stdout=log, stderr=log, start_new_session=True)
    usage = Usage(collector.pid)
    deadline = time.monotonic() + args.patience
    while sockets(ports)[0] != ports:
        if time.monotonic() > deadline or collector.poll() is not None:
            collector.kill()
            sys.exit(f"the collector does not listen on {sorted(ports)}; see {args.log}")
        time.sleep(0.1)
    idle(usage, 1.0, args.patience)
    baseline, drops = usage.poll(), sockets(ports)[1]
    sender = [sys.executable, str(SEND), str(args.pcap), "127.0.0.1", "--rate", str(args.rate)]
    sender += [word for pair in args.map for word in ("--map", pair)]
    process = subprocess.Popen(sender, stdout=subprocess.PIPE, text=True)
    while process.poll() is None:
        usage.watch(POLL)
    sent = json.loads(process.communicate()[0])
    drained = idle(usage, args.idle, args.patience)
    drops = sockets(ports)[1] - drops
    usage.poll()
    collector.send_signal(getattr(signal, f"SIG{args.signal}"))
    cpu = max(reap(collector, usage, args.patience), usage.poll()) - baseline
    received = sent["flows"]
    if args.count:
        text = subprocess.run(args.count, shell=True, check=True, capture_output=True, text=True).stdout
        received = int(text.split()[0])
    return {
        "sent_per_second": sent["flows_per_second"], "flows": sent["flows"], "received": received,
        "lost_percent": round(100 * (1 - received / sent["flows"]), 3), "kernel_drops": drops,
        "datagrams": sent["datagrams"], "cpu_seconds": round(cpu, 2),
        "us_per_flow": round(cpu * 1e6 / received, 3) if received else None,
        "peak_mib": round(usage.peak_mib(), 1), "drain_seconds": round(drained, 1), "late_ms": sent["late_ms"],
    }  # fmt: skip


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pcap", type=Path)
    parser.add_argument("--rate", type=float, default=50_000, help="flows a second; 0: as fast as possible")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--map", action="append", default=[], metavar="FROM=TO", help="as in send.py")
    parser.add_argument("--before", help="shell command before each run, such as one that empties the output")
    parser.add_argument("--count", help="shell command that prints how many flows arrived")
    parser.add_argument("--signal", choices=["TERM", "INT"], default="TERM")
    parser.add_argument("--idle", type=float, default=1.0, help="seconds of rest that mean: done")
    parser.add_argument("--patience", type=float, default=60, help="seconds to wait for anything")
    parser.add_argument("--log", type=Path, default=Path(os.devnull), help="file for what the collector prints")
    parser.add_argument("command", nargs="+", help="the collector, after --")
    args = parser.parse_args()
    moved = dict(pair.split("=") for pair in args.map)
    ports = {int(moved.get(port, port)) for port in json.loads(args.pcap.with_suffix(".json").read_text())["ports"]}
    runs = []
    for _ in range(args.runs):
        runs.append(run_once(args, ports))
        print(json.dumps(runs[-1]), flush=True)
    known = [key for key in runs[0] if None not in [run[key] for run in runs]]
    print(json.dumps({"median_of": len(runs)} | {key: statistics.median(run[key] for run in runs) for key in known}))


if __name__ == "__main__":
    main()
