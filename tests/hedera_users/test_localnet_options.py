"""What of a run's options reaches the embedded network."""

from __future__ import annotations

import pytest

from config.parsing import SettingsError, parse_settings
from hedera_users.preparation import _localnet_arguments
from localnet.process.options import parse_options


def test_limits_are_those_of_real_nodes_unless_they_are_switched_off() -> None:
    """--localnet-limits is --limits of the network, with either way to say how long things take."""
    assert parse_options(_localnet_arguments(parse_settings({}))).limits == "real"
    for latency in ("standard", "mainnet"):
        settings = parse_settings({"localnet_limits": "off", "localnet_latency": latency})
        assert parse_options(_localnet_arguments(settings)).limits == "off"
    with pytest.raises(SettingsError, match="--localnet-limits 'some': choose one of real, off"):
        parse_settings({"localnet_limits": "some"})
