"""Checks a network before a run: nodes, mirror, relay, and the operator's account and fees. It spends nothing.

`python -m hedera_client check` makes the same checks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, NamedTuple

import grpc

from config.networks import Network
from config.secrets import without_secrets
from hedera_client.account import check_balance, check_key
from hedera_client.bodies import Body
from hedera_client.channels import open_mirror_channel
from hedera_client.client import HederaClient
from hedera_client.credentials import Operator
from hedera_client.errors import HederaError, MirrorError, RelayError, TransportError
from hedera_client.findings import Finding, UnhealthyError, Wrong
from hedera_client.ids import LANES
from hedera_client.mirror_rest import MirrorRest
from hedera_client.parallel import side_by_side
from hedera_client.prices import HBAR, LOWEST_RATE, MARGIN, FeeCaps
from hedera_client.probe import Probe
from hedera_client.relay import Relay
from hedera_client.topic_subscription import subscribe
from hedera_client.transports import TransportName

NO_TOPIC = "0.0.1"
"""An account on every network, so no mirror has a topic of this id; that it is refused as
unknown shows that the stream works."""

UNREACHED: Final = "could not be reached"
"""How the detail begins of a check that brought no answer."""

AT_ONCE: Final = 16
"""Checks that run at a time: mainnet's 60 addresses, none of which answers, take four times the time-out."""

OVERDUE: Final = 3
"""Times the time-out after which a check is over in any case: it may connect, call and look names up."""

CHAINS: Final = {"mainnet": 295, "testnet": 296, "previewnet": 297}
"""Chain ids by which relays tell the networks apart (docs.hedera.com, "JSON-RPC relay"); local ones have 298."""

PAUSES_S: Final = (0.25, 0.75)
"""Waits before a mirror is asked again that says no in passing (HTTP 429, 503); one that is not there is not."""

_SIGNS_OF_LIFE = (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT)


@dataclass(frozen=True, slots=True)
class Wants:
    """The checks that a run needs.

    Attributes:
        nodes: Whether to check the nodes.
        stream: Whether to check the mirror's gRPC stream.
        relay: Whether to check the JSON-RPC relay, where the network has one.
        account: Whether to check the operator's account.
        bodies: Transactions that it will send, the most expensive of each kind, by name.
        begins_with: Tinycents that it costs before its first operation.
        max_fee: Tinybars that are offered for one transaction at most; 0 for no bound.
        max_fee_option: What sets that bound, for the remedy.
        other_type: The operator with the same key bytes as the other key type, where they do not determine it.
        transport: The transport to the nodes.
    """

    nodes: bool = True
    stream: bool = True
    relay: bool = True
    account: bool = True
    bodies: Mapping[str, Body] = field(default_factory=dict)
    begins_with: int = 0
    max_fee: int = 0
    max_fee_option: str = "--max-fee"
    other_type: Operator | None = None
    transport: TransportName = "http2"


@dataclass(frozen=True, slots=True)
class Rate:
    """Where the exchange rate is put that was found on the way: its hbars and cents."""

    found: list[tuple[int, int]] = field(default_factory=list)

    @property
    def value(self) -> tuple[int, int] | None:
        """The rate, or None where the mirror did not say it."""
        return self.found[0] if self.found else None


Check = Callable[[], Sequence[Finding]]


def examine(
    network: Network,
    operator: Operator,
    wants: Wants = Wants(),
    *,
    timeout: float = 10.0,
    at_once: int = AT_ONCE,
    rate: Rate | None = None,
) -> Iterator[Finding]:
    """Check every address of every node, the mirror, the relay, the operator and the fees, in parallel.

    Yields each finding as it is made.

    Args:
        network: The network.
        operator: The operator.
        wants: The checks to make.
        timeout: Seconds per call; a check may make several, and ends after OVERDUE times as long in any case.
        at_once: Checks that run at a time.
        rate: Takes the exchange rate.
    """
    checks: list[tuple[str, Check, str]] = []
    if wants.nodes:
        for address, node in network.nodes.items():
            look = partial(_node, network, operator, address, timeout, wants.transport)
            checks.append(_single(f"node {node} {address}", look, node))
    checks.append(
        (_rest_subject(network), lambda: _mirror_and_account(network, operator, wants, timeout, rate or Rate()), "")
    )
    if wants.stream:
        checks.append(_single(f"mirror gRPC {network.mirror_grpc}", lambda: _mirror_grpc(network, timeout)))
    if wants.relay and network.relay is not None:
        checks.append(_single(f"relay {without_secrets(network.relay)}", lambda: _relay(network, timeout)))

    def overdue(index: int, bound_s: float) -> Sequence[Finding]:
        subject, _, node = checks[index]
        told = f"{UNREACHED}: no answer within {bound_s:g} s"
        return [Finding(subject, False, bound_s, told, node, Wrong.UNREACHED)]

    jobs = [partial(_sure, subject, check, node) for subject, check, node in checks]
    for found in side_by_side(jobs, at_once=at_once, bound_s=OVERDUE * timeout, overdue=overdue):
        yield from found


