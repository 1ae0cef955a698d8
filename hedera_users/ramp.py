"""Loads that are never made: users that are not there before the run ends, and rates at which nothing is due in it."""

from __future__ import annotations

from locust import LoadTestShape

import math
from argparse import Namespace
from typing import NamedTuple

from config.options import settings_from
from config.parsing import SettingsError
from hedera_users.shapes import SPAWN_RATE


class Told(NamedTuple):
    """What is to be said of a load.

    Attributes:
        faults: Lines on what could not be answered after it was paid for.
        remarks: Lines on what is made only in part.
    """

    faults: list[str]
    remarks: list[str]


def ramp_s(users: int, spawn_rate: float) -> float:
    """Seconds until all users are there, the first of them at once: Locust spawns whole users, in equal steps."""
    at_once = max(1, math.floor(spawn_rate))
    return (math.ceil(users / at_once) - 1) * at_once / spawn_rate


def look_at_load(options: Namespace) -> Told:
    """Look at the load of a headless run of limited time, whose users are given as a number."""
    run_time, users = options.run_time, options.num_users or 1
    if not options.headless or not run_time or run_time < 0 or users < 1 or _others_shapes():
        return Told([], [])
    if getattr(options, "shape", ""):
        return Told([], [f"--run-time {run_time:g} has no effect: --shape {options.shape} says how long it lasts"])
    try:
        rate = settings_from(options).arrival_rate
    except SettingsError:
        return Told([], [])  # told with all others
    spawn_rate = options.spawn_rate or SPAWN_RATE
    needed = ramp_s(users, spawn_rate)
    late = f"--users {users}: at --spawn-rate {spawn_rate:g} they are all there after {needed:.4g} s"
    over = f"--run-time is {run_time:g} s"
    if needed >= run_time:
        if rate:
            return Told([f"{late}, from when on --arrival-rate {rate:g} counts, and {over}; raise the spawn rate"], [])
        return Told([], [f"{late}, and {over}, so some never are; raise the spawn rate"])
    if rate and rate * (run_time - needed) < 1:
        left = f"{run_time - needed:.4g} s, which --run-time leaves when all users are there"
        return Told([f"--arrival-rate {rate:g}: nothing would be due in {left}; run longer"], [])
    return Told([], [])


def _others_shapes() -> bool:
    """Whether a locustfile has a shape of its own, which says by itself how much load there is."""
    ours = ("hedera_users", "scenarios")
    return any(one.__module__.partition(".")[0] not in ours for one in LoadTestShape.__subclasses__())
