"""The parts of an embedded network put together without a process, a port or a delay; its time is moved by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any

from localnet import pb
from localnet.clock import NANOS, Clock
from localnet.consensus.latency import latency_of
from localnet.consensus.ordering import Consensus
from localnet.consensus.record_cache import RecordCache
from localnet.faults import FaultEngine, parse_faults
from localnet.ledger.entries import Ledger
from localnet.ledger.pipeline import Pipeline
from localnet.mirror.blocks import Blocks
from localnet.mirror.importer import Importer
from localnet.mirror.store import MirrorStore
from localnet.node.precheck import Precheck
from localnet.node.request_handler import RequestHandler
from localnet.protocol.status import status_name
from localnet.queries import View
from localnet.state.fees import FeeSchedule
from localnet.state.genesis import OPERATOR_NUMBER, create_state
from localnet.throttles import Throttle, load_throttles
from tests.localnet.state_at_genesis import OPERATOR, SigningKey, account_id, signed_transaction

NODES = (3, 4)
NODE_IDS = ["0.0.3", "0.0.4"]


class Loop:
    """As much of an event loop as is asked for where nothing waits."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.time = now

    def call_at(self, when: float, callback: Callable[..., object]) -> object:
        raise AssertionError("without delay nothing waits")

    def call_later(self, delay: float, callback: Callable[..., object], argument: object) -> asyncio.TimerHandle:
        raise AssertionError("no fault ends by itself here")


class Parts:
    """See the module.

    Args:
        throttles: Profile.

    Attributes:
        now_s: What time it is.
    """

    def __init__(self, throttles: str = "off") -> None:
        self.now_s = 1_000_000.0
        self.clock = Clock(lambda: int(self.now_s * NANOS))
        loop: Any = Loop(self.clock.now)
        self.state = create_state(self.clock.now_ns(), NODES)
        self.cache = RecordCache(self.clock)
        self.fees = FeeSchedule(self.state.rate)
        self.throttles = {number: Throttle(load_throttles(throttles), len(NODES)) for number in NODES}
        self.faults = FaultEngine(self.clock.now, loop, Random(0))
        self.ledger = Ledger(100)
        self.store = MirrorStore(100)
        self.store.load_genesis(self.state)
        latency = latency_of("instant", None, None, None)
        self.importer = Importer(self.store, self.clock, loop, latency.mirror, self.faults, self.ledger.shown)
        self.blocks = Blocks(self.store, self.clock.now_ns(), self.importer.complete_ns)
        pipeline = Pipeline(self.ledger, None, self.importer)
        self.consensus = Consensus(self.state, self.clock, self.cache, latency, Random(0), loop, pipeline)
        self.importer.undecided_ns = self.consensus.undecided_ns
        self.precheck = Precheck(self.state, self.clock, self.cache, self.fees, self.throttles, self.faults)
        self.view = View(self.state, self.clock, self.cache, self.fees, self.ledger)
        self.handler = RequestHandler(self.precheck, self.consensus, self.ledger, self.view, self.throttles)

    def fault(self, **spec: Any) -> None:
        """Begin a fault."""
        self.faults.add(parse_faults([spec], NODE_IDS))

    def body(self, **fields: Any) -> Any:
        """A body of the operator's for the first node; its valid start is now."""
        self.now_s += 0.001
        start = {"seconds": int(self.now_s), "nanos": round(self.now_s % 1 * 1_000) * 1_000_000}
        usual = {
            "transactionID": pb.TransactionID(accountID=account_id(OPERATOR_NUMBER), transactionValidStart=start),
            "nodeAccountID": account_id(NODES[0]),
            "transactionFee": 10_000_000_000,
            "transactionValidDuration": {"seconds": 120},
        }
        return pb.TransactionBody(**{**usual, **fields})

    def sign(self, body: Any, *keys: SigningKey) -> bytes:
        """A transaction's bytes, signed by the operator unless others are named."""
        whole = signed_transaction(body.SerializeToString(), *(keys or (OPERATOR,)))
        return bytes(pb.Transaction(signedTransactionBytes=whole.SerializeToString()).SerializeToString())

    def submit(self, body: Any, *keys: SigningKey) -> str:
        """A node's answer to a transaction."""
        answer = self.handler.submit(self.sign(body, *keys), NODES[0])
        return status_name(pb.TransactionResponse.FromString(answer).nodeTransactionPrecheckCode)

    def query(self, **fields: Any) -> Any:
        """A node's answer to a query."""
        ((field, _),) = fields.items()
        response = pb.Response.FromString(self.handler.query(pb.Query(**fields).SerializeToString(), NODES[0]))
        return getattr(response, field)

    def payment(self, amount: int, node: int = NODES[0], **fields: Any) -> Any:
        """A signed payment to a node, as it goes into a query's header."""
        moves = [(node, amount), (OPERATOR_NUMBER, -amount)]
        entries = [{"accountID": account_id(number), "amount": move} for number, move in moves]
        body = self.body(cryptoTransfer={"transfers": {"accountAmounts": entries}}, **fields)
        return pb.Transaction.FromString(self.sign(body))
