"""What one look at a network finds before anything is paid; every fault over a real wire.

The order in which a node looks at a transaction, on which this rests, is hiero-consensus-node's
(CN:app/workflows/ingest/IngestChecker.java, runAllChecks): account of the node, time, payer and signature, fee.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import grpc
import pytest
import requests
from hiero_sdk_python import PrivateKey, ResponseCode
from hiero_sdk_python.hapi.services import transaction_response_pb2

from config.networks import Network
from hedera_client import HederaClient, MirrorRest, Operator, bodies
from hedera_client.account import find_operator, signs_for
from hedera_client.credentials import of_other_type
from hedera_client.errors import CredentialError, Fate, MirrorError
from hedera_client.findings import Finding, UnhealthyError, Wrong, judge
from hedera_client.health import Rate, Wants, check_fees, examine, patiently
from hedera_client.prices import HBAR, FeeCaps
from hedera_client.probe import Probe
from localnet_launcher import Localnet, start_localnet

TREASURY_KEY = "302e020100300506032b65700422042091132178e72057a1d7528025956fe39b0b847f200ab59b2fdd367017f3087137"
NS = 1_000_000_000
EVERYTHING = Wants()


@pytest.fixture(scope="module")
def own() -> Iterator[Localnet]:
    """A network that these tests break."""
    running = start_localnet("--latency", "instant", "--throttles", "off", "--mirror-rate-limit", "0")
    yield running
    running.stop()


@pytest.fixture
def broken(own: Localnet) -> Iterator[Callable[..., None]]:
    """Begin faults, which end with the test."""
    yield lambda *faults: own.add_faults(list(faults))
    own.clear_faults()


@pytest.fixture
def dead() -> str:
    """An address at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


def operator_of(running: Localnet) -> Operator:
    return Operator.parse(running.operator_id, running.operator_key)


def findings(running: Localnet, wants: Wants = EVERYTHING, operator: Operator | None = None, **network: Any) -> Any:
    """What is found, by subject, and what it means to a run."""
    seen = running.network.model_copy(update=network)
    found = list(examine(seen, operator or operator_of(running), wants, timeout=3))
    return {one.subject: one for one in found}, judge(found)


def accepted(running: Localnet) -> int:
    """How many transactions the network's ledger has that a node accepted; only these can cost anything."""
    answer = requests.get(
        f"{running.network.control}/ledger",
        params={"after": -1, "limit": 10_000},
        headers={"Authorization": f"Bearer {running.token}"},
        timeout=10,
    )
    return sum(entry["precheck"] == "OK" or entry["fee"] != 0 for entry in answer.json()["entries"])


def an_account(running: Localnet, key: PrivateKey, tinybars: int = 100 * HBAR) -> str:
    """A new account with this key, which the mirror shows."""
    client = HederaClient(running.network, operator_of(running), lane=3, rpc_timeout=10)
    rest = MirrorRest(running.network.mirror_rest)
    try:
        node, own_id = client.next_node(), client.new_transaction_id()
        client.submit(client.prepare(bodies.create_account(key.public_key(), initial_balance=tinybars), node, own_id))
        account = client.await_receipt(own_id, node, timeout=10, interval=0.05).account_id
        assert account is not None
        until = time.monotonic() + 10
        while True:
            try:
                rest.account(account)
            except MirrorError:
                assert time.monotonic() < until
                time.sleep(0.05)
            else:
                return account
    finally:
        client.close()
        rest.close()


def test_a_network_that_is_well_is_well_and_nothing_is_sent(own: Localnet) -> None:
    """Nodes, mirror by both ways, relay, key, balance and fees; nothing was accepted that could cost anything."""
    before = accepted(own)
    rate = Rate()
    body = bodies.create_file(bytes(4_096))
    found = list(examine(own.network, operator_of(own), Wants(bodies={"a file": body}), timeout=5, rate=rate))
    assert [one.line for one in found if not one.healthy] == []
    assert len(found) == 4 + 4 + 2
    assert judge(found) == ([], [])
    assert accepted(own) == before
    assert rate.value == (30_000, 596_987)