class Endpoint(NamedTuple):
    """An address at which a network is reached.

    Attributes:
        kind: `node`, `mirror-rest`, `mirror-grpc` or `relay`.
        name: The node's account id, followed by the address where it has several; "" where there is only one of a kind.
        look: Looks at it once over a connection of its own, and returns what it says; raises UnhealthyError or
            HederaError where it is not well.
    """

    kind: str
    name: str
    look: Callable[[], str]


def endpoints(
    network: Network, operator: Operator, *, timeout: float = 10.0, transport: TransportName = "http2"
) -> list[Endpoint]:
    """Every endpoint of a network: each address of each node, the mirror's two, and the relay where there is one."""
    accounts = list(network.nodes.values())
    found = [
        Endpoint(
            "node",
            f"{node} {address}" if accounts.count(node) > 1 else node,
            partial(_node, network, operator, address, timeout, transport),
        )
        for address, node in network.nodes.items()
    ]
    found.append(Endpoint("mirror-rest", "", partial(_once_rest, network, timeout)))
    found.append(Endpoint("mirror-grpc", "", partial(_mirror_grpc, network, timeout)))
    if network.relay is not None:
        found.append(Endpoint("relay", "", partial(_relay, network, timeout)))
    return found


def _once_rest(network: Network, timeout: float) -> str:
    rest = MirrorRest(network.mirror_rest, timeout=timeout)
    try:
        return f"answers; its newest rate is {rest.exchange_rate()}"
    finally:
        rest.close()


def _single(subject: str, look: Callable[[], str], node: str = "") -> tuple[str, Check, str]:
    """A check that makes one finding."""
    return subject, lambda: [_finding(subject, look, node)], node


def _sure(subject: str, check: Check, node: str) -> Sequence[Finding]:
    """A check's findings; an unexpected error in it must not end the others, nor make them wait."""
    try:
        return check()
    except Exception as error:
        return [Finding(subject, False, 0.0, f"the check itself failed: {error!r}", node, Wrong.OTHER)]


def _finding(subject: str, look: Callable[[], str], node: str = "") -> Finding:
    begin = time.perf_counter()
    wrong = Wrong.NOTHING
    try:
        detail = look()
    except UnhealthyError as error:
        wrong, detail = error.wrong, str(error)
    except HederaError as error:
        wrong, detail = Wrong.OTHER, str(error)
    return Finding(subject, wrong is Wrong.NOTHING, time.perf_counter() - begin, detail, node, wrong)


def _node(network: Network, operator: Operator, address: str, timeout: float, transport: TransportName) -> str:
    """Ask whether it would take a transaction of the operator's.

    It goes to this one address of the node, over a connection of its own.
    """
    node = network.nodes[address]
    alone = network.model_copy(update={"nodes": {address: node}})
    client = HederaClient(alone, operator, lane=LANES - 1, rpc_timeout=timeout, transport=transport)
    try:
        return Probe(client, [one for one in dict.fromkeys(network.nodes.values()) if one != node]).run()
    except TransportError as error:
        raise UnhealthyError(f"{UNREACHED}: {error}", Wrong.UNREACHED) from error
    finally:
        client.close()


def _rest_subject(network: Network) -> str:
    return f"mirror REST {without_secrets(network.mirror_rest)}"


