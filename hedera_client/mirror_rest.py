"""A client of the mirror node's REST API. It retries nothing."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import requests

from config.secrets import without_secrets
from hedera_client.bodies import ChunkInfo
from hedera_client.errors import Fate, MirrorError
from hedera_client.http_client import HttpClient, cause
from hedera_client.ids import TransactionId, parse_entity, parse_timestamp
from hedera_client.messages import TopicMessage
from hedera_client.pacing import pace_of
from hedera_client.prices import HBAR
from hedera_client.sanitize import one_line

T = TypeVar("T")

PAGE_ROWS: Final = 100
"""Rows per page; the most that mirror nodes give (their `rest.response.limit.max`)."""

PAGE_NODES: Final = 25
"""Nodes per page; the most that mirror nodes give. Older ones refuse a higher limit with 400
(MN:rest/controllers/networkController.js, networkNodesMaxSize), newer ones take it for this."""

MOST_NODES: Final = 10_000
"""Nodes in an address book at which reading on is given up: a mirror whose pages go round in circles has no end."""

PAGES_IN_VAIN: Final = 100
"""Pages of messages in a row without a later one at which reading on is given up, for the same reason."""

_SHOWN_CHARACTERS: Final = 200
"""Maximum characters of an error text of a mirror, or of a proxy before it."""

_TOO_MANY_REQUESTS = 429
_NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class MirrorTransaction:
    """A transaction as the mirror shows it.

    Attributes:
        transaction_id: Its id.
        name: E.g. `CONSENSUSSUBMITMESSAGE`.
        result: Its status at consensus, e.g. `SUCCESS`.
        consensus_timestamp: Nanoseconds since 1970.
        charged_fee: Tinybars.
        node: Account id of the node that took it, or None.
        entity_id: What it was about or created, or None.
    """

    transaction_id: TransactionId
    name: str
    result: str
    consensus_timestamp: int
    charged_fee: int
    node: str | None
    entity_id: str | None


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """The network's price of an hbar: `hbars` are worth `cents`, until `expires_s` (Unix time)."""

    hbars: int
    cents: int
    expires_s: int

    def usd(self, tinybars: int) -> float:
        """US dollars that an amount is worth."""
        return tinybars / HBAR * self.cents / self.hbars / 100


