"""The same models stored in five ways: what each takes of time, money and the network's throttles."""

from __future__ import annotations

from functools import partial
from typing import Final

from hedera_users.storage_comparer import WAYS, StorageComparer
from reports.schema.operations import Operation
from reports.schema.report import Report
from reports.wording.phrases import milliseconds
from scenarios.scenario import Expectation, Judged, Scenario
from scenarios.storage_costs import MIB, cost

NAMES: Final = {
    "hfs-4096": "a file in 4,096-byte transactions",
    "hfs-1000": "a file in 1,000-byte transactions",
    "hcs-chunks": "one message in chunks",
    "hcs-1": "HCS-1",
    "hash": "a hash on a topic, the bytes elsewhere",
}

READ_BACK: Final = ("hfs-4096", "hfs-1000", "hcs-1")
"""Of the others the audit sees to it that they are there unchanged."""

EXPLORER_MESSAGES: Final = 99
"""A file of more is not shown by the mirror node's explorer (HashScan): it reads one page of messages."""

ADVICE: Final = (
    "the hash where the bytes have a safe home; chunks where the ledger has to hold them and one's own program "
    "reads them; HCS-1 where others' programs shall; a file only where the network's own services need one"
)


def stored(way: str, report: Report) -> Judged:
    """Every model has to be there unchanged; beside it, what that took."""
    settings = report["run"]["settings"]
    size = int(str(settings["model_bytes"]))
    found = {one["name"]: one for one in report["operations"]}
    storing, fetching = found.get(f"store.{way}"), found.get(f"fetch.{way}")
    if storing is None or not storing["succeeded"] or (way in READ_BACK and fetching is None):
        return Judged("none was stored and read back", None)
    mean_s = _mean_s(storing)
    takes, per_mib = cost(way, size), MIB / size
    dollars = takes.dollars * per_mib
    told = [
        f"{storing['succeeded']:,} of {storing['started']:,} models of {size:,} bytes, "
        f"in {milliseconds(1_000 * mean_s)} each",
        f"per MiB of such models {milliseconds(1_000 * mean_s * per_mib)}, "
        f"${dollars:,.4g} by the published prices, and "
        f"{milliseconds(1_000 * takes.throttle_s * per_mib)} of all that the network's throttles let through",
    ]
    if way == "hcs-1":
        told.append(readers(int(str(settings["hcs1_parallel"])), takes.messages))
    whole = storing["succeeded"] == storing["started"]
    if way in READ_BACK:
        assert fetching is not None
        whole = whole and fetching["succeeded"] == fetching["started"]
        told[0] += f", {fetching['succeeded']:,} read back unchanged"
    return Judged("; ".join(told), whole)


def readers(parallel: int, messages: int) -> str:
    """Which public readers an HCS-1 file suits of which so many were sent at once."""
    suits = ["hiero-did-sdk-python"]
    if parallel == 1:
        suits.insert(0, "@hiero-did-sdk/hcs")
    if messages <= EXPLORER_MESSAGES:
        suits.append("the mirror node's explorer")
    way = "one after the other" if parallel == 1 else f"{parallel} at once"
    lost = "" if parallel == 1 else " (@hiero-did-sdk/hcs reads one only of several messages in one millisecond)"
    return f"its {messages:,} messages, sent {way}, suit {', '.join(suits)}{lost}"


def quickest(report: Report) -> Judged:
    """A hash takes one message, whatever the model's size."""
    found = {one["name"]: one for one in report["operations"] if one["succeeded"]}
    times = {way: _mean_s(found[f"store.{way}"]) for way in WAYS if f"store.{way}" in found}
    if set(times) != set(WAYS):
        return Judged("not every way was taken", None)
    order = sorted(times, key=lambda way: times[way])
    told = ", ".join(f"{way} {milliseconds(1_000 * times[way])}" for way in order)
    return Judged(f"{told}. Which to take: {ADVICE}", order[0] == "hash")


def _mean_s(operation: Operation) -> float:
    """Mean latency of one of which some succeeded."""
    latency = operation["latency_ms"]
    assert latency is not None, "a latency where an operation succeeded"
    return (latency["mean"] or 0.0) / 1_000


SCENARIO = Scenario(
    name="storage",
    question="How should a model be stored, and what does each way take?",
    users=(StorageComparer,),
    brief=("--run-time", "10s", "--localnet-consensus-delay", "0.2"),
    expectations=(
        *(
            Expectation(name, "every model that was stored is there unchanged", partial(stored, way))
            for way, name in NAMES.items()
        ),
        Expectation("which to take", "the hash is stored quickest, whatever the model's size", quickest),
    ),
)
