"""docs/errors.md, written from the table of errors itself (`python -m hedera_client errors > docs/errors.md`)."""

from __future__ import annotations

from collections.abc import Mapping

from hiero_sdk_python.hapi.services import response_code_pb2

from grpc_http2.wire.status import StatusCode
from hedera_client.errors import Fate
from hedera_client.status import (
    OTHER_PRECHECK,
    OTHER_RECEIPT,
    PENDING,
    PRECHECK,
    RECEIPT,
    RELAY,
    RELAY_BROKEN,
    RELAY_REFUSED,
    TRANSPORT,
    Judgement,
)

_NUMBERS = {code.name: code.value for code in StatusCode}

_INTRODUCTION = """\
# What an error means

Written by `python -m hedera_client errors` from the table in `hedera_client/status.py`; a test holds this page to it.

Every error of `hedera_client` is a `HederaError` with the network's or the transport's word (`status`), what is known
about the operation now (`fate`), and whether the other side only asks for a slower pace (`busy`; that says nothing
against a node's health).

| fate | what is known | what a caller does |
|---|---|---|
| retryable | this attempt was not accepted | send the same transaction again, to this or another node |
| unknown | it may have been accepted | send the same id again (it cannot happen twice), or `HederaClient.settle` it |
| final | not accepted, or failed, and the same bytes meet the same answer | give up, or make a new transaction |

A judgement is about the attempt that met the error. Where an earlier attempt under the same transaction id ended with
unknown fate, no refusal settles that one: only `DUPLICATE_TRANSACTION` (`AlreadySubmittedError`) says that it was
accepted, and `TRANSACTION_EXPIRED` (`TransactionExpiredError`) only that trying is over. `HederaClient.settle`
finds out.
"""

_NO_ANSWER = """\
## No answer (gRPC's codes, whichever transport carried the call)

Where the node has certainly not seen the call it is **retryable** whatever the code: there was no connection, no byte
of the call left, or it stands above the last stream that a GOAWAY names. A reset is never such a certainty: proxies
answer REFUSED_STREAM also for calls that they have passed on. A call that only asks may always be repeated: what is
unknown below is **retryable** for queries. HTTP 429 from something before the node is busy, whatever the code.
"""

_RELAY = f"""\
## The JSON-RPC relay

`RPC_<code>` is an error of JSON-RPC by its code, `HTTP_<status>` an answer without one. With an HTTP status of 500 and
above: **{RELAY_BROKEN.fate}**, {RELAY_BROKEN.reason}.
Every other: **{RELAY_REFUSED.fate}**, {RELAY_REFUSED.reason}.
What is unknown is **retryable** for methods that only read, which are all but `eth_sendRawTransaction`.
"""


def errors_page() -> str:
    """The page, as Markdown."""
    known = len(response_code_pb2.ResponseCodeEnum.keys())
    return "\n".join(
        (
            _INTRODUCTION,
            "## A node's answer (precheck, or the header of a query's answer)\n",
            f"The SDK knows {known} statuses. `OK` is no error; every other that is not listed: "
            f"**{OTHER_PRECHECK.fate}**, {OTHER_PRECHECK.reason}.\n",
            _table(PRECHECK, response_code_pb2.ResponseCodeEnum.Value),
            _NO_ANSWER,
            _table(TRANSPORT, lambda name: _NUMBERS.get(name, "–")),
            "## A receipt\n",
            f"`SUCCESS` is no error, and {' and '.join(f'`{name}`' for name in PENDING)} say that it is still to come. "
            f"Every other status: **{OTHER_RECEIPT.fate}** for this transaction id, {OTHER_RECEIPT.reason}.\n",
            _table(RECEIPT, response_code_pb2.ResponseCodeEnum.Value),
            _RELAY,
            _table(RELAY, lambda _: "–"),
        )
    )


def _table(judgements: Mapping[str, Judgement], number: object) -> str:
    """Rows of one table: what is not final first, as it is listed in the code."""
    assert callable(number)
    order = sorted(judgements.items(), key=lambda row: row[1].fate is Fate.FINAL)
    rows = [
        f"| {name} | {number(name)} | {judgement.fate}{', busy' if judgement.busy else ''} | {judgement.reason} |"
        for name, judgement in order
    ]
    return "\n".join(("| status | code | fate | why |", "|---|---|---|---|", *rows, ""))
