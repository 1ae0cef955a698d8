"""The description of one run, the same in all its processes: settings, network, and what was set up for it."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from pydantic import BaseModel, ConfigDict

from config.networks import Network
from config.secrets import without_secrets as hidden
from config.settings import RunSettings


class TopicStart(BaseModel):
    """Where a run's part of a topic begins that an earlier run has left.

    Attributes:
        topic_id: Which topic.
        after: Sequence number of the last message that is none of the run's; 0 where the topic is empty.
        running_hash: The topic's running hash after that message, 48 bytes in hex; "" where the topic is empty.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    topic_id: str
    after: int = 0
    running_hash: str = ""


class Run(BaseModel):
    """One load test, from its start to its report.

    The master (or the local runner) makes it when a test starts and workers receive it as JSON with Locust's spawn
    message. It holds no secret: each process reads the operator's key from its own environment.

    Attributes:
        run_id: Name of the run and of its folder below the report directory, e.g. `20261124-101500-3f9a`.
        started_at: Unix time in seconds at which the test started on the master.
        settings: The options of the run.
        network: Where the network is reached. Its nodes are determined once, when the run is made: workers call
            these and ask no mirror for others.
        node_source: Where the nodes come from, in words; "" where the network lists them itself.
        node_remarks: Remarks on single nodes of the list, e.g. which are left out, and why; one line each.
        operator_key_type: `ed25519` or `ecdsa`, where the operator's key does not say it and the mirror did; else "".
        exchange_rate: Hbars and the US cents that they were worth when the run was prepared; the offered fees follow
            from it. None where it was not read.
        operator_id: The account that pays, e.g. `0.0.2`.
        topics: Topic ids of this run by purpose: `events` (audit events) and `models` (announcements of stored models);
            with `--with-hedera` also `application`, which anybody may write to.
        topic_starts: Of topics that an earlier run has left (`--reuse`): where this run's part of them begins.
        workers: Processes that generate its load; each has its share of rates.
        gates: What has to hold of it, those of a file among them; each as `config.gates.language` prints it.
        moments: Seconds after its start at which users of a scenario do something of their own, by its name.
        edge_faults: Faults that every process makes between itself and the network (`--edge-faults`), in the form of
            docs/faults.md; their start counts from the run's.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    run_id: str
    started_at: float
    settings: RunSettings
    network: Network
    node_source: str = ""
    node_remarks: tuple[str, ...] = ()
    operator_id: str
    operator_key_type: str = ""
    exchange_rate: tuple[int, int] | None = None
    topics: dict[str, str]
    topic_starts: tuple[TopicStart, ...] = ()
    workers: int = 1
    gates: tuple[str, ...] = ()
    moments: dict[str, float] = {}
    edge_faults: tuple[dict[str, Any], ...] = ()

    def without_secrets(self) -> Run:
        """The same run without passwords, tokens and keys in URLs, to be stored.

        To reach the network with it, give those addresses again.
        """
        options = ("breaker_storage", "baseline", "with_hedera")
        settings: dict[str, object] = {name: hidden(getattr(self.settings, name)) for name in options}
        settings["watch_metrics"] = tuple(hidden(url) for url in self.settings.watch_metrics)
        network = {
            "mirror_rest": hidden(self.network.mirror_rest),
            "relay": None if self.network.relay is None else hidden(self.network.relay),
        }
        return self.model_copy(
            update={
                "settings": self.settings.model_copy(update=settings),
                "network": self.network.model_copy(update=network),
                "node_source": hidden(self.node_source),
                "node_remarks": tuple(hidden(remark) for remark in self.node_remarks),
            }
        )

    @property
    def scatter(self) -> int:
        """Where in time the run's transaction ids lie: the same in every process, and effectively random between runs.

        Derived from the run's id and start, which no two runs share, so that it need not travel.
        """
        digest = sha256(f"{self.run_id}/{self.started_at!r}".encode()).digest()
        return int.from_bytes(digest[:8], "big")
