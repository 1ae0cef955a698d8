"""Random transactions against a plain model of the network, which says what the network has to answer.

In the end hbar is counted over all accounts, and the running hash of every topic is recomputed from what the mirror
shows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.localnet.model.conservation import Conservation
from tests.localnet.model.custom_fees import CustomFees
from tests.localnet.model.duplicates import Duplicates
from tests.localnet.model.expiry import Expiry
from tests.localnet.model.transfers import Transfers

if TYPE_CHECKING:
    from localnet_launcher import Localnet
    from tests.localnet.clients import Rest, Wire


class Network(Expiry, Transfers, CustomFees, Duplicates, Conservation):
    """The whole model: one base class for each of its parts."""


def test_the_network_never_disagrees_with_the_model(
    start: Callable[..., Localnet], open_wire: Callable[[Localnet], Wire], open_rest: Callable[[Localnet], Rest]
) -> None:
    """Random valid and invalid transactions: every status, every entity and every tinybar is what the model says."""
    running = start("--latency", "instant", "--gossip", "3600", "--throttles", "off", "--mirror-rate-limit", "0")
    Network.wire, Network.rest = open_wire(running), open_rest(running)
    assert running.network.control is not None
    Network.control = running.network.control, {"Authorization": f"Bearer {running.token}"}
    run_state_machine_as_test(
        Network,
        settings=settings(
            max_examples=20,
            stateful_step_count=50,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking over the wire takes minutes
        ),
    )
