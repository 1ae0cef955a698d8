"""What each kind of transaction on files checks, costs and does."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from localnet import pb
from localnet.protocol.status import RefusedError, codes
from localnet.state.entities import File
from localnet.transactions import file_rules
from localnet.transactions.append_file import AppendFile
from localnet.transactions.create_file import CreateFile
from localnet.transactions.delete_file import LAST_SYSTEM_FILE, DeleteFile
from localnet.transactions.file_rules import BASE_PRICE, BYTE_PRICE, INCLUDED_BYTES, MAX_FILE_BYTES
from localnet.transactions.update_file import UpdateFile
from tests.localnet.state_at_genesis import OPERATOR, Ledger, public

OTHER = Ed25519PrivateKey.generate()
DAY_S = 86_400


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def create(ledger: Ledger, contents: bytes = b"one", *keys: Any, **fields: Any) -> File:
    """A file, with the operator's key unless others are given."""
    signing = keys or (OPERATOR,)
    data = {
        "contents": contents,
        "keys": {"keys": [public(key) for key in signing]},
        "expirationTime": {"seconds": ledger.now_s + 90 * DAY_S},
        **fields,
    }
    return ledger.state.files[ledger.carry_out(*signing, fileCreate=data).entity]


def file_id(file: File) -> Any:
    return pb.FileID(fileNum=file.number)


@given(st.integers(0, 5_000), st.integers(0, 5))
def test_writing_costs_by_bytes_and_keys(size: int, keys: int) -> None:
    """1,000 bytes and one key are included; appending has no keys, and deleting costs the same for every file."""
    contents = bytes(size)
    of_bytes = BASE_PRICE + max(0, size - INCLUDED_BYTES) * BYTE_PRICE
    of_keys = max(0, keys - 1) * 100_000_000
    key_list = pb.KeyList(keys=[public(OTHER)] * keys)
    assert file_rules.content_price(contents) == of_bytes
    create = pb.TransactionBody(fileCreate={"contents": contents, "keys": key_list}).fileCreate
    update = pb.TransactionBody(fileUpdate={"contents": contents, "keys": key_list}).fileUpdate
    append = pb.TransactionBody(fileAppend={"contents": contents}).fileAppend
    assert CreateFile().price(create) == UpdateFile().price(update) == of_bytes + of_keys
    assert AppendFile().price(append) == of_bytes
    assert DeleteFile().price(pb.TransactionBody(fileDelete={}).fileDelete) == 69_000_000


@pytest.mark.parametrize(
    ("field", "kind"), [("fileAppend", AppendFile), ("fileUpdate", UpdateFile), ("fileDelete", DeleteFile)]
)
def test_what_names_no_file_is_refused_at_precheck(field: str, kind: Any) -> None:
    with pytest.raises(RefusedError, match="INVALID_FILE_ID"):
        kind().check(getattr(pb.TransactionBody(**{field: {}}), field))


def test_a_file_has_an_expiry_and_is_of_this_network() -> None:
    for fields, status in (({}, codes.INVALID_EXPIRATION_TIME), ({"shardID": {"shardNum": 1}}, codes.NOT_SUPPORTED)):
        given = {"expirationTime": {"seconds": 1}, **fields} if fields else {}
        with pytest.raises(RefusedError) as raised:
            CreateFile().check(pb.TransactionBody(fileCreate=given).fileCreate)
        assert raised.value.status == status


def test_a_file_is_what_it_was_created_as(ledger: Ledger) -> None:
    """Its keys are a copy of their own."""
    file = create(ledger, b"contents", memo="a memo")
    assert (bytes(file.contents), file.memo, file.deleted) == (b"contents", "a memo", False)
    assert file.keys == pb.KeyList(keys=[public(OPERATOR)])
    copied = file_rules.copy_keys(file.keys)
    copied.keys.add()
    assert len(file.keys.keys) == 1


