"""`python -m localnet fault …`: adds, lists and removes faults of a running network."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from localnet.faults.kinds import KINDS
from localnet.faults.spec import PARAMETERS
from localnet.process import running_networks

TIMEOUT_S = 10.0

_HELP = {
    "name": "what reports call it",
    "start": "begin so many seconds from now",
    "duration": "last so many seconds; without it, until removed",
    "nodes": "only these nodes, e.g. 0.0.3,0.0.4",
    "operations": "only these gRPC or JSON-RPC methods, e.g. submitMessage,getTransactionReceipts",
    "topics": "only messages on these topics",
    "sequence_numbers": "only messages with these sequence numbers, e.g. 5,9",
    "share": "hit this share of what is concerned, above 0 to 1",
    "count": "be over after so many hits",
    "delay": "seconds; what it means depends on the kind",
    "jitter": "largest deviation from --delay, in seconds",
    "status": "name of a status code, e.g. BUSY",
    "how": "hang or reset",
    "code": "HTTP status, 500 to 599",
}
_LISTS = {"nodes": str, "operations": str, "topics": str, "sequence_numbers": int}
_TYPES = {**dict.fromkeys(("start", "duration", "share", "delay", "jitter"), float), "count": int, "code": int}


class ControlError(Exception):
    """The control API refused or could not be reached; the message is one line."""


def main(arguments: Sequence[str]) -> int:
    """Return the exit code: 0, or 2 where something was wrong."""
    options = _parser().parse_args(arguments)
    try:
        faults = _run(options)
    except ControlError as error:
        print(f"localnet fault: {error}", file=sys.stderr)
        return 2
    for fault in faults:
        print(_line(fault))
    if not faults:
        print("no faults")
    return 0


def _parser() -> argparse.ArgumentParser:
    kinds = "\n".join(f"  {name:15} {kind.does}\n{'':18}e.g. fault add {kind.example}" for name, kind in KINDS.items())
    parser = argparse.ArgumentParser(
        prog="python -m localnet fault",
        description="Break a running embedded network on purpose.",
        epilog=f"kinds of faults:\n{kinds}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--control",
        default=os.environ.get("LOCALNET_CONTROL"),
        help="URL of its control API [env LOCALNET_CONTROL]; without it, the network that was started last",
    )
    parser.add_argument(
        "--token", default=os.environ.get("LOCALNET_TOKEN"), help="the token of its ready line [env LOCALNET_TOKEN]"
    )
    actions = parser.add_subparsers(dest="action", required=True)
    add = actions.add_parser("add", help="begin or schedule a fault")
    add.add_argument("kind", help=f"one of {', '.join(KINDS)}")
    for name in PARAMETERS:
        add.add_argument(f"--{name.replace('_', '-')}", type=_TYPES.get(name, str), help=_HELP[name])
    file = actions.add_parser("file", help="begin or schedule the faults of a JSON file: all or none")
    file.add_argument("path", help='e.g. a file with [{"kind": "stall", "start": 5, "duration": 2}]')
    actions.add_parser("list", help="show all faults: over, active and scheduled")
    remove = actions.add_parser("remove", help="end faults")
    remove.add_argument("id", help="the fault's id, e.g. f1, or all")
    return parser


def _run(options: argparse.Namespace) -> list[dict[str, Any]]:
    match options.action:
        case "add":
            return _call(options, "POST", "/faults", _told(options))
        case "file":
            try:
                with Path(options.path).open() as file:
                    data = json.load(file)
            except (OSError, ValueError) as error:
                raise ControlError(f"{options.path!r}: {error}; give a JSON file with a list of faults") from error
            return _call(options, "POST", "/faults", data)
        case "remove":
            return _call(options, "DELETE", "/faults" if options.id == "all" else f"/faults/{options.id}")
        case _:
            return _call(options, "GET", "/faults")


def _told(options: argparse.Namespace) -> dict[str, Any]:
    """The fault that the arguments describe, as JSON."""
    fault: dict[str, Any] = {"kind": options.kind}
    for name in PARAMETERS:
        value = getattr(options, name)
        if value is None:
            continue
        if name in _LISTS:
            try:
                value = [_LISTS[name](item) for item in value.split(",")]
            except ValueError as error:
                raise ControlError(f"--{name.replace('_', '-')} {value!r}: give whole numbers, e.g. 5,9") from error
        fault[name] = value
    return fault


def _call(options: argparse.Namespace, method: str, path: str, body: Any = None) -> list[dict[str, Any]]:
    found = (options.control, options.token) if options.control else running_networks.find()
    if found is None:
        raise ControlError("no embedded network runs here; start one, or name it with --control URL --token TOKEN")
    control, token = found
    request = urllib.request.Request(  # noqa: S310 (the URL is the user's own)
        control.rstrip("/") + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token or ''}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:  # noqa: S310
            faults: list[dict[str, Any]] = json.load(response)["faults"]
            return faults
    except urllib.error.HTTPError as error:
        raise ControlError(json.load(error).get("error", error.reason)) from error
    except (OSError, ValueError) as error:
        raise ControlError(f"--control {control!r}: {error}; is the network running?") from error


def _line(fault: dict[str, Any]) -> str:
    """One fault as one line."""
    told = ", ".join(
        f"{name} {value}"
        for name, value in fault.items()
        if name in PARAMETERS and value not in (None, [], "", 0.0) and not (name == "share" and value == 1.0)
    )
    times = " to ".join(
        time.strftime("%H:%M:%S", time.localtime(fault[name])) for name in ("started", "ended") if fault[name]
    )
    return f"{fault['id']:4} {fault['state']:9} {fault['kind']:14} {fault['hits']:6} hits  {times}  {told}".rstrip()
