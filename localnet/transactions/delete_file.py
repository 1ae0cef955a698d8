"""FileDelete."""

from __future__ import annotations

from typing import Any

from localnet.protocol.keys import any_satisfied
from localnet.protocol.status import RefusedError, codes
from localnet.transactions.file_rules import known_file, require_file_id
from localnet.transactions.handle_context import HandleContext
from localnet.transactions.handler import TransactionHandler

LAST_SYSTEM_FILE = 750


class DeleteFile(TransactionHandler):
    """Any one key of the file's list may delete it. The entry stays, without contents."""

    field = "fileDelete"
    name = "FILEDELETE"

    def check(self, data: Any) -> None:
        """Refuse a missing file id."""
        require_file_id(data)

    def price(self, data: Any) -> int:  # noqa: ARG002 (it costs the same for every file)
        """No extras."""
        return 69_000_000

    def handle(self, context: HandleContext) -> None:
        """Empty the file and mark it deleted."""
        if context.data.fileID.fileNum <= LAST_SYSTEM_FILE:
            raise RefusedError(codes.ENTITY_NOT_ALLOWED_TO_DELETE)
        file = known_file(context)
        if file.compiled is None:
            raise RefusedError(codes.UNAUTHORIZED)
        if not any_satisfied(file.compiled, context.checked.signatures):
            raise RefusedError(codes.INVALID_SIGNATURE)
        if file.deleted:
            raise RefusedError(codes.FILE_DELETED)
        file.deleted = True
        file.contents = bytearray()
