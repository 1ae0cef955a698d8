"""Faults on purpose, one after the other, while the load runs; each has to be survived as it says."""

from __future__ import annotations

from hedera_users.burster import Burster
from hedera_users.hcs_submitter import HcsSubmitter
from scenarios.drills import acknowledgements, breaker, bursts, graceful, mirror, nodes, outage, retry, storm
from scenarios.scenario import Scenario

SCENARIO = Scenario(
    name="reliability",
    question="Does the application survive what networks do to it?",
    users=(HcsSubmitter, Burster),
    brief=("--drills", "retry,breaker,dead-node,together"),
    expectations=(
        graceful.DRILL,
        retry.DRILL,
        breaker.DRILL,
        *nodes.DRILLS,
        *acknowledgements.DRILLS,
        *mirror.DRILLS,
        *bursts.DRILLS,
        outage.DRILL,
        *storm.DRILLS,
    ),
    instead_of=frozenset({"requests", "success", "rate"}),
    rated=True,
)
