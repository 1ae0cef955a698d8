"""Plugs the reports into Locust: records while users run, brings everything together at the end, and concludes."""

from __future__ import annotations

from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

import inspect
import logging
import sqlite3
import sys
import time
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, TextIO

import gevent
from gevent.event import Event

from config.exit_codes import ExitCode
from config.run import Run
from config.version import this_version
from records.sources import further_processes, participants
from reports.collect.collector import Collector
from reports.collect.ending import CHECKPOINT, FACTS, RUN
from reports.collect.facts import Facts
from reports.collect.handshake import (
    ANSWER,
    ASK,
    SHOW,
    Handshake,
    answer_master,
    show_when_asked,
    stop_when_asked,
)
from reports.collect.journal import Journal
from reports.collect.live import Live, publish_live
from reports.collect.recording import Recording, let_users_run
from reports.collect.user_counts import UserCounts
from reports.conclusion import conclude, run_folder
from reports.judge import provenance
from reports.judge.gates.defaults import readable
from reports.judge.gates.under_way import seen
from reports.judge.gates.watch import LOOK_S, GateWatch
from reports.measure.resources import ResourceMonitor
from reports.measure.watching import Watching, to_watch
from reports.schema.report import Gate

DELTA: Final = "hedera_report"
"""Key under which a worker's delta travels in Locust's own periodic report."""

LOCAL: Final = "local"
"""Name of the only sender in a run without workers."""

FLUSH_S: Final = 2.0
"""How often a local run moves what it recorded to where it is collected: what a killed process can take with it."""

CHECKPOINT_S: Final = 10.0
"""How often what was measured so far is written to the journal, from the first FLUSH_S on."""

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Gathering:
    """The master's or the local process's side of one run."""

    collector: Collector
    journal: Journal
    user_counts: UserCounts
    watching: Watching
    monitor: ResourceMonitor | None = None
    flusher: gevent.Greenlet | None = None
    watch: gevent.Greenlet | None = None
    aborted: Gate | None = None
    ending: Event = field(default_factory=Event)

    def facts(self) -> Facts:
        """What is true of the run so far, and may not be of where it is concluded."""
        return Facts(
            arguments=provenance.argv(),
            project=provenance.project(this_version()),
            versions=provenance.versions(),
            machine=provenance.machine(),
            load=self.user_counts.told(),
        )


