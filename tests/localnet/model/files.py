"""The file service: files, their keys and their contents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.localnet.model.machine import PERIOD, SIGNERS, SIZES, WHICH, Machine


@dataclass
class ModelFile:
    """A file; keys are indices into KEYS."""

    keys: frozenset[int]
    contents: bytes
    deleted: bool = False


class Files(Machine):
    """Makes, changes and deletes files."""

    def prepare(self) -> None:
        super().prepare()
        self.files: dict[int, ModelFile] = {}
        for keys in (frozenset[int](), frozenset({2}), frozenset({0, 1})):
            self.make_file(0, {0, 1, 2}, keys, 10)

    def compare(self) -> None:
        """Compare the contents."""
        super().compare()
        for number, file in self.files.items():
            query = {"header": {"payment": self.wire.payment(10_000_000)}, "fileID": {"fileNum": number}}
            contents = self.wire.query(fileGetContents=query).fileGetContents.fileContents.contents
            assert contents == file.contents

    @rule(payer=WHICH, signers=SIGNERS, keys=st.frozensets(st.sampled_from([0, 1, 2])), size=SIZES)
    def create_file(self, **choices: Any) -> None:
        self.make_file(**choices)

    def make_file(self, payer: int, signers: set[int], keys: frozenset[int], size: int) -> None:
        expected = "SUCCESS" if all(self.signs(payer, signers, key) for key in keys) else "INVALID_SIGNATURE"
        data = {
            "keys": self.key_list(keys),
            "contents": b"f" * size,
            "expirationTime": {"seconds": self.wire.new_start_ns() // 10**9 + PERIOD},
        }
        receipt = self.send(payer, signers, expected, fileCreate=data)
        if expected == "SUCCESS":
            self.files[receipt.fileID.fileNum] = ModelFile(keys, b"f" * size)

    @rule(payer=WHICH, signers=SIGNERS, which=WHICH, size=SIZES, replace=st.booleans())
    def write_file(self, payer: int, signers: set[int], which: int, size: int, replace: bool) -> None:
        number, file = self.pick(self.files, which)
        contents = b"w" * size
        if file is None:
            expected = "INVALID_FILE_ID"
        elif replace and file.deleted:
            expected = "FILE_DELETED"
        elif replace and not contents:
            expected = "SUCCESS"  # nothing is changed, so nobody has to agree
        elif not file.keys:
            expected = "UNAUTHORIZED"
        elif not all(self.signs(payer, signers, key) for key in file.keys):
            expected = "INVALID_SIGNATURE"
        else:
            expected = "FILE_DELETED" if file.deleted else "SUCCESS"
        kind = "fileUpdate" if replace else "fileAppend"
        self.send(payer, signers, expected, **{kind: {"fileID": {"fileNum": number}, "contents": contents}})
        if expected == "SUCCESS":
            file.contents = (contents or file.contents) if replace else file.contents + contents

    @rule(payer=WHICH, signers=SIGNERS, which=WHICH)
    def delete_file(self, payer: int, signers: set[int], which: int) -> None:
        number, file = self.pick(self.files, which)
        if file is None:
            expected = "INVALID_FILE_ID"
        elif not file.keys:
            expected = "UNAUTHORIZED"
        elif not any(self.signs(payer, signers, key) for key in file.keys):
            expected = "INVALID_SIGNATURE"
        else:
            expected = "FILE_DELETED" if file.deleted else "SUCCESS"
        self.send(payer, signers, expected, fileDelete={"fileID": {"fileNum": number}})
        if expected == "SUCCESS":
            file.deleted, file.contents = True, b""
