"""Precheck: what a node refuses before a transaction is on its way, in the order of IngestChecker.java.

    1 structure (reading.py)     2 valid start and duration     3 duplicate     4 supported, and room in the throttles
    5 the operation's own check  6 payer and its signature      7 fee and balance

Duplicates are refused before the payer is even looked up, and only the payer's signature is verified here; every other
key is checked at consensus. What is refused after step 4 gives its room in the throttles back.
"""

from __future__ import annotations

from localnet.aliases import signer_with_address
from localnet.clock import NANOS, Clock
from localnet.faults import FaultEngine
from localnet.fees import SUPER_USERS, Fee, FeeSchedule
from localnet.ids import account_number, format_entity
from localnet.keys import is_satisfied
from localnet.reading import read_transaction
from localnet.record_cache import RecordCache
from localnet.state import State
from localnet.status import Refused, codes
from localnet.submission import Submission
from localnet.throttles import Throttle

MIN_DURATION_S = 15
MAX_DURATION_S = 180
VALIDITY_BUFFER_S = 10
"""So long before its end a transaction counts as expired at a node (HederaConfig.java)."""


class Ingest:
    """The precheck of all nodes; which node it is, the submission says."""

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

    def check(self, raw: bytes, submission: Submission) -> None:
        """Read the transaction into `submission` and check it.

        Raises:
            Refused: the node's answer.
        """
        read_transaction(raw, submission)
        if account_number(submission.body.nodeAccountID) != submission.node:
            raise Refused(codes.INVALID_NODE_ACCOUNT)
        self._check_time(submission)
        assert submission.key is not None
        if self._cache.known_to(submission.node, submission.key) is not None:
            raise Refused(codes.DUPLICATE_TRANSACTION)
        if submission.operation is None:
            raise Refused(codes.NOT_SUPPORTED)
        throttle, payer = self._throttles[submission.node], submission.key.payer
        functionality, count = submission.operation.throttled_as(submission.data, self._state)
        if not throttle.take(functionality, payer, self._clock.now_ns(), count):
            raise Refused(codes.BUSY)
        try:
            submission.operation.check_body(submission.body)
            self._check_payer(submission)
            self._check_solvency(submission)
        except Refused:
            throttle.give_back(functionality, payer, count)
            raise

    def _check_time(self, submission: Submission) -> None:
        assert submission.key is not None
        if not MIN_DURATION_S <= submission.valid_duration <= MAX_DURATION_S:
            raise Refused(codes.INVALID_TRANSACTION_DURATION)
        start_ns = submission.key.seconds * NANOS + submission.key.nanos
        now_ns = self._clock.now_ns()
        if self._faults.at_clock:
            now_ns += self._faults.skew_ns(format_entity(submission.node))
        if start_ns + (submission.valid_duration - VALIDITY_BUFFER_S) * NANOS < now_ns:
            raise Refused(codes.TRANSACTION_EXPIRED)
        if start_ns > now_ns:
            raise Refused(codes.INVALID_TRANSACTION_START)

    def _check_payer(self, submission: Submission) -> None:
        assert submission.key is not None
        assert submission.signatures is not None
        payer = self._state.accounts.get(submission.key.payer)
        if payer is None:
            raise Refused(codes.PAYER_ACCOUNT_NOT_FOUND)
        if payer.deleted:
            raise Refused(codes.PAYER_ACCOUNT_DELETED)
        if payer.is_hollow:  # it pays with the key that belongs to its address, and gets it at consensus (HIP-583)
            if signer_with_address(submission.signatures, payer.alias) is None:
                raise Refused(codes.INVALID_SIGNATURE)
            return
        if payer.compiled is None:
            raise Refused(codes.UNAUTHORIZED)
        if not is_satisfied(payer.compiled, submission.signatures):
            raise Refused(codes.INVALID_SIGNATURE)

    def read(self, raw: bytes, submission: Submission) -> None:
        """Read a transaction that passed precheck before, and look its price up."""
        read_transaction(raw, submission)
        submission.due = self._fee(submission)

    def _fee(self, submission: Submission) -> Fee:
        assert submission.signatures is not None
        assert submission.operation is not None
        operation, data = submission.operation, submission.data
        service = operation.price(data) + operation.surcharge(data, self._state)
        return self._fees.transaction(size=submission.size, signatures=len(submission.signatures), service=service)

    def _check_solvency(self, submission: Submission) -> None:
        """Offer and balance must bear node and network fee (SolvencyPreCheck.java).

        The service fee is left to consensus. The balance must also bear what the operation itself takes from its payer.
        """
        assert submission.key is not None
        assert submission.operation is not None
        fee = submission.due = self._fee(submission)
        payer = submission.key.payer
        if payer in SUPER_USERS:
            return
        if submission.max_fee < fee.without_service:
            raise Refused(codes.INSUFFICIENT_TX_FEE, cost=fee.without_service)
        needed = fee.without_service + submission.operation.debit(submission.data, payer)
        if self._state.accounts[payer].balance < needed:
            raise Refused(codes.INSUFFICIENT_PAYER_BALANCE, cost=fee.without_service)