class Reporting:
    """Locust's hooks of one process. Nothing is made before a run starts, because Locust forks after the import.

    A run may be started several times from the web UI; each start makes everything anew, and each stop concludes it.
    """

    def __init__(self) -> None:
        self._recording: Recording | None = None
        self._gathering: Gathering | None = None
        self._concluding: gevent.Greenlet | None = None
        self._last_words: tuple[str, TextIO] | None = None

    def install(self, events: Any) -> None:
        """Register with Locust."""
        events.init.add_listener(self.on_init)
        events.test_start.add_listener(self.on_test_start)
        events.test_stop.add_listener(self.on_test_stop)
        events.report_to_master.add_listener(self.on_report_to_master)
        events.worker_report.add_listener(self.on_worker_report)
        events.quit.add_listener(self.on_quit)

    def on_init(self, environment: Environment, runner: Any, **_: Any) -> None:
        """Listen to the other side of the handshake."""
        if isinstance(runner, MasterRunner):
            runner.register_message(ANSWER, self._on_answer)
        elif isinstance(runner, WorkerRunner):
            runner.register_message(ASK, self._on_ask, concurrent=True)
            runner.register_message(SHOW, self._on_show, concurrent=True)
            _leave_json_to_master(environment)
        if not isinstance(runner, WorkerRunner):
            this_version()  # of the code that was loaded, whatever becomes of its checkout meanwhile
        # Locust fires `quitting` in reverse order. Registered after the runner's own listener, this one comes before
        # it: a worker sends its last data before it tells the master that it is gone.
        events: Any = environment.events
        events.quitting.add_listener(self.on_quitting)

    def on_test_start(self, environment: Environment, **_: Any) -> None:
        """Begin to record, where users run, and to collect, where data come together."""
        described = getattr(environment.parsed_options, "hedera_run", None)
        if described is None:
            return  # the run was never set up
        # Locust's stop() looks at its caller with inspect.stack(), which the first time reads every module's source and
        # holds up all users for about 100 ms, in the last operations of the run. Done now, it costs nobody anything.
        inspect.stack()
        run = Run.model_validate_json(described)
        runner = environment.runner
        if not isinstance(runner, MasterRunner):
            self._recording = Recording(environment, run)
            self._recording.start()
        if isinstance(runner, WorkerRunner):
            if environment.process_exit_code is None:
                environment.process_exit_code = 0  # the master decides
            return
        try:
            journal = Journal(run_folder(run))
        except (OSError, sqlite3.Error) as error:
            self._recording = None
            _give_up(environment, f"The run's journal cannot be kept in {run_folder(run)}: {error}")
            return
        collector = Collector(run, journal)
        watching = Watching(to_watch(run.settings, further_processes(environment)), collector.usage_of)
        self._gathering = gathering = Gathering(collector, journal, UserCounts(environment), watching)
        journal.save(FACTS, gathering.facts().dump())
        journal.save(RUN, run.without_secrets().model_dump_json())
        if isinstance(runner, MasterRunner):
            collector.expect(participants(environment))
            gathering.monitor = ResourceMonitor(run.started_at, series=collector.usage_of("master", "master"))
            gathering.monitor.start()
        watching.start()
        gathering.flusher = gevent.spawn(_keep_up, self._recording, gathering)
        gathering.watch = _watch_gates(environment, gathering)
        publish_live(
            environment, Live(gathering.collector, partial(_refresh, runner, self._recording, gathering), time.time)
        )

    def on_test_stop(self, environment: Environment, **_: Any) -> None:
        """Bring the last data together; where they come together, conclude the run."""
        recording, gathering = self._recording, self._gathering
        runner = environment.runner
        if isinstance(runner, WorkerRunner):
            if recording is not None:
                answer_master(environment, recording)
            return
        if self._concluding is None and gathering is not None:
            # A greenlet of its own: whoever stops the run may be killed meanwhile. Locust's master stops it in the one
            # that looks for heartbeats, when the last worker is lost, and quits it when the run time is over.
            self._concluding = gevent.spawn(self._conclude, environment, recording, gathering)
        if self._concluding is not None:
            self._concluding.get()

    def _conclude(self, environment: Environment, recording: Recording | None, gathering: Gathering) -> None:
        """Bring the last data together, conclude the run, and have the summary said."""
        runner = environment.runner
        try:
            self._gathering = self._recording = None
            publish_live(environment, None)
            used = None
            gathering.watching.stop()
            gathering.ending.set()
            if gathering.watch is not None:
                gathering.watch.join()
            if gathering.flusher is not None:
                gathering.flusher.join()  # killed, it could lose what it was about to merge
            if isinstance(runner, MasterRunner) and gathering.monitor is not None:
                self._gathering = gathering  # answers still come in
                gathering.collector.expect(participants(environment))  # those too that joined later
                Handshake(runner, gathering.collector).collect(environment.stop_timeout or 0.0)
                self._gathering = None
                gathering.monitor.stop()
                used = gathering.monitor.summary(with_samples=True)
            elif recording is not None:
                gathering.collector.merge(LOCAL, recording.finish())
            self._say(
                environment,
                conclude(
                    environment,
                    gathering.collector,
                    gathering.journal,
                    gathering.facts(),
                    used,
                    aborted=gathering.aborted,
                ),
            )
        finally:
            self._concluding = None

    def _say(self, environment: Environment, summary: str) -> None:
        options: Any = environment.parsed_options
        if getattr(options, "headless", False):
            # Locust's own tables come when it quits; the verdict follows them, and leaves `--json` what it is.
            self._last_words = summary, sys.stderr if getattr(options, "json", False) else sys.stdout
        else:
            print(summary, flush=True)

    def on_quit(self, **_: Any) -> None:
        """Say how the run went, as the last thing that is said."""
        if self._last_words is not None:
            summary, stream = self._last_words
            self._last_words = None
            print(summary, file=stream, flush=True)

    def on_quitting(self, environment: Environment, **_: Any) -> None:
        """End a run that a signal has cut short, while its exit code can still be set."""
        runner = environment.runner
        if self._concluding is not None:
            self._concluding.join()  # the exit code is its
        if runner is None or isinstance(runner, MasterRunner):
            return  # the master's own listener stops the run
        if self._gathering is not None or (self._recording is not None and not self._recording.finished):
            runner.stop()

    def on_report_to_master(self, data: dict[str, Any], **_: Any) -> None:
        """Put what is new into a worker's periodic report."""
        recording = self._recording
        if recording is not None and not recording.finished:
            data[DELTA] = recording.delta()

    def on_worker_report(self, client_id: str, data: dict[str, Any]) -> None:
        """Take what is new out of a worker's periodic report."""
        if DELTA in data:
            self._merge(client_id, data.pop(DELTA))

    def _on_answer(self, msg: Any, **_: Any) -> None:
        self._merge(msg.node_id, msg.data)

    def _on_ask(self, environment: Environment, msg: Any, **_: Any) -> None:
        stop_when_asked(environment, self._recording, msg.data["run"])

    def _on_show(self, environment: Environment, msg: Any, **_: Any) -> None:
        show_when_asked(environment, self._recording, msg.data["run"])

    def _merge(self, name: str, delta: dict[str, Any]) -> None:
        if self._gathering is not None:
            self._gathering.collector.merge(name, delta)


