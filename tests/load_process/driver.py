"""Does jobs of real load in a process that gevent has patched, as Locust's are: one JSON line in, one JSON line out.

A job names the network, the settings of the run, and how many messages, files and reads of the
relay each stream makes. It goes the way of
every operation: session, guards, client, localnet. The tests' own process cannot do that, for it is not patched.
"""

from __future__ import annotations

import locust  # noqa: F401  patches the standard library, so it stands first
from locust.env import Environment

import itertools
import json
import sys
import tempfile
import time
from dataclasses import asdict
from typing import Any

import gevent
import requests

from config.networks import Network
from config.parsing import parse_settings
from config.run import Run
from hedera_client import Operator, Relay
from hedera_users.payloads import audit_event
from hedera_users.session import Session, open_session
from hedera_users.setup import create_topics
from records.envelope import Envelope, digest
from records.operation import OperationRecord

_jobs = itertools.count(1)


class Job:
    """One job, done once."""

    def __init__(self, asked: dict[str, Any]) -> None:
        self.asked = asked
        self.records: list[OperationRecord] = []
        self.environment = Environment()
        self.environment.events.request.add_listener(
            lambda context, **_: self.records.append(context["record"])  # type: ignore[arg-type]
        )
        network = Network(**asked["network"])
        operator = Operator.parse(*asked["operator"])
        self._folder = tempfile.TemporaryDirectory()
        settings = parse_settings({"seed": 1, "report_dir": self._folder.name, **asked.get("settings", {})})
        run_id = f"job-{next(_jobs)}-{time.time_ns()}"
        topics = asked.get("topics") or create_topics(network, operator, run_id, settings)
        self.run = Run(
            run_id=run_id,
            started_at=time.time(),
            settings=settings,
            network=network,
            operator_id=operator.account_id,
            topics=topics,
        )
        self.session = open_session(self.environment, self.run, operator, 0, users=200)

    def do(self) -> dict[str, Any]:
        """Run every stream, drain, and say what happened."""
        if self.asked.get("faults"):  # their time begins with that of the streams
            requests.post(
                f"{self.run.network.control}/faults",
                headers={"Authorization": f"Bearer {self.asked['token']}"},
                json=self.asked["faults"],
                timeout=10,
            ).raise_for_status()
        begun = time.monotonic()
        streams = [gevent.spawn(self._stream, number, **one) for number, one in enumerate(self.asked["streams"], 1)]
        gevent.joinall(streams, timeout=self.asked.get("stop_after_s"))
        gevent.killall(streams)
        users_s = time.monotonic() - begun
        gevent.sleep(self.asked.get("linger_s", 0.0))
        self.session.close(self.asked.get("drain_s", 10.0))
        return {
            "run_id": self.run.run_id,
            "topics": self.run.topics,
            "users_s": users_s,
            "records": [asdict(record) for record in self.records],
            "operation_counts": self.session.operation_counts.snapshot(),
            "resilience": self.session.stats.snapshot(),
            "mirror_streams": self.session.mirror_streams(),
            "pending": self.session.background.pending,
            "errors": [repr(stream.exception) for stream in streams if stream.exception is not None],
        }

    def _stream(
        self,
        number: int,
        messages: int = 0,
        files: int = 0,
        reads: int = 0,
        topic_files: int = 0,
        parallel: int = 1,
        delay_s: float = 0.0,
        every_s: float = 0.0,
    ) -> None:
        """Send `messages` audit events, store and read back `files` models of three chunks, and `topic_files` by HCS-1
        of twelve pieces so many at once, read `reads` times."""
        gevent.sleep(delay_s)
        for count in range(1, messages + 1):
            _submit(self.session, f"0.{number}", count, self.asked.get("message_bytes", 200))
            gevent.sleep(every_s)
        for count in range(files):
            _store(self.session, f"0.{number}", count)
        for count in range(topic_files):
            _store_on_topic(self.session, f"0.{number}", count, parallel)
        for _ in range(reads):
            _read(self.session)
            gevent.sleep(every_s)


def _submit(session: Session, stream: str, number: int, size: int) -> None:
    topic = session.run.topics["events"]
    envelope = Envelope(session.run.run_id, stream, number, "audit-event", time.time())
    message = audit_event(envelope, size, session.random_of(f"{stream}/{number}"))
    hedera = session.hedera
    level = session.run.settings.confirm[number % len(session.run.settings.confirm)]
    with session.operation("hcs.submit", confirm=level, size_bytes=len(message)) as operation:
        operation.message(topic, stream, number, digest(message))
        hedera.perform(operation, lambda: hedera.submit_message(operation, topic, message))


def _store(session: Session, stream: str, number: int) -> None:
    hedera = session.hedera
    chunks = [session.random_of(f"{stream}/{number}/{at}").randbytes(400) for at in range(3)]
    with session.operation("hfs.store", confirm="receipt", size_bytes=1200) as stored:
        hedera.perform(stored, lambda: hedera.store_file(stored, chunks))
    if stored.succeeded:
        with session.operation("hfs.fetch", size_bytes=1200) as fetched:
            contents = hedera.fetch_file(fetched, stored.record.stored_files[0].file_id)
            assert contents == b"".join(chunks), "what was read back is not what was stored"


def _store_on_topic(session: Session, stream: str, number: int, parallel: int) -> None:
    contents, last = session.random_of(f"{stream}/{number}").randbytes(9_000), 0
    with session.operation("store.hcs-1", confirm="receipt", size_bytes=9_000) as stored:
        topic, last = session.topic_files.store(stored, contents, parallel)
    if stored.succeeded:
        with session.operation("fetch.hcs-1", size_bytes=9_000) as fetched:
            assert session.topic_files.fetch(fetched, topic, last) == contents, "what was read is not what was stored"


def _read(session: Session) -> None:
    assert session.relay is not None, "the network has a relay"
    with session.operation("relay.eth_blockNumber") as operation:
        session.relay.ask(operation, Relay.block_number)


def main() -> None:
    """Do jobs until there are no more."""
    for line in sys.stdin:
        sys.stdout.write(json.dumps(Job(json.loads(line)).do()) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
