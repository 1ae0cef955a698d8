"""The entity that a transaction's body names: the mirror shows it as `entity_id` when the transaction fails.

The mirror takes the id from the body, whether it exists or not (MN:importer,
parser/record/transactionhandler/*TransactionHandler.getEntity). A transaction that was to create something names none.
"""

from __future__ import annotations

from typing import Any, Final

from localnet.protocol.ids import encode_entity

_IDS: Final = {
    "consensusDeleteTopic": ("topicID", "topicNum"),
    "consensusSubmitMessage": ("topicID", "topicNum"),
    "consensusUpdateTopic": ("topicID", "topicNum"),
    "cryptoDelete": ("deleteAccountID", "accountNum"),
    "cryptoUpdateAccount": ("accountIDToUpdate", "accountNum"),
    "fileAppend": ("fileID", "fileNum"),
    "fileDelete": ("fileID", "fileNum"),
    "fileUpdate": ("fileID", "fileNum"),
}
"""By field of `TransactionBody.data`: the field of the id, and that of its number."""


def target_of(field: str, data: Any) -> int:
    """The entity that a transaction names, encoded if it is of another shard or realm; 0 for none."""
    names = _IDS.get(field)
    if names is None:
        return 0
    entity = getattr(data, names[0])
    return encode_entity(entity.shardNum, entity.realmNum, getattr(entity, names[1])) or 0
