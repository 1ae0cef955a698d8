"""What was asked for is checked once, completely, and refused in words that help."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.baselines import parse_baseline
from config.built_in_nodes import FOLDER, built_in_list, write_built_in_list
from config.network_file import load_custom
from config.networks import KNOWN
from config.parsing import SettingsError, parse_settings
from config.routes import routes
from config.settings import RunSettings, option_name


def test_defaults_are_valid_and_offline() -> None:
    """Without any option a run goes to the embedded network, up to the receipt."""
    settings = parse_settings({})
    assert (settings.network, settings.confirm, settings.baseline) == ("localnet", ("receipt",), "sqlite")
    assert settings == RunSettings()


def test_all_faults_are_named_at_once() -> None:
    """Each wrong option gets one line with its name, its value and what would be right."""
    with pytest.raises(SettingsError) as refused:
        parse_settings({"network": "tesnet", "confirm": "yes", "attempts": "0", "baseline": "fixed:51"})
    assert refused.value.faults == [
        "--network 'tesnet': choose one of localnet, solo, testnet, previewnet, mainnet, custom",
        "--confirm 'yes': choose one or more of queued, ack, receipt, mirror, with commas between them",
        "--baseline 'fixed:51': use sqlite, http:URL, python:package.module:callable or fixed:DURATION "
        "such as fixed:51ms",
        "--attempts '0': input should be greater than or equal to 1",
    ]


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("ack", ("ack",)),
        ("mirror,ack", ("ack", "mirror")),
        ("receipt queued  mirror ack", ("queued", "ack", "receipt", "mirror")),
        (" ack, ack ,receipt,", ("ack", "receipt")),
    ],
)
def test_levels_come_in_the_order_in_which_they_are_reached(text: str, levels: tuple[str, ...]) -> None:
    """--confirm takes one or several, each counts once, and they travel as the text that they came as."""
    settings = parse_settings({"confirm": text})
    assert settings.confirm == levels
    assert settings.model_dump(mode="json")["confirm"] == ",".join(levels)
    assert RunSettings.model_validate_json(settings.model_dump_json()) == settings


@pytest.mark.parametrize("text", ["", ",", "receipts", "ack,maybe", "ACK"])
def test_other_levels_are_refused_in_one_line(text: str) -> None:
    """Whatever is wrong with the list, one line shows it and says what would be right."""
    with pytest.raises(SettingsError) as refused:
        parse_settings({"confirm": text})
    assert refused.value.faults == [
        f"--confirm {text!r}: choose one or more of queued, ack, receipt, mirror, with commas between them"
    ]


@pytest.mark.parametrize(("text", "rate"), [("0", 0), ("50", 50), ("50/s", 50), (" 0.5/s ", 0.5)])
def test_an_arrival_rate_may_say_per_second(text: str, rate: float) -> None:
    """50 and 50/s are the same."""
    assert parse_settings({"arrival_rate": text}).arrival_rate == rate


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"concurrency": "some"}, "--concurrency 'some': use off, adaptive or a number from 1 to 100000"),
        ({"concurrency": "0"}, "--concurrency '0': use off, adaptive or a number from 1 to 100000"),
        (
            {"breaker_storage": "localhost"},
            "--breaker-storage 'localhost': name a Redis server, e.g. redis://localhost:6379/0",
        ),
        (
            {"breaker_storage": "redis://"},
            "--breaker-storage 'redis://': name a Redis server, e.g. redis://localhost:6379/0",
        ),
        ({"rate_limit": "on"}, "--rate-limit 'on': choose one of off, network"),
        (
            {"confirm": "queued", "queue": "0"},
            "--queue 0: --confirm queued hands operations over to the queue; let it hold some",
        ),
    ],
)
def test_what_resilience_is_asked_for_is_checked(values: dict[str, str], fault: str) -> None:
    """One line names the option, the value and the remedy."""
    with pytest.raises(SettingsError) as refused:
        parse_settings(values)
    assert refused.value.faults == [fault]


@pytest.mark.parametrize("text", ["off", "adaptive", "1", "100000"])
def test_forms_of_concurrency(text: str) -> None:
    """A word or a number."""
    assert parse_settings({"concurrency": text}).concurrency == text


@given(
    st.sampled_from(["message_bytes", "attempts", "breaker_failures", "confirm_timeout", "model_bytes", "chunk_bytes"]),
    st.one_of(st.text(max_size=8), st.integers(max_value=0).map(str), st.just("1e99"), st.just("nan")),
)
def test_a_wrong_number_names_its_option(field: str, text: str) -> None:
    """Whatever stands where a number in range should be is refused by the name and value of its option, or was fine."""
    faults: list[str] = []
    value = None
    try:
        value = getattr(parse_settings({field: text}), field)
    except SettingsError as error:
        faults = error.faults
    assert len(faults) == (value is None)
    assert all(fault.startswith(f"{option_name(field)} {text!r}: ") for fault in faults)
    assert value is None or value > 0


def test_values_of_other_options_are_left_alone() -> None:
    """Locust's own options may stand beside ours."""
    assert parse_settings({"num_users": 3, "network": "solo"}).network == "solo"


