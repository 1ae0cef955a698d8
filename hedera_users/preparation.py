"""What has to be there before the first user: the network, the run's topics on it, and the faults it shall survive."""

from __future__ import annotations

from locust.env import Environment

import logging
import os
import random
import time
from pathlib import Path
from typing import Any

from config.gates.reading import expressions
from config.networks import Network
from config.parsing import SettingsError
from config.run import Run, TopicStart
from config.settings import RunSettings, read_faults
from hedera_client import Operator
from hedera_client.account import find_operator
from hedera_client.address_book import NodeChoice, choose_nodes
from hedera_users.edge_schedule import makeable
from hedera_users.fees import fee_caps
from hedera_users.kept_topics import KeptTopics
from hedera_users.node_list import keep_list, tell
from hedera_users.preflight import LONGEST_CALL_S, look
from hedera_users.setup import create_topics, delete_topics, purposes_of
from localnet_launcher import Localnet, LocalnetError, start_localnet
from records.sources import planned_faults, planned_moments, publish_faults, publish_processes

logger = logging.getLogger(__name__)

EMBEDDED = "embedded network"
"""What its process is called in the report."""

_LOCALNET_OPERATOR = "hedera_localnet_operator"


class Preparation:
    """Prepares runs of one master or local process, and owns the embedded network where there is one."""

    def __init__(self) -> None:
        self._localnet: Localnet | None = None
        self._localnet_arguments: tuple[str, ...] = ()
        self._nodes: NodeChoice | None = None

    def bring_up(self, settings: RunSettings) -> None:
        """Start the embedded network, where the run is for it, and see that its faults are right.

        Raises:
            SettingsError: a fault is wrong.
            LocalnetError: it does not start.
        """
        if settings.network != "localnet":
            return
        localnet = self._start_localnet(settings)
        _begin_faults(localnet, settings)  # only to see that they are right; a run begins them itself
        localnet.clear_faults()

    def prepare(self, environment: Environment, settings: RunSettings) -> Run:
        """Reach the network, create the run's topics, and describe the run, which has yet to begin.

        Raises:
            SettingsError: the network, the operator or the fees are not as the run needs them; nothing was paid.
            LocalnetError: the embedded network does not start.
            HederaError: the network refused, or could not be reached.
            RejectedError: its circuits opened on the way.
        """
        options: Any = environment.parsed_options
        network = self._network(settings)
        if self._localnet is not None:
            setattr(options, _LOCALNET_OPERATOR, [self._localnet.operator_id, self._localnet.operator_key])
            self._localnet.clear_faults()  # an earlier run's
        if settings.seed == 0:
            settings = settings.model_copy(update={"seed": random.randrange(1, 2**32)})
        self._nodes = chosen = choose_nodes(network, settings.node_list, timeout=settings.rpc_timeout)
        tell(chosen, logger)
        operator, key_type = self._operator(settings, options, chosen.network)
        rate = look(chosen.network, operator, settings, environment.user_classes)
        now = time.time()
        run_id = time.strftime("%Y%m%d-%H%M%S", time.localtime(now)) + f"-{os.getpid() % 0x10000:04x}"
        starts = self._kept_topics(chosen.network, operator, settings)
        topics = {purpose: start.topic_id for purpose, start in starts.items()}
        topics |= create_topics(chosen.network, operator, run_id, settings, fee_caps(settings, rate), have=topics)
        if settings.reuse:
            KeptTopics(Path(settings.report_dir), chosen.network, operator).keep(topics)
        logger.info(
            "Run %s on %s: audit events on topic %s, models on topic %s, seed %d",
            *(run_id, network.name, topics["events"], topics["models"], settings.seed),
        )
        return Run(
            run_id=run_id,
            started_at=now,
            settings=settings,
            network=chosen.network,
            node_source=chosen.source,
            node_remarks=chosen.remarks,
            operator_id=operator.account_id,
            operator_key_type=key_type,
            exchange_rate=rate,
            topics=topics,
            topic_starts=tuple(starts.values()),
            gates=expressions(settings.gate, settings.gates),
        )

    def clean_up(self, environment: Environment, run: Run) -> None:
        """Delete a run's topics (`--cleanup`); those that cannot be deleted are named in the log, by their ids."""
        operator = operator_of(run.settings, environment.parsed_options, run.operator_key_type)
        topics = sorted(set(run.topics.values()))
        left = delete_topics(run.network, operator, run.settings, topics, fee_caps(run.settings, run.exchange_rate))
        KeptTopics(Path(run.settings.report_dir), run.network, operator).forget(set(topics) - set(left))
        logger.info("Deleted topics %s", ", ".join(topic for topic in topics if topic not in left) or "none")
        for topic, why in left.items():
            logger.warning("Topic %s is left over: %s", topic, why)

    def begin(self, environment: Environment, run: Run, workers: int) -> Run:
        """Start the run's clock, its faults with it; returns its description as of now.

        Args:
            environment: Locust's.
            run: As it was prepared.
            workers: Processes that users can run in.

        Raises:
            SettingsError: a fault is wrong; none has begun.
        """
        publish_processes(environment, {})
        if run.settings.network == "localnet" and self._localnet is not None:
            _break(environment, self._localnet, run.settings)
            publish_processes(environment, {EMBEDDED: self._localnet.process.pid})
        if self._nodes is not None:
            keep_list(self._nodes, Path(run.settings.report_dir) / run.run_id, logger)
        begun = {"started_at": time.time(), "workers": _sharing(environment, workers)}
        faults = makeable(planned_faults(environment), run.network) if run.settings.edge_faults else ()
        return run.model_copy(update={**begun, "moments": planned_moments(environment), "edge_faults": faults})

    def close(self) -> None:
        """Stop the embedded network, where there is one."""
        if self._localnet is not None:
            self._localnet.stop()
            self._localnet = None

    def _kept_topics(self, network: Network, operator: Operator, settings: RunSettings) -> dict[str, TopicStart]:
        """Topics of earlier runs that this one writes to, by purpose; none without `--reuse`."""
        if not settings.reuse:
            return {}
        kept = KeptTopics(Path(settings.report_dir), network, operator)
        return kept.usable(purposes_of(settings), settings.rpc_timeout)

    def _operator(self, settings: RunSettings, options: Any, network: Network) -> tuple[Operator, str]:
        """The operator, and the type of its key where the mirror was asked for it.

        Raises:
            CredentialError: a variable is missing or wrong.
        """
        if settings.network == "localnet":
            return operator_of(settings, options), ""
        return find_operator(os.environ, network.mirror_rest, timeout=min(settings.rpc_timeout, LONGEST_CALL_S))

    def _network(self, settings: RunSettings) -> Network:
        known = settings.known_network()
        if known is not None:
            return known
        return self._start_localnet(settings).network

    def _start_localnet(self, settings: RunSettings) -> Localnet:
        """Start the embedded network, unless it runs already as it is asked for."""
        arguments = _localnet_arguments(settings)
        if self._localnet is not None and self._localnet.alive and self._localnet_arguments == arguments:
            return self._localnet
        self.close()
        self._localnet = start_localnet(*arguments)
        self._localnet_arguments = arguments
        logger.info(
            "Embedded network ready: nodes %s, mirror %s",
            ", ".join(self._localnet.network.nodes),
            self._localnet.network.mirror_rest,
        )
        return self._localnet


