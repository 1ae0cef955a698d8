"""The kinds of queries this network answers.

To add one: write its `Query` in a file of its own, and name it in QUERIES.
"""

from __future__ import annotations

from typing import Final

from localnet.queries.account_balance import GetAccountBalance
from localnet.queries.account_info import GetAccountInfo
from localnet.queries.account_records import GetAccountRecords
from localnet.queries.file_contents import GetFileContents
from localnet.queries.file_info import GetFileInfo
from localnet.queries.query import Query, View
from localnet.queries.receipt import GetReceipt
from localnet.queries.record import GetRecord
from localnet.queries.topic_info import GetTopicInfo
from localnet.queries.version_info import GetVersionInfo

QUERIES: Final[dict[str, Query]] = {
    query.field: query
    for query in (
        GetReceipt(),
        GetRecord(),
        GetAccountBalance(),
        GetAccountInfo(),
        GetAccountRecords(),
        GetTopicInfo(),
        GetFileContents(),
        GetFileInfo(),
        GetVersionInfo(),
    )
}

__all__ = ["QUERIES", "Query", "View"]
