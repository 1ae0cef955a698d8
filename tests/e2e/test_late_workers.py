"""Workers that come and go in the middle of a run: who cannot take part gets no users, and is named; others do.

Locust gives users to whoever connects. A worker without a key kept two of four users idle, and the run was PASSED.
"""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hedera_load import ROOMS
from tests.e2e.locust_command import ROOT
from tests.e2e.swarm import Swarm

NOT_LET_IN = "is not let into the run: "


@pytest.fixture
def swarm(own_network: Any, tmp_path: Path) -> Iterator[Callable[..., Swarm]]:
    """Start a master on a network of its own; whatever still runs at the end of the test is killed."""
    made: list[Swarm] = []

    def start(*load: str) -> Swarm:
        made.append(
            Swarm(tmp_path, own_network("--consensus-delay", "0.2"), "--users", "4", "--spawn-rate", "4", *load)
        )
        return made[0]

    yield start
    for one in made:
        one.kill()


def other_code(folder: Path) -> Path:
    """A copy of the project in which one line was changed."""
    for room in ROOMS:
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__", "out"))
    for name in ("hedera_load.py", "locustfile.py", "requirements.txt"):
        shutil.copy(ROOT / name, folder / name)
    with (folder / "hedera_users" / "pace.py").open("a") as file:
        file.write("# of another revision\n")
    return folder


def other_package(folder: Path) -> Path:
    """What an installation of another version of a package leaves where Python looks for it."""
    described = folder / "tenacity-8.0.0.dist-info"
    described.mkdir(parents=True)
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: tenacity\nVersion: 8.0.0\n")
    return folder


@pytest.mark.timeout(300)
def test_who_cannot_take_part_gets_no_users_and_is_named(swarm: Any, tmp_path: Path) -> None:
    """Each with one line on the master and one of its own, exit code 2; the users stay with who can serve them."""
    run = swarm("HcsSubmitter")
    run.begin()
    run.worker("no-key", OPERATOR_KEY="")
    run.worker("other-package", PYTHONPATH=str(other_package(tmp_path / "site")))
    wrong = {
        "no-key": "--network 'custom': OPERATOR_KEY is not set: put the paying account",
        "other-package": "it has other packages than its master (tenacity 8.0.0, not ",
    }
    run.wait(lambda: run.said("master").count(NOT_LET_IN) >= len(wrong))
    for name, why in wrong.items():
        assert run.processes[name].wait(60) == 2, run.said(name)
        (line,) = [line for line in run.said("master").splitlines() if NOT_LET_IN in line and why in line]
        assert "Traceback" not in run.said(name)
        assert line.split(NOT_LET_IN)[1] in run.said(name)
    time.sleep(2)
    assert run.end() == 0, run.said("master")
    report = run.report()
    assert report["run"]["workers"] == 1
    assert {one["arm"] for one in report["operations"]} == {None}
    assert report["accounting"]["balanced"] is True
    assert len(run.senders()) == 1


@pytest.mark.timeout(240)
def test_who_can_take_part_gets_its_share_of_the_users(swarm: Any) -> None:
    """One that joins later is asked, gets half of the users, and what it did is in the report."""
    run = swarm("HcsSubmitter")
    run.begin()
    run.worker("second")
    run.wait(lambda: len(run.senders()) == 2)
    assert run.end() == 0, run.said("master")
    report = run.report()
    assert report["run"]["workers"] == 2
    assert report["accounting"]["balanced"] is True
    assert len({process["name"] for process in report["resources"]["processes"] if process["role"] == "worker"}) == 2
    assert "Run " not in run.said("second"), "it prepares no run of its own"


@pytest.mark.timeout(240)
def test_a_rate_stays_the_one_that_was_asked_for(swarm: Any) -> None:
    """Each worker makes its share of an arrival rate: one more would make more than was asked, and is told so."""
    run = swarm("--arrival-rate", "10/s", "HcsSubmitter")
    run.begin()
    run.worker("second")
    run.wait(lambda: "gets no users in this run: each of the 1 workers that it began with" in run.said("master"))
    time.sleep(3)
    assert run.end() in (0, 5), run.said("master")  # a busy machine may keep less
    report = run.report()
    assert report["run"]["workers"] == 1
    due = report["accounting"]["arrivals"]["due"]
    assert due == pytest.approx(10 * report["run"]["load_s"], rel=0.15, abs=12)


@pytest.mark.timeout(240)
def test_at_its_beginning_a_run_of_different_code_is_refused(swarm: Any, tmp_path: Path) -> None:
    """Exit code 2 and one line, and nothing is paid."""
    run = swarm("HcsSubmitter")
    run.worker("first", folder=other_code(tmp_path / "copy"))
    assert run.processes["master"].wait(90) == 2, run.said("master")
    (line,) = [line for line in run.said("master").splitlines() if line.startswith("locust: error: ")]
    assert line.startswith("locust: error: it runs other code than its master (digest ")
    assert run.network.ledger() == []
    assert not (tmp_path / "out").exists()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_run_whose_last_worker_is_lost_is_told_whole(swarm: Any, asked: signal.Signals) -> None:
    """It is concluded once, also when the run is to end meanwhile: it ended with 0, and without a report."""
    run = swarm("HcsSubmitter")
    run.begin()
    run.processes["first"].kill()
    run.wait(lambda: "The last worker went missing, stopping test" in run.said("master"))
    run.processes["master"].send_signal(asked)
    assert run.processes["master"].wait(60) == 1, run.said("master")
    said = run.said("master")
    assert said.count("The run has ended; reading the mirror") == 1
    assert "\nFAILED: accounting" in said
    assert run.report()["run"]["exit_code"] == 1