def _leave_json_to_master(environment: Environment) -> None:
    """Let a worker neither print nor write Locust's statistics as JSON: it has none, for it sends them to its master.

    With `--processes` it would print an empty list before the master's, and could write one over the master's file.
    """
    options: Any = environment.parsed_options
    if options is not None:
        options.json, options.json_file = False, None


def _give_up(environment: Environment, reason: str) -> None:
    """End a run that nothing could be said of; a process without web UI ends with it."""
    logger.error(reason)
    environment.process_exit_code = ExitCode.FAILED
    _stop(environment)


def _refresh(runner: Any, recording: Recording | None, gathering: Gathering) -> None:
    """Bring together what every process has recorded so far."""
    if isinstance(runner, MasterRunner):
        Handshake(runner, gathering.collector).refresh()
    elif recording is not None and not recording.finished:
        gathering.collector.merge(LOCAL, recording.delta(), pause=let_users_run)


def _keep_up(recording: Recording | None, gathering: Gathering) -> None:
    """Until the run ends, collect what a local run recorded, and write checkpoints of what was collected."""
    checkpoint_at = time.monotonic()
    while not gathering.ending.wait(FLUSH_S):
        if recording is not None:
            gathering.collector.merge(LOCAL, recording.delta(), pause=let_users_run)
        gathering.user_counts.look()
        if time.monotonic() >= checkpoint_at:
            gathering.journal.save(FACTS, gathering.facts().dump())
            gathering.journal.save(CHECKPOINT, gathering.collector.dump(pause=let_users_run))
            checkpoint_at = time.monotonic() + CHECKPOINT_S


def _watch_gates(environment: Environment, gathering: Gathering) -> gevent.Greenlet | None:
    """Begin to look at the gates that may end the run; None where there are none."""
    collector = gathering.collector
    run = collector.run
    watch = GateWatch(
        readable(run.gates),
        lambda: seen(collector, time.time(), pause=let_users_run),
        lambda: time.time() - run.started_at,
    )
    return gevent.spawn(_end_when_failed, environment, gathering, watch) if watch.needed else None


def _end_when_failed(environment: Environment, gathering: Gathering, watch: GateWatch) -> None:
    """Until the run ends, look at its gates; end it when one has failed."""
    while not gathering.ending.wait(LOOK_S):
        gathering.aborted = watch.look()
        if gathering.aborted is not None:
            expression, told = gathering.aborted["expression"], gathering.aborted.get("detail", "")
            logger.error("The gate %s failed: %s", expression, told)
            _stop(environment)
            return


def _stop(environment: Environment) -> None:
    """End a run that is under way; a process without web UI ends with it."""
    runner, options = environment.runner, environment.parsed_options
    if runner is not None and options is not None:
        gevent.spawn_later(0, runner.quit if options.headless else runner.stop)


def install(events: Any) -> None:
    """Register this room's hooks with Locust's events. Call it after the hooks that set a run up."""
    Reporting().install(events)
