"""The audit at size: finds one message lost, duplicated, swapped, late and corrupted among many, in bounded memory.

    python -m benchmarks.audit                          # 100,000 rows of a generated mirror, over real HTTP
    python -m benchmarks.audit --source localnet        # 100,000 messages through the embedded network, with its faults

What is audited runs in a process of its own, whose peak memory is printed. The exit code is 0 if exactly what was done
wrong was found and the peak stayed below the limit.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

MEMORY_LIMIT_MB = 200
RUN_ID, TOPIC, PAYER = "20261124-101500-3f9a", "0.0.1010", "0.0.1001"
STREAMS = 50
WRITERS = 8


@dataclass(frozen=True)
class Wrong:
    """Sequence numbers at which something is done wrong."""

    lost: int
    duplicated: int
    swapped: int
    late: int
    corrupted: int

    @classmethod
    def among(cls, messages: int) -> Wrong:
        """Spread over the run, none at the edge of a page of 100 rows; the late one near the end, to be missed."""
        at = [messages * share // 10 // 100 * 100 + 37 for share in (1, 3, 5, 7)]
        return cls(lost=at[0], duplicated=at[1], swapped=at[2], corrupted=at[3], late=messages - 20)


EXPECTED = {"lost": 1, "duplicated": 1, "out_of_order": 2, "shown_late": 1, "corrupted": 1, "landed_after_failure": 1}
"""One each; a swap moves two messages. The late one's sender had given up, so it also landed after failure."""


@dataclass
class Scene:
    """A mirror to audit: where it is, the run's topic, its journal's rows, and how many requests it refused (429)."""

    mirror_rest: str
    topic: str
    operator: str
    refused: int | None = None
    rows: list[list[Any]] = field(default_factory=list)


def message(topic_stream: str, number: int) -> bytes:
    """One message of the run."""
    from records.envelope import Envelope

    return Envelope(RUN_ID, topic_stream, number, "audit-event", 1_795_500_000.0).encode({"pad": "0123456789" * 8})


def journal_row(topic: str, stream: str, number: int, contents: bytes, sequence: int, acknowledged: bool) -> list[Any]:
    """What the sender noted, in the order of the journal's columns."""
    from records.envelope import digest

    outcome = "succeeded" if acknowledged else "unknown"
    sent_at = 1_795_500_000.0
    return [
        *(topic, stream, number, bytes.fromhex(digest(contents)), sent_at, sent_at, 0.0, acknowledged),
        *(f"{PAYER}@1795500000.{sequence:09d}", sequence if acknowledged else None, "hcs.submit||receipt"),
        *(outcome, "SUCCESS" if acknowledged else "DEADLINE_EXCEEDED"),
    ]


def position(sequence: int) -> tuple[str, int]:
    """Stream and number of the message at a place: streams take turns."""
    return f"0.{sequence % STREAMS}", sequence // STREAMS + 1


# --- a generated mirror


def serve(messages: int, ready: Connection) -> None:
    """Serve the rows of a topic as a mirror does, with faults, until the process is ended."""
    from aiohttp import web

    from localnet.mirror.rest.rate_limit import RateLimit

    limit, refused = RateLimit(50, time.monotonic), 0  # what public mirrors allow one address
    rows = generated_rows(messages)
    wrong = Wrong.among(messages)
    looks = 0

    @web.middleware
    async def limited(request: web.Request, handler: Any) -> web.StreamResponse:
        nonlocal refused
        if request.path != "/refused" and not limit.take("everybody"):
            refused += 1
            raise web.HTTPTooManyRequests
        response: web.StreamResponse = await handler(request)
        return response

    async def count(_: web.Request) -> web.Response:
        return web.json_response(refused)

    async def page(request: web.Request) -> web.Response:
        nonlocal looks
        bounds = dict(bound.split(":") for bound in request.query.getall("sequencenumber"))
        after, until = int(bounds["gte"]) - 1, int(bounds.get("lte", messages))
        looks += after >= wrong.late
        shown = [
            row
            for sequence in range(after + 1, min(after + 101, until + 1))
            if sequence != wrong.lost and (sequence != wrong.late or looks > 1)
            for row in [rows[sequence - 1]] * (2 if sequence == wrong.duplicated else 1)
        ]
        last = min(after + 100, until)
        more = f"{request.path}?limit=100&order=asc&sequencenumber=gte:{last + 1}" if last < until else None
        return web.json_response({"messages": shown, "links": {"next": more}})

    async def blocks(_: web.Request) -> web.Response:
        return web.json_response({"blocks": [{"timestamp": {"to": "1795503600.000000000"}}]})

    async def main() -> None:
        app = web.Application(middlewares=[limited])
        app.add_routes([web.get(f"/api/v1/topics/{TOPIC}/messages", page), web.get("/api/v1/blocks", blocks)])
        app.add_routes([web.get("/refused", count)])
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        ready.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(main())


