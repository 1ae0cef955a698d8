"""A run in which nothing worked, or far too little, does not pass; and says which operation that was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.audit.messages import nothing_audited
from reports.judge.rate import rate
from reports.judge.success import LEAST_DONE, shortfalls
from reports.judge.verdict import Check, ExitCode, KeptRate, checks, exit_code
from reports.render.console import render_console
from reports.render.html import render_html
from reports.render.markdown import render_markdown
from reports.wording.rate import in_words
from tests.reports.sample import sample_report

OUTCOMES = ("succeeded", "failed", "rejected", "unknown")
CLEAN_AUDIT = nothing_audited()


def entry(name: str = "hcs.submit", arm: str | None = None, confirm: str = "receipt", **counts: int) -> dict[str, Any]:
    """An entry of the report's `operations`."""
    counts = dict.fromkeys(OUTCOMES, 0) | counts
    return {"name": name, "arm": arm, "confirm": confirm, "started": sum(counts.values()), **counts}


def accounting(*entries: dict[str, Any], shed: int = 0, stopped: int = 0, stopped_reads: int = 0) -> dict[str, Any]:
    """The report's accounting of these operations, and of `shed` more of the first."""
    totals = {name: sum(one[name] for one in entries) for name in (*OUTCOMES, "started")}
    operations = [
        {
            **{name: value for name, value in one.items() if name != "confirm"},  # of accounts no level is known
            "shed": shed if one is entries[0] else 0,
            "scheduled": one["started"] + (shed if one is entries[0] else 0),
        }
        for one in entries
    ]
    return totals | {
        "shed": shed,
        "stopped": stopped,
        "stopped_reads": stopped_reads,
        "operations": operations,
        "balanced": True,
        "reasons": [],
        "scheduled": totals["started"] + shed,
    }


def verdict(
    *entries: dict[str, Any],
    kept: KeptRate | None = None,
    overhead: list[dict[str, Any]] | None = None,
    **counts: int,
) -> tuple[ExitCode, dict[str, Check]]:
    """How a run with these operations ends, and its failed checks."""
    account = accounting(*entries, **counts)
    results = checks(account, CLEAN_AUDIT, [], list(entries), overhead or [], kept or KeptRate(None, 95.0, "none"))
    return exit_code(results), {check.name: check for check in results if not check.passed}


def test_a_run_in_which_everything_was_cut_off_is_inconclusive() -> None:
    """A stall that outlasts the run: 24 of 24 without a known outcome, which the stop cut off."""
    code, failed = verdict(
        entry(unknown=24), entry("audit-event", "baseline", "", succeeded=24), stopped=24
    )  # fmt: skip
    assert code is ExitCode.INCONCLUSIVE
    assert list(failed) == ["success"]
    assert failed["success"].detail == "none of 24 hcs.submit at level receipt succeeded (24 without a known outcome)"


def test_one_level_that_never_worked_is_named_among_those_that_did() -> None:
    """A kind of operation is judged per arm and level: the others do not make up for it."""
    code, failed = verdict(
        entry(confirm="ack", succeeded=900), entry(confirm="mirror", unknown=3, rejected=2), stopped=3
    )  # fmt: skip
    assert code is ExitCode.INCONCLUSIVE
    assert failed["success"].detail.startswith("none of 5 hcs.submit at level mirror succeeded")


def test_what_the_policy_turned_away_is_an_answer() -> None:
    """Most operations refused by open circuits or a full queue: the service did not serve, which is known."""
    code, failed = verdict(entry(succeeded=10, rejected=90))
    assert (code, list(failed)) == (ExitCode.FAILED, ["success"])
    assert "10 of 100 hcs.submit at level receipt succeeded (90 never sent)" in failed["success"].detail


def test_a_read_that_the_end_cut_off_is_no_failure() -> None:
    """It had only asked; a single one at the end of a run says nothing."""
    assert verdict(entry("relay.eth_gasPrice", succeeded=50, failed=1), stopped_reads=1)[0] is ExitCode.PASSED
    assert verdict(entry("relay.eth_gasPrice", succeeded=50, failed=1))[0] is ExitCode.FAILED


def test_what_was_due_and_never_started_counts() -> None:
    """Few starts that all succeed do not stand for the many that were not made."""
    code, failed = verdict(entry(succeeded=100), shed=888)
    assert code is ExitCode.INCONCLUSIVE
    assert "100 of the 988 hcs.submit that were due succeeded" in failed["success"].detail


