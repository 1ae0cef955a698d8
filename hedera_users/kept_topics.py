"""Topics that runs leave for later ones (`--reuse`): which they are, and from where on a run has them.

Their ids stand in one file of the report directory, by network, account and purpose. The mirror says whether they are
still there, and which message is the last one that is none of the run's.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from config.networks import Network
from config.run import TopicStart
from config.secrets import without_secrets
from hedera_client import MirrorError, MirrorRest, Operator

FILE_NAME: Final = "topics.json"

logger = logging.getLogger(__name__)


class KeptTopics:
    """The topics of one network and account.

    Args:
        folder: The report directory.
        network: The network.
        operator: Who pays, and may write to them.
    """

    def __init__(self, folder: Path, network: Network, operator: Operator) -> None:
        self._path = folder / FILE_NAME
        self._key = f"{network.name} {without_secrets(network.mirror_rest)} {operator.account_id}"
        self._mirror_rest = network.mirror_rest

    def usable(self, purposes: Iterable[str], timeout: float) -> dict[str, TopicStart]:
        """Those of earlier runs that can be written to, by purpose, each with where its next message will stand.

        Args:
            purposes: What topics are needed for.
            timeout: Seconds for each request to the mirror.

        Raises:
            MirrorError: the mirror does not say.
        """
        kept = self._read().get(self._key, {})
        with closing(MirrorRest(self._mirror_rest, timeout=timeout)) as mirror:
            found = {purpose: _start(mirror, kept[purpose]) for purpose in purposes if purpose in kept}
        return {purpose: start for purpose, start in found.items() if start is not None}

    def keep(self, topics: Mapping[str, str]) -> None:
        """Note topics for later runs, beside those that are there."""
        every = self._read()
        every[self._key] = {**every.get(self._key, {}), **topics}
        self._write(every)

    def forget(self, topics: Iterable[str]) -> None:
        """Take topics out that were deleted."""
        gone = set(topics)
        every = self._read()
        every[self._key] = {purpose: one for purpose, one in every.get(self._key, {}).items() if one not in gone}
        self._write(every)

    def _read(self) -> dict[str, dict[str, str]]:
        try:
            every: Any = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            logger.warning("%s cannot be read (%s): topics are made anew", self._path, error)
            return {}
        return every if isinstance(every, dict) else {}

    def _write(self, every: Mapping[str, Mapping[str, str]]) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(json.dumps(every, indent=1) + "\n", encoding="utf-8")
        except OSError as error:
            logger.warning("%s cannot be written (%s): later runs will not find these topics", self._path, error)


def _start(mirror: MirrorRest, topic_id: str) -> TopicStart | None:
    """Where the next message of a topic will stand; None where it cannot be written to any more."""
    try:
        row = mirror.topic(topic_id)
    except MirrorError as error:
        if error.http_status in (400, 404):
            return None
        raise
    if row.get("deleted"):
        return None
    last = mirror.latest_message(topic_id)
    if last is None:
        return TopicStart(topic_id=topic_id)
    return TopicStart(topic_id=topic_id, after=last.sequence_number, running_hash=last.running_hash.hex())