def test_exchanged_accounts_of_two_nodes_are_named(own: Localnet) -> None:
    """Each address says whose it is, and a run does not begin."""
    addresses = list(own.network.nodes)
    exchanged = dict(zip(addresses, ["0.0.4", "0.0.3", "0.0.5", "0.0.6"], strict=True))
    _, judged = findings(own, nodes=exchanged)
    assert sorted(judged.faults) == sorted(
        [
            f"node 0.0.4 {addresses[0]}: it is node 0.0.3, not 0.0.4 (INVALID_NODE_ACCOUNT); correct the account id of "
            "this address",
            f"node 0.0.3 {addresses[1]}: it is node 0.0.4, not 0.0.3 (INVALID_NODE_ACCOUNT); correct the account id of "
            "this address",
        ]
    )
    assert judged.warnings == []


def test_an_account_that_no_node_has(own: Localnet) -> None:
    """The node is none of the network's others either."""
    address = next(iter(own.network.nodes))
    _, judged = findings(own, nodes={address: "0.0.9"})
    assert judged.faults == [
        f"node 0.0.9 {address}: it is not node 0.0.9 (INVALID_NODE_ACCOUNT); correct the account id of this address"
    ]


@pytest.mark.parametrize(
    ("ahead_s", "told"),
    [(12, "12 s ahead of"), (-12, "12 s behind"), (200, "200 s ahead of"), (-200, "200 s behind"), (3_600, "3600 s")],
)
def test_a_clock_that_is_off_is_told_in_seconds(own: Localnet, ahead_s: int, told: str) -> None:
    """The clock of this machine, either way, within and beyond the time for which a transaction is valid."""
    probe = probe_of(own, now=lambda: time.time_ns() + ahead_s * NS)
    with pytest.raises(UnhealthyError, match=f"this machine's clock is {told}") as caught:
        probe.run()
    assert caught.value.wrong is Wrong.CLOCK
    assert "by NTP" in str(caught.value)


@pytest.mark.parametrize("ahead_s", [-8, -1, 1, 3])
def test_a_clock_that_is_near_enough_is_well(own: Localnet, ahead_s: int) -> None:
    """Nodes take transactions as they are issued here."""
    assert probe_of(own, now=lambda: time.time_ns() + ahead_s * NS).run() == "takes the operator's transactions"


def test_a_clock_that_is_years_off_is_not_measured(own: Localnet) -> None:
    """The search ends."""
    with pytest.raises(UnhealthyError, match="more than a day ahead of"):
        probe_of(own, now=lambda: time.time_ns() + 10**8 * NS).run()


def probe_of(running: Localnet, operator: Operator | None = None, **options: Any) -> Probe:
    """Of the first address of a network; its client is left to the end of the process."""
    address, node = next(iter(running.network.nodes.items()))
    alone = running.network.model_copy(update={"nodes": {address: node}})
    client = HederaClient(alone, operator or operator_of(running), lane=9, rpc_timeout=5)
    return Probe(client, **options)


@pytest.mark.parametrize(("nodes", "grave"), [(["0.0.3"], False), (["0.0.3", "0.0.4", "0.0.5"], True)])
def test_whose_clock_it_is(own: Localnet, broken: Callable[..., None], nodes: list[str], grave: bool) -> None:
    """One node's own clock is something to live with; where most nodes differ, it is this machine's."""
    broken({"kind": "clock-skew", "delay": -12, "nodes": nodes})
    _, judged = findings(own)
    said = judged.faults if grave else judged.warnings
    assert len(said) == 1
    assert "this machine's clock is 12 s ahead of its own" in said[0]
    assert len(judged.faults) + len(judged.warnings) == 1


def test_a_dead_second_address_is_told_and_lived_with(own: Localnet, dead: str) -> None:
    """The node's other address is well."""
    found, judged = findings(own, nodes={**own.network.nodes, dead: "0.0.3"})
    assert found[f"node 0.0.3 {dead}"].wrong is Wrong.UNREACHED
    assert judged.faults == []
    assert [line.split(": ")[:2] for line in judged.warnings] == [[f"node 0.0.3 {dead}", "could not be reached"]]


