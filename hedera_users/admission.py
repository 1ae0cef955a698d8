"""Which workers get users: those that have said that they can take part, whenever they join.

Locust gives users to every worker as soon as it connects, also in the middle of a run, and takes them from the others.
One that cannot do its part (no key, other code) would keep them idle. Its dispatcher, which hands users out, is the
place where Locust lets workers be chosen (`Environment.dispatcher_class`).
"""

from __future__ import annotations

from locust.dispatch import UsersDispatcher
from locust.env import Environment
from locust.runners import STATE_MISSING, STATE_RUNNING, STATE_SPAWNING, MasterRunner, WorkerNode

import logging
import time
from collections.abc import Iterable
from functools import partial
from typing import Final

import gevent

from hedera_users.worker_checks import ANSWER_WITHIN_S, WorkerChecks
from records.sources import publish_participants

_ASK_EVERY_S: Final = 1.0
_LOOK_S: Final = 0.05

logger = logging.getLogger(__name__)


class Admission:
    """Lets workers into a master's runs.

    Args:
        environment: Locust's, of the master.
        runner: The master.
        worker_checks: Who knows which workers can take part.
    """

    def __init__(self, environment: Environment, runner: MasterRunner, worker_checks: WorkerChecks) -> None:
        self._runner = runner
        self._worker_checks = worker_checks
        self._dispatcher: Dispatcher | None = None
        self._held: dict[str, WorkerNode] = {}
        self._shares = 0
        self._sharing: gevent.Greenlet | None = None
        self.participants: set[str] = set()
        environment.dispatcher_class = partial(self._take_up, worker_checks)  # type: ignore[assignment] # called only
        worker_checks.on_answer(self._on_answer)
        publish_participants(environment, lambda: self.participants)

    def begin(self, *, shares: bool) -> int:
        """Begin a run, of which the workers were asked: those that have not answered get no users until they do.

        Args:
            shares: Its load is a rate, of which each worker has a share: who joins later is needed only in the place of
                one that has left.

        Returns:
            How many workers it begins with.
        """
        assert self._dispatcher is not None, "Locust makes it before it starts a run"
        for node in [node for node in self._dispatcher.workers if not self._worker_checks.can(node.id)]:
            self._dispatcher.remove_worker(node)
            self._hold(node)
        self.participants = {node.id for node in self._dispatcher.workers}
        self._shares = len(self.participants) if shares else 0
        return len(self.participants)

    def wants(self, node: WorkerNode) -> bool:
        """Whether a worker that has connected gets users now; one that does not is asked whether it can take part."""
        if self._worker_checks.can(node.id) and not self._is_complete(node):
            self.participants.add(node.id)
            return True
        self._hold(node)
        return False

    def vacancy(self) -> None:
        """Let a worker in that was not needed so far, in the place of one that has left."""
        for name, node in list(self._held.items()):
            if self._worker_checks.can(name) and not self._is_complete(node):
                del self._held[name]
                self._let_in(node)

    def _take_up(
        self, worker_checks: WorkerChecks, worker_nodes: list[WorkerNode], user_classes: list[type]
    ) -> Dispatcher:
        """Make the dispatcher of a run that begins, or goes on after a worker was lost."""
        able = [node for node in worker_nodes if worker_checks.can(node.id)]
        if self._runner.state in (STATE_RUNNING, STATE_SPAWNING):
            if self._shares:
                able = sorted(able, key=lambda node: node.id not in self.participants)[: self._shares]
        else:
            self._held.clear()
            self._shares = 0
        taken = able or worker_nodes  # of a start from the web form, before which nobody was asked: `begin` follows
        self.participants.update(node.id for node in able)
        self._dispatcher = Dispatcher(self, taken, user_classes)
        for node in worker_nodes:
            if node not in taken:
                self._hold(node)
        return self._dispatcher

    def _is_complete(self, node: WorkerNode) -> bool:
        """Whether each share of the run's rate is made by a worker, so that one more would make more than was asked."""
        others = [other for other in self._dispatcher.workers if other.id != node.id] if self._dispatcher else []
        return 0 < self._shares <= len(others)

    def _hold(self, node: WorkerNode) -> None:
        """Keep a worker without users, and ask it."""
        known = node.id in self._held
        self._held[node.id] = node
        if not known:
            gevent.spawn(self._ask, node.id)

    def _ask(self, name: str) -> None:
        began = time.monotonic()
        while name in self._held and not self._worker_checks.can(name) and time.monotonic() - began < ANSWER_WITHIN_S:
            self._worker_checks.ask_one(name)
            gevent.sleep(_ASK_EVERY_S)
        node = self._held.get(name)
        if node is None:
            return
        if not self._worker_checks.can(name):
            logger.warning("Worker %s did not say whether it can take part; it gets no users until it does", name)
        elif self._is_complete(node):
            logger.warning(
                "Worker %s gets no users in this run: each of the %d workers that it began with has its share of "
                "--arrival-rate",
                *(name, self._shares),
            )

    def _on_answer(self, name: str, faults: list[str]) -> None:
        node = self._held.get(name)
        if node is None:
            return
        if faults:
            del self._held[name]
            for fault in faults:
                logger.error("Worker %s is not let into the run: %s", name, fault)
            self._worker_checks.dismiss(name, faults)
        elif not self._is_complete(node):
            del self._held[name]
            self._let_in(node)

    def _let_in(self, node: WorkerNode) -> None:
        if self._dispatcher is not None:
            self.participants.add(node.id)
            self._dispatcher.let_in(node)

    def share_out(self) -> None:
        """Share the users out anew among the workers that there are, as soon as Locust has done what it is at."""
        if self._sharing is None and self._runner.state in (STATE_RUNNING, STATE_SPAWNING):
            self._sharing = gevent.spawn(self._share_out)

    def _share_out(self) -> None:
        while self._runner.state == STATE_SPAWNING:
            gevent.sleep(_LOOK_S)
        self._sharing = None
        if self._runner.state == STATE_RUNNING:
            self._runner.start(self._runner.target_user_count, self._runner.spawn_rate)


