"""`python -m scenarios`: what it lists, what it would run, and what it says of what is wrong."""

from __future__ import annotations

import pytest

from config.scenarios import scenario_names
from scenarios.__main__ import command_of, main


def test_it_lists_all_with_their_questions(capsys: pytest.CaptureFixture[str]) -> None:
    """One line each."""
    assert main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(scenario_names())
    assert all(line.endswith("?") for line in lines)


def test_the_command_is_the_one_by_hand() -> None:
    """Options that are given come last, and win."""
    command = command_of("reliability", ["--run-time", "5s"])
    assert command[1:3] == ["-m", "locust"]
    assert "--headless" in command
    assert command[command.index("--config") + 1].endswith("config/profiles/reliability.conf")
    assert command[-2:] == ["--run-time", "5s"]


def test_what_is_wrong_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is started."""
    assert main(["run", "no-such"]) == 2
    assert "error: 'no-such': there is no such scenario" in capsys.readouterr().err
    assert main(["report", "no-such-folder"]) == 2
    assert "no-such-folder" in capsys.readouterr().err
