"""FileGetContents."""

from __future__ import annotations

from typing import Any

from localnet.protocol.ids import entity_number
from localnet.protocol.status import RefusedError, codes
from localnet.queries.query import Query, View
from localnet.state.entities import File
from localnet.state.fees import TRANSACTION_BYTE, extra


class GetFileContents(Query):
    """A file's bytes: empty for a deleted file; an unknown one is refused after the payment was made."""

    field = "fileGetContents"

    def check(self, request: Any) -> None:
        """Refuse a missing file id."""
        check_file_id(request)

    def extras(self, request: Any, view: View) -> int:
        """Bytes beyond the first 1,000."""
        file = find_file(request, view)
        return extra(len(file.contents), included=1_000, price=TRANSACTION_BYTE) if file else 0

    def answer(self, request: Any, view: View, reply: Any) -> None:
        """Give the bytes."""
        file = known_file(request, view)
        reply.fileContents.fileID.fileNum = file.number
        reply.fileContents.contents = bytes(file.contents)


def check_file_id(request: Any) -> None:
    """Check that a query names a file.

    Raises:
        RefusedError: INVALID_FILE_ID.
    """
    if not request.HasField("fileID"):
        raise RefusedError(codes.INVALID_FILE_ID)


def find_file(request: Any, view: View) -> File | None:
    """The file a query names, or None."""
    return view.state.files.get(entity_number(request.fileID.fileNum, request.fileID))


def known_file(request: Any, view: View) -> File:
    """The file a query names.

    Raises:
        RefusedError: it does not exist (INVALID_FILE_ID).
    """
    file = find_file(request, view)
    if file is None:
        raise RefusedError(codes.INVALID_FILE_ID)
    return file
