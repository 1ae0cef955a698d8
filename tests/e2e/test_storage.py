"""The scenarios `storage` and `retrieve` as users run them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.e2e.locust_command import Finished

QUICK = ("--localnet-consensus-delay", "0.2", "--run-time", "8s", "--model-bytes", "6000", "--hcs1-parallel")


@pytest.mark.parametrize(
    ("parallel", "suits"), [("1", "suit @hiero-did-sdk/hcs"), ("9", "9 at once, suit hiero-did-sdk-python")]
)
def test_storage(run_locust: Callable[..., Finished], parallel: str, suits: str) -> None:
    """Every way's models are there unchanged: as files by reading them back, as messages by the audit."""
    done = run_locust("--headless", "--scenario", "storage", *QUICK, parallel)
    report = done.report
    assert done.exit_code == 0, done.output
    assert [one["passed"] for one in report["drills"]] == [True] * 6
    assert any(suits in one["observed"] for one in report["drills"])
    by_name = {one["name"]: one["succeeded"] for one in report["operations"]}
    files = report["audit"]["files"]
    assert files is not None
    assert files["verified"] == by_name["store.hfs-4096"] + by_name["store.hfs-1000"] + by_name["store.hcs-1"]
    assert (files["mismatched"], files["not_read_back"]) == (0, 0)
    assert report["audit"]["delivered"] == by_name["store.hcs-chunks"] + by_name["store.hash"] > 0


def test_retrieve(run_locust: Callable[..., Finished]) -> None:
    """Models are found again, and the mirror is not far behind."""
    done = run_locust("--headless", "--scenario", "retrieve", *QUICK[:-1])
    assert done.exit_code == 0, done.output
    assert [one["passed"] for one in done.report["drills"]] == [True] * 5
    assert "--hcs1-parallel" not in done.output
