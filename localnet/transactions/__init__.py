"""The kinds of transactions this network understands.

To add one: write its `TransactionHandler` in a file of its own, and name it in HANDLERS. Everything else (gRPC methods,
fees, receipts, records, the ledger and the mirror's transaction rows) follows from there.
"""

from __future__ import annotations

from typing import Final

from localnet.transactions.append_file import AppendFile
from localnet.transactions.create_account import CreateAccount
from localnet.transactions.create_file import CreateFile
from localnet.transactions.create_topic import CreateTopic
from localnet.transactions.delete_account import DeleteAccount
from localnet.transactions.delete_file import DeleteFile
from localnet.transactions.delete_topic import DeleteTopic
from localnet.transactions.ethereum import Ethereum
from localnet.transactions.handler import TransactionHandler
from localnet.transactions.submit_message import SubmitMessage
from localnet.transactions.transfer import Transfer
from localnet.transactions.update_account import UpdateAccount
from localnet.transactions.update_file import UpdateFile
from localnet.transactions.update_topic import UpdateTopic

HANDLERS: Final[dict[str, TransactionHandler]] = {
    handler.field: handler
    for handler in (
        SubmitMessage(),
        CreateTopic(),
        UpdateTopic(),
        DeleteTopic(),
        CreateFile(),
        AppendFile(),
        UpdateFile(),
        DeleteFile(),
        CreateAccount(),
        UpdateAccount(),
        DeleteAccount(),
        Transfer(),
        Ethereum(),
    )
}

__all__ = ["HANDLERS", "TransactionHandler"]
