"""Precheck: what a node refuses before a transaction is on its way, in the order of IngestChecker.java.

    1 structure (structure.py)     2 valid start and duration     3 duplicate     4 supported, and room in the throttles
    5 the kind's own rules        6 payer and its signature      7 fee and balance

Duplicates are refused before the payer is even looked up, and only the payer's signature is verified here; every other
key is checked at consensus. What is refused after step 4 gives its room in the throttles back.
"""

from __future__ import annotations

from typing import Any

from localnet.clock import NANOS, Clock
from localnet.consensus.record_cache import RecordCache
from localnet.faults import FaultEngine
from localnet.interning import Interned
from localnet.ledger.entries import Entry
from localnet.node.structure import Parsed, parse_transaction, read_key, read_terms
from localnet.protocol.aliases import signer_with_address
from localnet.protocol.ids import TransactionKey, account_number, format_entity
from localnet.protocol.keys import Signatures, is_satisfied
from localnet.protocol.status import RefusedError, codes
from localnet.state.entities import State
from localnet.state.fees import SUPER_USERS, Fee, FeeSchedule
from localnet.throttles import Throttle
from localnet.transactions import HANDLERS, TransactionHandler
from localnet.transactions.stages import Checked, Received, Terms

MIN_DURATION_S = 15
MAX_DURATION_S = 180
VALIDITY_BUFFER_S = 10
"""So long before its end a transaction counts as expired at a node (HederaConfig.java)."""


class Precheck:
    """The precheck of all nodes; each call names its node."""

    def __init__(
        self,
        state: State,
        clock: Clock,
        cache: RecordCache,
        fees: FeeSchedule,
        throttles: dict[int, Throttle],
        faults: FaultEngine,
    ) -> None:
        self._state = state
        self._clock = clock
        self._cache = cache
        self._fees = fees
        self._throttles = throttles
        self._faults = faults
        self._interned_ints: Interned[int] = Interned()
        self._interned_terms: Interned[Terms] = Interned()

    def check(self, received: Received, entry: Entry) -> Checked:
        """Read a transaction and check it; its entry is told what it is as soon as that can be read.

        Raises:
            RefusedError: the node's answer.
        """
        parsed, key, terms = self._read(received, entry)
        if account_number(parsed.body.nodeAccountID) != received.node:
            raise RefusedError(codes.INVALID_NODE_ACCOUNT)
        self._check_time(received.node, key, terms.valid_duration)
        if self._cache.known_to(received.node, key) is not None:
            raise RefusedError(codes.DUPLICATE_TRANSACTION)
        handler = parsed.handler
        if handler is None:
            raise RefusedError(codes.NOT_SUPPORTED)
        data = getattr(parsed.body, handler.field)
        throttle, payer = self._throttles[received.node], key.payer
        functionality, count = handler.throttled_as(data, self._state)
        if not throttle.take(functionality, payer, self._clock.now_ns(), count):
            raise RefusedError(codes.BUSY)
        try:
            handler.check_body(parsed.body)
            signatures = Signatures(parsed.signature_pairs, parsed.signed)
            self._check_payer(payer, signatures)
            due = self._fee(received, handler, data, signatures)
            self._check_solvency(payer, terms, due, handler.debit(data, payer))
        except RefusedError:
            throttle.give_back(functionality, payer, count)
            raise
        return Checked(received, handler.kind, key, terms, parsed.hash, parsed.body, data, signatures, due)

    def check_again(self, received: Received, entry: Entry) -> Checked:
        """Read a transaction that passed precheck before, and look its price up."""
        parsed, key, terms = self._read(received, entry)
        handler = HANDLERS[parsed.field]
        data = getattr(parsed.body, handler.field)
        signatures = Signatures(parsed.signature_pairs, parsed.signed)
        due = self._fee(received, handler, data, signatures)
        return Checked(received, handler.kind, key, terms, parsed.hash, parsed.body, data, signatures, due)

    def _check_time(self, node: int, key: TransactionKey, valid_duration: int) -> None:
        if not MIN_DURATION_S <= valid_duration <= MAX_DURATION_S:
            raise RefusedError(codes.INVALID_TRANSACTION_DURATION)
        start_ns = key.seconds * NANOS + key.nanos
        now_ns = self._clock.now_ns()
        if self._faults.at_clock:
            now_ns += self._faults.skew_ns(format_entity(node))
        if start_ns + (valid_duration - VALIDITY_BUFFER_S) * NANOS < now_ns:
            raise RefusedError(codes.TRANSACTION_EXPIRED)
        if start_ns > now_ns:
            raise RefusedError(codes.INVALID_TRANSACTION_START)

    def _check_payer(self, number: int, signatures: Signatures) -> None:
        payer = self._state.accounts.get(number)
        if payer is None:
            raise RefusedError(codes.PAYER_ACCOUNT_NOT_FOUND)
        if payer.deleted:
            raise RefusedError(codes.PAYER_ACCOUNT_DELETED)
        if payer.is_hollow:  # it pays with the key that belongs to its address, and gets it at consensus (HIP-583)
            if signer_with_address(signatures, payer.alias) is None:
                raise RefusedError(codes.INVALID_SIGNATURE)
            return
        if payer.compiled is None:
            raise RefusedError(codes.UNAUTHORIZED)
        if not is_satisfied(payer.compiled, signatures):
            raise RefusedError(codes.INVALID_SIGNATURE)

    def _fee(self, received: Received, handler: TransactionHandler, data: Any, signatures: Signatures) -> Fee:
        service = handler.price(data) + handler.surcharge(data, self._state)
        return self._fees.transaction(size=received.size, signatures=len(signatures), service=service)

    def _check_solvency(self, payer: int, terms: Terms, due: Fee, debit: int) -> None:
        """Offer and balance must bear node and network fee (SolvencyPreCheck.java).

        The service fee is left to consensus. The balance must also cover what the transaction takes from its payer.
        """
        if payer in SUPER_USERS:
            return
        if terms.max_fee < due.without_service:
            raise RefusedError(codes.INSUFFICIENT_TX_FEE, cost=due.without_service)
        if self._state.accounts[payer].balance < due.without_service + debit:
            raise RefusedError(codes.INSUFFICIENT_PAYER_BALANCE, cost=due.without_service)

    def _read(self, received: Received, entry: Entry) -> tuple[Parsed, TransactionKey, Terms]:
        """Read a transaction, and tell its entry what it is; the ledger lists also what is refused then.

        Raises:
            RefusedError: it is not well-formed.
        """
        parsed = parse_transaction(received.raw)
        entry.kind = parsed.kind_name
        key = entry.key = read_key(parsed, self._interned_ints)
        return parsed, key, self._interned_terms[read_terms(parsed)]
