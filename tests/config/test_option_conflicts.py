"""Options that do not go together are refused or told; none is accepted and ignored."""

from __future__ import annotations

from typing import Any

import pytest

from config.option_conflicts import PARTS, without_effect
from config.parsing import parse_settings
from config.settings import RunSettings
from hedera_users import HederaUser, user_classes
from hedera_users.hcs_submitter import HcsSubmitter
from hedera_users.model_storer import ModelStorer
from hedera_users.overhead_user import OverheadUser
from hedera_users.relay_reader import RelayReader

ALWAYS = {
    *("network", "network_file", "attempts", "arrival_rate", "deadline", "queue", "rate_limit", "concurrency"),
    *("node_choice", "node_list", "transport", "valid_duration", "breaker_failures", "breaker_recovery"),
    *("breaker_trials", "breaker_storage", "rpc_timeout", "confirm_timeout", "receipt_interval", "audit_timeout"),
    *("scenario", "reuse", "cleanup", "seed", "shape", "report_dir", "connections", "max_fee", "receipt_schedule"),
    *("watch_pid", "watch_metrics", "gate", "gates"),
}
"""Options that have an effect in every run of some operations, or are refused where they have none."""

REFUSED = {"arrivals", "localnet_faults"}
"""Options without which the run would answer another question: refused where their part is off."""


def test_every_option_has_been_thought_about() -> None:
    """A new option has to say when it has no effect: here, in `PARTS`, or in `user_classes.OF_CLASSES`."""
    of_parts = {name for part in PARTS for name in part.options}
    assert ALWAYS | REFUSED | of_parts | set(user_classes.OF_CLASSES) == set(RunSettings.model_fields)
    assert len(ALWAYS) + len(REFUSED) + len(of_parts) + len(user_classes.OF_CLASSES) == len(RunSettings.model_fields)


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"network": "testnet", "localnet_latency": "instant"}, "--localnet-latency 'instant'|--network localnet"),
        ({"network": "solo", "localnet_throttles": "off"}, "--localnet-throttles 'off'|--network localnet"),
        ({"network": "solo", "localnet_consensus_delay": "1"}, "--localnet-consensus-delay 1|--network localnet"),
        ({"least_rate": "90"}, "--least-rate 90|--arrival-rate"),
        ({"arrival_patience": "1"}, "--arrival-patience 1|--arrival-rate"),
        ({"attempts": "1", "backoff": "1"}, "--backoff 1|--attempts of 2 or more"),
        ({"attempts": "1", "backoff_max": "1"}, "--backoff-max 1|--attempts of 2 or more"),
        ({"attempts": "1", "retry_budget": "0"}, "--retry-budget 0|--attempts of 2 or more"),
        ({"queue": "0", "queue_expiry": "1"}, "--queue-expiry 1|--queue"),
        ({"arrival_rate": "5", "think_time": "2"}, "--think-time 2|no --arrival-rate, under which nobody thinks,"),
    ],
)
def test_an_option_of_a_part_that_is_off_is_told(values: dict[str, str], line: str) -> None:
    """One line with the option, its value and what it needs; with its part on, none."""
    option, needs = line.split("|")
    assert without_effect(parse_settings(values)) == [f"{option} has no effect: it needs {needs}"]


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"localnet_latency": "instant", "localnet_throttles": "off"},
        {"arrival_rate": "5", "least_rate": "90", "arrivals": "poisson", "arrival_patience": "1"},
        {"backoff": "1", "backoff_max": "1", "retry_budget": "0", "queue_expiry": "1", "think_time": "2"},
        {"network": "testnet", "localnet_latency": "standard"},
    ],
)
def test_what_has_an_effect_is_not_told(values: dict[str, str]) -> None:
    """Neither are values that are the default's."""
    assert without_effect(parse_settings(values)) == []


@pytest.mark.parametrize(
    ("classes", "values", "told"),
    [
        (
            [HcsSubmitter],
            {"baseline": "fixed:1ms"},
            ["--baseline 'fixed:1ms' has no effect: HcsSubmitter does without it"],
        ),
        ([HcsSubmitter], {"message_bytes": "500", "confirm": "ack,mirror"}, []),
        ([HcsSubmitter], {"model_bytes": "500"}, ["--model-bytes 500 has no effect: HcsSubmitter does without it"]),
        ([ModelStorer], {"model_bytes": "500", "chunk_bytes": "50"}, []),
        ([RelayReader], {"confirm": "ack"}, ["--confirm 'ack' has no effect: RelayReader does without it"]),
        (
            [HcsSubmitter, ModelStorer],
            {"baseline": "http://u:secret@h"},
            ["--baseline 'http://…@h' has no effect: HcsSubmitter, ModelStorer does without it"],
        ),
        ([HcsSubmitter, OverheadUser], {"baseline": "fixed:1ms", "model_bytes": "500"}, []),
        (
            [HcsSubmitter],
            {"with_hedera": "http://u:secret@h", "baseline": "fixed:1ms"},
            [
                "--baseline 'fixed:1ms' has no effect: HcsSubmitter does without it",
                "--with-hedera 'http://…@h' has no effect: HcsSubmitter does without it",
            ],
        ),
        (
            [OverheadUser],
            {"with_hedera": "http://h", "baseline": "fixed:1ms", "confirm": "ack", "chunk_bytes": "100"},
            [
                "--confirm 'ack' has no effect: OverheadUser does without it where --with-hedera is given",
                "--chunk-bytes 100 has no effect: OverheadUser does without it where --with-hedera is given",
            ],
        ),
        ([HcsSubmitter, OverheadUser], {"with_hedera": "http://h", "baseline": "fixed:1ms", "confirm": "ack"}, []),
    ],
)
def test_an_option_that_no_user_looks_at_is_told(classes: Any, values: dict[str, str], told: list[str]) -> None:
    """By the user classes that take part."""
    assert user_classes.without_effect(classes, parse_settings(values)) == told


def test_users_of_others_may_look_at_anything() -> None:
    """Of a class that is not this project's nobody knows."""

    class Foreign:
        """A user of a locustfile of its own."""

    class Own(HederaUser):
        """A user of theirs that is built on ours."""

    for one in (Foreign, Own):
        assert user_classes.without_effect([one], parse_settings({"baseline": "fixed:1ms"})) == []  # type: ignore[list-item]
