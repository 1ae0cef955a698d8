"""The session: what the users of one process share during one run (client, guards, baseline, counts)."""

from __future__ import annotations

from locust.env import Environment

import itertools
import random
import time
from pathlib import Path
from typing import Any, Literal

from config.curve import NOTHING, Curve
from config.levels import MIRROR, Confirm
from config.run import Run
from hedera_client import HederaClient, MirrorRest, MirrorWatcher, Operator, Relay
from hedera_client.event_stream import EventStream
from hedera_client.greenlets import prepare_process
from hedera_client.overdue_messages import LOOK_INTERVAL_S
from hedera_client.pacing import REQUESTS_PER_S
from hedera_client.receipt_pace import ReceiptPace
from hedera_users import schedule
from hedera_users.application_ways import make_way
from hedera_users.arrivals import Arrivals, Turn
from hedera_users.background import Background
from hedera_users.baseline import Baseline, make_baseline
from hedera_users.edge_faults import EdgeFaults
from hedera_users.fees import fee_caps, max_query_payment
from hedera_users.guards import Guards, Place, make_guards
from hedera_users.hedera_service import HederaService
from hedera_users.http_posts import TOPIC_HEADER
from hedera_users.mirror_reads import MirrorReads
from hedera_users.mirror_view import MirrorView
from hedera_users.operation import Operation
from hedera_users.operation_counts import OperationCounts
from hedera_users.own_application import OwnApplication
from hedera_users.relay_view import RelayView
from hedera_users.setup import APPLICATION
from hedera_users.topic_files import TopicFiles
from records.operation import Arm
from records.sources import publish
from records.stopwatch import NS_PER_S
from resilience import GuardStats

SPARE_CALL_SLOTS = 20
"""Blocking calls that may be in flight beside the users' own (mirror streams, DNS, files)."""

SECOND_OPINIONS_PER_S = REQUESTS_PER_S / 2
"""Questions a second that all workers together ask a mirror about what its streams do not show."""

TOPIC_PAST_S = 60.0
"""How long before the run's start live subscriptions begin to read a topic that an earlier run has left: by more than
the network's clock and this one's differ."""

LAST_WORDS_S = 2.0
"""Seconds that operations refused or killed at the very end have to close."""

_ATTRIBUTE = "hedera_session"