def test_every_key_signs_the_creation_and_any_change(ledger: Ledger) -> None:
    """Any one of them may delete it."""
    data = {"keys": {"keys": [public(OPERATOR), public(OTHER)]}, "expirationTime": {"seconds": ledger.now_s + 100}}
    assert ledger.status(OPERATOR, fileCreate=data) == "INVALID_SIGNATURE"
    file = create(ledger, b"one", OPERATOR, OTHER)
    for change in ({"fileAppend": {"contents": b"two"}}, {"fileUpdate": {"contents": b"two"}}):
        ((field, fields),) = change.items()
        named = {field: {**fields, "fileID": file_id(file)}}
        assert ledger.status(OPERATOR, **named) == "INVALID_SIGNATURE"
        assert ledger.status(OPERATOR, OTHER, **named) == "SUCCESS"
    assert bytes(file.contents) == b"two"
    assert ledger.status(Ed25519PrivateKey.generate(), fileDelete={"fileID": file_id(file)}) == "INVALID_SIGNATURE"
    assert ledger.status(OTHER, fileDelete={"fileID": file_id(file)}) == "SUCCESS"
    assert (file.deleted, bytes(file.contents)) == (True, b"")


def test_a_file_without_keys_never_changes(ledger: Ledger) -> None:
    """Only its expiry may be later."""
    file = create(ledger, keys={"keys": []})
    for field in ("fileAppend", "fileUpdate"):
        assert ledger.status(**{field: {"fileID": file_id(file), "contents": b"x"}}) == "UNAUTHORIZED"
    assert ledger.status(fileDelete={"fileID": file_id(file)}) == "UNAUTHORIZED"
    later = {"fileID": file_id(file), "expirationTime": {"seconds": ledger.now_s + 92 * DAY_S}}
    assert ledger.status(fileUpdate=later) == "SUCCESS"
    assert file.expiration_s == later["expirationTime"]["seconds"]


def test_appends_add_up_to_the_largest_file(ledger: Ledger) -> None:
    """And no further; what was refused has changed nothing."""
    file = create(ledger, bytes(MAX_FILE_BYTES - 1))
    assert ledger.status(fileAppend={"fileID": file_id(file), "contents": b"ab"}) == "MAX_FILE_SIZE_EXCEEDED"
    assert len(file.contents) == MAX_FILE_BYTES - 1
    assert ledger.status(fileAppend={"fileID": file_id(file), "contents": b"a"}) == "SUCCESS"
    assert file.contents.endswith(b"\0a")


def test_an_update_changes_what_it_names(ledger: Ledger) -> None:
    """Empty contents and an earlier expiry leave the file as it is; a new key must sign too."""
    file = create(ledger)
    before = file.expiration_s
    earlier = {
        "fileID": file_id(file),
        "memo": {"value": "new"},
        "expirationTime": {"seconds": ledger.now_s + 40 * DAY_S},
    }
    assert ledger.status(fileUpdate=earlier) == "SUCCESS"
    assert (bytes(file.contents), file.memo, file.expiration_s) == (b"one", "new", before)
    key = {"fileID": file_id(file), "keys": {"keys": [public(OTHER)]}}
    assert ledger.status(OPERATOR, fileUpdate=key) == "INVALID_SIGNATURE"
    assert ledger.status(OPERATOR, OTHER, fileUpdate=key) == "SUCCESS"
    assert ledger.status(OTHER, fileAppend={"fileID": file_id(file), "contents": b"!"}) == "SUCCESS"
    soon = {"fileID": file_id(file), "expirationTime": {"seconds": ledger.now_s + DAY_S}}
    assert ledger.status(fileUpdate=soon) == "AUTORENEW_DURATION_NOT_IN_RANGE"


def test_a_deleted_or_unknown_file_takes_nothing(ledger: Ledger) -> None:
    """Nor do the network's own files go."""
    file = create(ledger)
    assert ledger.status(fileDelete={"fileID": file_id(file)}) == "SUCCESS"
    for field in ("fileAppend", "fileUpdate", "fileDelete"):
        assert ledger.status(**{field: {"fileID": file_id(file)}}) == "FILE_DELETED"
        unknown = {"fileID": pb.FileID(fileNum=999_999)}
        assert ledger.status(**{field: unknown}) == "INVALID_FILE_ID"
        assert ledger.status(**{field: {"fileID": pb.FileID(shardNum=1, fileNum=file.number)}}) == "INVALID_FILE_ID"
    system = {"fileID": pb.FileID(fileNum=LAST_SYSTEM_FILE)}
    assert ledger.status(fileDelete=system) == "ENTITY_NOT_ALLOWED_TO_DELETE"


def test_a_key_that_nobody_can_sign_with_is_refused(ledger: Ledger) -> None:
    """By its encoding."""
    with pytest.raises(RefusedError, match="BAD_ENCODING"):
        file_rules.compile_file_keys(pb.KeyList(keys=[pb.Key(ed25519=b"short")]))
    assert file_rules.compile_file_keys(pb.KeyList()) is None
