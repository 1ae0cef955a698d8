"""Where the time of one submit goes: a profile of the whole way, its samples told to parts of the way.

    python -m benchmarks.where                  # 1, then 20 users
    python -m benchmarks.where --greenlets 200

py-spy samples `python -m benchmarks.client --only whole`; every sample belongs to the innermost frame that a part below
names. What stands in the system call is the kernel's, loopback's delivery to the receiver included.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

ROOT = Path(__file__).parents[1]
SECONDS = 8

PARTS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("sending (system call)", ("SocketMixin.send (",)),
    ("receiving (system call)", ("SocketMixin.recv (",)),
    ("signature (Ed25519)", ("crypto_sign (", "signature_pair (")),
    ("client: HTTP/2", ("grpc_http2/",)),
    ("client: body, ids, envelope of the transaction", ("hedera_client/",)),
    ("guard", ("resilience/",)),
    ("recorder and report's measurements", ("reports/measure/", "reports/collect/", "records/stopwatch.py")),
    ("payload: JSON, digest", ("hedera_users/payloads.py", "records/envelope.py")),
    ("operation and session", ("hedera_users/", "reports/")),
    ("Locust: user loop, event, statistics", ("locust/",)),
    ("gevent: event loop, switches", ("gevent/",)),
)
OTHER: Final = "other"

RUNNING: Final = ("(locust/user/", "Hub.run (", "grpc_http2/client/connection.py")
"""A sample counts when one of these is in its stack: users, the event loop, the connection. Start-up does not."""
IDLE: Final = "acquire_with_timeout (gevent/_threading.py"
"""A thread of gevent's pool that waits for work."""


def part_of(stack: str) -> str:
    """The part that a folded stack (outermost frame first) belongs to."""
    for frame in reversed(stack.split(";")):
        for part, marks in PARTS:
            if any(mark in frame for mark in marks):
                return part
    return OTHER


def shares(folded: Iterable[str]) -> list[tuple[str, float]]:
    """Parts and their share of the samples, the greatest first; `folded` are lines of `stack count`."""
    samples: Counter[str] = Counter()
    for line in folded:
        stack, _, count = line.rstrip().rpartition(" ")
        if any(mark in stack for mark in RUNNING) and IDLE not in stack:
            samples[part_of(stack)] += int(count)
    total = sum(samples.values()) or 1
    return [(part, count / total) for part, count in samples.most_common()]


def profile(greenlets: int) -> list[tuple[str, float]]:
    """Profile the whole way under so many users at once."""
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "profile.txt"
        measured = [sys.executable, "-m", "benchmarks.client", "--only", "whole", "--rounds", "1"]
        sampler = [str(Path(sys.executable).with_name("py-spy")), "record", "--format", "raw", "--rate", "400"]
        subprocess.run(  # noqa: S603 (our own benchmark, and the profiler beside this Python)
            [*sampler, "-o", str(raw), "--", *measured, "--greenlets", str(greenlets), "--seconds", str(SECONDS)],
            cwd=ROOT,
            check=False,  # the benchmark's own verdict is not the question
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return shares(raw.read_text().splitlines())


def main() -> None:
    """Print a table for each number of users."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--greenlets", type=int, nargs="*", default=[1, 20], help="users at once (default: 1 20)")
    for greenlets in parser.parse_args().greenlets:
        print(f"\n| the whole way, {greenlets} at once | share |\n|---|---|")
        for part, share in profile(greenlets):
            print(f"| {part} | {share:.0%} |")


if __name__ == "__main__":
    main()