def test_no_node_at_all_is_one_fault(own: Localnet, dead: str) -> None:
    """However many there are."""
    port = int(dead.rpartition(":")[2])
    _, judged = findings(own, nodes={f"127.0.0.{n}:{port}": f"0.0.{n}" for n in range(2, 9)})
    assert judged.warnings == []
    assert len(judged.faults) == 1
    assert " and 3 more)" in judged.faults[0]


class Says(grpc.GenericRpcHandler):
    """Answers every transaction with one status, whatever it is."""

    def __init__(self, status: str) -> None:
        response = transaction_response_pb2.TransactionResponse(nodeTransactionPrecheckCode=ResponseCode[status])
        self._answer = response.SerializeToString()

    def service(self, _: Any) -> Any:
        return grpc.unary_unary_rpc_method_handler(lambda request, context: self._answer)


@pytest.mark.parametrize(("status", "well"), [("PLATFORM_NOT_ACTIVE", False), ("NOT_SUPPORTED", False), ("BUSY", True)])
def test_a_node_that_says_one_thing_to_everything(own: Localnet, status: str, well: bool) -> None:
    """A busy node looked at account and time before it said so, and is no clock's fault; others take nothing.

    Throttles come after the time and before the payer; PLATFORM_NOT_ACTIVE before all (CN: IngestChecker.java).
    """
    server = grpc.server(ThreadPoolExecutor(4), handlers=[Says(status)])
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        found, judged = findings(own, nodes={**own.network.nodes, address: "0.0.7"})
        assert found[f"node 0.0.7 {address}"].healthy is well
        assert judged.faults == []
        assert judged.warnings == ([] if well else [f"node 0.0.7 {address}: it refuses transactions: {status}"])
        assert len(findings(own, nodes={address: "0.0.7"})[1].faults) == (not well)
    finally:
        server.stop(None).wait()


def test_another_key_is_one_fault(own: Localnet) -> None:
    """The mirror and every node say it; a run is told once."""
    other = Operator.parse(own.operator_id, PrivateKey.generate_ed25519().to_string_der())
    found, judged = findings(own, operator=other)
    assert sum(one.wrong is Wrong.OPERATOR for one in found.values()) == 1 + 4
    assert len(judged.faults) == 1
    assert judged.faults[0].startswith(f"key of {own.operator_id}: the account's ED25519 key is another one")


def test_an_account_of_another_network_is_one_fault(own: Localnet) -> None:
    """What the nodes and the mirror say of it, and what is therefore not known, have one cause."""
    stranger = Operator("0.0.987654", PrivateKey.generate_ed25519())
    found, judged = findings(own, operator=stranger)
    assert found["balance of 0.0.987654"].wrong is Wrong.CONSEQUENCE
    assert [line.split(";")[0] for line in judged.faults] == ["key of 0.0.987654: the mirror knows no such account"]


def test_the_nodes_judge_where_the_mirror_cannot(own: Localnet) -> None:
    """Without the account's row the wrong signature is still found."""
    other = Operator.parse(own.operator_id, PrivateKey.generate_ed25519().to_string_der())
    _, judged = findings(own, Wants(account=False), operator=other)
    assert len(judged.faults) == 1
    assert "the operator's key does not sign for the account (INVALID_SIGNATURE) (likewise" in judged.faults[0]


def test_who_pays_no_fees_is_taken_and_charged_nothing(own: Localnet) -> None:
    """0.0.2 (Authorizer.hasWaivedFees): nothing is left to refuse, and nothing happens."""
    rest = MirrorRest(own.network.mirror_rest)
    before = rest.balance("0.0.2")
    assert probe_of(own, Operator.parse("0.0.2", TREASURY_KEY)).run() == "takes the operator's transactions"
    assert rest.balance("0.0.2") == before


