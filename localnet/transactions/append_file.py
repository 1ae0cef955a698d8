"""FileAppend."""

from __future__ import annotations

from typing import Any

from localnet.protocol.status import RefusedError, codes
from localnet.transactions.file_rules import MAX_FILE_BYTES, content_price, known_file, require_file_id
from localnet.transactions.handle_context import HandleContext
from localnet.transactions.handler import TransactionHandler


class AppendFile(TransactionHandler):
    """All keys of the file must sign; its expiry stays as it is."""

    field = "fileAppend"
    name = "FILEAPPEND"

    def check(self, data: Any) -> None:
        """Refuse a missing file id."""
        require_file_id(data)

    def price(self, data: Any) -> int:
        """By the appended bytes."""
        return content_price(data.contents)

    def handle(self, context: HandleContext) -> None:
        """Append the bytes."""
        file = known_file(context)
        if file.compiled is None:
            raise RefusedError(codes.UNAUTHORIZED)
        context.require(file.compiled)
        if file.deleted:
            raise RefusedError(codes.FILE_DELETED)
        if len(file.contents) + len(context.data.contents) > MAX_FILE_BYTES:
            raise RefusedError(codes.MAX_FILE_SIZE_EXCEEDED)
        file.contents += context.data.contents
