"""Plain words for what the network, the transport and the client say when something goes wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hedera_client.status import PRECHECK, RECEIPT, RELAY, RELAY_BROKEN, TRANSPORT
from records.statuses import NEVER_HAPPENED, STOPPED

CAUSES: Final[Mapping[str, str]] = {
    "BUSY": "The node's share of the network's throttle was used up. Send more slowly, or over more nodes; file writes "
    "are throttled to about 10 per second for the whole network.",
    "UNAVAILABLE": "The node could not be reached: it is down, restarting, or the connection was cut. "
    "Try other nodes, or wait until it is back; more --attempts bridge a short outage.",
    "DEADLINE_EXCEEDED": "No answer came in time (--rpc-timeout). What was sent may still have arrived.",
    "RESOURCE_EXHAUSTED": "A proxy or server in between refused for lack of room. Send more slowly or "
    "with fewer users, or raise its limit.",
    "RECEIPT_TIMEOUT": "The receipt did not come in time (--confirm-timeout). The transaction may still "
    "be processed, and the audit says whether it was. A longer --confirm-timeout waits for it.",
    "MIRROR_TIMEOUT": "The mirror did not show the message in time (--confirm-timeout). It may still appear. "
    "A longer --confirm-timeout waits for it; a mirror that falls behind needs a lower rate.",
    "CIRCUIT_OPEN": "The circuit breaker was open after repeated failures, so nothing was sent. See what "
    "failed before; --breaker-failures and --breaker-recovery say when it opens and for how long.",
    "QUEUE_FULL": "As many operations waited as the queue holds, so this one was turned away at once. See what they "
    "waited for; --queue says how many may wait.",
    "QUEUE_EXPIRED": "It waited in the queue for as long as --queue-expiry allows, at an open circuit or for a limit, "
    "and was never sent.",
    "QUEUE_LEFT": "It still stood in the queue when the run ended, and was never sent. A longer --stop-timeout lets "
    "the queue drain.",
    "RATE_LIMITED": "The limiter on our side (--rate-limit, --concurrency) said wait, and there was no queue to wait "
    "in (--queue).",
    "DEADLINE_PASSED": "Its time was over (--deadline) before an attempt could begin.",
    NEVER_HAPPENED: "It had no effect and cannot have one any more: its validity was over and no node had its "
    "receipt. It was sent once more under a new id before.",
    "RELAY_RATE_LIMITED": "The JSON-RPC relay's rate limit was reached. Public relays are restrictive; ask less often.",
    "RELAY_TIMEOUT": "The JSON-RPC relay did not answer in time (--rpc-timeout).",
    "RELAY_UNREACHABLE": "The JSON-RPC relay could not be reached. Check the network's relay address, or wait.",
    STOPPED: "The end of the run cut the operation off before its outcome was known. A longer --stop-timeout lets it "
    "end.",
    "INVALID_SIGNATURE": "A key that must sign did not. Check the operator's key and the topic's or file's keys.",
    "INSUFFICIENT_PAYER_BALANCE": "The operator's account has not enough hbar left. Top it up.",
    "INSUFFICIENT_TX_FEE": "The offered maximum fee was below the price. Update the client: prices follow the "
    "exchange rate.",
    "DUPLICATE_TRANSACTION": "Somebody else had used this transaction id, and the one that it was sent again under: a "
    "collision of payers. Another process pays with the same account; give each an account of its own (OPERATOR_ID).",
    "TRANSACTION_EXPIRED": "The transaction reached the network after its valid time, usually after long retries or "
    "with a clock that runs behind. Synchronise this machine's clock (NTP), or shorten --backoff-max.",
    "INVALID_TRANSACTION_START": "The transaction starts in the future for the node: this machine's clock runs "
    "ahead. Synchronise it (NTP).",
    "INVALID_TOPIC_ID": "The topic does not exist or was deleted. A run creates its own; check who deleted it.",
    "INVALID_FILE_ID": "The file does not exist. Check its id and the network it was stored on.",
    "FILE_DELETED": "The file was deleted. Store it again before it is read.",
    "MAX_FILE_SIZE_EXCEEDED": "A file can hold 1 MiB at most. Use a smaller --model-bytes.",
    "TRANSACTION_OVERSIZE": "A transaction can have 6,144 bytes at most. Use a smaller --chunk-bytes.",
    "MESSAGE_SIZE_TOO_LARGE": "A message can have 1,024 bytes per chunk at most. Use a smaller --message-bytes.",
    "INTERNAL": "The stream was reset, or the answer could not be read: a proxy, a load balancer or the node breaks "
    "calls off. What was sent may still have arrived. Look at what stands before the node.",
    "FAIL_INVALID": "An exception inside the node. It is the node's fault: tell its operator; other nodes may answer.",
    "PLATFORM_NOT_ACTIVE": "The node is not part of consensus at the moment. Other nodes answer; try again later.",
    "PLATFORM_TRANSACTION_NOT_CREATED": "The node could not take the transaction over; trying again is safe.",
    "PAYER_ACCOUNT_NOT_FOUND": "The operator's account does not exist on this network. Check OPERATOR_ID and "
    "--network.",
    "HASH_MISMATCH": "What was read back is not what was stored: an append was lost, doubled or overtaken. Look at "
    "the transactions of this file on the mirror.",
    "APPLICATION_ERROR": "The application with Hedera did not say that it was done: check what --with-hedera names, "
    "and its log. Where its answer was 5xx or did not come, the message may have arrived; the audit says whether it "
    "has.",
    "BASELINE_ERROR": "The operation without Hedera failed: check what --baseline names.",
}


def cause_of(status: str) -> str | None:
    """What a status means, with a remedy where one is known, as sentences; None for a word that nobody knows.

    What is not explained here is told as the tables of `hedera_client.status` judge it.
    """
    if status in CAUSES:
        return CAUSES[status]
    if status.startswith("HTTP_5"):
        return f"{RELAY_BROKEN.reason.capitalize()}. Try again later, or name another relay."
    for table in (PRECHECK, TRANSPORT, RECEIPT, RELAY):
        if status in table:
            reason = table[status].reason
            return f"{reason[0].upper()}{reason[1:]}."
    return None
