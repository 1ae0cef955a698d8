"""The head of a report: what was run, on what, by how many users, for how long, and with which code. Pure.

A report of an earlier version lacks some of it; what is not there is not told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from config.levels import APPLICATION
from reports.render import words
from reports.schema.report import Report
from reports.schema.run import Load, Machine, Network, Run
from reports.wording.rate import in_words

STACK: Final[Mapping[str, str]] = {"python": "Python", "locust": "Locust", "hiero-sdk-python": "hiero-sdk-python"}
"""Packages whose versions stand in the head, and how they are called there."""

SIMULATED: Final = "a simulation of Hedera on the same machine"

MOST_CLASSES: Final = 4
"""User classes that the sentence names; the entry below it has them all."""


class Fact(NamedTuple):
    """One entry of the head: what it is, its value, and what is to be said of that besides ("" for nothing)."""

    term: str
    value: str
    besides: str = ""


def sentence(report: Report) -> str:
    """What was run, in one sentence."""
    run, load = report["run"], report["run"].get("load")
    who = _users(load) if load else "Simulated users"
    faults = list(dict.fromkeys(fault["name"] for fault in report["timeline"]["faults"]))
    broken = f" Faults that were injected: {', '.join(faults)}." if faults else ""
    return f"{who} ran for {_seconds(_load_s(run))} on {_network(run)}.{broken}"


def facts(report: Report) -> list[Fact]:
    """The entries of the head, in the order in which they stand there."""
    return [fact for fact in _facts(report) if fact.value]


def line(report: Report) -> str:
    """Code, versions and moment in one line."""
    run = report["run"]
    told = [project(run), stack(run), words.instant(run["started_at"])]
    return " · ".join(filter(None, told))


def project(run: Run) -> str:
    """`hedera-load 0.1.0, revision 47ee47c0ffee, modified`; "" where the report does not say."""
    told = run.get("project")
    if not told:
        return ""
    parts = [f"{told['name']} {told['version']}"]
    if told["revision"]:
        parts.append(f"revision {told['revision']}")
        parts += ["modified"] if told["modified"] else []
    return ", ".join(parts)


def stack(run: Run) -> str:
    """`Python 3.11.7 · Locust 2.47.0 · hiero-sdk-python 0.3.0`."""
    return " · ".join(f"{name} {run['versions'][key]}" for key, name in STACK.items() if key in run["versions"])


def workers(report: Report) -> str:
    """`2 workers`, or `1 process` where there is no master."""
    count = report["run"]["workers"]
    led = any(process["role"] != "local" for process in report["resources"]["processes"])
    if not led:
        return "1 process" if count == 1 else f"{count} processes"
    return "1 worker" if count == 1 else f"{count:,} workers"


def _facts(report: Report) -> Iterator[Fact]:
    run = report["run"]
    load = run.get("load")
    network = run["network"]
    yield Fact("Network", (network.get("words") or network.get("name", "")).removeprefix("the "), _besides(network))
    if load:
        yield _users_fact(load)
        yield Fact("User classes", _classes(load, "\u00a0"), _weights(load))
    yield _run_time(run, load)
    yield _rate(report)
    yield Fact("Load from", workers(report), _machine(run["machine"]))
    yield _done_when(report)
    yield Fact("Baseline", run["baseline"] if report["overhead"] else "", "the same operation without Hedera")
    yield Fact("With Hedera", run.get("with_hedera", "") if report["overhead"] else "", "your own application")
    yield Fact("Project", *_split(project(run)))
    yield Fact("Run with", stack(run))
    yield Fact("Run at", words.instant(run["started_at"]))


def _users(load: Load) -> str:
    """`96 simulated users (48 HcsSubmitter, …)`; with what was asked for where that is not how many there were."""
    asked, there = load["users"], load["users_there"]
    some = f"{there:,} simulated {'user' if there == 1 else 'users'}"
    besides = [] if there == asked else [f"of {asked:,} asked for"]
    classes = load["user_classes"]
    if 1 < len(classes) <= MOST_CLASSES:
        besides.append(_classes(load))
    elif classes:
        besides.append(classes[0]["name"] if len(classes) == 1 else f"{len(classes)} classes")
    return f"{some} ({': '.join(besides)})" if besides else some


def _users_fact(load: Load) -> Fact:
    asked, there = load["users"], load["users_there"]
    value = f"{there:,}" if asked == there else f"{there:,} of {asked:,} asked for"
    if load["shape"]:
        return Fact("Users", value, f"most at once, by the load shape {load['shape']}")
    rate = load["spawn_rate_per_s"]
    return Fact("Users", value, "" if rate is None else f"started at {rate:g} per second")


def _classes(load: Load, between: str = " ") -> str:
    return ", ".join(f"{one['users']:,}{between}{one['name']}" for one in load["user_classes"])


def _weights(load: Load) -> str:
    """`weights 5 : 2 : 3`; "" where there is nothing to share out."""
    classes = load["user_classes"]
    if len(classes) < 2:
        return ""
    weights = [f"{one['weight']:g}" if not one["fixed_count"] else f"fixed {one['fixed_count']}" for one in classes]
    return f"weights {' : '.join(weights)}"


def _run_time(run: Run, load: Load | None) -> Fact:
    asked = None
    if load:
        asked = "by a load shape" if load["shape"] else "until stopped"
        asked = f"{_seconds(load['run_time_s'])} asked for" if load["run_time_s"] is not None else asked
    drain_s = run["duration_s"] - _load_s(run)
    drained = f"then {_seconds(drain_s)} until what was under way had ended" if drain_s >= words.LEAST_DRAIN_S else ""
    return Fact("Run time", _seconds(_load_s(run)), "; ".join(filter(None, [asked, drained])))


def _rate(report: Report) -> Fact:
    kept = report["run"].get("rate")
    done = f"{report['accounting']['started']:,} operations"
    if kept:
        return Fact("Rate", in_words(kept), done)
    return Fact("Rate", "none asked for", f"{done} at the users' own pace")


def _done_when(report: Report) -> Fact:
    confirm = report["run"]["confirm"]
    if {entry["confirm"] for entry in report["operations"] if entry["confirm"]} == {APPLICATION}:
        return Fact("Done when", words.CONFIRM[APPLICATION], "that is as far as it goes")
    if ", " in confirm:
        return Fact("Done when", confirm.replace(", ", " / "), "compared side by side (--confirm)")
    return Fact("Done when", words.CONFIRM.get(confirm, confirm), f"--confirm {confirm}")


def _machine(machine: Machine) -> str:
    return f"{machine['cores']} cores, {machine['memory_gb']} GB, {machine['system']}"


def _network(run: Run) -> str:
    network = run["network"]
    name, besides = network.get("words") or network.get("name", "?"), _besides(network)
    return f"{name} ({besides})" if besides else name


def _besides(network: Network) -> str:
    """What a reader who does not know the network has to know; the answers say the rest in fewer words."""
    besides = network.get("besides", "")
    return f"{SIMULATED}; {besides}" if network.get("name") == "localnet" and besides else besides


def _load_s(run: Run) -> float:
    return run.get("load_s", run["duration_s"])


def _seconds(seconds: float) -> str:
    """`45 s`, `1.5 s`, `2 min`, `2 min 5 s`."""
    if seconds < 9.95:
        return f"{round(seconds, 1):g} s"
    minutes, rest = divmod(round(seconds), 60)
    if seconds < 120:
        return f"{round(seconds)} s"
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def _split(told: str) -> tuple[str, str]:
    name, _, rest = told.partition(", ")
    return name, rest
