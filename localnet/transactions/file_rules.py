"""What the handlers of file transactions share (hiero-consensus-node: FileServiceUtils.java, File*Handler.java)."""

from __future__ import annotations

from typing import Any

from localnet.protocol.ids import entity_number
from localnet.protocol.keys import KeyGroup, UnusableKeyError, compile_key_list
from localnet.protocol.status import RefusedError, codes
from localnet.state.entities import File
from localnet.state.fees import extra
from localnet.transactions.handle_context import HandleContext

MAX_FILE_BYTES = 1_024 * 1_024
"""`files.maxSizeKb` (FilesConfig.java)."""
BASE_PRICE = 499_000_000
INCLUDED_BYTES = 1_000
BYTE_PRICE = 1_000_000


def content_price(contents: bytes) -> int:
    """Price in tinycents of writing these bytes: 1,000 are included, each beyond costs a hundredth of a cent."""
    return BASE_PRICE + extra(len(contents), INCLUDED_BYTES, BYTE_PRICE)


def require_file_id(data: Any) -> None:
    """Check that a file id is there.

    Raises:
        RefusedError: INVALID_FILE_ID.
    """
    if not data.HasField("fileID"):
        raise RefusedError(codes.INVALID_FILE_ID)


def known_file(context: HandleContext) -> File:
    """The file the transaction is about; also noted as the transaction's entity.

    Raises:
        RefusedError: there is no such file (INVALID_FILE_ID).
    """
    file_id = context.data.fileID
    file = context.state.files.get(entity_number(file_id.fileNum, file_id))
    if file is None:
        raise RefusedError(codes.INVALID_FILE_ID)
    context.entity = file.number
    return file


def compile_file_keys(keys: Any) -> KeyGroup | None:
    """Compile a file's key list; None where it is empty, which makes the file immutable.

    Raises:
        RefusedError: one of the keys is unusable (BAD_ENCODING).
    """
    if not keys.keys:
        return None
    try:
        return compile_key_list(keys)
    except UnusableKeyError as error:
        raise RefusedError(codes.BAD_ENCODING) from error


def copy_keys(keys: Any) -> Any:
    """A copy of a protobuf key list that outlives the transaction."""
    copied = type(keys)()
    copied.CopyFrom(keys)
    return copied
