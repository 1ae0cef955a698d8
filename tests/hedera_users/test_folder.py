"""A folder for reports is looked at before anything is paid, by all processes of a run at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hedera_users.local_checks import folder_fault
from tests.e2e.locust_command import ROOT

LOOK_OFTEN = """
import sys
from pathlib import Path
from hedera_users.local_checks import folder_fault
found = {folder_fault(Path(sys.argv[1])) for _ in range(300)}
print(sorted(found))
"""


def test_processes_that_look_at_once_find_no_fault(tmp_path: Path) -> None:
    """None takes another's doing for a fault."""
    command = [sys.executable, "-c", LOOK_OFTEN, str(tmp_path / "new" / "out")]
    looking = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [one.communicate(timeout=60)[0].strip() for one in looking] == ["['']"] * 3
    assert list(tmp_path.iterdir()) == [], "the disk is left as it was"


def test_a_file_in_its_place_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    assert folder_fault(tmp_path / "out") == "a file is in its place"
    assert folder_fault(tmp_path / "out" / "deeper") == "a file is in its place"