def _mirror_and_account(
    network: Network, operator: Operator, wants: Wants, timeout: float, rate: Rate
) -> Sequence[Finding]:
    """The findings about the mirror, the rate and the account; all that it does not answer have one cause."""
    rest = MirrorRest(network.mirror_rest, timeout=timeout)
    row: dict[str, Any] = {}

    def account() -> str:
        row.update(patiently(lambda: _account(rest, operator.account_id)))
        return check_key(row, operator, other=wants.other_type)

    try:
        found = [_finding(_rest_subject(network), lambda: _mirror_rest(rest, rate))]
        away = "" if found[0].healthy else "it was not looked at: the mirror does not answer"
        caps = FeeCaps(*(rate.value or LOWEST_RATE), most=wants.max_fee)
        if wants.account:
            found.append(_after(away, f"key of {operator.account_id}", account))
            unknown = away or ("" if row else "it was not looked at: the mirror does not show the account")
            subject = f"balance of {operator.account_id}"
            found.append(_after(unknown, subject, lambda: check_balance(row, caps, wants.begins_with)))
        if wants.bodies:
            found.append(_after(away, "fees", lambda: check_fees(caps, wants.bodies, wants.max_fee_option)))
    finally:
        rest.close()
    return found


def _after(away: str, subject: str, look: Callable[[], str]) -> Finding:
    """A finding, or one that says that another finding prevented the check."""
    return Finding(subject, False, 0.0, away, "", Wrong.CONSEQUENCE) if away else _finding(subject, look)


def _mirror_rest(rest: MirrorRest, into: Rate) -> str:
    rate = patiently(rest.exchange_rate)
    if rate.hbars <= 0 or rate.cents <= 0:
        raise UnhealthyError(f"it says that {rate.hbars} hbars are worth {rate.cents} cents")
    into.found.append((rate.hbars, rate.cents))
    return f"answers; 1 hbar is ${rate.usd(HBAR):.4f}"


def _account(rest: MirrorRest, account_id: str) -> dict[str, Any]:
    try:
        return rest.account(account_id)
    except MirrorError as error:
        if error.http_status == 404:
            raise UnhealthyError(
                "the mirror knows no such account; is it of another network, or the id of another one?", Wrong.OPERATOR
            ) from error
        raise


def patiently(ask: Callable[[], Any], *, pauses: Sequence[float] = PAUSES_S) -> Any:
    """Ask a mirror, and again after a temporary refusal (HTTP 429 or 5xx).

    Raises:
        MirrorError: it did not answer.
    """
    for pause in pauses:
        try:
            return ask()
        except MirrorError as error:
            if error.http_status is None or not (error.busy or error.http_status >= 500):
                raise
        time.sleep(pause)
    return ask()


def check_fees(caps: FeeCaps, bodies: Mapping[str, Body], option: str) -> str:
    """Whether the most that may be offered bears what each transaction costs.

    Args:
        caps: With the exchange rate and the bound.
        bodies: What will be sent, by what it is called.
        option: What sets the bound.

    Raises:
        UnhealthyError: it does not.
    """
    dearest = max(bodies, key=lambda name: bodies[name].price)
    costs = caps.tinybars(bodies[dearest].price)
    told = f"at ${caps.dollars_of_an_hbar():.4f} an hbar, {dearest} costs {costs / HBAR:,.4f} hbar"
    if caps.most and caps.most < costs:
        needed = -(-costs * 100 // HBAR) / 100
        raise UnhealthyError(
            f"{told}, and {option} {caps.most / HBAR:g} offers less: it would be charged and refused "
            f"(INSUFFICIENT_TX_FEE); allow at least {needed:g}"
        )
    offered = f"{told}; {caps.of(bodies[dearest].price) / HBAR:,.4f} are offered at most"
    return f"{offered}, {MARGIN} times as much or the bound"


def _mirror_grpc(network: Network, timeout: float) -> str:
    channel = open_mirror_channel(network.mirror_grpc, tls=network.mirror_tls)
    try:
        for _ in subscribe(channel, NO_TOPIC, None, limit=1, timeout=timeout):
            break
    except grpc.RpcError as error:
        if error.code() not in _SIGNS_OF_LIFE:
            raise UnhealthyError(f"{UNREACHED}: {error.code().name}: {error.details()}", Wrong.UNREACHED) from error
    finally:
        channel.close()
    return "answers"


def _relay(network: Network, timeout: float) -> str:
    """Ask a relay which network it belongs to."""
    assert network.relay is not None
    relay = Relay(network.relay, timeout)
    try:
        chain = relay.chain_id()
    except RelayError as error:
        if error.busy:
            return f"answers, and asks for a slower pace ({error.status})"
        raise UnhealthyError(str(error), Wrong.UNREACHED) from error
    finally:
        relay.close()
    expected = CHAINS.get(network.name, chain)
    if chain != expected:
        raise UnhealthyError(f"it belongs to another network: chain id {chain}, not {expected}; correct its URL")
    return f"answers; chain id {chain}"
