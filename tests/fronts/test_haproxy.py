"""What HAProxy in HTTP mode says of a call that the node had taken: that it was refused.

HAProxy 2.6 resets a stream with REFUSED_STREAM whenever it has sent no response headers for it, whatever it has handed
on (mux_h2.c: h2_do_shutr, h2_do_shutw). Solo puts one in this mode before every node (hashgraph/solo-charts:
charts/solo-deployment/config-files/haproxy.cfg).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from tests.fronts.cutting import SUBMIT, Cut
from tests.fronts.front import route
from tests.fronts.proxies import HaproxyHttp
from tests.fronts.test_cutting import CutRig, assert_taken_is_succeeded

CALLS = 40


class HaproxyRig(CutRig):
    """The same, with HAProxy before the cutting front: clients hear what it makes of a cut."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        routes = {address: route(address) for address in self.network.nodes}
        self.haproxy = HaproxyHttp(folder, list(routes.values()))
        self.haproxy.start()
        nodes = {routes[address].address: account for address, account in self.network.nodes.items()}
        self.network = self.network.model_copy(update={"nodes": nodes})

    def close(self) -> None:
        """End all."""
        self.haproxy.stop()
        super().close()


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HaproxyRig]:
    """HAProxy, the cutting front, the embedded network."""
    running = HaproxyRig(tmp_path_factory.mktemp("haproxy"))
    yield running
    running.close()


@pytest.mark.parametrize("how", ["close", "abort", "goaway", "internal", "cancelled"])
def test_refused_does_not_mean_unprocessed(chain: HaproxyRig, how: str) -> None:
    """A client that sends nothing twice is told REFUSED_STREAM of calls that the node's side had as a whole."""
    chain.front.cutting(Cut(how, when="under way"))
    address = next(iter(chain.network.nodes))

    def call(number: int) -> str:
        with grpc.insecure_channel(address, options=[("grpc.enable_retries", 0)]) as channel:
            try:
                channel.unary_unary(SUBMIT)(f"call {number}".encode(), timeout=10)
            except grpc.RpcError as error:
                return str(error.details())
            return "answered"

    told = [call(number) for number in range(CALLS)]  # one after the other: a cut connection ends no other call
    received = set(chain.front.handed_on)
    chain.front.rest()
    refused = {f"call {number}".encode() for number, word in enumerate(told) if "error code 7" in word}
    assert len(refused) == CALLS, told[:3]
    assert refused == received


@pytest.mark.parametrize("transport", ["http2", "grpc"])
@pytest.mark.parametrize("how", ["close", "abort", "goaway", "internal", "cancelled"])
def test_what_haproxy_calls_refused_is_found_again(chain: HaproxyRig, how: str, transport: str) -> None:
    """With a single attempt, and answers of the node cut: what the node has taken succeeds, and is there once."""
    job = chain.do(
        [Cut(how, share=0.3)], 30, settings={"attempts": 1, "breaker_failures": 1000, "transport": transport}
    )
    assert sum(chain.front.cut.values()) > 0
    assert_taken_is_succeeded(job, chain.rig.shown(job))


def test_circuits_that_stay_open_make_no_second_message(chain: HaproxyRig) -> None:
    """Answers cut by HAProxy until all circuits are open, and then no longer: by then ids are about to expire."""
    job = chain.do([Cut("close")], 0.6, settings={"valid_duration": 16, "breaker_recovery": 6.5, "confirm_timeout": 10})
    assert sum(chain.front.cut.values()) > 0
    assert [key for key, times in chain.rig.shown(job).items() if times > 1] == []
    assert set(job.outcomes()) <= {"succeeded", "rejected"}, job.statuses()