def generated_rows(messages: int) -> list[dict[str, Any]]:
    """Rows in the mirror's shape, with a swap and a corruption among them; the hashes are those of the truth."""
    from base64 import b64encode

    from hedera_client import running_hash_v3

    wrong = Wrong.among(messages)
    rows, running = [], bytes(48)
    for sequence in range(1, messages + 1):
        contents = message(*position(sequence))
        consensus = 1_795_500_000_000_000_000 + sequence * 1_000_000
        running = running_hash_v3(running, PAYER, TOPIC, consensus, sequence, contents)
        if sequence == wrong.corrupted:
            contents = contents[:-1] + bytes([contents[-1] ^ 1])
        rows.append(
            {
                "topic_id": TOPIC,
                "sequence_number": sequence,
                "consensus_timestamp": f"{consensus // 10**9}.{consensus % 10**9:09d}",
                "message": b64encode(contents).decode(),
                "running_hash": b64encode(running).decode(),
                "running_hash_version": 3,
                "payer_account_id": PAYER,
                "chunk_info": None,
            }
        )
    first, second = rows[wrong.swapped - 1], rows[wrong.swapped]
    first["message"], second["message"] = second["message"], first["message"]
    return rows


@contextmanager
def generated(messages: int) -> Iterator[Scene]:
    """A generated mirror in a process of its own."""
    import requests

    here, there = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(messages, there), daemon=True)
    server.start()
    try:
        scene = Scene(f"http://127.0.0.1:{here.recv()}", TOPIC, PAYER)
        late = Wrong.among(messages).late
        for sequence in range(1, messages + 1):
            stream, number = position(sequence)
            contents = message(stream, number)
            scene.rows.append(journal_row(TOPIC, stream, number, contents, sequence, sequence != late))
        yield scene
        scene.refused = requests.get(f"{scene.mirror_rest}/refused", timeout=10).json()
    finally:
        server.kill()
        server.join()


# --- the embedded network's


