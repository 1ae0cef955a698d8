"""Checks of this machine before anything is paid or left behind: folders, ports, credentials, code and servers."""

from __future__ import annotations

from locust import User

import errno
import os
import re
import shutil
import socket
import sys
import tempfile
from argparse import Namespace
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, NoReturn

import psutil

from config.baselines import parse_baseline, parse_with_hedera
from config.environment import strange_variables
from config.exit_codes import ExitCode
from config.networks import Network
from config.secrets import hide_in_logs, secrets_of, without_secrets
from config.settings import RunSettings
from hedera_client import CredentialError, Operator
from hedera_users.baseline_trial import baseline_faults
from hedera_users.ramp import look_at_load
from resilience.redis_storage import why_unreachable

PROBE_BYTES: Final = 256 * 1024
"""What is written to see that a folder takes files."""

LEAST_FREE_BYTES: Final = 16 * 1024 * 1024
"""Room that a run has to find: a short run's folder is about 5 MB, and a message's row in the journal 300 bytes."""


def faults(settings: RunSettings, *, tries_baseline: bool = False) -> list[str]:
    """Why this process cannot take part in a run, one line each; the network is not checked.

    Args:
        settings: The run's options.
        tries_baseline: Whether this process will do the operation without Hedera, so that it is tried once.
    """
    found: list[str] = []
    found.extend(baseline_faults(settings, tries=tries_baseline))
    if settings.network != "localnet":
        try:
            Operator.from_environment(os.environ)
        except CredentialError as error:
            found.append(f"--network {settings.network!r}: {error}")
    folder = folder_fault(Path(settings.report_dir))
    if folder:
        found.append(f"--report-dir {settings.report_dir!r}: {folder}; name a folder that files can be written to")
    redis = why_unreachable(settings.breaker_storage) if settings.breaker_storage else ""
    if redis:
        found.append(
            f"--breaker-storage {without_secrets(settings.breaker_storage)!r}: Redis cannot be used ({redis}); start "
            "it, or leave the option out, and each worker has circuits of its own"
        )
    return found


def watch_faults(settings: RunSettings) -> list[str]:
    """Processes to watch that are not there, one line each; only where they are looked at, on the master's machine."""
    return [
        f"--watch-pid {pid}: no process of this machine has this id"
        for pid in settings.watch_pid
        if not psutil.pid_exists(pid)
    ]


def hide_secrets(settings: RunSettings, network: Network | None) -> None:
    """From now on, leave the secrets in the run's addresses out of this process's log."""
    application = parse_with_hedera(settings.with_hedera)
    urls = [settings.breaker_storage, parse_baseline(settings.baseline).target, *settings.watch_metrics]
    urls += [application.target] if application is not None else []
    urls += [network.mirror_rest, network.relay or ""] if network is not None else []
    hide_in_logs(piece for url in urls for piece in secrets_of(url))


def folder_fault(folder: Path) -> str:
    """Why a folder takes no files, or could not be made; "" where nothing speaks against it.

    What is there of it is tried, down to the deepest folder, with a file that nobody sees. Nothing is made, because
    several processes of a run look at once, and would take each other's doing for a fault.
    """
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/", str(folder)):  # of two slashes a path keeps one
        return "it is a URL"
    if not str(folder).strip():
        return "its name is blank"
    try:
        there = folder.absolute()
        while not there.is_dir():
            if (there.exists() or there.is_symlink()) and not there.is_dir():
                return "a file is in its place"
            there = there.parent
        with tempfile.TemporaryFile(dir=there, prefix=".probe-") as probe:
            probe.write(bytes(PROBE_BYTES))
            probe.flush()
        free = shutil.disk_usage(there).free
    except (OSError, ValueError) as error:
        return (getattr(error, "strerror", None) or str(error)).lower()
    if free < LEAST_FREE_BYTES:
        return f"its disk has {free / 1e6:.1f} MB left, and a run takes {LEAST_FREE_BYTES / 1e6:.0f} MB and more"
    return ""


def watch_parsing(parser: Any) -> None:
    """Have the command line looked at as soon as Locust has read it, before it forks, binds or logs anything.

    There is no event for that moment: at Locust's next one, `init`, a master's port is taken and workers are forked.
    """
    parse: Callable[..., Namespace] = parser.parse_args

    def parse_args(*args: Any, **kwargs: Any) -> Namespace:
        options = parse(*args, **kwargs)
        if not _seen:  # the web UI reads the command line again, when its own port is taken
            _seen.append(True)
            _look_at(options, [action.env_var for action in parser._actions if getattr(action, "env_var", None)])
        return options

    parser.parse_args = parse_args


