"""What of a URL is secret is not shown, whatever the URL looks like, and not logged."""

from __future__ import annotations

import logging
import sys
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import secrets
from config.networks import Network
from config.run import Run
from config.secrets import fault_of_url, hide_in_logs, secrets_of, without_secrets
from config.settings import RunSettings
from reports.judge import provenance

LETTERS = st.text("abcdefghijklmnop0123456789-_", min_size=8, max_size=12)
PASSWORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Z"), exclude_characters='"'), min_size=8
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("redis://:pw@h:6379/0", "redis://…@h:6379/0"),
        ("http://user:p/w#x@h/path", "http://…@h/path"),
        ("https://h/events?token=abc&kind=x#part", "https://h/events?token=…&kind=…#…"),
        ("https://h/?abc", "https://h/?…"),
        ("https://relay.test/v1/0123456789abcdef0123/api", "https://relay.test/v1/…/api"),
        ("http:http://u:p@h, and http://v:q@i too", "http:http://…@h, and http://…@i too"),
        ("mirror http://127.0.0.1:5551 did not answer /api/v1/topics/0.0.7?limit=1", None),
        ("https://mainnet-public.mirrornode.hedera.com/api/v1/transactions/0.0.2-1700000000-000000001", None),
        ("a@b.test is not a URL", None),
        ("redis://localhost:6379/0", None),
    ],
)
def test_what_is_shown_of_a_text(text: str, shown: str | None) -> None:
    """Everything but user information, values, fragments and keys; shown again, it stays what it is."""
    assert without_secrets(text) == (shown or text)
    assert without_secrets(without_secrets(text)) == (shown or text)


@given(LETTERS, PASSWORDS, LETTERS)
def test_no_password_survives(name: str, password: str, token: str) -> None:
    """However it is written, as long as it has no blank and no quotation mark, which are refused."""
    url = f"https://{name}:{password}@host.test:8443/path?token={token}"
    assert password not in without_secrets(f"it is {url} that failed")
    assert token not in without_secrets(url)
    assert "host.test:8443" in without_secrets(url)


@given(PASSWORDS)
def test_the_pieces_are_known_by_themselves(password: str) -> None:
    """To be looked for where the URL is not written as a whole: as written, and decoded."""
    assert password in secrets_of(f"https://u:{quote(password, safe='')}@h/")


@pytest.mark.parametrize("character", [" ", '"', "'", "<", "{"])
def test_what_a_url_cannot_hold_is_refused(character: str) -> None:
    """Such a URL could not be told from the text around it."""
    assert fault_of_url(f"redis://:pa{character}ss@h").startswith(f"write {character!r} in it as %")
    assert fault_of_url("redis://:pa%27ss@h") == ""


def test_logs_hold_none_of_it(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither as a URL nor in pieces, as urllib3 logs them, nor in a traceback."""
    monkeypatch.setattr(secrets, "_hidden", set())
    factory = logging.getLogRecordFactory()
    try:
        hide_in_logs(secrets_of("https://user:swordfish@h/v1?token=marlin"))
        logger = logging.getLogger("test")
        with caplog.at_level(logging.DEBUG):
            logger.debug('%s "%s"', "https://h:443", "GET /v1?token=marlin HTTP/1.1")
            logger.warning("another: redis://:pike@h")
            logger.info("plain %d", 7)
            try:
                int("https://user:swordfish@h")
            except ValueError:
                logger.exception("failed")
    finally:
        logging.setLogRecordFactory(factory)
    assert not any(secret in caplog.text for secret in ("swordfish", "marlin", "pike"))
    assert 'https://h:443 "GET /v1?token=… HTTP/1.1"' in caplog.text
    assert "plain 7" in caplog.text
    assert "Traceback" in caplog.text


PLACES = {
    "breaker_storage": ("settings", "redis://:swordfish@h:6379/0"),
    "baseline": ("settings", "http:https://user:swordfish@h/events?token=marlin"),
    "with_hedera": ("settings", "http://user:swordfish@h/events?token=marlin"),
    "mirror_rest": ("network", "https://h/0123456789abcdef0pike/api"),
    "relay": ("network", "https://h/v1?key=swordfish"),
    "node_source": ("run", "https://user:swordfish@h/api/v1/network/nodes"),
    "node_remarks": ("run", ("asked https://h/?token=marlin in vain",)),
}
"""Where an address of a run may stand, and one with a secret in it."""


@pytest.mark.parametrize("name", PLACES)
def test_a_run_that_is_kept_holds_none_of_it(name: str) -> None:
    """What the journal keeps of a run is this; and the run that goes on still knows the way."""
    where, value = PLACES[name]
    settings = RunSettings(seed=1, **({name: value} if where == "settings" else {}))
    network = Network(name="custom", nodes={"127.0.0.1:1": "0.0.3"}, mirror_rest="", mirror_grpc="")
    run = Run(
        run_id="a",
        started_at=1.0,
        settings=settings,
        network=network.model_copy(update={name: value} if where == "network" else {}),
        operator_id="0.0.2",
        topics={},
        **({name: value} if where == "run" else {}),
    )
    words = ("swordfish", "marlin", "pike")
    assert any(word in run.model_dump_json() for word in words)
    kept = run.without_secrets().model_dump_json()
    assert [word for word in words if word in kept] == []
    assert secrets.MARK in kept


@pytest.mark.parametrize(
    "argument",
    ["redis://:swordfish@h", "--breaker-storage=redis://:swordfish@h", "--host=https://u:swordfish@h/?token=swordfish"],
)
def test_the_command_line_that_is_kept_holds_none_of_it(argument: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a word of its own, behind an equals sign, and in options of Locust's own."""
    monkeypatch.setattr(sys, "argv", ["locust", "--headless", argument])
    (program, headless, kept) = provenance.argv()
    assert (program, headless) == ("locust", "--headless")
    assert "swordfish" not in kept
    assert kept.startswith(argument.partition("://")[0])
