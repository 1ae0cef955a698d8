"""Who takes part in a run: all but those that want to be named, and none whose needs the network cannot meet."""

from __future__ import annotations

from locust import User
from locust.env import Environment

from argparse import Namespace

import pytest

from config.networks import KNOWN, Network
from hedera_users import user_classes
from hedera_users.base import HederaUser
from hedera_users.hcs_submitter import HcsSubmitter
from hedera_users.relay_reader import RelayReader


class Foreign(User):
    """A user class of somebody's own, which knows nothing of this project's."""


@pytest.mark.parametrize(
    ("loaded", "named", "taking_part"),
    [
        ([HcsSubmitter, RelayReader, Foreign], [], [HcsSubmitter, Foreign]),
        ([RelayReader], ["RelayReader"], [RelayReader]),
        ([RelayReader], [], [RelayReader]),
    ],
)
def test_who_takes_part(loaded: list[type[User]], named: list[str], taking_part: list[type[User]]) -> None:
    """Unnamed ones leave, unless nobody would be left; what was named is Locust's own choice."""
    environment = Environment(user_classes=loaded, parsed_options=Namespace(user_classes=named))
    user_classes.leave_out_unnamed(environment)
    assert environment.user_classes == taking_part


def test_a_network_without_a_relay_is_one_line_per_class() -> None:
    """The line names the option, the class, and both ways out."""
    without: Network = KNOWN["testnet"].model_copy(update={"relay": None})
    (line,) = user_classes.faults([HederaUser, RelayReader, Foreign], without)
    assert line == (
        "--network 'testnet': it has no JSON-RPC relay, which RelayReader reads from; "
        'give the network\'s file a "relay" (its URL), or leave RelayReader out'
    )
    assert user_classes.faults([HcsSubmitter, Foreign], without) == []
    assert user_classes.faults([RelayReader], KNOWN["testnet"]) == []