def operator_of(settings: RunSettings, options: Any, key_type: str = "") -> Operator:
    """The operator of this process: the embedded network's documented one, or the environment's.

    Args:
        settings: Of the run.
        options: Locust's.
        key_type: Type of a key whose bytes do not determine it, as found when the run was prepared.
    """
    if settings.network == "localnet":
        return Operator.parse(*getattr(options, _LOCALNET_OPERATOR))
    return Operator.from_environment(os.environ, key_type)


def _sharing(environment: Environment, workers: int) -> int:
    """Processes that users will run in, and that share an arrival rate: a worker without users has no part of it."""
    options: Any = environment.parsed_options
    return max(1, min(workers, options.num_users or workers))


def _break(environment: Environment, localnet: Localnet, settings: RunSettings) -> None:
    """Begin or schedule the run's faults, and let the report read what was injected when; an earlier run's are not its.

    Raises:
        SettingsError: one of them is wrong; none has begun.
    """
    localnet.clear_faults()
    earlier = {fault["id"] for fault in localnet.faults()}
    planned = planned_faults(environment)
    if planned:
        localnet.add_faults(planned)
    _begin_faults(localnet, settings)
    publish_faults(environment, lambda: [fault for fault in localnet.faults() if fault["id"] not in earlier])


def _begin_faults(localnet: Localnet, settings: RunSettings) -> None:
    """Begin or schedule the faults of `--localnet-faults`.

    Raises:
        SettingsError: one of them is wrong; none has begun.
    """
    if not settings.localnet_faults:
        return
    try:
        localnet.add_faults(read_faults(settings.localnet_faults))
    except (LocalnetError, ValueError) as error:
        raise SettingsError([f"--localnet-faults {settings.localnet_faults!r}: {error}"]) from error


def _localnet_arguments(settings: RunSettings) -> tuple[str, ...]:
    """The options of the embedded network that a run asks for."""
    limits = ("--throttles", settings.localnet_throttles, "--limits", settings.localnet_limits)
    if settings.localnet_latency == "standard":
        return "--consensus-delay", str(settings.localnet_consensus_delay), *limits
    return "--latency", settings.localnet_latency, *limits
