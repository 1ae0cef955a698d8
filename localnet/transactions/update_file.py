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
from localnet.transactions.operation import Operation
from localnet.transactions.settlement import Settlement


class UpdateFile(Operation):
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

    def settle(self, at: Settlement) -> None:
        """Change the file. Empty contents leave it as it is, and so does an earlier expiry."""
        data = at.data
        file = known_file(at)
        if file.deleted:
            raise RefusedError(codes.FILE_DELETED)
        if data.HasField("memo") or data.HasField("keys") or data.contents:
            _check_guarded_change(at, file)
        if data.HasField("expirationTime"):
            check_lifetime(data.expirationTime.seconds - at.checked.key.seconds)  # from valid start, not consensus
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


def _check_guarded_change(at: Settlement, file: File) -> None:
    if file.compiled is None:
        raise RefusedError(codes.UNAUTHORIZED)
    at.require(file.compiled)
    if at.data.HasField("keys"):
        new_keys = compile_file_keys(at.data.keys)
        if new_keys is not None:
            at.require(new_keys)
    if at.data.HasField("memo"):
        check_memo(at.data.memo.value)