class Dispatcher(UsersDispatcher):
    """Locust's, for workers that were let in.

    Args:
        admission: Who decides on those that come later.
        worker_nodes: Workers that are there.
        user_classes: Of the run.
    """

    def __init__(self, admission: Admission, worker_nodes: Iterable[WorkerNode], user_classes: list[type]) -> None:
        super().__init__(list(worker_nodes), user_classes)
        self._admission = admission

    @property
    def workers(self) -> list[WorkerNode]:
        """Workers that get users."""
        return self._worker_nodes

    def add_worker(self, worker_node: WorkerNode) -> None:
        """Take a worker that has connected, or been heard of again, if it can take part."""
        if self._admission.wants(worker_node):
            self.let_in(worker_node)

    def let_in(self, worker_node: WorkerNode) -> None:
        """Take a worker."""
        self._worker_nodes = [node for node in self._worker_nodes if node.id != worker_node.id]
        super().add_worker(worker_node)
        self._admission.share_out()

    def remove_worker(self, worker_node: WorkerNode) -> None:
        """Share out what a worker had that has left; one that had nothing changes nothing.

        Of one that has gone missing it waits, as Locust does, whether it is heard of again.
        """
        if all(node.id != worker_node.id for node in self._worker_nodes):
            return
        super().remove_worker(worker_node)
        self._admission.vacancy()
        if self._worker_nodes and worker_node.state != STATE_MISSING:
            self._admission.share_out()

    @property
    def dispatch_in_progress(self) -> bool:
        """True, so that Locust leaves it to `Admission` to share users out when workers come and go.

        It would do so in the greenlet that reads what workers send, and wait there for what they say of it: a second
        for each that comes or goes, in which no heartbeat is read, so that others are taken for lost.
        """
        return True
