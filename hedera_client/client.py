"""The client: one attempt of one operation at one node, and how its outcome is read back. It retries nothing."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Collection, Sequence
from typing import Any, Final, TypeVar

from google.protobuf.message import DecodeError
from hiero_sdk_python.hapi.services import transaction_pb2, transaction_response_pb2

from config.networks import Network
from grpc_http2.client.no_answer import NoAnswerError
from grpc_http2.client.pool import MAX_CONNECTIONS
from hedera_client import bodies, queries, receipts, settling
from hedera_client.bodies import Body
from hedera_client.credentials import Operator, Signer
from hedera_client.errors import Fate, NodeError, QueryTooExpensiveError, TransportError
from hedera_client.ids import TransactionId, TransactionIds
from hedera_client.prices import HBAR, WITHOUT_RATE, FeeCaps
from hedera_client.queries import AccountInfo, FileInfo, Query, Record, TopicInfo
from hedera_client.receipt_pace import ReceiptPace
from hedera_client.receipts import Receipt
from hedera_client.settling import Settlement, Window
from hedera_client.status import CLOSED, OK, precheck_error, status_name, transport_error
from hedera_client.transactions import (
    DEFAULT_VALID_DURATION_S,
    LONGEST_VALID_DURATION_S,
    SHORTEST_VALID_DURATION_S,
    Prepared,
    prepare,
)
from hedera_client.transports import TransportName, open_transport

T = TypeVar("T")

ACCEPTED: Final = b""
"""A serialised `TransactionResponse` that says OK and no cost: protobuf leaves zeros out."""

SETTLE_MARGIN_S: Final = settling.CLOCK_SKEW_S + settling.CONSENSUS_S

MAX_QUERY_PAYMENT: Final = HBAR
"""Tinybars that one query may cost at most unless the caller says otherwise; the SDK's default."""


