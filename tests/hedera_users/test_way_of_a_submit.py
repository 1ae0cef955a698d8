"""What docs/architecture.md says of a submit's way, held against the stack of a real one at the moment it leaves."""

from __future__ import annotations

from locust.env import Environment

import re
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from config.parsing import parse_settings
from config.run import Run
from grpc_http2.client.connection import Connection
from hedera_client import Operator
from hedera_users.hcs_submitter import HcsSubmitter
from hedera_users.session import Session
from localnet_launcher import Localnet

ROOT = Path(__file__).parents[2]
TOPIC = "0.0.999999"
"""No node looks for it before consensus; at the level `ack` nobody asks further."""


def documented() -> list[tuple[str, str, str]]:
    """Object, file and method of each step of the list in docs/architecture.md."""
    text = (ROOT / "docs/architecture.md").read_text()
    listed = text.partition("One submit, from the task")[2].partition("\n\nThe `Connection`")[0]
    return re.findall(r"^\d\. `(\w+)` \(`([\w/.]+)`\), `(\w+)`:", listed, re.M)


def objects_of(frame: FrameType | None) -> list[tuple[object, set[str]]]:
    """Each object whose methods stand on a stack, outermost first, with these methods."""
    frames: list[FrameType] = []
    while frame is not None:
        frames.append(frame)
        frame = frame.f_back
    found: dict[int, tuple[object, set[str]]] = {}
    for one in reversed(frames):
        owner = one.f_locals.get("self")
        if owner is not None:
            found.setdefault(id(owner), (owner, set()))[1].add(one.f_code.co_name)
    return list(found.values())


def stack_when_it_leaves(user: HcsSubmitter) -> list[tuple[object, set[str]]]:
    """The objects between a user's task and the connection that sends."""
    seen: list[list[tuple[object, set[str]]]] = []

    def look(frame: FrameType, event: str, called: Any) -> None:
        if event == "c_call" and called.__name__ == "send" and not seen:
            stack = objects_of(frame)
            if any(owner is user for owner, _ in stack):
                seen.append(stack)

    sys.setprofile(look)
    try:
        user.submit()
    finally:
        sys.setprofile(None)
    (stack,) = seen
    owners = [owner for owner, _ in stack]
    last = next(number for number, owner in enumerate(owners) if isinstance(owner, Connection))
    return stack[owners.index(user) + 1 : last]


@pytest.fixture
def user(localnet: Localnet, tmp_path: Path) -> Any:
    """A user of Locust's that has submitted once, so that there is a connection."""
    settings = parse_settings({"confirm": "ack", "seed": 1, "report_dir": str(tmp_path)})
    run = Run(
        run_id="way",
        started_at=time.time(),
        settings=settings,
        network=localnet.network.model_copy(update={"nodes": dict(list(localnet.network.nodes.items())[:1])}),
        operator_id=localnet.operator_id,
        topics={"events": TOPIC, "models": TOPIC},
    )
    environment = Environment(user_classes=[HcsSubmitter])
    ended: list[str] = []
    environment.events.request.add_listener(lambda context, **_: ended.append(context["record"].status))
    (tmp_path / "way").mkdir()
    session = Session(environment, run, Operator.parse(localnet.operator_id, localnet.operator_key), worker=0)
    environment.hedera_session = session
    one = HcsSubmitter(environment)
    one.on_start()
    one.submit()
    yield one
    session.close()
    assert set(ended) == {"SUCCESS"}


def test_the_list_is_the_stack(user: HcsSubmitter) -> None:
    """The same objects in the same order, at most six; each in the file and with the method that are named."""
    stack, listed = stack_when_it_leaves(user), documented()
    found = [(type(owner).__name__, file_of(owner)) for owner, _ in stack]
    assert found == [(name, file) for name, file, _ in listed]
    assert [method for _, _, method in listed if not any(method in methods for _, methods in stack)] == []
    assert len(found) <= 6


def file_of(owner: object) -> str:
    """Where an object's class is defined."""
    return str(Path(sys.modules[type(owner).__module__].__file__ or "").relative_to(ROOT))
