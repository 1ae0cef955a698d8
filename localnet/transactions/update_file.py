"""FileUpdate."""

from __future__ import annotations

from typing import Any

from localnet.protocol.status import RefusedError, codes
from localnet.state.entities import File
from localnet.state.fees import KEY, extra
from localnet.transactions.field_checks import check_lifetime, check_memo, proto_key_count
from localnet.transactions.file_rules import (
    MAX_FILE_BYTES,
    compile_file_keys,
    content_price,
    copy_keys,
    known_file,
    require_file_id,
)
from localnet.transactions.handle_context import HandleContext
from localnet.transactions.handler import TransactionHandler


class UpdateFile(TransactionHandler):
    """Changing memo, keys or contents needs all present and all new keys; a later expiry needs the payer only.

    A new expiry is 30 to 92 days away, which that of a new file need not be (FileUpdateHandler.java).
    """

    field = "fileUpdate"
    name = "FILEUPDATE"

    def check(self, data: Any) -> None:
        """Refuse a missing file id."""
        require_file_id(data)

    def price(self, data: Any) -> int:
        """One key is included."""
        keys = sum(map(proto_key_count, data.keys.keys))
        return content_price(data.contents) + extra(keys, included=1, price=KEY)

    def handle(self, context: HandleContext) -> None:
        """Change the file. Empty contents leave it as it is, and so does an earlier expiry."""
        data = context.data
        file = known_file(context)
        if file.deleted:
            raise RefusedError(codes.FILE_DELETED)
        if data.HasField("memo") or data.HasField("keys") or data.contents:
            _check_guarded_change(context, file)
        if data.HasField("expirationTime"):
            check_lifetime(data.expirationTime.seconds - context.checked.key.seconds)  # from valid start, not consensus
        if len(data.contents) > MAX_FILE_BYTES:
            raise RefusedError(codes.MAX_FILE_SIZE_EXCEEDED)
        if data.HasField("keys"):
            file.compiled = compile_file_keys(data.keys)
            file.keys = None if file.compiled is None else copy_keys(data.keys)
        if data.HasField("memo"):
            file.memo = data.memo.value
        if data.contents:
            file.contents = bytearray(data.contents)
        if data.HasField("expirationTime"):
            file.expiration_s = max(file.expiration_s, data.expirationTime.seconds)


def _check_guarded_change(context: HandleContext, file: File) -> None:
    if file.compiled is None:
        raise RefusedError(codes.UNAUTHORIZED)
    context.require(file.compiled)
    if context.data.HasField("keys"):
        new_keys = compile_file_keys(context.data.keys)
        if new_keys is not None:
            context.require(new_keys)
    if context.data.HasField("memo"):
        check_memo(context.data.memo.value)