class HederaClient:
    """Speaks to the consensus nodes of one network for one operator.

    Making one opens nothing: channels are opened on first use, by the process that uses them, so a client may be made
    before a fork. Safe for threads and greenlets.

    Args:
        network: Where the nodes are. Where several addresses belong to one account, connections go to them in turn.
        operator: Pays and signs.
        lane: 0 to 999, one per process that shares the operator and the scatter (see `TransactionIds`).
        rpc_timeout: Seconds after which one call is given up; a call may be given less, and never has more.
        transport: `http2` (this project's own, much cheaper) or `grpc`.
        scatter: Where in time this run's transaction ids lie; the same in all its processes. None draws one.
        valid_duration: Seconds from its valid start in which a transaction may be accepted, 16 to 180. Nodes accept it
            until 10 s before the end, and its valid start lies 5 s back.
        receipt_pace: When to look for receipts; None: `adaptive`, at most one look per 0.25 s of waiting.
        max_connections: Connections per node that take calls at the same time, at most; they are opened as calls need
            them (docs/client.md).
        caps: How much is offered for a transaction (`hedera_client.prices`); without an exchange rate it is rather too
            much, which is not charged.
        max_query_payment: Tinybars that one query may cost at most, unless its payment is given.
        sleep: Waits so many seconds (between two looks for a receipt).
        clock: Monotonic seconds.
        now: Unix seconds.

    Attributes:
        operator: As given.
        valid_duration: As given.
        nodes: Account ids of the nodes.

    Raises:
        ValueError: the transport, the valid duration or the number of connections is none.
    """

    def __init__(
        self,
        network: Network,
        operator: Operator,
        *,
        lane: int,
        scatter: int | None = None,
        rpc_timeout: float,
        transport: TransportName = "http2",
        valid_duration: int = DEFAULT_VALID_DURATION_S,
        max_connections: int = MAX_CONNECTIONS,
        caps: FeeCaps = WITHOUT_RATE,
        max_query_payment: int = MAX_QUERY_PAYMENT,
        receipt_pace: ReceiptPace | None = None,
        sleep: Callable[[float], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        if not SHORTEST_VALID_DURATION_S <= valid_duration <= LONGEST_VALID_DURATION_S:
            raise ValueError(
                f"valid duration {valid_duration} s: choose {SHORTEST_VALID_DURATION_S} to {LONGEST_VALID_DURATION_S}"
            )
        self.operator = operator
        self.valid_duration = valid_duration
        self.nodes: tuple[str, ...] = tuple(dict.fromkeys(network.nodes.values()))
        self._rpc_timeout = rpc_timeout
        self._caps = caps
        self._max_query_payment = max_query_payment
        self._receipt_pace = receipt_pace or ReceiptPace()
        self._sleep = sleep
        self._clock = clock
        self._now = now
        self._transport = open_transport(network, transport, max_connections)
        self._closed = False
        self._ids = TransactionIds(operator.account_id, lane, scatter=scatter)
        self._turn = itertools.count(lane)  # processes begin with different nodes

    def next_node(self, avoid: Collection[str] = ()) -> str:
        """Account id of the node whose turn it is: round robin, without those in `avoid` unless that leaves none."""
        candidates = [node for node in self.nodes if node not in avoid] if avoid else self.nodes
        return (candidates or self.nodes)[next(self._turn) % len(candidates or self.nodes)]

    def new_transaction_id(self) -> TransactionId:
        """A transaction id of the operator's that was never issued before.

        Raises:
            ClockError: the system clock was set back too far.
        """
        return self._ids.next()

    def prepare(
        self, body: Body, node: str, transaction_id: TransactionId, *, signers: Sequence[Signer] = ()
    ) -> Prepared:
        """Sign `body` for one node, by the operator and by `signers` (e.g. the holder of a submit key)."""
        return prepare(body, node, transaction_id, (self.operator, *signers), self.valid_duration, self._caps)

    def submit(
        self,
        prepared: Prepared,
        timeout: float | None = None,
        *,
        on_wait: Callable[[float], None] | None = None,
    ) -> None:
        """Send a transaction to its node, once; returns when the node has accepted it for consensus.

        An acknowledgement is not yet success: a missing submit key, an unknown topic or an oversized message are
        found only at consensus and told by the receipt.

        Args:
            prepared: What to send.
            timeout: Seconds; None, or more, is the client's `rpc_timeout`.
            on_wait: Called once, when the call has ended, well or not, with the seconds that it waited for a connection
                or a free stream before it was sent, if it had to. The rest of its time is the node's and the way's.

        Raises:
            AlreadySubmittedError: the network has this transaction id already.
            PrecheckError: the node refused.
            TransportError: there was no answer.
        """
        node, kind = prepared.node, prepared.kind
        data = self.call(
            node,
            prepared.method,
            prepared.request,
            timeout,
            action=kind,
            transaction_id=prepared.transaction_id,
            on_wait=on_wait,
        )
        if data == ACCEPTED:
            return
        transaction_id = str(prepared.transaction_id)
        try:
            response = transaction_response_pb2.TransactionResponse.FromString(data)
        except DecodeError as error:
            raise _unreadable(kind, Fate.UNKNOWN, node, transaction_id) from error
        code = response.nodeTransactionPrecheckCode
        if status_name(code) != OK:
            raise precheck_error(code, node=node, transaction_id=transaction_id, action=kind, cost=response.cost)

    def call(
        self,
        node: str,
        method: str,
        request: bytes,
        timeout: float | None = None,
        *,
        action: str,
        transaction_id: object = "",
        reading: bool = False,
        on_wait: Callable[[float], None] | None = None,
    ) -> bytes:
        """Make one call to one node and return the answer's bytes, whatever they say: what all else here is made of.

        Args:
            node: Account id of the node.
            method: Full gRPC method name, e.g. `/proto.ConsensusService/submitMessage`.
            request: Serialised request.
            timeout: Seconds; None, or more, is the client's `rpc_timeout`.
            action: What to call it in an error.
            transaction_id: For an error; its `str` is taken only then.
            reading: Whether it changes nothing (see `hedera_client.status.transport_error`).
            on_wait: See `submit`.

        Raises:
            TransportError: there was no answer.
        """
        allowed = self._rpc_timeout if timeout is None else min(timeout, self._rpc_timeout)
        try:
            return self._transport.unary(node, method, request, allowed, on_wait)
        except NoAnswerError as failure:
            # A closed transport says that it has no connection.
            told = (
                NoAnswerError(CLOSED, "the client is closed", sent=False)
                if self._closed and not failure.sent
                else failure
            )
            raise transport_error(
                told, node=node, transaction_id=str(transaction_id), action=action, reading=reading
            ) from failure

    def receipt(self, transaction_id: TransactionId, node: str, timeout: float | None = None) -> Receipt | None:
        """Look once for a receipt; None while the transaction is pending. A failed receipt is returned, not raised.

        Raises:
            PrecheckError: e.g. RECEIPT_NOT_FOUND: this node has not heard of the transaction, or no longer knows it
                (receipts are kept 180 s after consensus).
            TransportError: there was no answer.
        """
        return self._ask(queries.receipt(transaction_id), node, timeout)

    def await_receipt(
        self,
        transaction_id: TransactionId,
        node: str,
        *,
        timeout: float,
        interval: float | None = None,
        waited: float = 0.0,
    ) -> Receipt:
        """Wait for a receipt, for `timeout` seconds.

        The first look is at `node`, which acknowledged; the schedule is described at `receipt_pace`, and what a failed
        look means at `receipts.await_receipt`.

        Args:
            transaction_id: Whose receipt.
            node: Account id.
            timeout: Seconds from now.
            interval: None looks when the client's `receipt_pace` says; a number, every so many seconds.
            waited: Seconds that have passed since the acknowledgement.

        Raises:
            ReceiptFailedError: consensus was reached, with a status other than SUCCESS.
            ReceiptTimeoutError: no receipt was seen; the transaction may still succeed.
        """
        others = [other for other in self.nodes if other != node]
        return receipts.await_receipt(
            lambda asked, rest: self.receipt(transaction_id, asked, rest),
            transaction_id,
            [node, *others],
            timeout=timeout,
            pace=self._receipt_pace if interval is None else ReceiptPace("fixed", interval),
            waited=waited,
            # Looked up now: Locust's monkey patching replaces it.
            sleep=self._sleep or time.sleep,
            clock=self._clock,
        )

    def window_of(self, transaction_id: TransactionId, margin: float = SETTLE_MARGIN_S) -> Window:
        """Until when nodes accept a transaction of this client's, and until when it may still reach consensus.

        Args:
            transaction_id: Prepared with this client's `valid_duration`.
            margin: Seconds for differences between clocks and for the way to consensus and back.
        """
        return settling.window_of(transaction_id, self.valid_duration, margin)

    def settle(
        self,
        transaction_id: TransactionId,
        nodes: Sequence[str] = (),
        *,
        timeout: float,
        interval: float = 1.0,
        margin: float = SETTLE_MARGIN_S,
        witnesses: int = settling.WITNESSES,
    ) -> Settlement:
        """Find out what became of a transaction whose outcome is unknown; never raises for what nodes say.

        Nodes are asked in turn until a receipt is there; or its window is over and enough nodes do not know it, so that
        it never happened and a new id may be used; or time is up (see `settling`). With the default valid duration of
        120 s "never happened" can be said between 140 and 175 s after the valid start; with one over 155 s only where
        a node was seen to have it pending.

        Args:
            transaction_id: Prepared with this client's `valid_duration`.
            nodes: Account ids that it was sent to; they are asked first, all others of the client after them.
            timeout: Seconds from now.
            interval: Seconds between two looks.
            margin: As for `window_of`.
            witnesses: How many nodes have to say that they do not know it.
        """
        order = [*nodes, *(node for node in self.nodes if node not in nodes)]
        return settling.settle(
            lambda node, rest: self.receipt(transaction_id, node, rest),
            transaction_id,
            order,
            self.window_of(transaction_id, margin),
            timeout=timeout,
            interval=interval,
            witnesses=witnesses,
            sleep=self._sleep or time.sleep,
            clock=self._clock,
            now=self._now,
        )

    def record(
        self, transaction_id: TransactionId, node: str, *, payment: int | None = None, timeout: float | None = None
    ) -> Record:
        """Read a transaction's record (a paid query). Ask when its receipt is there: not found is paid as well."""
        return self._ask_paid(queries.record(transaction_id), node, payment, timeout)

    def file_contents(
        self, file_id: str, node: str, *, payment: int | None = None, timeout: float | None = None
    ) -> bytes:
        """Read a file's contents (a paid query); empty where the file was deleted.

        Args:
            file_id: Which file.
            node: Who is asked.
            payment: Tinybars to pay, where the price is known: one round trip. None asks for the price first: two.
            timeout: Seconds per round trip; None, or more, is the client's `rpc_timeout`.

        Raises:
            QueryTooExpensiveError: the node asks for more than the client's `max_query_payment`.
            PrecheckError: the node refused, the payment or the question.
            TransportError: there was no answer.
        """
        return self._ask_paid(queries.file_contents(file_id), node, payment, timeout)

    def file_info(
        self, file_id: str, node: str, *, payment: int | None = None, timeout: float | None = None
    ) -> FileInfo:
        """Read what the network knows of a file (a paid query, as `file_contents`)."""
        return self._ask_paid(queries.file_info(file_id), node, payment, timeout)

    def topic_info(
        self, topic_id: str, node: str, *, payment: int | None = None, timeout: float | None = None
    ) -> TopicInfo:
        """Read what the network knows of a topic (a paid query, as `file_contents`)."""
        return self._ask_paid(queries.topic_info(topic_id), node, payment, timeout)

    def account_info(
        self, account_id: str, node: str, *, payment: int | None = None, timeout: float | None = None
    ) -> AccountInfo:
        """Read what the network knows of an account (a paid query, as `file_contents`)."""
        return self._ask_paid(queries.account_info(account_id), node, payment, timeout)

    def balance(self, account_id: str, node: str, *, timeout: float | None = None) -> int:
        """Tinybars of an account (free). Public networks throttle this to zero; ask `MirrorRest.balance` there."""
        return self._ask(queries.balance(account_id), node, timeout)

    def query_cost(self, query: Query[Any], node: str, *, timeout: float | None = None) -> int:
        """Ask a node for the price of a question, in tinybars (free)."""
        return int(self._round_trip(query, node, query.request(cost_only=True), timeout).header.cost)

    def connections(self) -> dict[str, dict[str, float]]:
        """What this process's connections have been through: by node, numbers that add up over nodes and processes.

        Their names and meanings stand at `grpc_http2.client.counts.Counts` and in docs/client.md. They stay readable
        after `close`.
        """
        return self._transport.connections()

    def close(self) -> None:
        """Close the connections. Calls in flight end as CANCELLED, later ones as CLOSED. May be called again."""
        self._closed = True
        self._transport.close()

    def _ask(self, query: Query[T], node: str, timeout: float | None) -> T:
        return query.read(self._round_trip(query, node, query.request(), timeout))

    def _ask_paid(self, query: Query[T], node: str, payment: int | None, timeout: float | None) -> T:
        if payment is None:
            payment = self.query_cost(query, node, timeout=timeout)
            if payment > self._max_query_payment:
                raise _too_expensive(query, node, payment, self._max_query_payment)
        request = query.request(payment=self._payment(node, payment))
        return query.read(self._round_trip(query, node, request, timeout))

    def _payment(self, node: str, tinybars: int) -> transaction_pb2.Transaction:
        """A signed transfer from the operator to the node that answers."""
        body = bodies.transfer({node: tinybars, self.operator.account_id: -tinybars})
        return transaction_pb2.Transaction.FromString(self.prepare(body, node, self.new_transaction_id()).request)

    def _round_trip(self, query: Query[Any], node: str, request: bytes, timeout: float | None) -> Any:
        """One call; returns the query's part of the answer once its header says OK."""
        data = self.call(node, query.method, request, timeout, action=query.kind, reading=True)
        try:
            answer = query.answer(data)
        except ValueError as error:
            raise _unreadable(query.kind, Fate.RETRYABLE, node, "") from error
        code = answer.header.nodeTransactionPrecheckCode
        if status_name(code) != OK:
            raise precheck_error(code, node=node, action=query.kind, cost=answer.header.cost)
        return answer


def _too_expensive(query: Query[Any], node: str, cost: int, most: int) -> QueryTooExpensiveError:
    error = QueryTooExpensiveError(
        f"QUERY_TOO_EXPENSIVE: node {node} asks {cost} tinybars for {query.kind}, more than {most}; "
        "pass it as payment to pay it",
        status="QUERY_TOO_EXPENSIVE",
        fate=Fate.FINAL,
        node=node,
    )
    error.cost = cost
    return error


def _unreadable(action: str, fate: Fate, node: str, transaction_id: str) -> NodeError:
    return TransportError(
        f"UNREADABLE: node {node} answered {action} {transaction_id} with something that is no answer",
        status="UNREADABLE",
        fate=fate,
        node=node,
        transaction_id=transaction_id,
    )
