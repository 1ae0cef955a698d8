"""HCS-1: a file as the messages of a topic of its own, in the form in which public libraries read and write it.

The file is compressed to one zstd frame, put into base64 behind the beginning of a data URL, and cut into pieces. A
message is one piece: `{"o":0,"c":"data:application/json;base64,KLUv..."}`, `o` counting from 0. The topic's memo is
`SHA-256 of the file:zstd:base64`. There is no count and no end mark: only the hash tells that all is there.

The standard is hashgraph-online/hcs-improvement-proposals `docs/standards/hcs-1.md`. Where its readers differ
(@hiero-did-sdk/hcs 0.1.8, hiero-did-sdk-python 0.1.7, the mirror node's explorer), this writes what all of them read,
and reads what any of them does. Nothing here speaks to a network.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable
from hashlib import sha256
from typing import Final, NamedTuple

from backports import zstd

from hedera_client.bodies import MESSAGE_LIMIT_BYTES

JSON: Final = "application/json"
"""The type that @hiero-did-sdk/hcs and hiero-did-sdk-python expect of every file, whatever its bytes are."""

LEVEL: Final = 10
"""Of zstd's compression, as the standard recommends; any may be read."""

LARGEST: Final = 32 * 1024 * 1024
"""Bytes of a file up to which one is read where nothing else is said; what the public inscription service takes."""

LEAST_WINDOW: Final = 23
"""Logarithm of the window that a reader of zstd should support (RFC 8878, 3.1.1.1.2: 8 MiB); more is refused, unless
the file may be that long: a frame must not have memory allocated that has nothing to do with its file."""

_MEMO: Final = re.compile(r"([0-9a-fA-F]{64}):zstd:base64")
_TYPE: Final = re.compile(r"[\w.+-]+/[\w.+-]+(;[\w.-]+=[\w.+-]+)*", re.ASCII)
_PREFIX: Final = re.compile(r"data:([^,]*?);base64,?")
"""The standard's format line lacks the comma, its example has it; base64 knows none."""

_LONGEST_PREFIX: Final = 1_024
_AROUND_A_PIECE: Final = len('{"o":,"c":""}')


class Hcs1Error(ValueError):
    """What a topic holds is not a whole HCS-1 file; the message is one line."""


class Written(NamedTuple):
    """A file as it goes onto a topic: the topic's memo, and its messages in order."""

    memo: str
    messages: list[bytes]


class Found(NamedTuple):
    """A file that was read.

    Attributes:
        contents: Its bytes, of the hash that the memo names.
        mime_type: As the writer says, with its parameters; "" where it does not.
        pieces: How many it consists of.
        repeated: Messages that repeat a piece; some public readers fail at the first.
        foreign: Messages of another form; likewise.
    """

    contents: bytes
    mime_type: str
    pieces: int
    repeated: int
    foreign: int


def to_messages(contents: bytes, mime_type: str = JSON, size: int = MESSAGE_LIMIT_BYTES) -> Written:
    """Return a file in the form of the standard.

    Args:
        contents: The file.
        mime_type: Anything but JSON is read by the explorer, and not by the DID libraries.
        size: Bytes of a whole message at most, 64 to 1024: a longer one would be cut in two, which no library reads.

    Raises:
        ValueError: the type or the size cannot be.
    """
    if not _TYPE.fullmatch(mime_type):
        raise ValueError(f"mime type {mime_type!r}: use one such as {JSON}")
    if not 64 <= size <= MESSAGE_LIMIT_BYTES:
        raise ValueError(f"message size {size}: choose 64 to {MESSAGE_LIMIT_BYTES}")
    frame = zstd.compress(contents, LEVEL)  # at once, so that the frame names its content size
    text = f"data:{mime_type};base64,".encode() + b64encode(frame)
    messages: list[bytes] = []
    at = 0
    while at < len(text):
        number = len(messages)
        room = size - _AROUND_A_PIECE - len(str(number))
        messages.append(b'{"o":%d,"c":"%s"}' % (number, text[at : at + room]))
        at += room
    return Written(f"{sha256(contents).hexdigest()}:zstd:base64", messages)


