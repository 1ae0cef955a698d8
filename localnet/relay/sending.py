"""eth_sendRawTransaction: prechecks, then an EthereumTransaction of the relay's operator, until its receipt is there.

As with the relay's default `USE_ASYNC_TX_PROCESSING=false`, the answer comes after consensus (TransactionService.ts,
sendRawTransactionProcessor). The relay speaks to the nodes as its SDK does: one after another, again where one is busy
or cannot be reached. The faults of the nodes meet it too.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from grpc_http2.server import RpcError as CallError
from localnet import pb
from localnet.clock import NANOS, Clock
from localnet.protocol.ethereum import EthereumTransaction
from localnet.protocol.ids import TransactionKey
from localnet.protocol.status import codes, status_name
from localnet.relay import errors
from localnet.relay.chain import Chain
from localnet.relay.prechecks import check_account, check_nonce, next_nonce, read_and_check
from localnet.state.genesis import TREASURY_KEY, TREASURY_NUMBER
from localnet.transactions.stages import Handled

ETHEREUM_METHOD: Final = "/proto.SmartContractService/callEthereum"
"""The nodes' method for EthereumTransactions."""

REVERTED: Final = frozenset(
    {
        "BUSY",
        "CONSENSUS_GAS_EXHAUSTED",
        "INVALID_ACCOUNT_ID",
        "INVALID_ETHEREUM_TRANSACTION",
        "INVALID_FILE_ID",
        "INVALID_SOLIDITY_ADDRESS",
        "MAX_GAS_LIMIT_EXCEEDED",
        "THROTTLED_AT_CONSENSUS",
        "WRONG_NONCE",
    }
)
"""Statuses with which nothing has happened, so that the caller is told (`HEDERA_SPECIFIC_REVERT_STATUSES`); with any
other the answer is the hash, and the receipt tells."""

ATTEMPTS: Final = 10
"""`SDK_MAX_ATTEMPTS`."""
DEADLINE_S: Final = 10.0
"""For one call (`SDK_GRPC_DEADLINE`), and again until there is a receipt (`CONSENSUS_MAX_EXECUTION_TIME`)."""
LOOK_S: Final = 0.05
"""Between two looks for the receipt."""
_BACKOFF_S: Final = (0.25, 8.0)
"""First and longest wait before another attempt, doubled each time (the SDK's `minBackoff` and `maxBackoff`)."""
_AGAIN: Final = (codes.BUSY, codes.PLATFORM_TRANSACTION_NOT_CREATED, codes.PLATFORM_NOT_ACTIVE)
_FEE: Final = 100 * 100_000_000
_MAX_AGE_S: Final = 120
_BEFORE_NS: Final = NANOS
"""How long before now a transaction is valid from: clocks differ."""

Call = Callable[[bytes], bytes | Awaitable[bytes]]
"""A node's method for EthereumTransactions."""

_OPERATOR: Final = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(TREASURY_KEY)[-32:])
"""The relay's operator is the treasury, as Solo and the local node set it up."""


