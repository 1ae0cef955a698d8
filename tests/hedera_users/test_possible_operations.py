"""What the users of a run say that they do, as far as they say it."""

from __future__ import annotations

from typing import Any

import pytest

from config.settings import RunSettings
from hedera_users.batch_submitter import BatchSubmitter
from hedera_users.endpoint_caller import EndpointCaller
from hedera_users.hcs_submitter import HcsSubmitter
from hedera_users.model_finder import ModelFinder
from hedera_users.model_storer import ModelStorer
from hedera_users.overhead_user import OverheadUser
from hedera_users.possible_operations import possible_operations
from hedera_users.relay_transfers import RelayTransfers
from records.possible import Possible, together
from scenarios.catalogue.high_volume import SCALES


class Clerk(HcsSubmitter):
    """A class of somebody's own, which may do other things as well."""


def levels(*names: str) -> frozenset[str]:
    return frozenset(names)


@pytest.mark.parametrize(
    ("classes", "settings", "expected"),
    [
        (
            [HcsSubmitter, ModelStorer],
            {"confirm": "queued,ack"},
            {
                "hcs.submit": Possible(levels("queued", "ack")),
                "hfs.store": Possible(levels("receipt")),
                "hfs.fetch": Possible(levels()),
            },
        ),
        (
            [OverheadUser],
            {"confirm": "ack,mirror"},
            dict.fromkeys(("audit-event", "store-model"), Possible(levels("ack", "mirror"), paired=True)),
        ),
        (
            [OverheadUser],
            {"with_hedera": "python:os:sep", "baseline": "fixed:1ms"},
            dict.fromkeys(("audit-event", "store-model"), Possible(levels("application"), paired=True)),
        ),
        (
            [BatchSubmitter, ModelFinder],
            {"confirm": "ack"},
            {
                "hcs.submit": Possible(levels("ack", "receipt")),
                "hfs.store": Possible(levels("receipt")),
                **dict.fromkeys(
                    ("mirror.shows", "find-model", "hfs.fetch", "hcs.info", "mirror.history"), Possible(levels())
                ),
            },
        ),
    ],
)
def test_what_users_can_do(classes: list[Any], settings: dict[str, Any], expected: dict[str, Possible]) -> None:
    """Each operation with the levels that it can have in the run."""
    assert possible_operations(classes, RunSettings(**settings)) == expected


def test_what_is_sent_at_once_is_never_queued() -> None:
    """A transfer by the relay has the receipt instead."""
    found = possible_operations([RelayTransfers], RunSettings(confirm=("queued",)))
    assert found is not None
    assert found["relay.sendRawTransaction"].levels == {"receipt"}


@pytest.mark.parametrize("others", [[Clerk], [EndpointCaller]])
def test_a_class_that_does_not_say_may_do_anything(others: list[Any]) -> None:
    """One that inherits from ours, and one whose operations follow from the network."""
    assert possible_operations([HcsSubmitter, *others], RunSettings()) is None


def test_scales_of_a_scenario_say_it_too() -> None:
    """By the name that each has."""
    found = possible_operations(SCALES[10], RunSettings())
    assert found == {"hcs.submit-x10": Possible(levels("receipt")), "hfs.store-x10": Possible(levels("receipt"))}


def test_several_classes_do_the_same() -> None:
    """Then it has the levels of both."""
    both = [("a", Possible(levels("ack"))), ("a", Possible(levels("mirror"), paired=True))]
    assert together(both) == {"a": Possible(levels("ack", "mirror"), paired=True)}
