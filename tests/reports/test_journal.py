"""What was journaled outlives its process, and a run that was killed is settled from its folder alone."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from reports.__main__ import main
from reports.collect.ending import CHECKPOINT, read_run
from reports.collect.journal import Journal, JournalError, open_journal, read_saved
from reports.schema.published import violations
from tests.reports.ledger import record, write_journal
from tests.reports.runs import ROOT, Runs, wait_until

WRITER = """
import sys
from pathlib import Path
from reports.collect.journal import Journal
journal, row = Journal(Path(sys.argv[1])), ["0.0.1010", "a", 1, b"", 1.0, 1.0, 0.0, True, "", None, "x||", "", ""]
for number in range(10**9):
    journal.append("local", {"sent": [row] * 50})
    journal.save("checkpoint", number)
    print(number + 1, flush=True)
"""


def test_committed_rows_outlive_a_killed_process(tmp_path: Path) -> None:
    """Killed with -9 in the middle of writing: every row that was said to be written is there."""
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for _ in range(30):
        said = int(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    rest = process.communicate()[0].split()
    said = int(rest[-1]) if rest else said
    with closing(open_journal(tmp_path / "journal.sqlite")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        (rows,) = connection.execute("SELECT count(*) FROM sent").fetchone()
    assert said * 50 <= rows <= (said + 1) * 50
    assert read_saved(tmp_path / "journal.sqlite")["checkpoint"] in (said - 1, said)


def test_what_a_full_disk_does_not_take_is_written_when_there_is_room(tmp_path: Path) -> None:
    """Nothing is lost and nothing raised; `fault` says whether all is there, also in the end."""
    row = ["0.0.1010", "a", 1, b"", 1.0, 1.0, 0.0, True, "", None, "x||", "", ""]
    journal = Journal(tmp_path)
    journal.append("local", {"sent": [row]})
    pages = journal._pool.apply(lambda: journal._database.execute("PRAGMA page_count").fetchone()[0])
    limit = "PRAGMA max_page_count = {}".format
    journal._pool.apply(lambda: journal._database.execute(limit(pages)).fetchone())  # SQLite's own full disk
    for _ in range(3):
        journal.append("local", {"sent": [row] * 1000})
        journal.save("run", bytes(10_000))
        assert "full" in journal.fault
    journal._pool.apply(lambda: journal._database.execute(limit(10**6)).fetchone())
    journal.save("ending", 7)
    assert journal.fault == ""
    journal._pool.apply(lambda: journal._database.execute(limit(pages)).fetchone())
    journal.append("local", {"sent": [row] * 5000})
    journal.close()
    assert "full" in journal.fault
    with closing(open_journal(journal.path)) as connection:
        assert connection.execute("SELECT count(*) FROM sent").fetchone() == (3001,)
    assert read_saved(journal.path) == {"run": bytes(10_000), "ending": 7}


def test_a_folder_without_a_journal_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No folder, no journal, or something else of that name: one line and exit code 2."""
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "journal.sqlite").write_text("no database at all, but long enough to be looked at " * 20)
    for folder in (tmp_path / "nowhere", tmp_path / "other"):
        assert main(["audit", str(folder)]) == 2
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 2
    assert all(line.startswith("error: ") and "journal.sqlite" in line for line in errors)


def test_a_journal_that_does_not_know_its_run_is_refused(tmp_path: Path) -> None:
    """Rows alone do not say which run they are of."""
    write_journal(tmp_path, [record("a", 1, 1)])
    with pytest.raises(JournalError, match="does not describe its run"):
        read_run(tmp_path)


def forge(folder: Path) -> None:
    """Add a message to the journal that was never sent."""
    with closing(open_journal(folder / "journal.sqlite")) as connection, connection:
        connection.execute("CREATE TEMP TABLE one AS SELECT * FROM sent WHERE acknowledged LIMIT 1")
        connection.execute("UPDATE one SET number = 1000000, sequence_number = NULL, digest = x'00'")
        connection.execute("UPDATE one SET transaction_id = replace(transaction_id, '@', '@1')")
        connection.execute("INSERT INTO sent SELECT * FROM one")


def test_a_killed_run_is_settled_afterwards(runs: Runs) -> None:
    """Kill -9 in the middle of a run; `python -m reports audit` settles it and writes the report: 0, then 3, then 5."""
    process = runs.start(
        *("--headless", "--users", "6", "--spawn-rate", "6", "--run-time", "60s", "--think-time", "0.05"),
        *("--receipt-interval", "0.02", "--audit-timeout", "1"),
    )
    wait_until(lambda: (runs.folder / "out").exists() and checkpoint(runs.newest))
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (runs.newest / "report.json").exists()

    done = runs.audit(runs.newest)
    report = runs.report()
    assert done.returncode == 0, done.stdout + done.stderr
    assert violations(report) == []
    audit = report["audit"]
    assert audit["acknowledged"] == audit["delivered"] > 0
    assert audit["running_hash_verified"] is True
    assert report["operations"], "what was measured until the last checkpoint is reported"
    assert report["accounting"]["incomplete_workers"] == ["local"]
    assert report["accounting"]["balanced"] is False
    assert (runs.newest / "report.html").exists()

    forge(runs.newest)
    assert main(["audit", str(runs.newest)]) == 3
    assert runs.report()["audit"]["lost"] == 1

    runs.localnet.stop()
    assert main(["audit", str(runs.newest)]) == 5
    unread = runs.report()["audit"]
    assert (unread["lost"], bool(unread["error"])) == (None, True)


def checkpoint(folder: Path) -> dict[str, Any] | None:
    """The newest checkpoint of a run that is still going on, once it tells of operations."""
    try:
        saved = read_saved(folder / "journal.sqlite").get(CHECKPOINT)
    except JournalError:
        return None
    return saved if saved and saved["measurements"]["operations"] else None