class Session:
    """One process's part of one run.

    Made lazily, after Locust has forked its workers: gRPC channels, id generators and seeded randoms must not be shared
    between processes.

    Args:
        environment: Locust's environment of this process.
        run: The run as the master describes it.
        operator: The operator, which pays and signs.
        worker: This process's index among the workers; 0 where there is only one.
    """

    def __init__(self, environment: Environment, run: Run, operator: Operator, worker: int) -> None:
        settings = run.settings
        self.edge = EdgeFaults(run, worker) if run.edge_faults else None
        if self.edge is not None:
            run = run.model_copy(update={"network": self.edge.network})
        self.environment = environment
        self.run = run
        self.operator = operator
        self.worker = worker
        self.operation_counts = OperationCounts()
        self.stats = GuardStats()
        self.arrivals = make_arrivals(run, worker, self.operation_counts)
        self.background = Background(environment, f"{worker}/deliveries", settings.queue)
        self._stopped_at = 0.0
        self._user_numbers = itertools.count()
        caps = fee_caps(settings, run.exchange_rate)
        self.client = HederaClient(
            run.network,
            operator,
            lane=worker,
            scatter=run.scatter,
            rpc_timeout=settings.rpc_timeout,
            transport=settings.transport,
            valid_duration=settings.valid_duration,
            max_connections=settings.connections,
            caps=caps,
            max_query_payment=max_query_payment(settings, caps),
            receipt_pace=ReceiptPace(settings.receipt_schedule, settings.receipt_interval),
        )
        self._guards = make_guards(settings, self.client.nodes, self.stats, Place(run.run_id, worker, run.workers))
        self._mirror = _mirror_view(run, self._guards) if MIRROR in settings.confirm else None
        self.hedera = HederaService(self.client, self._guards, self._mirror, self.background, settings)
        self._rest = MirrorRest(run.network.mirror_rest, timeout=settings.rpc_timeout, processes=run.workers)
        self.mirror = MirrorReads(self._rest, self._guards.mirror_reads, settings.confirm_timeout)
        self.topic_files = TopicFiles(self.client, self._guards, self.hedera.transactions, self.mirror)
        self._event_streams: list[EventStream] = []
        self.relay = _relay_view(run, self._guards)
        scratch = Path(settings.report_dir) / run.run_id / f"baseline-{worker}.sqlite"
        topic = run.topics.get(APPLICATION, "")
        told = {TOPIC_HEADER: topic} if topic else {}  # both arms, so that they are equal
        self.baseline: Baseline = make_baseline(settings.baseline, scratch, told)
        way = make_way(settings.with_hedera, topic)
        self.application = OwnApplication(way, topic, settings.confirm_timeout) if way is not None else None

    def next_user_number(self) -> int:
        """Number of a new user in this process; never given twice in a run."""
        return next(self._user_numbers)

    def random_of(self, stream: str) -> random.Random:
        """Return a source of randomness that depends on the run's seed and the user only."""
        return random.Random(f"{self.run.settings.seed}/{stream}")

    def operation(
        self,
        name: str,
        *,
        arm: Arm | None = None,
        pair: str | None = None,
        confirm: Confirm | Literal["application", ""] = "",
        turn: Turn | None = None,
        size_bytes: int = 0,
    ) -> Operation:
        """Open an operation; use it as a context manager.

        Args:
            name: What is done, e.g. `hcs.submit`.
            arm: Its side of a pair.
            pair: What its pair is called.
            confirm: The level that it has to reach, `application` for as far as that goes by itself; "" for one that
                has no level (a baseline, a query).
            turn: Its turn, where the run has an arrival rate; response time counts from when it was due.
            size_bytes: Size of its payload.
        """
        return Operation(
            self.environment,
            self.operation_counts,
            name,
            arm=arm,
            pair=pair,
            confirm=confirm,
            size_bytes=size_bytes,
            turn=turn,
            allowed_s=self.run.settings.deadline or None,
            levels_apart=len(self.run.settings.confirm) > 1,
        )

    def stopping(self) -> None:
        """Note that the users are asked to stop: what they have begun ends after the load."""
        self._stopped_at = self._stopped_at or time.time()

    def load(self) -> dict[str, float]:
        """When the users were asked to stop: `ended_at`, Unix time in seconds; empty until then."""
        return {"ended_at": self._stopped_at} if self._stopped_at else {}

    def mirror_streams(self) -> dict[str, dict[str, float]]:
        """Statistics of the mirror's streams, by topic; empty without the level `mirror`."""
        return self._mirror.counts() if self._mirror is not None else {}

    def event_stream(self, topic_id: str) -> EventStream:
        """Return a live subscription to a topic, whose statistics the report shows; the session closes it."""
        after = next((one.after for one in self.run.topic_starts if one.topic_id == topic_id), 0)
        since_ns = int((self.run.started_at - TOPIC_PAST_S) * NS_PER_S) if after else 0
        stream = EventStream(self.run.network, topic_id, self._rest, after=after, since_ns=since_ns)
        self._event_streams.append(stream)
        return stream

    def event_streams(self) -> dict[str, Any]:
        """Statistics of the live subscriptions, by topic."""
        return {stream.topic_id: stream.counts.snapshot() for stream in self._event_streams}

    def close(self, drain_s: float = 0.0) -> None:
        """Let handed-over operations end, and release channels, subscriptions and the baseline; counts stay readable.

        Args:
            drain_s: Seconds that it may take. What has not been sent by then is refused, and closes as rejected; what
                was sent and is not settled closes as unknown.
        """
        if self.arrivals is not None:
            self.arrivals.end()
        if not self.background.join(drain_s):
            self._guards.close()
            self.background.join(LAST_WORDS_S)
            self.background.kill(LAST_WORDS_S)
        if self._mirror is not None:
            self._mirror.close()
        for stream in self._event_streams:
            stream.close()
        self.mirror.close()
        if self.relay is not None:
            self.relay.close()
        self.client.close()
        self.baseline.close()
        if self.application is not None:
            self.application.close()
        if self.edge is not None:
            self.edge.close()


