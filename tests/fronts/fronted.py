"""An embedded network behind real fronts, and what is asked of a run through them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from hedera_client import MirrorRest
from tests.e2e.locust_command import Finished, OwnNetwork
from tests.fronts.row import Row


@dataclass(frozen=True)
class Fronted:
    """An embedded network of the test's own behind a row of fronts.

    Attributes:
        own: The embedded network, without fronts.
        row: The fronts.
        arguments: What `locust` needs to go through them.
    """

    own: OwnNetwork
    row: Row
    arguments: tuple[str, ...]

    @property
    def environment(self) -> dict[str, str]:
        """Who pays."""
        return self.own.environment

    def twice(self) -> list[str]:
        """Messages that stand on a topic more than once, of all topics that were written to.

        What a message is, the test's loads write into it (stream and number), so equal bytes are one message.
        """
        topics = {
            one["entity"]
            for one in self.own.ledger()
            if one["type"] == "CONSENSUSSUBMITMESSAGE" and one["status"] == "SUCCESS"
        }
        mirror = MirrorRest(self.own.localnet.network.mirror_rest)
        try:
            shown = Counter(row.message for topic in topics for row in mirror.topic_messages(topic))
        finally:
            mirror.close()
        return [message.decode(errors="replace") for message, times in shown.items() if times > 1]


def assert_clean(finished: Finished) -> dict[str, Any]:
    """Nothing that a person would call a failure, in the run or in its audit; returns the report."""
    assert finished.exit_code == 0, finished.output
    report = finished.report
    accounting, audit = report["accounting"], report["audit"]
    assert accounting["succeeded"] == accounting["scheduled"] > 0, finished.output
    assert audit["delivered"] == audit["acknowledged"] > 0
    assert audit["lost"] == audit["duplicated"] == audit["landed_after_failure"] == 0
    opened = {one["name"]: one["transitions"] for one in report["resilience"]["breakers"] if one["transitions"]}
    assert opened == {}, finished.output
    return report