def from_messages(memo: str, messages: Iterable[bytes], largest: int = LARGEST) -> Found:
    """Return the file that a topic holds.

    Args:
        memo: The topic's.
        messages: All of them, in any order.
        largest: Bytes that the file may have; what is longer is neither kept nor decompressed.

    Raises:
        Hcs1Error: the memo or a message is of another form, something is missing, or the hash is another.
    """
    reader = Reader(memo, largest)
    for message in messages:
        reader.add(message)
    return reader.file()


class Reader:
    """Reads one file, message by message.

    Args:
        memo: The topic's.
        largest: Bytes that the file may have.

    Raises:
        Hcs1Error: the memo is not that of an HCS-1 file in zstd and base64.
    """

    def __init__(self, memo: str, largest: int = LARGEST) -> None:
        named = _MEMO.fullmatch(memo)
        if named is None:
            raise Hcs1Error(f"the topic's memo {memo[:100]!r} is not that of an HCS-1 file, HASH:zstd:base64")
        self._hash = named[1].lower()
        self._largest = largest
        # zstd makes at most 1/255 and a little more of what it cannot compress (ZSTD_compressBound), base64 a third.
        self._room = (largest + largest // 255 + 128) * 4 // 3 + _LONGEST_PREFIX
        self._pieces: dict[int, str] = {}
        self._repeated = self._foreign = 0

    def add(self, message: bytes) -> None:
        """Take in a message of the topic.

        Raises:
            Hcs1Error: it differs from another one of its number, or there is more than the file may have.
        """
        piece = _piece(message)
        if piece is None:
            self._foreign += 1
            return
        number, text = piece
        if number in self._pieces:
            if self._pieces[number] != text:
                raise Hcs1Error(f"there are two different pieces {number}")
            self._repeated += 1
            return
        self._room -= max(1, len(text))
        if self._room < 0:
            raise Hcs1Error(f"there is more than a file of {self._largest:,} bytes can have")
        self._pieces[number] = text

    def file(self) -> Found:
        """Return the file, of which everything was taken in.

        Raises:
            Hcs1Error: something is missing or cannot be read, or the hash is another than the memo's.
        """
        pieces = self._pieces
        missing = next((number for number in range(len(pieces)) if number not in pieces), None)
        if not pieces or missing is not None:
            raise Hcs1Error(f"piece {missing or 0} is missing")
        mime_type, frame = _unpack("".join(pieces[number] for number in range(len(pieces))))
        contents = _decompress(frame, self._largest)
        found = sha256(contents).hexdigest()
        if found != self._hash:
            raise Hcs1Error(f"the SHA-256 is {found}, and the topic's memo says {self._hash}")
        return Found(contents, mime_type, len(pieces), self._repeated, self._foreign)


def _piece(message: bytes) -> tuple[int, str] | None:
    """Number and text of a piece; None for a message of another form."""
    try:
        fields = json.loads(message)
        number, text = fields["o"], fields["c"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if type(number) is not int or number < 0 or not isinstance(text, str):
        return None
    return number, text


def _unpack(text: str) -> tuple[str, bytes]:
    """The mime type and the frame of a whole text."""
    mime_type, begin = "", 0
    if text.startswith("data:"):
        prefix = _PREFIX.match(text, 0, _LONGEST_PREFIX)
        if prefix is None:
            raise Hcs1Error(f"{text[:60]!r} is not the beginning of a data URL in base64")
        mime_type, begin = prefix[1], prefix.end()
    try:
        return mime_type, b64decode(text[begin:], validate=True)
    except ValueError as error:
        raise Hcs1Error(f"the pieces are no base64: {error}") from None


def _decompress(frame: bytes, largest: int) -> bytes:
    """The contents of one frame, of at most so many bytes."""
    window = max(LEAST_WINDOW, (largest - 1).bit_length())
    decompressor = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: window})
    try:
        size = zstd.get_frame_info(frame).decompressed_size
        if size is not None and size > largest:
            raise Hcs1Error(f"the file has {size:,} bytes by its frame, and {largest:,} are allowed")
        contents = decompressor.decompress(frame, largest + 1)
    except zstd.ZstdError as error:
        raise Hcs1Error(f"the pieces are no zstd frame: {error}") from None
    if len(contents) > largest:
        raise Hcs1Error(f"the file has more than the {largest:,} bytes that are allowed")
    if not decompressor.eof:
        raise Hcs1Error("the zstd frame is not whole")
    if decompressor.unused_data:
        raise Hcs1Error("something follows the zstd frame")
    return contents