def _mirror_view(run: Run, guards: Guards) -> MirrorView:
    settings = run.settings
    rest = MirrorRest(run.network.mirror_rest, timeout=settings.rpc_timeout, processes=run.workers)
    topics = sorted(set(run.topics.values()))
    look_interval = max(LOOK_INTERVAL_S, run.workers * len(topics) / SECOND_OPINIONS_PER_S)
    watchers = {topic: MirrorWatcher(run.network, topic, rest=rest, look_interval=look_interval) for topic in topics}
    return MirrorView(watchers, rest, guards.mirror, settings.confirm_timeout)


def _relay_view(run: Run, guards: Guards) -> RelayView | None:
    """The relay for users; nothing connects to it before the first request. None where the network has none."""
    if run.network.relay is None:
        return None
    return RelayView(Relay(run.network.relay, timeout=run.settings.rpc_timeout), guards.relay)


def make_arrivals(run: Run, worker: int, operation_counts: OperationCounts) -> Arrivals | None:
    """Return a process's part of the run's arrivals; None in a closed model.

    Under a shape nothing is due before the master has told when the shape begins (`rate_plan`).
    """
    settings = run.settings
    if not settings.arrival_rate:
        return None
    seed = f"{settings.seed}/arrivals/{worker}"
    by_chance = settings.arrivals == "poisson"
    counts = schedule.by_chance(run.workers, random.Random(seed)) if by_chance else schedule.evenly(worker, run.workers)
    curve = NOTHING if settings.shape else Curve.constant(settings.arrival_rate, run.started_at)
    return Arrivals(schedule.Moments(counts, curve), settings.arrival_patience, operation_counts.shed, seed)


def open_session(environment: Environment, run: Run, operator: Operator, worker: int, users: int) -> Session:
    """Make this process's session and let the reports read its counts.

    Args:
        environment: Locust's environment.
        run: The run.
        operator: The operator, which pays and signs.
        worker: This process's index among the workers.
        users: How many users may have a call in flight at once.
    """
    prepare_process(users + SPARE_CALL_SLOTS)
    session = Session(environment, run, operator, worker)
    setattr(environment, _ATTRIBUTE, session)
    publish(environment, "resilience", session.stats.snapshot)
    publish(environment, "operation_counts", session.operation_counts.snapshot)
    publish(environment, "connections", session.client.connections)
    publish(environment, "mirror_streams", session.mirror_streams)
    publish(environment, "event_streams", session.event_streams)
    publish(environment, "collisions", session.hedera.collisions)
    publish(environment, "load", session.load)
    publish(environment, "edge_faults", session.edge.snapshot if session.edge is not None else dict)
    _note_the_end(environment, session)
    _plug_in(environment, session.arrivals)
    return session


def _note_the_end(environment: Environment, session: Session) -> None:
    """Let the session know when its users are asked to stop, once."""
    events: Any = environment.events

    def stopping(**_: Any) -> None:
        session.stopping()
        events.test_stopping.remove_listener(stopping)

    events.test_stopping.add_listener(stopping)


def _plug_in(environment: Environment, arrivals: Arrivals | None) -> None:
    """Let operations be due from when all users are there until they are asked to stop."""
    if arrivals is None:
        publish(environment, "arrivals", dict)  # in place of what an earlier run left
        return
    events: Any = environment.events

    def begin(**_: Any) -> None:
        arrivals.begin()

    def end(**_: Any) -> None:
        arrivals.end()
        events.spawning_complete.remove_listener(begin)
        events.test_stopping.remove_listener(end)

    events.spawning_complete.add_listener(begin)
    events.test_stopping.add_listener(end)
    publish(environment, "arrivals", arrivals.snapshot)


def session_of(environment: Environment) -> Session | None:
    """Return this process's session, or None where no run was set up."""
    session: Session | None = getattr(environment, _ATTRIBUTE, None)
    return session


def close_session(environment: Environment, drain_s: float = 0.0) -> None:
    """Close this process's session, where there is one; it may take `drain_s` seconds to let work end."""
    session = session_of(environment)
    if session is not None:
        session.close(drain_s)
        setattr(environment, _ATTRIBUTE, None)
