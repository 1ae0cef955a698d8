"""Whatever an address book says: each node is called by the rules, or left out in one line."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from config.address_book import Entry, entries_from_rows, read_hash
from config.networks import KNOWN, network_by
from config.routes import Route, counted, routes

HASH = "ab" * 48


def point(host: str, port: Any) -> dict[str, Any]:
    numeric = host.replace(".", "").isdigit()
    return {"ip_address_v4": host if numeric else "", "domain_name": "" if numeric else host, "port": port}


def row(number: int, *endpoints: tuple[str, Any], cert: Any = HASH) -> dict[str, Any]:
    points = [point(*endpoint) for endpoint in endpoints]
    return {"node_account_id": f"0.0.{number}", "node_id": number, "node_cert_hash": cert, "service_endpoints": points}


def ways(*rows: Any, tls: bool = True) -> list[Route]:
    return routes(entries_from_rows(rows), tls=tls)


PORTS = [
    # listed ports of one host, called in plain text, called over TLS
    ([50211, 50212], [50211], [50212]),
    ([50212, 50211], [50211], [50212]),
    ([50211], [50211], [50212]),
    ([50212], [50211], [50212]),
    ([443], [], [443]),
    ([443, 50211], [50211], [443]),
    ([50212, 443], [50211], [50212, 443]),
    ([30001, 30002], [30001], [30002]),
    ([30001], [30001], [30001]),
    ([30001, 30002, 30003], [30001, 30002, 30003], [30001, 30002, 30003]),
    ([35211, 50212], [35211], [50212]),
    ([50211, 30002], [50211], [30002]),
    ([50212, 50212, 50211, 50211], [50211], [50212]),
]


@pytest.mark.parametrize(("listed", "plain", "secure"), PORTS)
def test_which_of_a_hosts_ports_are_called(listed: list[int], plain: list[int], secure: list[int]) -> None:
    """50211 is plain, 50212 and 443 are TLS, the counterpart is called where only the other is listed.

    @hiero-ledger/sdk 2.87.0 src/ManagedNodeAddress.js (toSecure, toInsecure, isTransportSecurity); a pair of other
    ports is how the embedded network lists its nodes.
    """
    for tls, ports in ((False, plain), (True, secure)):
        (way,) = ways(row(3, *[("10.0.0.1", port) for port in listed]), tls=tls)
        assert way.addresses == tuple(f"10.0.0.1:{port}" for port in ports)
        assert bool(way.left_out) == (not ports)


def test_every_endpoint_of_a_node_is_called_in_the_books_order() -> None:
    """By TLS and in plain text: hosts as listed, each once, names in lower case and without the root's dot."""
    listed = row(
        3, ("10.0.0.2", 50211), ("10.0.0.1", 50212), ("Node.Example.com.", 50211), ("10.0.0.2", 50212), ("10.0.0.1", 1)
    )
    (secure,), (plain,) = ways(listed), ways(listed, tls=False)
    assert secure.addresses == ("10.0.0.2:50212", "10.0.0.1:50212", "node.example.com:50212")
    assert plain.addresses == ("10.0.0.2:50211", "10.0.0.1:1", "node.example.com:50211")
    assert [line.split(": ", 1)[0] for line in secure.lines()] == ["node 0.0.3"]
    assert "port 50211 only" in secure.lines()[0]


@pytest.mark.parametrize(
    ("endpoint", "says"),
    [
        (point("10.0.0.1", 0), "10.0.0.1 has port 0"),
        (point("10.0.0.1", -1), "port -1"),
        (point("10.0.0.1", 65_536), "port 65536"),
        (point("10.0.0.1", "50212"), "port none"),
        (point("10.0.0.1", True), "port none"),
        ({"ip_address_v4": "", "domain_name": "", "port": 50212}, "neither an address nor a name"),
        ({"ip_address_v4": None, "domain_name": None, "port": 50212}, "neither an address nor a name"),
        ({}, "neither"),
        (None, "neither"),
        ({"ip_address_v4": "2001:db8::1", "port": 50212}, "'2001:db8::1' is not an IPv4 address"),
        ({"ip_address_v4": "0.0.0.0", "port": 50212}, "not an IPv4 address"),
        ({"ip_address_v4": "1.2.3", "port": 50212}, "not an IPv4 address"),
        ({"domain_name": "[2001:db8::1]", "port": 50212}, "not a domain name"),
        ({"domain_name": "a b.example", "port": 50212}, "not a domain name"),
        ({"domain_name": "http://a.example", "port": 50212}, "not a domain name"),
        ({"domain_name": "-a.example", "port": 50212}, "not a domain name"),
        ({"domain_name": "1.2.3.4.5", "port": 50212}, "not a domain name"),
        ({"domain_name": "nöde.example", "port": 50212}, "not a domain name"),
        ({"domain_name": "x" * 64 + ".example", "port": 50212}, "not a domain name"),
        ({"domain_name": "a\n\x1b[2J.example", "port": 50212}, "not a domain name"),
    ],
)
def test_an_endpoint_that_cannot_be_called_is_told_in_one_line(endpoint: Any, says: str) -> None:
    """Consensus nodes refuse such endpoints (CN:AddressBookValidator.validateEndpoint); the other ones are called."""
    listed = row(3, ("10.0.0.9", 50212))
    listed["service_endpoints"].insert(0, endpoint)
    (way,) = ways(listed)
    assert way.addresses == ("10.0.0.9:50212",)
    (line,) = way.lines()
    assert line.startswith("node 0.0.3: endpoint 1 is not called: ")
    assert says in line
    assert line.isprintable()


