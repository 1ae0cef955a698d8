"""One table of errors: complete, applied to what really comes over the wire, and shown in docs/errors.md."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest
from hiero_sdk_python.hapi.services import response_code_pb2

from grpc_http2.client.no_answer import NoAnswerError
from grpc_http2.wire.status import StatusCode
from hedera_client import (
    AlreadySubmittedError,
    Fate,
    HederaClient,
    PrecheckError,
    ReceiptFailedError,
    TransactionExpiredError,
    TransportError,
    bodies,
)
from hedera_client.errors_page import errors_page
from hedera_client.status import CLOSED, PRECHECK, RECEIPT, TRANSPORT, judge_precheck, relay_error
from hedera_client.status import transport_error as judged
from localnet_launcher import Localnet, start_localnet

STATUSES = [value.name for value in response_code_pb2.ResponseCodeEnum.DESCRIPTOR.values if value.name != "OK"]
DOCUMENTED = Path(__file__).resolve().parents[2] / "docs" / "errors.md"

# Where each stands in the order of precheck, or which handler's own check it is: hiero-consensus-node, as of 0.72-0.78.
RETRIED = {
    *("BUSY", "PLATFORM_NOT_ACTIVE", "PLATFORM_TRANSACTION_NOT_CREATED", "CREATING_SYSTEM_ENTITIES"),
    *("WAITING_FOR_LEDGER_ID", "INVALID_NODE_ACCOUNT", "INVALID_TRANSACTION_START"),
    *("RECEIPT_NOT_FOUND", "RECORD_NOT_FOUND"),
}
IN_DOUBT = {"FAIL_INVALID", "UNKNOWN", "SUCCESS"}
TYPES = {"DUPLICATE_TRANSACTION": AlreadySubmittedError, "TRANSACTION_EXPIRED": TransactionExpiredError}


@pytest.fixture(scope="module")
def broken() -> Iterator[Localnet]:
    """A network that the tests of this module break."""
    running = start_localnet("--latency", "instant", "--throttles", "off")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def client(broken: Localnet) -> Iterator[HederaClient]:
    from hedera_client import Operator

    client = HederaClient(
        broken.network, Operator.parse(broken.operator_id, broken.operator_key), lane=50, rpc_timeout=5
    )
    yield client
    client.close()


@pytest.fixture(autouse=True)
def whole(broken: Localnet) -> Iterator[None]:
    """No fault outlives its test."""
    yield
    broken.clear_faults()


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_of_a_node(broken: Localnet, client: HederaClient, status: str) -> None:
    """Refused with it over the wire, a transaction ends in the error and with the fate that the table says."""
    broken.add_faults([{"kind": "status", "status": status, "operations": ["submitMessage"], "count": 1}])
    node, own_id = client.next_node(), client.new_transaction_id()
    with pytest.raises(PrecheckError) as caught:
        client.submit(client.prepare(bodies.submit_message("0.0.9", b"m"), node, own_id))
    error = caught.value
    expected = Fate.RETRYABLE if status in RETRIED else Fate.UNKNOWN if status in IN_DOUBT else Fate.FINAL
    assert (error.status, error.fate, error.busy) == (status, expected, status == "BUSY")
    assert type(error) is TYPES.get(status, PrecheckError)
    assert (error.node, error.transaction_id) == (node, str(own_id))
    assert str(error).startswith(f"{status}: node {node} refused ConsensusSubmitMessage {own_id}")


@pytest.mark.parametrize("status", ["BUSY", "PLATFORM_NOT_ACTIVE", "FAIL_INVALID", "INVALID_TRANSACTION_ID"])
def test_statuses_in_the_header_of_an_answer(broken: Localnet, client: HederaClient, status: str) -> None:
    """Queries are refused by the same table."""
    broken.add_faults([{"kind": "status", "status": status, "operations": ["getTransactionReceipts"], "count": 1}])
    with pytest.raises(PrecheckError) as caught:
        client.receipt(client.new_transaction_id(), client.next_node())
    assert (caught.value.status, caught.value.fate) == (status, judge_precheck(status).fate)


def test_a_status_that_the_sdk_does_not_know() -> None:
    """A network may be newer than the SDK."""
    assert judge_precheck("STATUS_9999").fate is Fate.FINAL


def test_what_has_not_left_may_be_repeated() -> None:
    """Whatever the code, except on a closed client."""
    for status in TRANSPORT:
        error = judged(NoAnswerError(status, "", sent=False), node="0.0.3")
        assert error.fate is (Fate.FINAL if status == CLOSED else Fate.RETRYABLE)


def test_what_others_say_is_harmless_to_print() -> None:
    """A node's, a proxy's or a relay's words move no terminal's cursor and break no line."""
    words = "no healthy\x1b[31m\r\nupstream\x00\x9b2J" + "x" * 1000
    for error in (
        judged(NoAnswerError("UNAVAILABLE", words), node="0.0.3"),
        relay_error("HTTP_502", words, url="http://127.0.0.1", action="eth_chainId"),
    ):
        assert "(no healthy [31m upstream 2Jxxx" in str(error)
        assert str(error).isprintable()
        assert len(str(error)) < 400


def test_the_table_is_complete() -> None:
    """Every code of gRPC, by its number; every status in it is one of the network's; each with a reason."""
    assert {code.value[0]: code.name for code in grpc.StatusCode} == {code.value: code.name for code in StatusCode}
    assert set(TRANSPORT) == {*StatusCode.__members__, CLOSED}
    assert set(PRECHECK) | set(RECEIPT) <= set(STATUSES)
    assert {name for name, judgement in PRECHECK.items() if judgement.fate is Fate.RETRYABLE} == RETRIED
    assert {name for name, judgement in PRECHECK.items() if judgement.fate is Fate.UNKNOWN} == IN_DOUBT
    assert all(judgement.reason for table in (PRECHECK, TRANSPORT, RECEIPT) for judgement in table.values())


