"""What a node does with the bytes it is sent: a transaction goes through precheck to consensus, a query is answered."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from google.protobuf.message import DecodeError

from localnet import pb
from localnet.consensus import Consensus
from localnet.faults import Fault
from localnet.fees import SUPER_USERS
from localnet.ingest import Ingest
from localnet.ledger import Ledger
from localnet.payment import check_payment
from localnet.persistence import Kept
from localnet.queries import QUERIES, Query, View
from localnet.reading import read_transaction
from localnet.status import Refused, codes, status_number
from localnet.submission import Submission
from localnet.throttles import Throttle

log = logging.getLogger(__name__)

# A kind of query that is not answered here still gets an answer of its own kind, which says NOT_SUPPORTED.
_REPLY_FIELDS: Final = {
    query.name: reply.name
    for query in pb.Query.DESCRIPTOR.fields
    for reply in pb.Response.DESCRIPTOR.fields
    if reply.message_type.name.removesuffix("Response") == query.message_type.name.removesuffix("Query")
}
_SUPPORTED_FORMS: Final = (pb.ANSWER_ONLY, pb.COST_ANSWER)  # state proofs are not given by any network


class MalformedQueryError(ValueError):
    """The bytes are no query; gRPC answers INVALID_ARGUMENT."""


class Gateway:
    """The doings of all nodes; which one it is, each call says by its account number."""

    def __init__(
        self,
        ingest: Ingest,
        consensus: Consensus,
        ledger: Ledger,
        view: View,
        throttles: dict[int, Throttle],
        *,
        keeps_bytes: bool = False,
    ) -> None:
        self._ingest = ingest
        self._consensus = consensus
        self._ledger = ledger
        self._view = view
        self._views = {node: replace(view, node=node) for node in throttles}
        self._throttles = throttles
        self._keeps_bytes = keeps_bytes

    def submit(self, raw: bytes, node: int, fault: Fault | None = None) -> bytes:
        """Handle the bytes of a `Transaction`, as a fault wants it; returns those of the `TransactionResponse`."""
        try:
            self._accept(raw, node, fault=fault)
        except Refused as refusal:
            answer = pb.TransactionResponse(nodeTransactionPrecheckCode=refusal.status, cost=refusal.cost)
            return bytes(answer.SerializeToString())
        return b""  # OK is 0, and a zero takes no bytes in protobuf

    def replay(self, kept: Kept) -> None:
        """Let a transaction take effect again that did so in an earlier process."""
        submission = self._ledger.open(kept.node, kept.arrival, len(kept.raw))
        self._ingest.read(kept.raw, submission)
        submission.precheck, submission.ack = codes.OK, kept.arrival
        self._ledger.answered(submission)
        self._consensus.replay(submission, kept.consensus_ns)

    def query(self, raw: bytes, node: int, fault: Fault | None = None) -> bytes:
        """Handle the bytes of a `Query`, as a fault wants it; returns those of the `Response`.

        Raises:
            MalformedQueryError: it cannot be parsed, or asks nothing.
        """
        try:
            query = pb.Query.FromString(raw)
        except DecodeError as error:
            raise MalformedQueryError(str(error)) from error
        field = query.WhichOneof("query")
        if field is None:
            raise MalformedQueryError("the query asks nothing")
        response = pb.Response()
        request, reply = getattr(query, field), getattr(response, _REPLY_FIELDS[field])
        reply.header.responseType = request.header.responseType
        try:
            if fault is not None:
                _refuse_by(fault)
            self._answer(QUERIES.get(field), request, reply, node)
        except Refused as refusal:
            reply.header.nodeTransactionPrecheckCode = refusal.status
            reply.header.cost = refusal.cost
        return bytes(response.SerializeToString())

    def _accept(self, raw: bytes, node: int, cost: int | None = None, fault: Fault | None = None) -> int:
        """Precheck a transaction and send it on its way; with `cost` it must be a payment of so much to this node.

        Returns:
            The payer's account number.

        Raises:
            Refused: the node's answer.
        """
        submission = self._ledger.open(node, self._view.clock.now(), len(raw))
        try:
            self._ingest.check(raw, submission)
            if fault is not None:
                submission.fault = fault.spec.kind
                _refuse_by(fault)
            if cost is not None:
                check_payment(submission, cost, self._view.state)
            submission.precheck = codes.OK
            if self._keeps_bytes:
                submission.raw = raw
            if submission.fault == "lost":
                self._consensus.lose(submission)
            else:
                self._consensus.submit(submission)
        except Refused as refusal:
            submission.precheck = refusal.status
            raise
        except Exception as error:  # as on the real network: the caller gets an answer whatever happens
            log.exception("%s failed at precheck", submission.key)
            submission.precheck = codes.FAIL_INVALID
            raise Refused(codes.FAIL_INVALID) from error
        finally:
            if submission.precheck != codes.OK:
                submission.body = submission.signatures = submission.due = None
            submission.ack = None if submission.fault == "ack-lost" else self._view.clock.now()
            self._ledger.answered(submission)
        assert submission.key is not None
        return submission.key.payer

    def _answer(self, query: Query | None, request: Any, reply: Any, node: int) -> None:
        header = request.header
        if query is None or header.responseType not in _SUPPORTED_FORMS:
            raise Refused(codes.NOT_SUPPORTED)
        cost = self._view.fees.query(query.extras(request, self._view)) if query.paid else 0
        only_cost = header.responseType == pb.COST_ANSWER
        payer = 0
        if query.paid and not only_cost:
            payer = self._take_payment(header.payment.SerializeToString(), node, cost)
        query.validate(request, self._views[node])
        if not self._throttles[node].take(query.functionality, payer, self._view.clock.now_ns()):
            raise Refused(codes.BUSY)
        if only_cost:
            reply.header.cost = cost
        else:  # nor does the header of an answer tell what it has cost (QueryWorkflowImpl.java)
            query.answer(request, self._views[node], reply)

    def _take_payment(self, raw: bytes, node: int, cost: int) -> int:
        """Take the payment for a query; a super user's is checked, but never made (QueryWorkflowImpl.java).

        Returns:
            The payer's account number.

        Raises:
            Refused: the node's answer.
        """
        payment = Submission(0, node, 0.0, len(raw))
        with suppress(Refused):  # what is wrong with it is said, and kept in the ledger, below
            read_transaction(raw, payment)
        if payment.key is None or payment.key.payer not in SUPER_USERS:
            return self._accept(raw, node, cost)
        self._ingest.check(raw, payment)
        return payment.key.payer


def _refuse_by(fault: Fault) -> None:
    """Refuse a call where a fault says so.

    Raises:
        Refused: it does.
    """
    if fault.spec.kind == "status":
        raise Refused(status_number(fault.spec.status))
    if fault.spec.kind == "not-created":
        raise Refused(codes.PLATFORM_TRANSACTION_NOT_CREATED)
