"""Drives the search for the highest rate: sets the rate on all workers, waits, and looks at what came of it."""

from __future__ import annotations

from locust.env import Environment

import logging
import math
import time
from collections.abc import Callable
from typing import Any, Final

import gevent

from config.settings import RunSettings
from config.shapes import Shape
from hedera_users.send_limits import FILES, MESSAGES
from hedera_users.shapes import Driving
from records.sources import publish_capacity
from reports.collect.live import Live, Look, cpu_percent, due_between, live_of
from reports.judge.limits import not_served
from reports.schema.capacity import Capacity, PublishedLimit
from reports.schema.capacity import Step as Entry
from scenarios.capacity_gates import Gates, StepSeen
from scenarios.capacity_search import Plan, Search, Step, Tried

CALLS_AT_ONCE: Final = 10
"""Calls that a node takes at once on a connection (NettyConfig.java, SETTINGS_MAX_CONCURRENT_STREAMS)."""

logger = logging.getLogger(__name__)


def drive_search(driving: Driving) -> None:
    """Search until nothing is left to try; the report gets what was found, also of a search that is cut off."""
    live = live_of(driving.environment)
    if live is None:
        return  # the run was never set up
    drive = Drive(driving, live)
    publish_capacity(driving.environment, drive.told)
    drive.run()


def plan_of(shape: Shape, settings: RunSettings) -> Plan:
    """How to search, from `--shape capacity:...` and `--arrival-rate`, the highest rate that is tried."""
    values = shape.values
    return Plan(
        start=min(values["start"], settings.arrival_rate),
        most=settings.arrival_rate,
        climb=values["climb"],
        step_s=values["step"],
        settle_s=values["settle"],
        confirm_s=values["confirm"],
        tolerance=values["tolerance"],
        margin=values["margin"],
        limit_s=values["limit"],
        gates=Gates(p95_ms=values["p95"]),
    )