def test_the_page_shows_the_table() -> None:
    """If this fails: `python -m hedera_client errors > docs/errors.md`."""
    assert DOCUMENTED.read_text(encoding="utf-8") == errors_page()


@pytest.mark.parametrize(
    ("kind", "status"), [("node-down", "UNAVAILABLE"), ("node-reset", "INTERNAL"), ("ack-lost", "UNAVAILABLE")]
)
def test_faults_of_the_network_by_either_transport(
    broken: Localnet, make_client: Callable[..., HederaClient], transport: str, kind: str, status: str
) -> None:
    """Both transports hear of a fault in the same words, and neither claims to know what it cannot."""
    client = make_client(broken, transport=transport)
    more = {"how": "reset"} if kind == "ack-lost" else {}
    broken.add_faults([{"kind": kind, "operations": ["submitMessage"], "count": 1, **more}])
    with pytest.raises(TransportError) as caught:
        client.submit(client.prepare(bodies.submit_message("0.0.9", b"m"), "0.0.3", client.new_transaction_id()))
    assert (caught.value.status, caught.value.fate) == (status, Fate.UNKNOWN)


def test_a_resubmission_hears_that_the_id_is_known(broken: Localnet, make_client: Callable[..., HederaClient]) -> None:
    """The acknowledgement was lost, the same id is sent to another node: AlreadySubmittedError, and a receipt."""
    client = make_client(broken)
    broken.add_faults([{"kind": "ack-lost", "how": "reset", "operations": ["createTopic"], "count": 1}])
    own_id = client.new_transaction_id()
    body = bodies.create_topic(memo="lost acknowledgement")
    with pytest.raises(TransportError):
        client.submit(client.prepare(body, "0.0.3", own_id))
    with pytest.raises(AlreadySubmittedError):
        client.submit(client.prepare(body, "0.0.4", own_id))
    assert client.await_receipt(own_id, "0.0.4", timeout=5, interval=0.02).topic_id is not None


def test_a_failed_receipt_carries_the_tables_word(localnet: Localnet, make_client: Callable[..., HederaClient]) -> None:
    """Final for this transaction id, and not busy."""
    client = make_client(localnet)
    own_id = client.new_transaction_id()
    client.submit(client.prepare(bodies.submit_message("0.0.999999", b"m"), "0.0.3", own_id))
    with pytest.raises(ReceiptFailedError) as caught:
        client.await_receipt(own_id, "0.0.3", timeout=5, interval=0.02)
    assert (caught.value.status, caught.value.fate, caught.value.busy) == ("INVALID_TOPIC_ID", Fate.FINAL, False)