class Sender:
    """Sends Ethereum transactions to the network.

    Args:
        chain: The mirror's data, and the pool.
        nodes: Account number and method of each node.
        find: What is known by a transaction id: a `Handled` once it has its receipt; None where nothing is known.
        clock: The network's.
        sleep: Waits for so many seconds.
    """

    def __init__(
        self,
        chain: Chain,
        nodes: Sequence[tuple[int, Call]],
        find: Callable[[TransactionKey], object],
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._chain = chain
        self._nodes = itertools.cycle(nodes)
        self._find = find
        self._clock = clock
        self._sleep = sleep
        self._last_start_ns = 0

    async def send(self, text: str) -> str:
        """Carry out a signed transaction in hex; returns its hash.

        Raises:
            RpcError: it was refused, by the relay or by the network; or there was no answer in time (-32010), and it
                may still be carried out.
        """
        try:
            raw = bytes.fromhex(text[2:])
        except ValueError as error:
            raise errors.invalid_arguments("invalid BytesLike value") from error
        transaction = read_and_check(raw)
        check_nonce(self._chain, transaction)
        self._chain.pool.add(transaction.sender, transaction.nonce)
        try:
            check_account(self._chain, transaction)
        except errors.RpcError:
            self._chain.pool.remove(transaction.sender, transaction.nonce)
            raise
        status = status_name(await self._status(raw))
        if status in REVERTED:
            self._chain.pool.remove(transaction.sender, transaction.nonce)
            raise self._refusal(transaction, status)
        return "0x" + transaction.hash.hex()

    def _refusal(self, transaction: EthereumTransaction, status: str) -> errors.RpcError:
        if status == "WRONG_NONCE":
            known = next_nonce(self._chain, transaction.sender, with_pending=False)
            if transaction.nonce != known:
                wrong = errors.nonce_too_high if transaction.nonce > known else errors.nonce_too_low
                return wrong(transaction.nonce, known)
        return errors.rejected(status, f"receipt contained error status {status}")

    async def _status(self, raw: bytes) -> int:
        """What becomes of it: the status of a precheck that refused it, or of its receipt."""
        backoff, longest = _BACKOFF_S
        answer: int = codes.UNKNOWN
        key: TransactionKey | None = None
        for attempt in range(ATTEMPTS):
            number, call = next(self._nodes)
            key, bytes_ = self._wrap(raw, number)
            try:
                answer = await _precheck(call, bytes_)
            except (CallError, TimeoutError):
                answer = codes.UNKNOWN  # it may have arrived, so its receipt is looked for before the next attempt
                if self._find(key) is not None:
                    break
            if answer not in (*_AGAIN, codes.UNKNOWN):
                break
            if attempt + 1 < ATTEMPTS:
                await self._sleep(min(backoff * 2**attempt, longest))
        assert key is not None, "there is one attempt at least"
        if answer == codes.UNKNOWN and self._find(key) is None:
            raise errors.consensus_node_error("UNAVAILABLE", 14, "no node could be reached")
        return answer if answer not in (codes.OK, codes.UNKNOWN) else await self._receipt(key)

    async def _receipt(self, key: TransactionKey) -> int:
        deadline = self._clock.now() + DEADLINE_S
        while True:
            found = self._find(key)
            if isinstance(found, Handled):
                return found.status
            if self._clock.now() >= deadline:
                raise errors.request_timeout()
            await self._sleep(LOOK_S)

    def _wrap(self, raw: bytes, node: int) -> tuple[TransactionKey, bytes]:
        """The id and the bytes of a HAPI transaction around an Ethereum one, for a node."""
        start_ns = self._last_start_ns = max(self._last_start_ns + 1, self._clock.now_ns() - _BEFORE_NS)
        key = TransactionKey(TREASURY_NUMBER, start_ns // NANOS, start_ns % NANOS)
        body = pb.TransactionBody(
            transactionID=key.to_proto(),
            nodeAccountID=pb.AccountID(accountNum=node),
            transactionFee=_FEE,
            transactionValidDuration={"seconds": _MAX_AGE_S},
            ethereumTransaction={"ethereum_data": raw},
        ).SerializeToString()
        signed: Any = pb.SignedTransaction(bodyBytes=body)
        signed.sigMap.sigPair.add(pubKeyPrefix=_OPERATOR.public_key().public_bytes_raw(), ed25519=_OPERATOR.sign(body))
        return key, pb.Transaction(signedTransactionBytes=signed.SerializeToString()).SerializeToString()


async def _precheck(call: Call, transaction: bytes) -> int:
    """A node's answer.

    Raises:
        CallError: the call failed.
        TimeoutError: there was none in time.
    """
    answer = call(transaction)
    if not isinstance(answer, bytes):
        answer = await asyncio.wait_for(answer, DEADLINE_S)
    return int(pb.TransactionResponse.FromString(answer).nodeTransactionPrecheckCode)