def test_the_type_of_a_raw_key_is_the_accounts(own: Localnet) -> None:
    """32 raw bytes without a type: the mirror tells; also those of an account that is Ed25519, and of none."""
    ecdsa, ed25519 = PrivateKey.generate_ecdsa(), PrivateKey.generate_ed25519()
    for key, key_type in ((ecdsa, "ecdsa"), (ed25519, "ed25519")):
        raw = key.to_string_raw()
        environment = {"OPERATOR_ID": an_account(own, key), "OPERATOR_KEY": f"0x{raw}"}
        operator, found = find_operator(environment, own.network.mirror_rest, timeout=5)
        assert (found, operator.key_type) == (key_type, key_type)
        assert operator.public_key.to_string_raw() == key.public_key().to_string_raw()
        _, judged = findings(own, operator=operator)
        assert judged == ([], [])
    der = {"OPERATOR_ID": "0.0.1002", "OPERATOR_KEY": ecdsa.to_string_der()}
    assert find_operator(der, "http://127.0.0.1:9", timeout=1)[1] == "", "a key that says it: nobody is asked"
    away = {"OPERATOR_ID": "0.0.1002", "OPERATOR_KEY": ecdsa.to_string_raw()}
    assert find_operator(away, "http://127.0.0.1:9", timeout=1)[0].key_type == "ed25519"


def test_a_wrong_type_is_told_with_the_right_one(own: Localnet) -> None:
    """OPERATOR_KEY_TYPE that contradicts the account, either way."""
    for key, wrong, right in (
        (PrivateKey.generate_ecdsa(), "ed25519", "ecdsa"),
        (PrivateKey.generate_ed25519(), "ecdsa", "ed25519"),
    ):
        environment = {
            "OPERATOR_ID": an_account(own, key),
            "OPERATOR_KEY": key.to_string_raw(),
            "OPERATOR_KEY_TYPE": wrong,
        }
        operator, _ = find_operator(environment, own.network.mirror_rest, timeout=5)
        _, judged = findings(own, Wants(other_type=of_other_type(environment, operator)), operator=operator)
        assert len(judged.faults) == 1
        assert f"it is the account's, and {right}, not {wrong}; set OPERATOR_KEY_TYPE={right}" in judged.faults[0]


def test_an_account_without_a_key_yet_is_of_the_key_of_its_address() -> None:
    """A hollow account (HIP-583) pays with the ECDSA key that its EVM address is made of."""
    key = PrivateKey.generate_ecdsa()
    row = {"key": None, "evm_address": f"0x{key.public_key().to_evm_address().to_string()}"}
    assert signs_for(Operator("0.0.7", key), row)
    assert not signs_for(Operator("0.0.7", PrivateKey.generate_ecdsa()), row)
    assert not signs_for(Operator("0.0.7", PrivateKey.generate_ed25519()), row)


def test_bytes_that_are_no_ecdsa_key_are_of_no_other_type() -> None:
    """All zeros are an Ed25519 seed, and no number that ECDSA takes."""
    environment = {"OPERATOR_ID": "0.0.7", "OPERATOR_KEY": "00" * 32}
    assert of_other_type(environment, Operator.from_environment(environment)) is None
    with pytest.raises(CredentialError):
        Operator.from_environment(environment, "ecdsa")


