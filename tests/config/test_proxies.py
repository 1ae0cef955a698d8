"""Proxies of the environment: never towards this machine, and consensus nodes are said to be called directly."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from config.proxies import (
    address_is_loopback,
    is_loopback,
    nodes_are_called_directly,
    proxy_variables,
    requests_session,
    url_is_loopback,
)


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST.", "db.localhost", "127.0.0.1", "127.8.9.10", "::1", "[::1]", "::ffff:127.0.0.1"],
)
def test_this_machine(host: str) -> None:
    """By name and by address."""
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["", "localhost.example.com", "128.0.0.1", "0.0.0.0", "::2", "mylocalhost", "10.0.0.1"]
)
def test_elsewhere(host: str) -> None:
    """Near misses."""
    assert not is_loopback(host)


def test_of_urls_and_addresses() -> None:
    """With ports, user names and IPv6."""
    assert url_is_loopback("http://user:pw@127.0.0.1:5551/api?x=127")
    assert url_is_loopback("http://[::1]:5551")
    assert not url_is_loopback("https://127.0.0.1.example.com")
    assert not url_is_loopback("http://[nonsense")
    assert address_is_loopback("localhost:5600")
    assert address_is_loopback("[::1]:5600")
    assert not address_is_loopback("mainnet.mirrornode.hedera.com:443")


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy"])
def test_a_session_for_this_machine_takes_no_proxy(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    """A session for another does, as `requests` reads the environment."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, "http://127.0.0.1:9")

    def proxies(url: str) -> Any:
        settings = requests_session(url).merge_environment_settings(url, {}, None, None, None)
        return requests.utils.select_proxy(url, settings["proxies"])

    assert proxies("http://127.0.0.1:5551/api") is None
    assert proxies("http://localhost:5551/api") is None
    assert proxies("http://mirror.example.com/api") == "http://127.0.0.1:9"


def test_nodes_elsewhere_are_said_to_be_called_directly() -> None:
    """One line that names variable and address; none on this machine, and none without a proxy."""
    away = ["127.0.0.1:50211", "35.237.200.180:50212"]
    line = nodes_are_called_directly({"HTTPS_PROXY": "http://proxy:3128"}, away)
    assert line.startswith(
        "HTTPS_PROXY is set: mirror and relay are reached through that proxy, consensus nodes are not"
    )
    assert "35.237.200.180:50212" in line
    assert "proxy:3128" not in line, "it may hold a password"
    assert nodes_are_called_directly({"grpc_proxy": "http://proxy:3128"}, away[:1]) == ""
    assert nodes_are_called_directly({"https_proxy": " ", "no_proxy": "*"}, away) == ""
    assert proxy_variables({"all_proxy": "a", "HTTP_PROXY": "b"}) == ["HTTP_PROXY", "all_proxy"]
