"""What it costs to keep the state of many exporters: the time of saving and loading, and the size of the file.

    python -m benchmarks.state [--exporters 10000] [--templates 20] [--alike]

Every template has 20 fields. They differ from exporter to exporter; with `--alike` all exporters send the same ones.
"""

import argparse
import struct
import tempfile
import time
from pathlib import Path

from collector.datagram import Datagram
from collector.decode.decoder import Decoder
from collector.state import Keeper

FIELDS = 20


def datagram(exporter: int, templates: int, alike: bool) -> Datagram:
    """An exporter's templates in NetFlow v9."""
    body = b""
    for number in range(templates):
        mark = (number if alike else exporter * templates + number) % 60_000 + 1
        fields = [(8, 4), (12, 4), *((mark + place, 4) for place in range(FIELDS - 2))]
        body += struct.pack("!HH", 256 + number, FIELDS) + b"".join(struct.pack("!HH", *field) for field in fields)
    head = struct.pack("!HHIIII", 9, templates, 1000, 1_735_732_800, 0, 0)
    payload = head + struct.pack("!HH", 0, 4 + len(body)) + body
    return Datagram(payload, f"10.{exporter >> 16}.{exporter >> 8 & 255}.{exporter & 255}", 2055, time.time_ns())


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--exporters", type=int, default=10_000)
    parser.add_argument("--templates", type=int, default=20)
    parser.add_argument("--alike", action="store_true")
    args = parser.parse_args()
    decoder = Decoder()
    decoder.decode([datagram(exporter, args.templates, args.alike) for exporter in range(args.exporters)])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state.json"
        save(Keeper(path, {"netflow": decoder}, decoder.exporters))
        print(f"{path.stat().st_size / 1e6:.1f} MB")
        load(path)


def save(keeper: Keeper) -> None:
    """Tells what saving takes of the thread that works on batches."""
    steps: list[float] = []
    begin = time.thread_time()
    while not keeper.path.exists():
        start = time.perf_counter()
        keeper.step()
        steps.append(time.perf_counter() - start)
        time.sleep(0.001)
    total = time.thread_time() - begin
    worked = [step for step in steps if step > 0.001]
    print(f"saved in {total:.2f} s of CPU, {len(worked)} steps of {max(steps) * 1e3:.0f} ms at most")
    begin, start = time.process_time(), time.perf_counter()
    keeper.close()
    cpu, whole = time.process_time() - begin, time.perf_counter() - start
    print(f"saved at the end in {whole:.2f} s, {cpu:.2f} s of CPU")


def load(path: Path) -> None:
    """Tells what loading takes."""
    decoder = Decoder()
    start = time.thread_time()
    Keeper(path, {"netflow": decoder}, decoder.exporters).load()
    print(f"loaded in {time.thread_time() - start:.2f} s of CPU: {decoder.remembered()}")


if __name__ == "__main__":
    main()
