"""How fast a run sends, what it offers, how its nodes are told, and loads that are never made."""

from __future__ import annotations

import json
import logging
import math
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest
from hiero_sdk_python import PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from config.address_book import entries_from_rows
from config.networks import KNOWN
from config.routes import routes
from config.settings import RunSettings
from hedera_client import Operator
from hedera_client.address_book import NodeChoice
from hedera_client.book_file import read_book
from hedera_client.prices import HBAR, LOWEST_RATE
from hedera_users.fees import dearest_bodies, fee_caps, max_query_payment, price_of_beginning
from hedera_users.hcs_submitter import HcsSubmitter
from hedera_users.model_storer import ModelStorer
from hedera_users.node_list import LIST_NAME, keep_list, tell
from hedera_users.ramp import look_at_load, ramp_s
from hedera_users.relay_reader import RelayReader
from hedera_users.send_limits import FILES, MESSAGES, file_limiter, message_limiter
from resilience import AdaptiveConcurrency, ConcurrencyLimit, Limits, TokenBucket

OPERATOR = Operator("0.0.2", PrivateKey.generate_ed25519())


def test_no_limit_is_no_limiter() -> None:
    """Unless it is asked for."""
    assert message_limiter(RunSettings(), 1) is None
    assert isinstance(message_limiter(RunSettings(concurrency="adaptive"), 1), AdaptiveConcurrency)
    assert isinstance(file_limiter(RunSettings(concurrency="7"), 1), ConcurrencyLimit)
    assert isinstance(file_limiter(RunSettings(concurrency="7", rate_limit="network"), 1), Limits)


@pytest.mark.parametrize("workers", [1, 2, 50])
def test_workers_share_the_networks_throttle(workers: int) -> None:
    """Messages and files have each their own; half of a burst goes at once, and one call in any case."""
    settings = RunSettings(rate_limit="network")
    for limiter, throttle in ((message_limiter, MESSAGES), (file_limiter, FILES)):
        bucket = limiter(settings, workers)
        assert isinstance(bucket, TokenBucket)
        assert bucket.snapshot()["limit"] == throttle.rate / workers
    files = file_limiter(settings, workers)
    assert files is not None
    at_once = max(1, math.floor(FILES.rate / workers * FILES.burst_s / 2))
    assert [files.acquire() == 0.0 for _ in range(at_once + 1)] == [True] * at_once + [False]


def test_the_dearest_transactions_are_those_of_the_runs_classes() -> None:
    """Topics in any case; messages as large as one transaction takes; files in their chunks."""
    settings = RunSettings(message_bytes=2_000, model_bytes=10_240, chunk_bytes=4_096)
    assert set(dearest_bodies([RelayReader], settings, OPERATOR)) == {"creating a topic"}
    found = dearest_bodies([HcsSubmitter, ModelStorer], settings, OPERATOR)
    assert set(found) == {"creating a topic", "a message of 1,024 bytes", "storing 4,096 bytes of a file"}
    assert price_of_beginning(found, 3) == 3 * found["creating a topic"].price


def test_no_more_is_offered_than_was_allowed() -> None:
    """Whatever the rate; where none is known the lowest counts, which makes most hbars of a price."""
    settings = RunSettings(max_fee=0.5)
    price = dearest_bodies([], settings, OPERATOR)["creating a topic"].price
    assert fee_caps(settings, None).of(price * 1_000) == HBAR // 2
    assert fee_caps(settings, None) == fee_caps(settings, LOWEST_RATE)
    free = RunSettings(max_fee=0)
    assert fee_caps(free, (1, 12)).of(price) < fee_caps(free, None).of(price)
    caps = fee_caps(free, None)
    assert max_query_payment(RunSettings(model_bytes=1_048_576), caps) > max_query_payment(RunSettings(), caps)


def choice(**row: Any) -> NodeChoice:
    """What was chosen of a book with one node."""
    node = {
        "node_account_id": "0.0.3",
        "service_endpoints": [{"ip_address_v4": "192.0.2.1", "domain_name": "", "port": 50_211}],
    }
    ways = tuple(routes(entries_from_rows([{**node, **row}]), tls=False))
    return NodeChoice(KNOWN["testnet"], "the address book of a mirror", ways, fallback=True)


def test_the_list_of_nodes_is_told_and_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """As a file that the check reads; one in place of the book that was wanted is a warning, as is a node left out."""
    chosen = choice()
    with caplog.at_level(logging.INFO):
        tell(chosen, logging.getLogger("nodes"))
        tell(choice(service_endpoints=[]), logging.getLogger("nodes"))
    levels = [record.levelname for record in caplog.records]
    assert caplog.messages[0] == "Nodes of testnet: the address book of a mirror"
    assert levels == ["WARNING"] * 3
    keep_list(chosen, tmp_path / "run", logging.getLogger("nodes"))
    assert read_book(tmp_path / "run" / LIST_NAME).entries == chosen.entries
    assert json.loads((tmp_path / "run" / LIST_NAME).read_text())["network"] == "testnet"


def test_a_network_that_says_its_nodes_itself_has_no_list(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """There is nothing to be told."""
    with caplog.at_level(logging.INFO):
        tell(NodeChoice(KNOWN["testnet"]), logging.getLogger("nodes"))
    keep_list(NodeChoice(KNOWN["testnet"]), tmp_path / "run", logging.getLogger("nodes"))
    assert caplog.messages == []
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_takes_no_file_costs_the_list(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """And a line in the log, not the run."""
    (tmp_path / "taken").write_text("a file")
    keep_list(choice(), tmp_path / "taken", logging.getLogger("nodes"))
    assert caplog.messages[0].startswith(f"The list of nodes was not kept in {tmp_path / 'taken'}: ")


@given(users=st.integers(1, 10_000), rate=st.floats(0.1, 1_000))
def test_users_come_in_equal_steps(users: int, rate: float) -> None:
    """Whole ones, the first of them at once: as many at a time as come in a second, or one at a time."""
    there, seconds = 0, -1.0
    step = max(1, math.floor(rate))
    while there < users:
        there += step
        seconds = 0.0 if seconds < 0 else seconds + step / rate
    assert ramp_s(users, rate) == pytest.approx(seconds)


def load(**changes: Any) -> Namespace:
    """Options of a headless run."""
    usual = {"headless": True, "run_time": 60, "num_users": 10, "spawn_rate": 10.0, "arrival_rate": "0/s"}
    return Namespace(**{**usual, **changes})


@pytest.mark.parametrize(
    ("options", "faults", "remarks"),
    [
        ({}, 0, 0),
        ({"num_users": 100, "spawn_rate": 1.0}, 0, 1),
        ({"num_users": 100, "spawn_rate": 1.0, "arrival_rate": "10/s"}, 1, 0),
        ({"num_users": 55, "spawn_rate": 1.0, "arrival_rate": "0.1/s"}, 1, 0),
        ({"num_users": 55, "spawn_rate": 1.0, "arrival_rate": "1/s"}, 0, 0),
        ({"num_users": 100, "spawn_rate": 1.0, "headless": False}, 0, 0),
        ({"num_users": 100, "spawn_rate": 1.0, "run_time": None}, 0, 0),
        ({"num_users": 100, "spawn_rate": None}, 0, 1),
        ({"num_users": None}, 0, 0),
    ],
)
def test_a_load_that_is_never_made_is_told(options: dict[str, Any], faults: int, remarks: int) -> None:
    """Before it is paid for: some users never come, or nothing would be due when all are there."""
    told = look_at_load(load(**options))
    assert (len(told.faults), len(told.remarks)) == (faults, remarks)
