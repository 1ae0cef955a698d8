"""The programs of other SDKs: JavaScript that is told a network, and a loopback of their own for fixed ports."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


ROOT = HERE.parents[2]


INSTALL_S, RUN_S = 300, 60


@dataclass(frozen=True, slots=True)
class JavaScript:
    """Node.js, and a folder that holds the scripts with the official SDK beside them."""

    program: str
    folder: Path

    def command(self, script: str, *arguments: str) -> list[str]:
        """What runs a script, in whatever folder."""
        return [self.program, str(self.folder / script), *arguments]

    def run(self, script: str, *arguments: str, ready: dict[str, Any]) -> dict[str, Any]:
        """Run a script that is told a network by its ready line; returns the JSON it printed last."""
        done = subprocess.run(
            self.command(script, *arguments),
            env={**os.environ, "LOCALNET": json.dumps(ready)},
            capture_output=True,
            text=True,
            timeout=RUN_S,
        )
        assert done.returncode == 0, done.stderr
        out: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return out


def alone() -> list[str]:
    """What a command begins with to run on a loopback of its own, where this system can do that: on 127.0.0.1 any of
    the fixed ports may be taken, also by an outgoing connection. Elsewhere nothing, and they must be free."""
    command = ["unshare", "--map-root-user", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    if not all(map(shutil.which, ("unshare", "ip"))):
        return []
    return command if subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0 else []
