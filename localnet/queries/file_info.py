"""FileGetInfo."""

from __future__ import annotations

from typing import Any

from localnet.queries.file_contents import check_file_id, known_file
from localnet.queries.query import Query, View
from localnet.state.genesis import LEDGER_ID


class GetFileInfo(Query):
    """The properties of a file."""

    field = "fileGetInfo"

    def check(self, request: Any) -> None:
        """Refuse a missing file id."""
        check_file_id(request)

    def answer(self, request: Any, view: View, reply: Any) -> None:
        """Describe the file."""
        file = known_file(request, view)
        info = reply.fileInfo
        info.fileID.fileNum = file.number
        info.size = len(file.contents)
        info.expirationTime.seconds = file.expiration_s
        info.deleted = file.deleted
        if file.keys is not None:
            info.keys.CopyFrom(file.keys)
        info.memo = file.memo
        info.ledger_id = LEDGER_ID