@pytest.mark.parametrize("listed", [None, "", "0x", "  "])
def test_an_empty_hash_is_accepted(listed: Any) -> None:
    """A node may have none (MN:rest networkNodeViewModel shows `0x`); it is called, and not checked."""
    (way,) = ways(row(3, ("10.0.0.1", 50212), cert=listed))
    assert (way.addresses, way.certificate_hash, way.lines()) == (("10.0.0.1:50212",), "", [])


@pytest.mark.parametrize("listed", [HASH, "0x" + HASH, "0X" + HASH.upper(), f" {HASH} "])
def test_a_hash_in_each_of_its_forms(listed: str) -> None:
    """With and without 0x, in either case."""
    assert read_hash(listed) == HASH


@pytest.mark.parametrize(
    "listed", ["<N/A>", HASH[:-2], HASH + "00", "0x0x" + HASH[4:], "zz" * 48, 7, ["x"], "ａb" * 48]
)
def test_a_node_with_another_hash_is_left_out_over_tls(listed: Any) -> None:
    """One line with node and value; in plain text, where hashes have no use, it is called."""
    listed_node = row(3, ("10.0.0.1", 50212), cert=listed)
    (way,) = ways(listed_node)
    assert way.addresses == ()
    (line,) = way.lines()
    assert line.startswith("node 0.0.3: left out: its certificate hash ")
    assert str(listed)[:6].strip("[]") in line
    assert ways(listed_node, tls=False)[0].addresses == ("10.0.0.1:50211",)


def test_an_address_belongs_to_the_first_node_that_lists_it() -> None:
    """Another node that has it too is called at its own addresses only."""
    first, second, third = ways(
        row(3, ("10.0.0.1", 50212)), row(4, ("10.0.0.1", 50212), ("10.0.0.2", 50212)), row(5, ("10.0.0.1", 50212))
    )
    assert (first.addresses, second.addresses, third.addresses) == (("10.0.0.1:50212",), ("10.0.0.2:50212",), ())
    assert "listed for 0.0.3 too" in second.lines()[0]
    assert "it has no endpoint that can be called" in third.lines()[0]


def test_a_node_that_is_listed_twice() -> None:
    """Books of old have an entry for each address (MN:importer AddressBookServiceImpl); other certificates are told."""
    merged, other = ways(
        row(3, ("10.0.0.1", 50212)), row(3, ("10.0.0.2", 50212)), row(3, ("10.0.0.3", 50212), cert="cd" * 48)
    )
    assert merged.addresses == ("10.0.0.1:50212", "10.0.0.2:50212")
    assert other.left_out == "it is listed a second time, differently; the first entry counts"


def test_a_book_of_no_use_makes_no_network() -> None:
    """One line that says why, and not an empty network."""
    with pytest.raises(ValueError, match=r"lists 1 nodes, and none with a TLS address .* '<N/A>' is not a SHA-384"):
        network_by(KNOWN["testnet"], ways(row(3, ("10.0.0.1", 50212), cert="<N/A>")))


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
HOSTS = st.sampled_from(["10.0.0.1", "10.0.0.2", "node.example.com", "NODE.example.com.", "", "::1", "256.1.1.1"])
ENDPOINTS = ANYTHING | st.fixed_dictionaries(
    {
        "ip_address_v4": HOSTS | ANYTHING,
        "domain_name": HOSTS | ANYTHING,
        "port": st.sampled_from([0, 443, 50211, 50212, 30001, 30002, 70_000]) | ANYTHING,
    }
)
ROWS = ANYTHING | st.fixed_dictionaries(
    {
        "node_account_id": st.sampled_from(["0.0.3", "0.0.4", "0.0.5"]) | ANYTHING,
        "node_cert_hash": st.sampled_from([HASH, "0x", "<N/A>"]) | ANYTHING,
        "service_endpoints": st.lists(ENDPOINTS, max_size=5) | ANYTHING,
    },
    optional={"node_id": ANYTHING, "description": ANYTHING},
)


@given(st.lists(ROWS, max_size=5), st.booleans())
@example([{"node_account_id": "0.0.3", "service_endpoints": [None], "description": "\ud800\x1b[2J"}], True)
def test_any_entry_is_called_or_told_in_one_line(rows: list[Any], tls: bool) -> None:
    """Never a traceback; nothing in the lines moves a terminal's cursor; what is called makes a valid network."""
    entries = entries_from_rows(rows)
    assert len(entries) == len(rows)
    found = routes(entries, tls=tls)
    owners = [(address, way.entry.account_id) for way in found for address in way.addresses]
    assert len({address for address, _ in owners}) == len(owners)
    for way in found:
        assert bool(way.addresses) != bool(way.left_out)
        assert all(line.isprintable() and len(line) < 400 for line in (*way.lines(), way.entry.description))
        assert way.certificate_hash == "" or read_hash(way.certificate_hash) == way.certificate_hash
        hosts = [address.rpartition(":")[0] for address in way.addresses]
        assert all(host and "\n" not in host and ":" not in host for host in hosts)
    assert counted(found)
    if owners:
        network = network_by(KNOWN["testnet"].model_copy(update={"tls": tls}), found)
        assert network.nodes == dict(owners)


@given(st.lists(ROWS, max_size=4), st.booleans())
def test_an_entry_is_kept_as_it_was_listed(rows: list[Any], tls: bool) -> None:
    """Entries written as rows and read again are called in the same way."""
    readable: list[Entry] = [entry for entry in entries_from_rows(rows) if not entry.fault]
    again = entries_from_rows([entry.as_row() for entry in readable])
    assert routes(again, tls=tls) == routes(readable, tls=tls)
