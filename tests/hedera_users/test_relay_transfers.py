"""Signed transfers of simulated users: they arrive once each, and the balances add up; whatever becomes of answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from hedera_client import Operator, Wallet
from hedera_users.relay_transfers import AMOUNT, FUNDS, ROUND
from tests.load_process.load_process import LoadProcess, Outcome

USER = "hedera_users.relay_transfers:RelayTransfers"
TRANSFERS = ROUND.count("transfer")


@pytest.fixture
def rig() -> Iterator[LoadProcess]:
    """A network of the test's own: its wallets have sent nothing yet."""
    running = LoadProcess("--consensus-delay", "0.1", "--mirror-lag", "0.05", "--throttles", "off")
    yield running
    running.close()


def till(rig: LoadProcess) -> Wallet:
    """The till of a process's first user."""
    operator = Operator.parse(rig.localnet.operator_id, rig.localnet.operator_key)
    return Wallet(operator.derived_secret("hedera-load relay 0.0 till"))


def till_of(rig: LoadProcess) -> int:
    """Tinybars that it has by the mirror."""
    url = f"{rig.network.mirror_rest}/api/v1/accounts/{till(rig).address}"
    return int(requests.get(url, timeout=10).json()["balance"]["balance"])


def outcomes(job: Outcome) -> Counter[tuple[str, str]]:
    """How many operations of which name ended how."""
    return Counter((record["name"], record["outcome"]) for record in job.records)


def test_a_round_of_a_wallet(rig: LoadProcess) -> None:
    """Transfers, what wallets ask between them, and the check at the end; the mirror has what they add up to."""
    job = rig.do({"user": USER, "tasks": len(ROUND)})
    assert outcomes(job) == {
        ("relay.sendRawTransaction", "succeeded"): TRANSFERS,
        ("relay.feeHistory", "succeeded"): 1,
        ("relay.getLogs", "succeeded"): 1,
        ("relay.batch", "succeeded"): 1,
        ("relay.getBalance", "succeeded"): 1,
    }
    assert till_of(rig) == 1 + TRANSFERS * AMOUNT
    sent = [record for record in job.records if record["name"] == "relay.sendRawTransaction"]
    assert {record["confirm"] for record in sent} == {"receipt"}
    assert all(record["phases_s"]["receipt"] > 0 and record["attempts"] >= 1 for record in sent)


@pytest.mark.background
def test_a_later_run_goes_on_with_the_same_wallets(rig: LoadProcess) -> None:
    """They follow from the operator's key: nothing is given again, and the nonces go on."""
    rig.do({"user": USER, "tasks": 4})
    paid = [one for one in rig.ledger() if one["type"] == "CRYPTOTRANSFER"]
    job = rig.do({"user": USER, "tasks": len(ROUND)})
    assert outcomes(job)["relay.getBalance", "succeeded"] == 1
    assert len(paid) == 2
    assert [one for one in rig.ledger() if one["type"] == "CRYPTOTRANSFER"] == []
    assert till_of(rig) == 1 + (2 + TRANSFERS) * AMOUNT


def test_at_the_level_ack_receipts_are_looked_for_at_the_check(rig: LoadProcess) -> None:
    """The next transfer goes when the relay has answered."""
    job = rig.do({"user": USER, "tasks": len(ROUND)}, settings={"confirm": "ack"})
    assert outcomes(job)["relay.getBalance", "succeeded"] == 1
    assert {record["confirm"] for record in job.records if record["name"].endswith("RawTransaction")} == {"ack"}
    assert till_of(rig) == 1 + TRANSFERS * AMOUNT


@pytest.mark.background
@pytest.mark.parametrize("fault", [{"kind": "ack-lost", "how": "reset"}, {"kind": "node-down", "nodes": ["0.0.3"]}])
def test_faults_of_the_nodes_are_the_relays(rig: LoadProcess, fault: dict[str, Any]) -> None:
    """Nothing is carried out twice."""
    rig.do({"user": USER, "tasks": 2})
    job = rig.do({"user": USER, "tasks": len(ROUND)}, faults=[{**fault, "operations": ["callEthereum"], "duration": 3}])
    assert outcomes(job)["relay.getBalance", "succeeded"] == 1
    assert till_of(rig) == 1 + (1 + TRANSFERS) * AMOUNT


@pytest.mark.background
def test_a_relay_that_limits_is_asked_again(rig: LoadProcess) -> None:
    """Its refusals are retried, as every BUSY is, and counted."""
    rig.do({"user": USER, "tasks": 2})
    faults = [{"kind": "relay-limit", "operations": ["eth_sendRawTransaction"], "count": 2}]
    job = rig.do({"user": USER, "tasks": len(ROUND)}, faults=faults)
    assert outcomes(job)["relay.sendRawTransaction", "succeeded"] == TRANSFERS
    assert job.resilience["retries"]["by_status"]["RELAY_RATE_LIMITED"] == 2


@pytest.mark.background
def test_hbar_that_others_send_is_noticed(rig: LoadProcess) -> None:
    """The check can fail: somebody else gives the till a tinybar meanwhile."""
    rig.do({"user": USER, "tasks": 2})
    job = rig.do({"user": USER, "tasks": len(ROUND)}, {"gives_to": till(rig).address, "delay_s": 1.0})
    (check,) = [record for record in job.records if record["name"] == "relay.getBalance"]
    assert (check["outcome"], check["status"]) == ("failed", "BALANCE_MISMATCH")
    assert FUNDS > 100 * AMOUNT
