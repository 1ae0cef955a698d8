"""What an audit reads from a mirror, through the client of `hedera_client`."""

from __future__ import annotations

from collections.abc import Iterator

from config.run import Run
from hedera_client import Fate, MirrorError, MirrorRest, TopicMessage, TransactionId, running_hash_v3
from hedera_client.status import SUCCESS
from reports.audit.chain import ChainHash
from reports.audit.mirror import TopicReader
from reports.audit.taken import Handled


class MirrorReader:
    """Reads what an audit needs from a mirror, at the pace that `hedera_client` keeps to.

    Args:
        mirror: The mirror.
    """

    def __init__(self, mirror: MirrorRest) -> None:
        self._mirror = mirror

    def __call__(self, topic_id: str, after: int, until: int | None) -> Iterator[TopicMessage]:
        """Yield rows of a topic as the mirror shows them, repetitions included."""
        return self._mirror.topic_messages(topic_id, after=after, until=until, repeats=True)

    def latest_consensus(self) -> int | None:
        """How far the mirror has come; None where it does not tell, which is no reason not to read it."""
        try:
            return self._mirror.latest_consensus()
        except MirrorError as error:
            if error.fate is Fate.FINAL:
                return None
            raise

    def knows_topic(self, topic_id: str) -> bool:
        """Whether the mirror has heard of a topic; taken for so where it cannot be asked."""
        try:
            return self._mirror.knows_topic(topic_id)
        except MirrorError:
            return True

    def handled(self, transaction_id: str) -> Handled | None:
        """The transaction that succeeded under an id; None where the mirror shows none, or cannot be asked."""
        try:
            shown = self._mirror.transaction(TransactionId.parse(transaction_id))
        except MirrorError:
            return None
        if shown.result != SUCCESS:
            return None
        topic = shown.entity_id if shown.name == "CONSENSUSSUBMITMESSAGE" else None
        return Handled(topic, shown.consensus_timestamp)


def reader(run: Run) -> TopicReader:
    """What reads from the run's mirror."""
    return MirrorReader(MirrorRest(run.network.mirror_rest))


def chain_hash(topic_id: str) -> ChainHash:
    """What recomputes the running hashes of a topic."""

    def after(previous: bytes, row: TopicMessage) -> bytes:
        return running_hash_v3(previous, row.payer, topic_id, row.consensus_timestamp, row.sequence_number, row.message)

    return after