@pytest.mark.parametrize(
    ("text", "kind", "target", "seconds"),
    [
        ("sqlite", "sqlite", "", 0.0),
        ("fixed:51ms", "fixed", "", 0.051),
        ("fixed:1.5s", "fixed", "", 1.5),
        ("fixed:200us", "fixed", "", 0.0002),
        ("http://127.0.0.1:8000/x", "http", "http://127.0.0.1:8000/x", 0.0),
        ("http:https://example.test/", "http", "https://example.test/", 0.0),
        ("python:my.app:store", "python", "my.app:store", 0.0),
    ],
)
def test_the_forms_of_a_baseline(text: str, kind: str, target: str, seconds: float) -> None:
    """Each documented form of --baseline is understood."""
    spec = parse_baseline(text)
    assert (spec.kind, spec.target) == (kind, target)
    assert spec.seconds == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "sqlit", "fixed:", "fixed:-1ms", "fixed:51", "http:", "python:x", "http:ftp://x"])
def test_other_baselines_are_refused(text: str) -> None:
    """Anything else is refused with the four forms."""
    with pytest.raises(ValueError, match="use sqlite, http:URL"):
        parse_baseline(text)


@pytest.mark.parametrize(("name", "nodes"), [("mainnet", 29), ("testnet", 7), ("previewnet", 7)])
def test_hosted_networks_have_a_dated_list_of_all_their_nodes(name: str, nodes: int) -> None:
    """Over TLS, every address of each, each with its certificate's hash (@hiero-ledger/sdk 2.87.0, addressbooks)."""
    network = KNOWN[name]
    assert network.tls
    assert network.mirror_tls
    assert len(set(network.nodes.values())) == nodes == len(network.certificate_hashes)
    assert len(network.nodes) > nodes
    assert all(address.endswith(":50212") for address in network.nodes)
    listed = built_in_list(name)
    assert listed.date >= "2026-08-23"
    assert listed.source
    assert {line for way in routes(listed.entries, tls=True) for line in way.lines()} == set()


@pytest.mark.parametrize("contents", [None, "{", "[]", "{}", '{"date": "today", "source": "", "nodes": []}'])
def test_a_built_in_list_that_somebody_broke(tmp_path: Path, contents: str | None) -> None:
    """Is told in one line that names the file."""
    if contents is not None:
        (tmp_path / "testnet.json").write_text(contents)
    with pytest.raises(ValueError, match=r"testnet\.json' cannot be read") as caught:
        built_in_list("testnet", tmp_path)
    assert "\n" not in str(caught.value)


def test_a_list_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    """What was there stays until the new list is, and no scratch file is left; one node is one line."""
    listed = built_in_list("testnet")
    path = write_built_in_list(listed, tmp_path)
    assert built_in_list("testnet", tmp_path) == listed
    assert path.read_text() == (FOLDER / "testnet.json").read_text()
    assert sum("node_account_id" in line for line in path.read_text().splitlines()) == len(listed.entries)
    odd = replace(listed, source="half a character: \udc80")
    assert built_in_list("testnet", write_built_in_list(odd, tmp_path).parent) == odd
    (tmp_path / "mainnet.json").mkdir()
    with pytest.raises(OSError, match=r"mainnet\.json"):
        write_built_in_list(replace(listed, network="mainnet"), tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["mainnet.json", "testnet.json"]


def test_a_custom_network_is_read_from_its_file(tmp_path: Path) -> None:
    """A file with nodes and mirrors is a network."""
    file = tmp_path / "net.json"
    file.write_text(
        json.dumps({"nodes": {"127.0.0.1:1": "0.0.3"}, "mirror_rest": "http://127.0.0.1:2", "mirror_grpc": "h:3"})
    )
    assert load_custom(file).nodes == {"127.0.0.1:1": "0.0.3"}
    known = parse_settings({"network": "custom", "network_file": str(file)}).known_network()
    assert known is not None
    assert known.name == "custom"


@pytest.mark.parametrize(
    ("contents", "says"),
    [
        ("{", "is not JSON"),
        ("[]", "one JSON object"),
        ('{"nodes": {}}', "mirror_rest: field required"),
        (None, "cannot read"),
    ],
)
def test_an_unusable_network_file_says_what_is_wrong(tmp_path: Path, contents: str | None, says: str) -> None:
    """A file that is missing, no JSON, or incomplete is refused in one line that says which."""
    file = tmp_path / "net.json"
    if contents is not None:
        file.write_text(contents)
    with pytest.raises(SettingsError, match=says) as refused:
        parse_settings({"network": "custom", "network_file": str(file)})
    assert len(refused.value.faults) == 1
    assert "\n" not in refused.value.faults[0]


def test_a_network_file_needs_the_custom_network() -> None:
    """A file beside another network is a contradiction, not ignored."""
    with pytest.raises(SettingsError, match="it needs --network custom"):
        parse_settings({"network": "testnet", "network_file": "x.json"})