class MirrorRest:
    """Reads from one mirror node.

    Its HTTP connections are opened on first use and belong to the process that uses them. Safe for threads and
    greenlets.

    Args:
        base_url: Without `/api/v1`, e.g. `https://testnet.mirrornode.hedera.com`.
        timeout: Seconds to connect, and again between two parts of an answer.
        processes: How many processes of this machine ask this mirror at the same time. They share what public mirrors
            allow one address; each waits for its turn (`pacing`).

    All methods raise MirrorError where the mirror does not answer as asked: final for what it does not know (404; it
    may only not have imported it yet) or does not understand; else retryable, and busy where it asks for a slower
    pace (429), or where the turn of this request would come later than the timeout (`PACED`).
    """

    def __init__(self, base_url: str, *, timeout: float = 10.0, processes: int = 1) -> None:
        self.base_url = base_url.rstrip("/")
        self._timeout = timeout
        self._http = HttpClient()
        self._pace = pace_of(self.base_url, processes)

    def topic(self, topic_id: str) -> dict[str, Any]:
        """A topic's row of `/api/v1/topics/{id}`; 404 for an unknown one, which no list of messages tells."""
        return self._get(f"/api/v1/topics/{topic_id}")

    def knows_topic(self, topic_id: str) -> bool:
        """Whether the mirror has (already) heard of a topic."""
        try:
            self.topic(topic_id)
        except MirrorError as error:
            if error.http_status == _NOT_FOUND:
                return False
            raise
        return True

    def latest_consensus(self) -> int | None:
        """Until which consensus time the mirror shows everything, nanoseconds since 1970; None before its first block.

        The end of its newest block, for a block is imported as a whole (MN:importer RecordFileParser); of a mirror
        without blocks its newest transaction.
        """
        page = self._get("/api/v1/blocks?limit=1&order=desc")
        blocks = self._read(page, lambda page: list(page["blocks"]))
        if blocks:
            return self._read(blocks[0], lambda block: parse_timestamp(block["timestamp"]["to"]))
        page = self._get("/api/v1/transactions?limit=1&order=desc")
        return self._read(
            page,
            lambda page: max(
                (parse_timestamp(row["consensus_timestamp"]) for row in page["transactions"]), default=None
            ),
        )

    def topic_messages(
        self, topic_id: str, *, after: int = 0, until: int | None = None, repeats: bool = False
    ) -> Iterator[TopicMessage]:
        """A topic's messages in ascending order, read page by page as the iterator advances.

        Args:
            topic_id: Which topic; one the mirror does not know has no messages (200: MN:rest/topicmessage.js).
            after: Only sequence numbers above this.
            until: None, or the last sequence number that is wanted.
            repeats: Whether a message that the mirror shows again, or behind later ones, is yielded each time.

        Raises:
            MirrorError: see the class; also UNREADABLE for rows of another topic, and for pages that never end.
        """
        # Values start at 1: `gt:0` is HTTP 400 (MN:rest/utils.js, filterValidityChecks).
        path: str | None = (
            f"/api/v1/topics/{topic_id}/messages?limit={PAGE_ROWS}&order=asc&sequencenumber=gte:{after + 1}"
        )
        if until is not None:
            path = f"{path}&sequencenumber=lte:{until}"
        lowest = highest = after
        in_vain = 0
        while path is not None:
            page = self._get(path)
            in_vain += 1
            for message in self._read(page, lambda page: [_topic_message(row, topic_id) for row in page["messages"]]):
                if message.sequence_number > highest:
                    highest, in_vain = message.sequence_number, 0
                # `links.next` goes on by timestamp and may have dropped the filter by sequence number.
                if until is not None and message.sequence_number > until:
                    return
                if message.sequence_number > (lowest if repeats else after):
                    after = message.sequence_number
                    yield message
            if in_vain >= PAGES_IN_VAIN:
                raise self._error(
                    "UNREADABLE", f"gave {in_vain} pages in a row of topic {topic_id} and no later message"
                )
            path = self._next_page(page, path)

    def topic_message(self, topic_id: str, sequence_number: int) -> TopicMessage:
        """One message of a topic."""
        row = self._get(f"/api/v1/topics/{topic_id}/messages/{sequence_number}")
        return self._read(row, lambda row: _topic_message(row, topic_id))

    def latest_message(self, topic_id: str) -> TopicMessage | None:
        """The newest message of a topic that the mirror shows; None where it has none."""
        page = self._get(f"/api/v1/topics/{topic_id}/messages?limit=1&order=desc")
        rows = self._read(page, lambda page: [_topic_message(row, topic_id) for row in page["messages"]])
        return rows[0] if rows else None

    def transaction(self, transaction_id: TransactionId) -> MirrorTransaction:
        """The transaction with this id: of several rows, that of the user's own that was not refused as a duplicate."""
        page = self._get(f"/api/v1/transactions/{transaction_id.rest}")
        return self._read(page, lambda page: _transaction(min(page["transactions"], key=_not_the_users_own)))

    def account(self, account_id: str) -> dict[str, Any]:
        """An account's row of `/api/v1/accounts/{id}`, without its transactions."""
        return self._get(f"/api/v1/accounts/{account_id}?transactions=false")

    def balance(self, account_id: str) -> int:
        """Tinybars of an account, as of the mirror's last import (public mirrors: minutes ago)."""
        row = self.account(account_id)
        return self._read(row, lambda row: int(row["balance"]["balance"]))

    def network_nodes(self) -> list[Any]:
        """The rows of the address book, all pages of it, as they are: `config.address_book` reads them."""
        rows: list[Any] = []
        path: str | None = f"/api/v1/network/nodes?limit={PAGE_NODES}&order=asc"
        while path is not None:
            page = self._get(path)
            rows += self._read(page, lambda page: list(page["nodes"]))
            if len(rows) > MOST_NODES:
                raise self._error("UNREADABLE", f"lists more than {MOST_NODES} nodes")
            path = self._next_page(page, path)
        return rows

    def exchange_rate(self) -> ExchangeRate:
        """The rate that the network converts fees with now."""
        page = self._get("/api/v1/network/exchangerate")
        return self._read(page, lambda page: _exchange_rate(page["current_rate"]))

    def close(self) -> None:
        """Close this process's connections; a later call opens new ones."""
        self._http.close()

    def _get(self, path: str) -> dict[str, Any]:
        if not self._pace.wait(self._timeout):
            raise self._error("PACED", f"was not asked {path}: too many requests wait for their turn", paced=True)
        try:
            response = self._http.request("GET", self.base_url + path, timeout=self._timeout)
        except requests.RequestException as error:
            raise self._error("MIRROR_UNREACHABLE", f"did not answer {path}: {_one_line(cause(error))}") from error
        if response.status_code != requests.codes.ok:
            status = response.status_code
            refusal = self._error(f"HTTP_{status}", f"answered {path} with {_reason(response)}", status)
            refusal.retry_after_s = _retry_after(response)
            raise refusal
        try:
            answer = response.json()
        except (ValueError, RecursionError):
            answered = f"is not a mirror: it answered {path} with {_looks_like(response)}"
            raise self._error("UNREADABLE", answered) from None
        if not isinstance(answer, dict):
            raise self._error("UNREADABLE", f"is not a mirror: it answered {path} with JSON that is not an object")
        return answer

    def _read(self, answer: Any, read: Callable[[Any], T]) -> T:
        """Apply `read`; an answer that lacks what it needs becomes a MirrorError."""
        try:
            return read(answer)
        except KeyError as error:
            what = f"gave an answer that is not a mirror's: it lacks {error}"
            raise self._error("UNREADABLE", _one_line(what)) from error
        except (TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
            what = f"gave an answer that cannot be read: {error!r}"
            raise self._error("UNREADABLE", _one_line(what)) from error

    def _next_page(self, page: Mapping[str, Any], path: str) -> str | None:
        """Path of the page after `page`, which came from `path`; None where it was the last."""
        link = self._read(page, lambda page: (page.get("links") or {}).get("next"))
        if link is None:
            return None
        following = str(link).removeprefix(self.base_url)
        if not following.startswith("/"):  # some mirrors name a host, as they know themselves behind a proxy
            parts = self._read(following, urlsplit)
            following = f"{parts.path}?{parts.query}"
        if following == path or not following.startswith("/"):
            raise self._error("UNREADABLE", _one_line(f"named {str(link)!r} as the page after {path}"))
        return following

    def _error(self, status: str, what: str, http_status: int | None = None, *, paced: bool = False) -> MirrorError:
        final = http_status is not None and 400 <= http_status < 500 and http_status != _TOO_MANY_REQUESTS
        error = MirrorError(
            f"{status}: mirror {without_secrets(self.base_url)} {what}",
            status=status,
            fate=Fate.FINAL if final else Fate.RETRYABLE,
            busy=paced or http_status == _TOO_MANY_REQUESTS,
        )
        error.http_status = http_status
        return error


def _topic_message(row: Mapping[str, Any], topic_id: str) -> TopicMessage:
    if row["topic_id"] != topic_id:
        raise ValueError(f"topic {row['topic_id']!r} where {topic_id} was asked for")
    return TopicMessage(
        topic_id=row["topic_id"],
        sequence_number=int(row["sequence_number"]),
        consensus_timestamp=parse_timestamp(row["consensus_timestamp"]),
        message=base64.b64decode(row["message"], validate=True),
        running_hash=base64.b64decode(row["running_hash"], validate=True),
        running_hash_version=int(row["running_hash_version"]),
        payer=_account(row["payer_account_id"]),  # running hashes of version 3 cover it
        chunk_info=_chunk_info(row.get("chunk_info")),
    )


def _account(text: str) -> str:
    parse_entity(text)
    return text


def _chunk_info(row: Mapping[str, Any] | None) -> ChunkInfo | None:
    if row is None:
        return None
    initial = row["initial_transaction_id"]
    parse_entity(initial["account_id"])
    started = TransactionId(initial["account_id"], parse_timestamp(initial["transaction_valid_start"]))
    return ChunkInfo(started, total=int(row["total"]), number=int(row["number"]))


def _not_the_users_own(row: Mapping[str, Any]) -> tuple[bool, bool, bool]:
    """Sorts the user's own transaction before children, scheduled executions and refused duplicates."""
    return bool(row.get("nonce")), bool(row.get("scheduled")), row["result"] == "DUPLICATE_TRANSACTION"


def _transaction(row: Mapping[str, Any]) -> MirrorTransaction:
    return MirrorTransaction(
        transaction_id=TransactionId.parse(row["transaction_id"]),
        name=row["name"],
        result=row["result"],
        consensus_timestamp=parse_timestamp(row["consensus_timestamp"]),
        charged_fee=int(row["charged_tx_fee"]),
        node=row.get("node"),
        entity_id=row.get("entity_id"),
    )


def _exchange_rate(row: Mapping[str, Any]) -> ExchangeRate:
    return ExchangeRate(int(row["hbar_equivalent"]), int(row["cent_equivalent"]), int(row["expiration_time"]))


def _reason(response: requests.Response) -> str:
    """Return the mirror's own message, or HTTP's where it gives none."""
    try:
        message = response.json()["_status"]["messages"][0]["message"]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        message = response.reason or "no reason given"
    return f"HTTP {response.status_code} ({_one_line(str(message))})"


def _looks_like(response: requests.Response) -> str:
    """A short description of an answer that is not JSON."""
    kind = response.headers.get("Content-Type", "").partition(";")[0] or "something"
    return _one_line(f"{kind} that is not JSON: {response.text[:60]!r}")


def _one_line(text: str) -> str:
    return one_line(text, _SHOWN_CHARACTERS)


def _retry_after(response: requests.Response) -> float | None:
    """Seconds of the header `Retry-After` (RFC 9110 §10.2.3); None without it, or where it is a date."""
    text = response.headers.get("Retry-After", "").strip()
    return float(text) if re.fullmatch(r"\d{1,6}", text, re.ASCII) else None