_seen: Final[list[bool]] = []


def _look_at(options: Namespace, variables: list[str]) -> None:
    """End the process with one line per fault of the command line and its environment."""
    if options.list_commands or options.show_task_ratio or options.show_task_ratio_json:
        return
    strange = strange_variables(os.environ, variables)
    load = look_at_load(options)
    found = [
        *strange.slips,
        *_class_faults(options),
        *_role_faults(options),
        *_load_faults(options),
        *load.faults,
        *_file_faults(options),
        *_port_faults(options),
    ]
    if found:
        refuse(found)
    for line in [*strange.unknown, *_idle_options(options), *load.remarks]:
        sys.stderr.write(f"locust: warning: {line}\n")


def _class_faults(options: Namespace) -> Iterator[str]:
    """User classes that no locustfile has: Locust says so itself, with 1, once in each process it has forked."""
    known = set()
    waiting = [User]
    while waiting:
        one = waiting.pop()
        waiting += one.__subclasses__()
        if not one.__dict__.get("abstract"):
            known.add(one.__name__)
    for name in options.user_classes:
        if name not in known:
            alike = get_close_matches(name, known, n=1)
            remedy = f"did you mean {alike[0]}?" if alike else "`locust --list` names them"
            yield f"{name}: no user class has this name; {remedy}"


def _role_faults(options: Namespace) -> Iterator[str]:
    """Roles that no process can have; Locust says so itself, with 1."""
    if options.processes is not None and options.processes < -1:
        yield f"--processes {options.processes}: give how many, or -1 for one per core"
    if options.master and options.worker:
        yield "--master: a process is either this or a --worker; leave one of the two out"
    elif options.master and options.processes:
        yield "--master: it is meant with --processes already; leave it out"


def _idle_options(options: Namespace) -> Iterator[str]:
    """Options of Locust that have no effect: the user may have meant another load."""
    if options.expect_workers > 1 and not (options.master or options.processes):
        yield f"--expect-workers {options.expect_workers} has no effect: it needs --master"


def _load_faults(options: Namespace) -> Iterator[str]:
    """Numbers of Locust's own that it takes and that make no load, or no end of it."""
    if options.worker:
        return
    if options.num_users is not None and options.num_users <= 0:
        yield f"--users {options.num_users}: nobody would do anything; give more than 0"
    if options.run_time is not None and options.run_time <= 0:
        yield f"--run-time {options.run_time:g}: Locust takes it for no limit; leave the option out if that is meant"


def _file_faults(options: Namespace) -> Iterator[str]:
    """Files that Locust writes by itself, most of them when all is over and paid for."""
    files = {
        "--html": options.html_file,
        "--json-file": options.json_file,
        "--csv": options.csv_prefix,
        "--logfile": options.logfile,
    }
    for name, path in files.items():
        if path:
            fault = folder_fault(Path(path).parent)
            if not fault and Path(path).is_dir() and name != "--csv":
                fault = "it is a folder"
            if fault:
                yield f"{name} {path!r}: it cannot be written ({fault}); name a file in a folder that takes files"


def refuse(lines: list[str], code: int = ExitCode.CONFIGURATION) -> NoReturn:
    """End the process with one line per fault on standard error."""
    for line in lines:
        sys.stderr.write(f"locust: error: {line}\n")
    sys.exit(code)


def _port_faults(options: Namespace) -> Iterator[str]:
    """Ports that the web UI and a master want to listen on, and cannot; and workers that would look elsewhere."""
    if options.worker:
        return
    if options.headful or not options.headless:
        why = _why_not_listening(options.web_host, options.web_port)
        if why:
            yield f"--web-port {options.web_port}: the web UI cannot listen there ({why}); give another, or --headless"
    if not (options.master or options.processes):
        return
    why = _why_not_listening(options.master_bind_host, options.master_bind_port)
    if why:
        yield (
            f"--master-bind-port {options.master_bind_port}: the master cannot listen there ({why}; another master?); "
            "choose another, and the same with --master-port for its workers"
        )
    elif options.processes and options.master_port != options.master_bind_port:
        yield (
            f"--master-port {options.master_port}: the workers of --processes would look there, and their master "
            f"listens on --master-bind-port {options.master_bind_port}; give both the same"
        )


def _why_not_listening(host: str, port: int) -> str:
    """Why nothing can listen on an address and port; "" where something can."""
    bare = "" if host == "*" else host
    try:
        with socket.socket(socket.AF_INET6 if ":" in bare else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as those who will listen do
            probe.bind((bare, port))
    except OverflowError:
        return "ports go up to 65535"
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return "somebody listens there already"
        return str(error.strerror or error).lower()
    return ""
