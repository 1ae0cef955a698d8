"""Every option of a run, typed, with its default and its range.

Locust's parser reads the values (command line, `LOCUST_…` variables, `.conf` files, the web form); this model checks
them. `config.options` turns each field into a Locust option, so an option is added here, once.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from config.baselines import parse_baseline, parse_with_hedera
from config.levels import QUEUED, Levels
from config.network_file import load_custom
from config.networks import KNOWN, Network, NetworkName, NodeList
from config.scenarios import profile_of, scenario_names
from config.secrets import fault_of_url
from config.shapes import parse_shape
from config.watches import Pids, Urls

CHUNK_LIMIT_BYTES: Final = 5_800
"""Largest file chunk that leaves room for body and signatures in a transaction of at most 6,144 bytes."""


_RATES: Final = re.compile(r"[A-Za-z]+=\d+(\.\d+)?(,[A-Za-z]+=\d+(\.\d+)?)*")


class OneOf(tuple[str, ...]):
    """Marks a text field whose values are known only when the program runs; the options and the form list them."""


class Repeated:
    """Marks a text field whose option may be given several times: its texts are joined (`config.gates.reading`)."""


class RunSettings(BaseModel):
    """Every option that the project adds to Locust. Durations are in seconds, sizes in bytes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    scenario: Annotated[
        str,
        OneOf(("", *scenario_names())),
        Field(
            description="scenario to run: its users, load and expectations, and the options of its profile "
            "config/profiles/NAME.conf (python -m scenarios lists them)"
        ),
    ] = ""
    drills: Annotated[
        str,
        Field(
            description="drills of the scenario to run, by their short names, with commas between them; none: all of "
            "them (python -m scenarios drills lists them)"
        ),
    ] = ""
    network: Annotated[NetworkName, Field(description="Hedera network to drive")] = "localnet"
    network_file: Annotated[
        str, Field(description="JSON file with nodes, mirror_rest and mirror_grpc, for --network custom")
    ] = ""
    confirm: Annotated[
        Levels,
        Field(
            description="how far an operation must get to count as succeeded: queued, ack, receipt, mirror; "
            "several, with commas, are compared in one run"
        ),
    ] = ("receipt",)
    baseline: Annotated[
        str, Field(description="the operation without Hedera: sqlite, http:URL, python:module:callable, fixed:51ms")
    ] = "sqlite"
    with_hedera: Annotated[
        str,
        Field(
            description="the same operation with Hedera, done by your own application: http:URL, "
            "python:module:callable; none: this project's client does it"
        ),
    ] = ""
    message_bytes: Annotated[
        int,
        Field(ge=192, le=20_480, description="size of one audit event, 192 to 20480 bytes; over 1024 it is chunked"),
    ] = 256
    model_bytes: Annotated[
        int, Field(ge=1, le=1_048_576, description="size of one stored model, 1 to 1048576 bytes")
    ] = 10_240
    chunk_bytes: Annotated[
        int, Field(ge=1, le=CHUNK_LIMIT_BYTES, description="bytes of a model per file transaction, 1 to 5800")
    ] = 4_096
    hcs1_parallel: Annotated[
        int,
        Field(
            ge=1,
            le=100,
            description="messages of one HCS-1 file on their way at once, 1 to 100; 1: one after the other, as every "
            "public library reads them (docs/storage.md)",
        ),
    ] = 1
    think_time: Annotated[
        float, Field(ge=0, le=3600, description="seconds a user waits between two operations, 0 to 3600")
    ] = 0.5
    arrival_rate: Annotated[
        float,
        Field(
            ge=0,
            le=100_000,
            description="operations due per second, over all workers, whether or not those before are done, such as 50 "
            "or 50/s; 0: each user waits for its own operation, and thinks",
        ),
    ] = 0.0
    least_rate: Annotated[
        float,
        Field(
            ge=0,
            le=100,
            description="percent of the operations due by --arrival-rate that have to be started; with fewer the run "
            "ends with 5, or with 1 where the network was the limit",
        ),
    ] = 95.0
    arrivals: Annotated[
        Literal["constant", "poisson"],
        Field(description="with --arrival-rate: the same time between two operations, or times drawn by chance"),
    ] = "constant"
    arrival_patience: Annotated[
        float,
        Field(
            ge=0,
            le=3600,
            description="with --arrival-rate: seconds that a due operation waits for a free user before it is shed, "
            "0 to 3600",
        ),
    ] = 5.0
    shape: Annotated[
        str,
        Field(
            description="load that changes, NAME[:parameter=value,...]: ramp, steps, spike, day or capacity "
            "(docs/shapes.md); its highest level is --users, or --arrival-rate where that is given; it ends the run"
        ),
    ] = ""
    attempts: Annotated[int, Field(ge=1, le=50, description="attempts per transaction or query, 1 to 50")] = 5
    backoff: Annotated[
        float, Field(ge=0, le=60, description="seconds before the first retry; doubles each time, 10 %% jitter")
    ] = 0.25
    backoff_max: Annotated[
        float, Field(ge=0, le=600, description="longest wait in seconds before a retry, 0 to 600")
    ] = 8.0
    retry_budget: Annotated[
        int,
        Field(
            ge=0,
            le=1_000_000,
            description="tokens for retries per worker and service: one costs 5, 10 after a timeout; 0: no limit",
        ),
    ] = 500
    deadline: Annotated[
        float, Field(ge=0, le=86_400, description="longest time in seconds for one whole operation; 0: no limit")
    ] = 0.0
    queue: Annotated[
        int,
        Field(
            ge=0,
            le=1_000_000,
            description="operations per worker and service that may wait at an open circuit or a limit; 0: none",
        ),
    ] = 1_000
    queue_expiry: Annotated[
        float,
        Field(
            gt=0, le=86_400, description="longest wait in seconds in the queue, after which an operation is given up"
        ),
    ] = 90.0
    rate_limit: Annotated[
        Literal["off", "network"],
        Field(description="pace of transactions on our side: off, or the network's published throttles"),
    ] = "off"
    concurrency: Annotated[
        str,
        Field(
            description="transactions in flight per worker and service: off, a number, or adaptive (grows until BUSY)"
        ),
    ] = "off"
    node_choice: Annotated[
        Literal["round-robin", "least-outstanding"], Field(description="which of the healthy nodes is called next")
    ] = "round-robin"
    node_list: Annotated[
        NodeList,
        Field(
            description="nodes to call: address-book: all of the mirror's, with their certificates; configured: those "
            "built in, or of the network file; auto: on a public network the address book, and where the mirror gives "
            "none those built in; elsewhere those configured"
        ),
    ] = "auto"
    transport: Annotated[
        Literal["http2", "grpc"],
        Field(description="how nodes are spoken to: the project's own HTTP/2, or gRPC's channels (docs/client.md)"),
    ] = "http2"
    connections: Annotated[
        int,
        Field(
            ge=1,
            le=1_000,
            description="connections per node and process at most, 1 to 1000; a node takes 10 calls at once on each",
        ),
    ] = 64
    valid_duration: Annotated[
        int,
        Field(
            ge=16,
            le=180,
            description="seconds for which nodes accept a transaction, 16 to 180; then unknown outcomes can be settled",
        ),
    ] = 120
    breaker_failures: Annotated[
        int, Field(ge=1, le=10_000, description="consecutive failures that open a circuit breaker")
    ] = 5
    breaker_recovery: Annotated[
        float, Field(gt=0, le=3600, description="seconds an open circuit waits before it lets a trial call through")
    ] = 60.0
    breaker_trials: Annotated[
        int, Field(ge=1, le=100, description="trial calls in flight at once while a circuit is half-open, 1 to 100")
    ] = 1
    breaker_storage: Annotated[
        str, Field(description="redis://host:port/db to share circuit breakers between workers; none: each has its own")
    ] = ""
    rpc_timeout: Annotated[float, Field(gt=0, le=120, description="gRPC deadline of one attempt in seconds")] = 10.0
    confirm_timeout: Annotated[
        float, Field(gt=0, le=600, description="longest wait in seconds for a receipt, and again for the mirror")
    ] = 30.0
    receipt_interval: Annotated[
        float,
        Field(
            ge=0.001,
            le=10,
            description="seconds of waiting for each look for a receipt, on the average; with --receipt-schedule "
            "fixed: between two looks, 0.001 to 10",
        ),
    ] = 0.25
    receipt_schedule: Annotated[
        Literal["adaptive", "fixed", "sdk"],
        Field(
            description="when to look for a receipt: adaptive: close to when they have come so far; fixed: every "
            "--receipt-interval; sdk: as Hedera's SDKs do, at once and after 0.25 s, 0.5 s, 1 s, ..."
        ),
    ] = "adaptive"
    audit_timeout: Annotated[
        float,
        Field(ge=0, le=3600, description="longest wait in seconds after the run until the mirror shows every message"),
    ] = 30.0
    max_fee: Annotated[
        float,
        Field(
            ge=0,
            le=1_000_000,
            description="hbars that are offered for one transaction at most; 0: twice its published price at the "
            "network's exchange rate, whatever that is",
        ),
    ] = 0.0
    localnet_latency: Annotated[
        Literal["standard", "mainnet", "testnet", "instant"],
        Field(description="embedded network only: how long consensus and the mirror take (docs/localnet.md)"),
    ] = "standard"
    localnet_consensus_delay: Annotated[
        float,
        Field(ge=0, le=60, description="embedded network with standard latency only: seconds to consensus, 0 to 60"),
    ] = 2.0
    localnet_throttles: Annotated[
        str,
        Field(
            description="embedded network only: whose limits its nodes have, beyond which they answer BUSY: mainnet, "
            "testnet, off, or mainnet's with other rates a second, such as ConsensusSubmitMessage=50,burst=1"
        ),
    ] = "mainnet"
    localnet_limits: Annotated[
        Literal["real", "off"],
        Field(
            description="embedded network only: what its nodes let a connection do; real: as real nodes (10 calls at "
            "once, an end after 15 s); off: whatever it likes, to measure the embedded network itself"
        ),
    ] = "real"
    localnet_faults: Annotated[
        str,
        Field(description="embedded network only: JSON file of faults; their start counts from the start of the run"),
    ] = ""
    edge_faults: Annotated[
        bool,
        Field(
            description="not on the embedded network: make a scenario's faults in the load generator itself, between "
            "it and the network, which is not touched (docs/faults.md)"
        ),
    ] = False
    reuse: Annotated[
        bool,
        Field(
            description="write to the topics that an earlier run with --reuse has left, and leave them for later ones "
            "(their ids are in topics.json of the report directory)"
        ),
    ] = False
    gate: Annotated[
        str,
        Repeated(),
        Field(
            description="what has to hold of the run, such as 'p95(hcs.submit.receipt) < 5s' or 'error_rate(*) < 1%% "
            "abort' (docs/gates.md); may be given several times, or several with ; between them"
        ),
    ] = ""
    gates: Annotated[str, Field(description="text file with a gate in each line, besides those of --gate")] = ""
    cleanup: Annotated[
        bool,
        Field(description="delete the run's topics when it was audited; their messages stay readable"),
    ] = False
    watch_pid: Annotated[
        Pids,
        Field(
            description="processes of the master's machine whose memory, handles and threads are watched for leaks, "
            "such as 4711 or 4711,4712"
        ),
    ] = ()
    watch_metrics: Annotated[
        Urls,
        Field(
            description="URLs of Prometheus metrics whose process_resident_memory_bytes and process_open_fds are "
            "watched for leaks, such as http://localhost:9090/metrics"
        ),
    ] = ()
    seed: Annotated[
        int, Field(ge=0, le=2**63 - 1, description="seed of payloads and orders; 0 picks one and prints it")
    ] = 0
    report_dir: Annotated[str, Field(min_length=1, description="folder that receives one folder per run")] = (
        "reports/out"
    )

    @field_validator("scenario")
    @classmethod
    def _scenario_is_known(cls, name: str) -> str:
        if name:
            profile_of(name)
        return name

    @field_validator("baseline")
    @classmethod
    def _baseline_is_known(cls, text: str) -> str:
        parse_baseline(text)
        return text

    @field_validator("with_hedera")
    @classmethod
    def _with_hedera_is_known(cls, text: str) -> str:
        parse_with_hedera(text)
        return text

    @field_validator("localnet_throttles")
    @classmethod
    def _throttles_are_known(cls, text: str) -> str:
        if text not in ("mainnet", "testnet", "off") and not _RATES.fullmatch(text):
            raise ValueError(
                "choose mainnet, testnet, off, or rates a second such as ConsensusSubmitMessage=50,burst=1"
            )
        return text

    @field_validator("shape")
    @classmethod
    def _shape_is_known(cls, text: str) -> str:
        parse_shape(text)
        return text

    @field_validator("concurrency")
    @classmethod
    def _concurrency_is_known(cls, text: str) -> str:
        if text not in ("off", "adaptive") and not (text.isascii() and text.isdigit() and 1 <= int(text) <= 100_000):
            raise ValueError("use off, adaptive or a number from 1 to 100000")
        return text

    @field_validator("breaker_storage")
    @classmethod
    def _breaker_storage_is_redis(cls, url: str) -> str:
        if url and fault_of_url(url):
            raise ValueError(fault_of_url(url))
        if url and not _is_redis(url):
            raise ValueError("name a Redis server, e.g. redis://localhost:6379/0")
        return url

    @field_validator("arrival_rate", mode="before")
    @classmethod
    def _rate_may_say_per_second(cls, rate: Any) -> Any:
        return rate.strip().removesuffix("/s") if isinstance(rate, str) else rate

    @field_validator("max_fee")
    @classmethod
    def _max_fee_is_no_fraction_of_the_smallest_unit(cls, hbar: float) -> float:
        if 0 < hbar < 1e-8:
            raise ValueError("give 0.00000001 (one tinybar) or more, or 0 for no bound")
        return hbar

    @model_validator(mode="after")
    def _what_is_handed_over_has_a_queue(self) -> RunSettings:
        if QUEUED in self.confirm and not self.queue:
            raise ValueError("--queue 0: --confirm queued hands operations over to the queue; let it hold some")
        return self

    @model_validator(mode="after")
    def _custom_network_has_a_file(self) -> RunSettings:
        if (self.network == "custom") != bool(self.network_file):
            raise ValueError(
                "--network-file '': name the JSON file of your network with --network-file FILE"
                if self.network == "custom"
                else f"--network-file {self.network_file!r}: it needs --network custom, not {self.network!r}"
            )
        return self

    @model_validator(mode="after")
    def _faults_are_for_the_embedded_network(self) -> RunSettings:
        if self.localnet_faults and self.network != "localnet":
            raise ValueError(
                f"--localnet-faults {self.localnet_faults!r}: it needs --network localnet, not {self.network!r}"
            )
        return self

    @model_validator(mode="after")
    def _the_embedded_network_is_broken_itself(self) -> RunSettings:
        if self.edge_faults and self.network == "localnet":
            raise ValueError("--edge-faults: the embedded network is broken itself; leave it out")
        return self

    def known_network(self) -> Network | None:
        """The network's addresses, or None for the embedded one, whose addresses are known once it runs.

        Raises:
            ValueError: the file of a custom network is unusable; the message is one line.
        """
        if self.network == "custom":
            return load_custom(Path(self.network_file))
        return KNOWN.get(self.network)


def _is_redis(url: str) -> bool:
    try:
        parts = urlsplit(url)
        database = parts.path.strip("/")
        usable = parts.scheme in ("redis", "rediss") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # e.g. a port that is not a number
        return False
    return usable and (not database or (database.isascii() and database.isdigit()))


def read_faults(path: str) -> list[Any]:
    """Read a file of faults for the embedded network; the network itself checks their contents.

    Raises:
        ValueError: it is not a JSON list.
    """
    try:
        faults = json.loads(Path(path).read_text())
    except (OSError, ValueError) as error:
        raise ValueError(f"{error}; name a JSON file with a list of faults (docs/faults.md)") from error
    if not isinstance(faults, list):
        raise ValueError("the file must hold a JSON list of faults (docs/faults.md)")  # noqa: TRY004
    return faults


def option_name(field: str) -> str:
    """The command-line spelling of a field, e.g. `--network-file`."""
    return "--" + field.replace("_", "-")