@pytest.mark.parametrize(("tinybars", "says"), [(HBAR // 100, "what a run begins with costs"), (0, "is empty")])
def test_a_balance_that_cannot_pay_the_topics(own: Localnet, tinybars: int, says: str) -> None:
    """At 19.9 cents an hbar two topics with two keys cost 0.3 hbar."""
    key = PrivateKey.generate_ed25519()
    poor = Operator(an_account(own, key, tinybars), key)
    public = key.public_key()
    begins_with = 2 * bodies.create_topic(admin_key=public, submit_key=public).price
    _, judged = findings(own, Wants(begins_with=begins_with), operator=poor)
    assert len(judged.faults) == 1
    assert says in judged.faults[0]
    assert "send it some" in judged.faults[0]


def test_relay_and_stream_that_are_away(own: Localnet, dead: str) -> None:
    """Each is a fault of its own where a run needs it, and is not looked at where it does not."""
    away = {"relay": f"http://user:secret@{dead}", "mirror_grpc": dead}
    _, judged = findings(own, **away)
    assert sorted(line.split(" ")[0] for line in judged.faults) == ["mirror", "relay"]
    assert all("could not be reached" in line or "RELAY_UNREACHABLE" in line for line in judged.faults)
    assert "secret" not in "".join(judged.faults)
    assert findings(own, Wants(relay=False, stream=False), **away)[1] == ([], [])


def test_a_relay_of_another_network(own: Localnet) -> None:
    """It says so by its chain id."""
    _, judged = findings(own, name="testnet")
    assert judged.faults == [
        f"relay {own.network.relay}: it belongs to another network: chain id 298, not 296; correct its URL"
    ]


class Slower(BaseHTTPRequestHandler):
    """Says HTTP 429 to everything."""

    def do_POST(self) -> None:
        self.send_response(429)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


def test_a_relay_that_asks_for_a_slower_pace_is_there(own: Localnet) -> None:
    """Public relays limit their callers; a run that is refused in passing waits by itself."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Slower)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        found, judged = findings(own, relay=f"http://127.0.0.1:{server.server_address[1]}")
    finally:
        server.shutdown()
        server.server_close()
    assert judged == ([], [])
    assert any("asks for a slower pace" in one.detail for one in found.values())


def test_a_mirror_that_is_away_is_one_fault(own: Localnet, dead: str) -> None:
    """Key, balance and fees could not be looked at, and are no faults beside it."""
    found, judged = findings(own, Wants(bodies={"a topic": bodies.create_topic()}), mirror_rest=f"http://{dead}")
    assert len(judged.faults) == 1
    assert judged.faults[0].startswith(f"mirror REST http://{dead}: MIRROR_UNREACHABLE")
    assert sum(one.wrong is Wrong.CONSEQUENCE for one in found.values()) == 3


@pytest.mark.parametrize(("status", "asked"), [(429, 3), (503, 3), (404, 1), (None, 1)])
def test_a_mirror_is_asked_again_that_refuses_in_passing(status: int | None, asked: int) -> None:
    """HTTP 429 and 5xx; not what will not change, and not a mirror that is not there."""
    times: list[int] = []

    def ask() -> None:
        times.append(1)
        error = MirrorError("no", status="HTTP", fate=Fate.RETRYABLE, busy=status == 429)
        error.http_status = status
        raise error

    with pytest.raises(MirrorError):
        patiently(ask, pauses=(0, 0))
    assert len(times) == asked


def test_fees_that_are_bounded_too_low() -> None:
    """At 6 cents an hbar, 4,096 bytes of a file cost over 6 hbar: the bound is told, and the least that would do."""
    wanted = {"storing 4,096 bytes of a file": bodies.create_file(bytes(4_096)), "a topic": bodies.create_topic()}
    with pytest.raises(UnhealthyError) as caught:
        check_fees(FeeCaps(100, 600, most=5 * HBAR), wanted, "--max-fee")
    said = str(caught.value)
    assert said.startswith("at $0.0600 an hbar, storing 4,096 bytes of a file costs 6.")
    assert "and --max-fee 5 offers less" in said
    least = float(said.rpartition(" ")[2])
    assert "are offered at most" in check_fees(FeeCaps(100, 600, most=round(least * HBAR)), wanted, "--max-fee")
    with pytest.raises(UnhealthyError):
        check_fees(FeeCaps(100, 600, most=round((least - 0.02) * HBAR)), wanted, "--max-fee")


def test_an_unforeseen_failure_is_a_finding(own: Localnet) -> None:
    """And ends nothing else."""
    network = Network.model_construct(**{**own.network.model_dump(), "nodes": {"nonsense": "0.0.3"}})
    found = list(examine(network, operator_of(own), Wants(relay=False, stream=False), timeout=2))
    assert [one.healthy for one in found if one.subject.startswith("node ")] == [False]
    assert all(one.healthy for one in found if not one.node)


def test_what_is_lived_with() -> None:
    """Single nodes that are away; never all of them, and never a wrong account."""
    well = Finding("node 0.0.3 a:1", True, 0, "well", "0.0.3")
    away = Finding("node 0.0.4 b:1", False, 0, "away", "0.0.4", Wrong.UNREACHED)
    assert judge([well, away]) == ([], ["node 0.0.4 b:1: away"])
    assert judge([away]) == (["node 0.0.4 b:1: away"], [])
    assert judge([away, replace(away, subject="node 0.0.5 c:1")]).faults == [
        "node 0.0.4 b:1: away (likewise 0.0.5 c:1)"
    ]
    assert judge([well, replace(away, wrong=Wrong.ACCOUNT)]).faults == ["node 0.0.4 b:1: away"]
