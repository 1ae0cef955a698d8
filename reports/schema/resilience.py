"""`resilience`: what was retried, refused and waited for, and what became of circuits, connections and streams.

The room `resilience` publishes most of it, in a form of its own that only grows; `hedera_client` and `hedera_users` the
connections and streams.
"""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict

from reports.schema.parts import CLOSED, GROWING, Amount, Count


@GROWING
class Retries(TypedDict):
    """Attempts after the first."""

    attempts: Count
    recovered: Count
    exhausted: Count
    by_status: dict[str, Count]


_FromAndTo = TypedDict("_FromAndTo", {"from": str, "to": str}, total=False)


@GROWING
class Transition(_FromAndTo):
    """A change of a circuit's state."""

    time: NotRequired[float]
    """Unix time in seconds."""


@GROWING
class Storage(TypedDict):
    """What keeps a circuit that processes share."""

    failures: NotRequired[Count]
    """How often it did not answer."""


@GROWING
class Breaker(TypedDict):
    """One circuit breaker of one process."""

    name: str
    state: str
    opened: Count
    half_opened: Count
    closed: Count
    rejected: Count
    open_s: Amount
    transitions: list[Transition]
    transitions_dropped: NotRequired[Count]
    storage: NotRequired[Storage]


@GROWING
class MirrorStream(TypedDict):
    """Subscriptions to one topic."""

    topic: str
    opened: NotRequired[Count]
    """Subscriptions."""

    ended: NotRequired[Count]
    """How many of them the mirror, or the way to it, ended."""

    silent: NotRequired[Count]
    """How many were opened again because REST showed messages that they did not."""

    skipped: NotRequired[Count]
    """Messages left out between two that came."""

    looks: NotRequired[Count]
    """Questions over REST about messages that were overdue."""

    unanswered: NotRequired[Count]
    """How many of them brought no answer."""

    waits: NotRequired[Count]
    """Waits for a message that ended well."""

    late: NotRequired[Count]
    """How many of them rest on REST, or on a stream that was opened again meanwhile."""

    late_s: NotRequired[Amount]
    """Seconds by which those may be too long at most, in total."""


@CLOSED
class EventBreak(TypedDict):
    """A time in which a live subscription brought nothing, because its stream had ended or was silent."""

    from_s: Amount
    """When it began, in seconds since the start of the run."""

    lasted_s: Amount
    """Until the first message after it."""

    caught_up: Count
    """Messages that would have come meanwhile, by how long they usually take, and came afterwards."""

    catch_up_s: Amount
    """How long it took from then until the last of them had come."""


@CLOSED
class EventStream(TypedDict):
    """A live subscription to one topic, as an event-driven application holds it."""

    topic: str
    delivered: Count
    """Messages that came, each once."""

    last_sequence: Count
    """The highest sequence number that came."""

    opened: Count
    ended: Count
    """Streams that the mirror, or the way to it, ended, or did not open."""

    silent: Count
    """Streams that were given up because REST had a message that they did not bring."""

    skipped: Count
    """Messages that were passed over: a later one came before."""

    disordered: Count
    """How many of these came later all the same."""

    repeated: Count
    """Messages that came again."""

    breaks: list[EventBreak]
    """The first hundred of a process."""


@GROWING
class NodeConnections(TypedDict):
    """Connections to one node."""

    node: str
    opened: NotRequired[Count]
    """On which calls could be made."""

    closed: NotRequired[Count]
    """How many of them are over, by whomever."""

    failed: NotRequired[Count]
    """Attempts to open one that failed."""

    lost: NotRequired[Count]
    """Ended with calls under way, whose outcome was then unknown."""

    drained: NotRequired[Count]
    """Closed by the node in good order (GOAWAY with NO_ERROR)."""

    aged: NotRequired[Count]
    """Replaced for their age, by the node or just before it would have."""

    most_open: NotRequired[Count]
    """The greatest number at once; over several processes an upper bound."""

    waited: NotRequired[Count]
    """Calls that waited for a connection, or for room on one."""

    waited_s: NotRequired[Amount]
    """Seconds that they waited, in total."""

    moved: NotRequired[Count]
    """Calls begun anew on another connection, since the node had certainly not seen them."""


@GROWING
class Queue(TypedDict):
    """The queues of all services and processes together; capacity and extremes are those of one."""

    capacity: Count
    max_depth: Count
    enqueued: Count
    drained: Count
    expired: Count
    rejected: Count
    left: Count
    withdrawn: Count
    depth: Count


@GROWING
class Waits(TypedDict):
    """Waits of one kind."""

    count: Count
    seconds: Amount
    max_s: Amount


@GROWING
class Limits(TypedDict):
    """One limit of a limiter."""

    kind: str
    limit: NotRequired[float]
    limit_min: NotRequired[float]
    limit_max: NotRequired[float]
    waits: NotRequired[Count]
    busy: NotRequired[Count]


@GROWING
class Limiter(Limits):
    """One limiter of one process: a limit, or `limits` that hold together."""

    name: str
    limits: NotRequired[list[Limits]]


@GROWING
class Budget(TypedDict):
    """The retry budgets of all processes together, in tokens."""

    capacity: Count
    left: Count
    lowest: Count
    spent: Count
    given_back: Count
    refused: Count


@GROWING
class Resilience(TypedDict):
    """The section."""

    retries: Retries
    breakers: list[Breaker]
    queue: Queue | None
    rejected: dict[str, Count]
    """Operations that were refused before anything was sent, by the kind of refusal."""

    cut_short: dict[str, Count]
    """Operations whose last error could have been retried but for a refusal, by its kind."""

    waits: dict[str, Waits]
    """What operations waited for: retry, circuit, limiter, queue."""

    limiters: list[Limiter]
    budget: Budget | None
    """The retry budgets of all processes together, in tokens; null where retries are not bounded."""

    connections: NotRequired[list[NodeConnections]]
    """Connections to the nodes, over all processes."""

    mirror_streams: NotRequired[list[MirrorStream]]
    """Subscriptions to the mirror, over all processes."""

    event_streams: NotRequired[list[EventStream]]
    """Live subscriptions of users that are event-driven applications."""
