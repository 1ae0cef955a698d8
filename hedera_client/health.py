"""Is the network there, and is the operator able to pay? One look at everything a run needs; nothing is spent."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

import grpc
from hiero_sdk_python.hapi.mirror import consensus_service_pb2 as mirror

from config.networks import Network
from hedera_client.bodies import HBAR
from hedera_client.channels import open_mirror_channel
from hedera_client.client import HederaClient
from hedera_client.credentials import Operator
from hedera_client.errors import HederaError, PrecheckError, TransportError
from hedera_client.ids import LANES, topic_proto
from hedera_client.mirror_rest import MirrorRest
from hedera_client.mirror_watcher import SUBSCRIBE
from hedera_client.side_by_side import side_by_side
from hedera_client.status import RECEIPT_NOT_FOUND

NO_TOPIC = "0.0.1"
"""An account on every network, so no mirror has a topic of this id; being told so is a sign of life."""

UNREACHED: Final = "could not be reached"
"""How the detail begins of a check that brought no answer."""

AT_ONCE: Final = 16
"""Checks that run at a time: mainnet's 60 addresses, none of which answers, take four times the time-out."""

OVERDUE: Final = 3
"""Times the time-out after which a check is over in any case: it may connect, call and look names up."""

_SIGNS_OF_LIFE = (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT)


class Unhealthy(Exception):  # noqa: N818 (the name says what was found)
    """A check found what is wrong; the message is one line."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found: what was looked at, whether it is well, how long it took (seconds), one line of detail."""

    subject: str
    healthy: bool
    took_s: float
    detail: str
    node: str = ""
    """Account id of the node whose address it was about; "" where none was."""


def examine(
    network: Network, operator: Operator, *, timeout: float = 10.0, at_once: int = AT_ONCE
) -> Iterator[Finding]:
    """Check every address of every node, the mirror and the operator, side by side; yields each finding as it is made.

    Args:
        network: Where to look.
        operator: Whose account and key.
        timeout: Seconds per call; a check may make several, and ends after OVERDUE times as long in any case.
        at_once: Checks that run at a time.
    """
    rest = MirrorRest(network.mirror_rest, timeout=timeout)
    checks: list[tuple[str, Callable[[], str], str]] = [
        (f"node {node} {address}", partial(_node, network, operator, address, timeout), node)
        for address, node in network.nodes.items()
    ]
    checks += [
        (f"mirror REST {network.mirror_rest}", lambda: _mirror_rest(rest), ""),
        (f"mirror gRPC {network.mirror_grpc}", lambda: _mirror_grpc(network, timeout), ""),
        (f"key of {operator.account_id}", lambda: _operator_key(rest, operator), ""),
        (f"balance of {operator.account_id}", lambda: _operator_balance(rest, operator), ""),
    ]

    def overdue(index: int, bound_s: float) -> Finding:
        subject, _, node = checks[index]
        return Finding(subject, False, bound_s, f"{UNREACHED}: no answer within {bound_s:g} s", node)

    jobs = [partial(_finding, subject, check, node) for subject, check, node in checks]
    try:
        yield from side_by_side(jobs, at_once=at_once, bound_s=OVERDUE * timeout, overdue=overdue)
    finally:
        rest.close()


def _finding(subject: str, check: Callable[[], str], node: str = "") -> Finding:
    begin = time.perf_counter()
    try:
        healthy, detail = True, check()
    except (HederaError, Unhealthy) as error:
        healthy, detail = False, str(error)
    except Exception as error:  # a check that fails in an unforeseen way must not end the others, nor be waited for
        healthy, detail = False, f"the check itself failed: {error!r}"
    return Finding(subject, healthy, time.perf_counter() - begin, detail, node)


def _node(network: Network, operator: Operator, address: str, timeout: float) -> str:
    """Ask for the receipt of a transaction that was never sent: free, never throttled, and the answer is known.

    It goes to this one address of the node, over a connection of its own.
    """
    node = network.nodes[address]
    alone = network.model_copy(update={"nodes": {address: node}})
    client = HederaClient(alone, operator, lane=LANES - 1, rpc_timeout=timeout)
    try:
        client.receipt(client.new_transaction_id(), node)
    except PrecheckError as error:
        if error.status == RECEIPT_NOT_FOUND:
            return "answers"
        raise
    except TransportError as error:
        raise Unhealthy(f"{UNREACHED}: {error}") from error
    finally:
        client.close()
    raise Unhealthy("it knows the receipt of a transaction that was never sent")


def _mirror_rest(rest: MirrorRest) -> str:
    rate = rest.exchange_rate()
    return f"answers; 1 hbar is ${rate.usd(HBAR):.4f}"


def _mirror_grpc(network: Network, timeout: float) -> str:
    channel = open_mirror_channel(network.mirror_grpc, tls=network.mirror_tls)
    try:
        subscribe = channel.unary_stream(
            SUBSCRIBE,
            request_serializer=mirror.ConsensusTopicQuery.SerializeToString,
            response_deserializer=mirror.ConsensusTopicResponse.FromString,
        )
        for _ in subscribe(mirror.ConsensusTopicQuery(topicID=topic_proto(NO_TOPIC), limit=1), timeout=timeout):
            break
    except grpc.RpcError as error:
        if error.code() not in _SIGNS_OF_LIFE:
            raise Unhealthy(f"{error.code().name}: {error.details()}") from error
    finally:
        channel.close()
    return "answers"


def _operator_key(rest: MirrorRest, operator: Operator) -> str:
    """Compare the public half of the operator's key with the account's, as the mirror shows it."""
    key = rest.account(operator.account_id).get("key") or {}
    kind = str(key.get("_type"))
    if kind == "ProtobufEncoded":
        return "the account has a key list, which is not compared"
    if key.get("key") != operator.public_key.to_string_raw():
        raise Unhealthy(f"the account's {kind} key is another one: transactions would end in INVALID_SIGNATURE")
    return f"is the account's ({kind})"


def _operator_balance(rest: MirrorRest, operator: Operator) -> str:
    tinybars = rest.balance(operator.account_id)
    if tinybars <= 0:
        raise Unhealthy("the account is empty")
    return f"{tinybars / HBAR:,.4f} hbar"