class Drive:
    """One search in one run.

    Args:
        driving: What it drives with.
        live: Where it looks.
        clock: Unix time in seconds.
        sleep: Waits that many seconds, and lets others run.
    """

    def __init__(
        self,
        driving: Driving,
        live: Live,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Any] = gevent.sleep,
    ) -> None:
        self._driving = driving
        self._live = live
        self._clock = clock
        self._sleep = sleep
        self.search = Search(plan_of(driving.shape, driving.settings))
        self._measured_at: list[float] = []

    def run(self) -> None:
        """Do one step after the other, until the search has none."""
        while (step := self.search.next_step()) is not None:
            seen = self._do(step)
            tried = self.search.observe(step, seen)
            logger.info(
                "Capacity: %.4g/s asked (%s): %.4g/s succeeded, p95 %.0f ms: %s",
                *(step.rate, step.purpose, seen.succeeded_per_s, seen.p95_ms or math.nan),
                "; ".join(fault.words for fault in tried.faults) or "good",
            )

    def told(self) -> dict[str, Any]:
        """The report's `capacity`, as far as the search has come; times of steps are Unix seconds."""
        found, plan = self.search.found, self.search.plan
        section: Capacity = {
            "steps": [_entry(tried, at) for tried, at in zip(self.search.tried, self._measured_at, strict=True)],
            "gates": {
                "kept_percent": plan.gates.kept_percent,
                "errors_percent": plan.gates.errors_percent,
                "turned_away_percent": plan.gates.turned_away_percent,
                "p95_ms": plan.gates.p95_ms,
            },
            "rate_per_s": round(found.rate, 3),
            "bad_per_s": None if found.below is None else round(found.below, 3),
            "limit_by": found.by,
            "why": found.why,
            "confirmed": found.confirmed,
            "operating_per_s": round(found.operating, 3),
            "margin_percent": 100 * plan.margin,
            "published": [*published(self._driving.settings), *self._streams()],
        }
        return dict(section)

    def _do(self, step: Step) -> StepSeen:
        """Set the rate, let it settle, and measure."""
        plan = self._driving.plan
        if step.rest_s:
            self._sleep_until(plan.change(step.rest_rate) + step.rest_s - 1.0)
        begins = self._live.whole_second(plan.change(step.rate) + step.settle_s)
        ends = begins + math.ceil(step.seconds)
        self._sleep_until(begins)
        before = self._live.look()
        self._sleep_until(ends)
        after = self._live.look()
        seen = self._seen(before, after, begins, ends)
        self._measured_at.append(begins)
        return seen

    def _sleep_until(self, moment: float) -> None:
        self._sleep(max(0.0, moment - self._clock()))

    def _seen(self, before: Look, after: Look, begins: float, ends: float) -> StepSeen:
        """What happened in a step."""
        middle = begins + (ends - begins) // 2
        whole = self._live.between(begins, ends)
        turned_away = {status: number for status, number in after.retried.items() if not_served(status)}
        no_user = after.late_no_user - before.late_no_user
        return StepSeen(
            seconds=ends - begins,
            due=due_between(before, after),
            started=max(0, after.started - before.started - no_user),
            succeeded=whole.counts["succeeded"],
            failed=whole.counts["failed"],
            rejected=whole.counts["rejected"],
            unknown=whole.counts["unknown"],
            turned_away=sum(number - before.retried[status] for status, number in turned_away.items()),
            p50_ms=whole.p50_ms,
            p95_ms=whole.p95_ms,
            early_p95_ms=self._live.between(begins, middle).p95_ms,
            late_p95_ms=self._live.between(middle, ends).p95_ms,
            late_starts=after.late_process - before.late_process,
            no_user=no_user,
            cpu_percent=cpu_percent(before, after),
        )

    def _streams(self) -> list[PublishedLimit]:
        """What the nodes' limit of calls at once on a connection allows, at the acknowledgements that were measured."""
        acknowledged_s = self._live.mean_s("ack")
        environment: Environment = self._driving.environment
        nodes = self._live.nodes
        if not acknowledged_s or environment.runner is None:
            return []
        connections = nodes * self._driving.settings.connections * self._live.processes
        return [
            {
                "name": f"calls at once: {CALLS_AT_ONCE} on each of {connections:,} connections",
                "per_s": round(CALLS_AT_ONCE * connections / acknowledged_s, 1),
                "source": f"the nodes' limit of streams, at {1000 * acknowledged_s:.3g} ms for an acknowledgement",
            }
        ]


def published(settings: RunSettings) -> list[PublishedLimit]:
    """The throttles that a network publishes, or that the embedded one was given; empty where nothing is throttled."""
    profile = settings.localnet_throttles if settings.network == "localnet" else "mainnet"
    if profile == "off":
        return []
    source = "throttles of the whole network, system file 0.0.123"
    own = [piece.partition("=") for piece in profile.split(",") if "=" in piece]
    found: list[PublishedLimit] = [
        {"name": name, "per_s": float(rate), "source": "--localnet-throttles"}
        for name, _, rate in own
        if name != "burst"
    ]
    throttled = {one["name"] for one in found}
    if "ConsensusSubmitMessage" not in throttled:
        found.append({"name": "ConsensusSubmitMessage", "per_s": MESSAGES.rate, "source": source})
    found.append({"name": "FileCreate, FileAppend, FileUpdate, FileDelete", "per_s": FILES.rate, "source": source})
    return found


def _entry(tried: Tried, at: float) -> Entry:
    """A step as the report has it."""
    step, seen = tried.step, tried.seen
    return {
        "t": at,
        "seconds": seen.seconds,
        "purpose": step.purpose,
        "asked_per_s": round(step.rate, 3),
        "kept_percent": round(min(100.0, seen.kept_percent), 2),
        "succeeded_per_s": round(seen.succeeded_per_s, 3),
        "succeeded": seen.succeeded,
        "failed": seen.failed,
        "rejected": seen.rejected,
        "unknown": seen.unknown,
        "turned_away": seen.turned_away,
        "p50_ms": _rounded(seen.p50_ms),
        "p95_ms": _rounded(seen.p95_ms),
        "cpu_percent": _rounded(seen.cpu_percent),
        "good": tried.good,
        "why": [fault.words for fault in tried.faults],
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