@given(st.lists(st.tuples(*[st.integers(0, 20)] * 4), min_size=1, max_size=6))
def test_a_run_passes_only_where_enough_of_each_kind_succeeded(counts: list[tuple[int, ...]]) -> None:
    """Whatever the outcomes are: passed means that each kind has a success and at least half of its operations."""
    entries = [
        entry(confirm=f"level-{number}", **dict(zip(OUTCOMES, one, strict=True)))
        for number, one in enumerate(counts)
        if sum(one)
    ]  # fmt: skip
    if not entries:
        return
    passed = verdict(*entries, stopped=sum(one["unknown"] for one in entries))[0] is ExitCode.PASSED
    enough = all(one["succeeded"] >= max(1, LEAST_DONE * one["started"]) for one in entries)
    assert passed is (enough and not any(one["failed"] for one in entries))
    assert bool(shortfalls(entries, accounting(*entries))) is not enough


@pytest.mark.parametrize(
    ("started", "due", "limit_by", "expected"),
    [
        (950, 1000, "generator", ExitCode.PASSED),
        (949, 1000, "generator", ExitCode.INCONCLUSIVE),
        (949, 1000, "policy", ExitCode.INCONCLUSIVE),
        (949, 1000, "network", ExitCode.FAILED),
    ],
)
def test_less_than_the_rate_that_was_asked_for(started: int, due: int, limit_by: str, expected: ExitCode) -> None:
    """A run that made less load than it was asked for has not tested what was asked; whose fault it was decides."""
    kept = rate(100.0, 100.0, {"due": due, "started": started})
    code, failed = verdict(entry(succeeded=started), kept=KeptRate(kept, 95.0, limit_by), shed=due - started)
    assert code is expected
    if failed:
        assert failed["rate"].detail == "100/s asked, 94.9/s kept (94.9 %), less than 95 % (--least-rate)"


def test_a_comparison_without_any_answer_is_inconclusive() -> None:
    """Stopped after four pairs: nothing failed, and what was asked is not answered. One answer of several is one."""
    open_ = {"conclusion": "cannot tell", "verdict": "This run cannot tell what Hedera adds per x: 4 complete pairs."}
    code, failed = verdict(entry(arm="hedera", succeeded=4), overhead=[open_])
    assert code is ExitCode.INCONCLUSIVE
    assert failed["overhead"].detail == "This run cannot tell what Hedera adds per x: 4 complete pairs"
    pair = entry(arm="hedera", succeeded=4)
    assert verdict(pair, overhead=[open_, {"conclusion": "costs"}])[0] is ExitCode.PASSED
    assert verdict(pair, entry(succeeded=40), overhead=[open_])[0] is ExitCode.PASSED  # of its messages it can tell


def test_a_rate_in_words_never_rounds_a_shortfall_away() -> None:
    """One missed start in a hundred thousand is not 100 %."""
    assert in_words({"asked_per_s": 50.0, "kept_per_s": 49.9995, "kept_percent": 99.999}).endswith("(99.9 %)")
    assert rate(0.0, 0.0, None) is None


@pytest.mark.parametrize("arrivals", [{"due": 0, "started": 0}, None])
def test_a_rate_of_which_nothing_became_due_was_not_kept(arrivals: dict[str, int] | None) -> None:
    """The run was over before all users were there, or no worker lived to tell: 100/s were asked for all the same."""
    kept = rate(100.0, 100.0, arrivals)
    assert kept is not None
    assert in_words(kept) == "100/s asked, 0/s kept (0 %)"
    code, failed = verdict(entry(), kept=KeptRate(kept, 95.0, "generator"))
    assert code is ExitCode.INCONCLUSIVE
    assert {"measured", "rate"} <= set(failed)


@pytest.mark.parametrize(
    ("code", "state"),
    [(0, "Passed"), (1, "Failed"), (3, "Failed"), (4, "Failed"), (5, "Inconclusive")],
)
def test_the_verdict_is_one_word_in_every_form(tmp_path: Path, code: int, state: str) -> None:
    """Of what nothing can be said, nobody says that it failed."""
    report = sample_report(tmp_path)
    report["run"]["exit_code"] = code
    for check in report["run"]["checks"]:
        check["passed"] = check["name"] != "rate" and code == 0
    assert f"\n{state.upper()}" in render_console(report, "x.html")
    assert f"**{state}** (exit code {code})" in render_markdown(report)
    assert f">{state}</strong>" in render_html(report)


def test_failed_requests_say_what_failed_most() -> None:
    """Errors of one kind at several nodes are one kind; with cause and remedy."""
    errors = [
        {"operation": "hcs.submit", "arm": None, "outcome": "failed", "status": status, "count": count}
        for status, count in [("FAIL_INVALID", 40), ("INSUFFICIENT_TX_FEE", 36), ("INSUFFICIENT_TX_FEE", 35)]
    ]
    results = checks(
        accounting(entry(failed=111, succeeded=200)), CLEAN_AUDIT, [], [], [], KeptRate(None, 95.0, "none"), errors
    )
    (requests,) = (check for check in results if check.name == "requests")
    assert not requests.passed
    assert requests.detail.startswith(
        "111 operations failed and 0 ended with an unknown fate: hcs.submit most of all, by INSUFFICIENT_TX_FEE (71). "
        "The offered maximum fee was below the price."
    )