@contextmanager
def through_localnet(messages: int) -> Iterator[Scene]:
    """The embedded network, after so many messages were submitted to it; its mirror is told what to do wrong."""
    import requests

    from hedera_client import HederaClient, Operator, bodies
    from localnet_launcher import start_localnet

    running = start_localnet("--latency", "instant", "--throttles", "off", "--limits", "off")
    try:
        operator = Operator.parse(running.operator_id, running.operator_key)
        client = HederaClient(running.network, operator, lane=1, rpc_timeout=30.0)

        def transact(body: Any) -> Any:
            node, transaction_id = client.next_node(), client.new_transaction_id()
            client.submit(client.prepare(body, node, transaction_id))
            return client.await_receipt(transaction_id, node, timeout=30.0, interval=0.01)

        topic = str(transact(bodies.create_topic(memo="audit benchmark", admin_key=None, submit_key=None)).topic_id)
        wrong = Wrong.among(messages)
        kinds = {"drop": wrong.lost, "repeat": wrong.duplicated, "swap": wrong.swapped, "corrupt": wrong.corrupted}
        faults: list[dict[str, Any]] = [
            {"kind": f"mirror-{kind}", "topics": [topic], "sequence_numbers": [at]} for kind, at in kinds.items()
        ]
        delay = 3.0 + messages / 4_000  # longer than it takes to read so far
        faults.append({"kind": "mirror-late", "topics": [topic], "sequence_numbers": [wrong.late], "delay": delay})
        headers = {"Authorization": f"Bearer {running.token}"}
        requests.post(f"{running.network.control}/faults", json=faults, headers=headers, timeout=10).raise_for_status()
        scene = Scene(running.network.mirror_rest, topic, running.operator_id)

        def write(writer: int) -> None:
            for number in range(1, messages // WRITERS + (writer < messages % WRITERS) + 1):
                contents = message(f"{writer}.0", number)
                place = transact(bodies.submit_message(topic, contents, None)).topic_sequence_number
                scene.rows.append(journal_row(topic, f"{writer}.0", number, contents, place, place != wrong.late))

        with ThreadPoolExecutor(WRITERS) as pool:
            list(pool.map(write, range(WRITERS)))
        client.close()
        yield scene
    finally:
        running.stop()


# --- the audit


def audit_in_process(asked: Connection) -> None:
    """When asked, audit a journal against a mirror, and answer with what was found and the process's peak memory."""
    import resource

    from config.networks import Network
    from config.run import Run
    from config.settings import RunSettings
    from reports.judge.mirror import MirrorAudit
    from reports.settling import chain_hash, reader

    asked.send("ready")
    mirror_rest, topic, folder, patience = asked.recv()
    run = Run(
        run_id=RUN_ID,
        started_at=1_795_500_000.0,
        settings=RunSettings(seed=1, audit_timeout=patience),
        network=Network(name="custom", nodes={"127.0.0.1:1": "0.0.3"}, mirror_rest=mirror_rest, mirror_grpc=""),
        operator_id=PAYER,
        topics={"events": topic},
    )
    began, processor = time.perf_counter(), time.process_time()
    found = MirrorAudit(run, Path(folder) / "journal.sqlite", reader(run), chain_hash).run()
    asked.send(
        {
            "seconds": round(time.perf_counter() - began, 2),
            "cpu_seconds": round(time.process_time() - processor, 2),
            "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
            "found": {kind: found[kind] for kind in EXPECTED},
            "delivered": found["delivered"],
            "rows": found["topics"][0]["rows"],
            "chain_broken_at": found["topics"][0]["chain_broken_at"],
            "error": found["error"],
        }
    )


class Auditor:
    """A fresh process that audits one scene. It is ready before the scene is, so that a late row is not there yet."""

    def __init__(self) -> None:
        self._here, there = multiprocessing.Pipe()
        self._process = multiprocessing.Process(target=audit_in_process, args=(there,), daemon=True)
        self._process.start()
        there.close()
        self._here.recv()

    def audit(self, scene: Scene, patience: float) -> dict[str, Any]:
        """Write the scene's journal and have it audited."""
        from reports.collect.journal import Journal

        with tempfile.TemporaryDirectory() as folder:
            journal = Journal(Path(folder))
            journal.append("local", {"sent": scene.rows})
            journal.close()
            self._here.send((scene.mirror_rest, scene.topic, folder, patience))
            result: dict[str, Any] = self._here.recv()
            self._process.join()
            return result


def main() -> int:
    """Run it, print one line of JSON, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.audit", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--messages", type=int, default=100_000, help="messages on the topic (default 100000)")
    parser.add_argument("--source", choices=("generated", "localnet"), default="generated", help="where rows come from")
    parser.add_argument("--patience", type=float, default=20.0, help="seconds to wait for what is missing (default 20)")
    parser.add_argument("--json", action="store_true", help="print JSON, which it does in any case")
    options = parser.parse_args()
    # A fresh interpreter for every process: a forked one would inherit the memory of this one.
    multiprocessing.set_start_method("spawn")
    scenes = {"generated": generated, "localnet": through_localnet}
    auditor = Auditor()
    with scenes[options.source](options.messages) as scene:
        result = auditor.audit(scene, options.patience)
    result["refused"] = scene.refused
    result |= {"messages": options.messages, "source": options.source, "expected": EXPECTED}
    result["machine"] = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    result["passed"] = result["found"] == EXPECTED and result["peak_mb"] < MEMORY_LIMIT_MB and result["error"] is None
    sys.stdout.write(json.dumps(result) + "\n")
    return 0 if result["passed"] else 1


if __name__ == "__main__":
    sys.exit(main())
