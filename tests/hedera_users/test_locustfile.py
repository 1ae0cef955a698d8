"""What `locust` loads: the user classes, and everything plugged in, once and without starting anything."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

LOADED = """
    import locust
    import locustfile, threading
    from locust.user.users import User
    classes = [getattr(locustfile, name) for name in locustfile.__all__]
    print(*(one.__name__ for one in classes), all(issubclass(one, User) and not one.abstract for one in classes))
    print(all(getattr(locust.events, name)._handlers for name in ("init", "test_start", "test_stop", "quit")))
    parser = locust.argument_parser.get_parser(default_config_files=[])
    print(parser.parse_args(["--network", "solo"]).network)
    print(threading.active_count())
"""


def test_the_locustfile_names_its_users_and_plugs_the_rest_in() -> None:
    """Options, life cycle and report are Locust's from then on."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(LOADED)], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["HcsSubmitter ModelStorer OverheadUser RelayReader True", "True", "solo", "1"]
