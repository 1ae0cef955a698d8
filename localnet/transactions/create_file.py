"""FileCreate."""

from __future__ import annotations

from typing import Any

from localnet.protocol.status import RefusedError, codes
from localnet.state.entities import File
from localnet.state.fees import KEY, extra
from localnet.transactions.field_checks import check_memo, is_possible_expiry, proto_key_count
from localnet.transactions.file_rules import MAX_FILE_BYTES, compile_file_keys, content_price, copy_keys
from localnet.transactions.handle_context import HandleContext
from localnet.transactions.handler import TransactionHandler


class CreateFile(TransactionHandler):
    """Every key of the file must sign its creation; without keys the file can never change."""

    field = "fileCreate"
    name = "FILECREATE"
    receipt_field = "fileID"

    def check(self, data: Any) -> None:
        """Refuse a missing expiry, and another shard or realm, whose files the real network would take."""
        if not data.HasField("expirationTime"):
            raise RefusedError(codes.INVALID_EXPIRATION_TIME)
        if data.shardID.shardNum or data.realmID.realmNum:
            raise RefusedError(codes.NOT_SUPPORTED)

    def price(self, data: Any) -> int:
        """One key is included."""
        keys = sum(map(proto_key_count, data.keys.keys))
        return content_price(data.contents) + extra(keys, included=1, price=KEY)

    def handle(self, context: HandleContext) -> None:
        """Store the file."""
        data = context.data
        keys = compile_file_keys(data.keys)
        if keys is not None:
            context.require(keys)
        check_memo(data.memo)
        if not is_possible_expiry(data.expirationTime.seconds, context.consensus_s):
            raise RefusedError(
                codes.AUTORENEW_DURATION_NOT_IN_RANGE
            )  # what FileCreateHandler makes of INVALID_EXPIRATION_TIME
        if len(data.contents) > MAX_FILE_BYTES:
            raise RefusedError(codes.MAX_FILE_SIZE_EXCEEDED)
        file = File(
            number=context.state.new_number(),
            keys=None if keys is None else copy_keys(data.keys),
            compiled=keys,
            expiration_s=data.expirationTime.seconds,
            memo=data.memo,
            contents=bytearray(data.contents),
        )
        context.state.files[file.number] = file
        context.create(file.number)
