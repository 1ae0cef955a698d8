"""Handles the bytes that a node receives: a transaction goes through precheck to consensus, a query is answered."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any, Final

from google.protobuf.message import DecodeError

from localnet import pb
from localnet.consensus.ordering import Consensus
from localnet.faults import Fault
from localnet.interning import Interned
from localnet.ledger.entries import Entry, Ledger
from localnet.ledger.state_file import Kept
from localnet.node.precheck import Precheck
from localnet.node.query_payment import check_payment
from localnet.node.structure import parse_transaction, read_key
from localnet.protocol.status import RefusedError, codes, status_number
from localnet.queries import QUERIES, Query, View
from localnet.state.fees import SUPER_USERS
from localnet.throttles import Throttle
from localnet.transactions.stages import Checked, Received

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
    """The bytes are not a query; gRPC answers INVALID_ARGUMENT."""


class RequestHandler:
    """Request handling shared by all nodes; each call names its node by the account number."""

    def __init__(
        self,
        precheck: Precheck,
        consensus: Consensus,
        ledger: Ledger,
        view: View,
        throttles: dict[int, Throttle],
    ) -> None:
        self._precheck = precheck
        self._consensus = consensus
        self._ledger = ledger
        self._view = view
        self._views = {node: replace(view, node=node) for node in throttles}
        self._throttles = throttles

    def submit(self, raw: bytes, node: int, fault: Fault | None = None) -> bytes:
        """Handle the bytes of a `Transaction`, with active faults; returns those of the `TransactionResponse`."""
        try:
            self._accept(raw, node, fault=fault)
        except RefusedError as refusal:
            answer = pb.TransactionResponse(nodeTransactionPrecheckCode=refusal.status, cost=refusal.cost)
            return bytes(answer.SerializeToString())
        return b""  # OK is 0, and a zero takes no bytes in protobuf

    def replay(self, kept: Kept) -> None:
        """Replay a transaction of an earlier process."""
        entry = self._ledger.open(kept.node, kept.arrival, len(kept.raw))
        checked = self._precheck.check_again(
            Received(entry.index, kept.node, kept.arrival, entry.size, kept.raw), entry
        )
        self._ledger.answered(entry, codes.OK, kept.arrival)
        self._consensus.replay(checked, kept.consensus_ns)

    def query(self, raw: bytes, node: int, fault: Fault | None = None) -> bytes:
        """Handle the bytes of a `Query`, with active faults; returns those of the `Response`.

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
        except RefusedError as refusal:
            reply.header.nodeTransactionPrecheckCode = refusal.status
            reply.header.cost = refusal.cost
        return bytes(response.SerializeToString())

    def _accept(self, raw: bytes, node: int, cost: int | None = None, fault: Fault | None = None) -> int:
        """Precheck a transaction and send it on its way; with `cost` it must be a payment of so much to this node.

        Returns:
            The payer's account number.

        Raises:
            RefusedError: the node's answer.
        """
        now = self._view.clock.now
        arrival = now()
        entry = self._ledger.open(node, arrival, len(raw))
        precheck: int = codes.FAIL_INVALID
        try:
            checked = self._precheck.check(Received(entry.index, node, arrival, entry.size, raw), entry)
            if fault is not None:
                entry.fault = fault.spec.kind
                _refuse_by(fault)
            if cost is not None:
                check_payment(checked, cost, self._view.state)
            self._send_on(checked, fault)
            precheck = codes.OK
        except RefusedError as refusal:
            precheck = refusal.status
            raise
        except Exception as error:  # as on the real network: the caller gets an answer for every error
            log.exception("%s failed at precheck", entry.key)
            raise RefusedError(codes.FAIL_INVALID) from error
        finally:
            self._ledger.answered(entry, precheck, None if entry.fault == "ack-lost" else now())
        return checked.key.payer

    def _send_on(self, checked: Checked, fault: Fault | None) -> None:
        """Send an accepted transaction to consensus, unless a fault loses it."""
        if fault is not None and fault.spec.kind == "lost":
            self._consensus.lose(checked)
        else:
            self._consensus.submit(checked)

    def _answer(self, query: Query | None, request: Any, reply: Any, node: int) -> None:
        header = request.header
        if query is None or header.responseType not in _SUPPORTED_FORMS:
            raise RefusedError(codes.NOT_SUPPORTED)
        cost = self._view.fees.query(query.extras(request, self._view)) if query.paid else 0
        only_cost = header.responseType == pb.COST_ANSWER
        payer = 0
        if query.paid and not only_cost:
            payer = self._take_payment(header.payment.SerializeToString(), node, cost)
        query.validate(request, self._views[node])
        if not self._throttles[node].take(query.functionality, payer, self._view.clock.now_ns()):
            raise RefusedError(codes.BUSY)
        if only_cost:
            reply.header.cost = cost
        else:  # nor does the header of an answer tell what it has cost (QueryWorkflowImpl.java)
            query.answer(request, self._views[node], reply)

    def _take_payment(self, raw: bytes, node: int, cost: int) -> int:
        """Take the payment for a query; a super user's is checked, but never made (QueryWorkflowImpl.java).

        Returns:
            The payer's account number.

        Raises:
            RefusedError: the node's answer.
        """
        payer = _payer_of(raw)
        if payer not in SUPER_USERS:
            return self._accept(raw, node, cost)
        unlisted = Entry(-1, node, 0.0, len(raw))
        return self._precheck.check(Received(unlisted.index, node, 0.0, unlisted.size, raw), unlisted).key.payer


def _payer_of(raw: bytes) -> int | None:
    """The payer of a transaction, well-formed or not; None where that cannot be read."""
    try:
        return read_key(parse_transaction(raw), Interned()).payer
    except RefusedError:
        return None


def _refuse_by(fault: Fault) -> None:
    """Refuse a call where a fault says so.

    Raises:
        RefusedError: a fault refuses it.
    """
    if fault.spec.kind == "status":
        raise RefusedError(status_number(fault.spec.status))
    if fault.spec.kind == "not-created":
        raise RefusedError(codes.PLATFORM_TRANSACTION_NOT_CREATED)
