"""HCS-1 files: what is written is read back, in whatever order; what is not whole or too large is refused in a line."""

from __future__ import annotations

import json
import random
from base64 import b64decode, b64encode
from collections import deque
from collections.abc import Callable
from hashlib import sha256

import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from hedera_client.hcs1 import Hcs1Error, Reader, from_messages, to_messages

MIB = 1_048_576
TYPES = ("application/json", "text/plain", "image/png", "text/plain;charset=utf-8", "application/vnd.a+b-c_d.1")
STRANGERS = (b"", b"x", b"[]", b'{"o":1}', b'{"o":true,"c":""}', b'{"o":-1,"c":""}')

files = st.one_of(
    st.binary(max_size=5_000),
    st.builds(lambda part, times: part * times, st.binary(min_size=1, max_size=20), st.integers(1, 2_000)),
)


def memo_of(contents: bytes) -> str:
    """As the standard has it."""
    return f"{sha256(contents).hexdigest()}:zstd:base64"


def cut(text: str, size: int = 960, first: int = 0) -> list[bytes]:
    """A text as another writer cuts it, with blanks and other keys."""
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    return [json.dumps({"c": piece, "t": 1, "o": number}).encode() for number, piece in enumerate(pieces, start=first)]


def packed(contents: bytes, prefix: str = "data:application/json;base64,") -> str:
    """A file as the text that is cut."""
    return prefix + b64encode(zstd.compress(contents)).decode()


@given(files, st.sampled_from(TYPES), st.integers(64, 1_024), st.data())
def test_what_is_written_is_read(contents: bytes, mime_type: str, size: int, data: st.DataObject) -> None:
    """In any order, with any of it repeated, and with other messages between."""
    memo, messages = to_messages(contents, mime_type, size)
    assert memo == memo_of(contents)
    repeats = data.draw(st.lists(st.sampled_from(messages), max_size=5))
    strangers = data.draw(st.lists(st.sampled_from(STRANGERS), max_size=5))
    topic = data.draw(st.permutations(messages + repeats + strangers))
    found = from_messages(memo, topic)
    assert found == (contents, mime_type, len(messages), len(repeats), len(strangers))


@given(files, st.integers(64, 1_024))
def test_every_message_is_full_and_fits(contents: bytes, size: int) -> None:
    """All but the last have exactly the size, so there is none too many; they count from 0, and hold only a piece."""
    _, messages = to_messages(contents, size=size)
    assert {len(one) for one in messages[:-1]} <= {size}
    assert 0 < len(messages[-1]) <= size
    fields = [json.loads(one) for one in messages]
    assert [one["o"] for one in fields] == list(range(len(messages)))
    assert all(list(one) == ["o", "c"] for one in fields)


def test_a_mib_that_does_not_compress_takes_1388_messages() -> None:
    """One zstd frame of 1,048,609 bytes with its content size; as another writer's program has counted it."""
    _, messages = to_messages(random.Random(1).randbytes(MIB))
    assert (len(messages), sum(map(len, messages))) == (1_388, 1_420_663)


def test_the_frame_tells_its_size() -> None:
    """hiero-did-sdk-python reads no other."""
    _, (message,) = to_messages(bytes(5_000))
    text = json.loads(message)["c"]
    assert zstd.get_frame_info(b64decode(text.partition(",")[2])).decompressed_size == 5_000


def test_an_empty_file_is_one_message() -> None:
    """And is read back as nothing."""
    memo, messages = to_messages(b"")
    assert len(messages) == 1
    assert from_messages(memo, messages).contents == b""


@pytest.mark.parametrize(
    ("prefix", "mime_type"),
    [
        ("", ""),
        ("data:;base64,", ""),
        ("data:image/png;base64,", "image/png"),
        ("data:text/plain;charset=utf-8;base64,", "text/plain;charset=utf-8"),
        ("data:application/json;base64", "application/json"),
    ],
)
def test_any_type_is_read_and_none(prefix: str, mime_type: str) -> None:
    """Also without the comma, as the standard's format line writes it; and a memo in capitals."""
    contents = b"something" * 500
    found = from_messages(
        memo_of(contents).upper().replace("ZSTD:BASE64", "zstd:base64"), cut(packed(contents, prefix))
    )
    assert (found.contents, found.mime_type) == (contents, mime_type)


def test_a_frame_without_its_size_is_read_within_the_limit() -> None:
    """Streaming compressors write such; nobody knows beforehand how long it becomes."""
    contents = b"streamed" * 10_000
    compressor = zstd.ZstdCompressor()
    frame = compressor.compress(contents) + compressor.flush()
    assert zstd.get_frame_info(frame).decompressed_size is None
    messages = cut("data:application/json;base64," + b64encode(frame).decode())
    assert from_messages(memo_of(contents), messages).contents == contents
    with pytest.raises(Hcs1Error, match=r"more than the 79,999 bytes"):
        from_messages(memo_of(contents), messages, largest=79_999)
    assert from_messages(memo_of(contents), messages, largest=80_000).contents == contents


def test_a_bomb_is_refused_by_its_frame() -> None:
    """A GiB of zeros is 32 KiB of zstd; the frame says so, and nothing is decompressed."""
    bomb = b"\x28\xb5\x2f\xfd\xa0" + (2**30).to_bytes(4, "little") + bytes(9)
    with pytest.raises(Hcs1Error, match=r"1,073,741,824 bytes by its frame"):
        from_messages(memo_of(b""), cut(b64encode(bomb).decode()), largest=MIB)


def test_a_window_of_nothing_is_refused() -> None:
    """A short frame may ask for 128 MiB of memory."""
    options = {zstd.CompressionParameter.window_log: 27, zstd.CompressionParameter.content_size_flag: 0}
    compressor = zstd.ZstdCompressor(options=options)
    frame = compressor.compress(b"little") + compressor.flush()
    with pytest.raises(Hcs1Error, match="no zstd frame"):
        from_messages(memo_of(b"little"), cut(b64encode(frame).decode()))


def test_a_topic_without_end_is_given_up() -> None:
    """As soon as it holds more than the largest file could: nobody keeps what follows."""
    reader = Reader(memo_of(b""), largest=1_000)
    messages = iter(cut("A" * 100_000, 100))
    with pytest.raises(Hcs1Error, match="more than a file of 1,000 bytes"):
        deque(map(reader.add, messages), maxlen=0)
    assert next(messages, None) is not None
    assert sum(map(len, reader._pieces.values())) < 4_000


CONTENTS = bytes(range(256)) * 40
MEMO, MESSAGES = memo_of(CONTENTS), cut(packed(CONTENTS), 60)


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda them: them[:1] + them[2:], "piece 1 is missing"),
        (lambda them: them[1:], "piece 0 is missing"),
        (lambda them: them[:-1], "not whole|no base64"),
        (lambda _: [], "piece 0 is missing"),
        (lambda them: [*them, them[1].replace(b'"c": "', b'"c": "A')], "two different pieces 1"),
        (lambda _: cut(packed(CONTENTS + b"x")), "the SHA-256 is"),
        (lambda _: cut("data:application/json;base64,%%%"), "no base64"),
        (lambda _: cut("data:application/json," + "A" * 100), "not the beginning of a data URL"),
        (lambda _: cut(b64encode(b"not compressed").decode()), "no zstd frame"),
        (lambda _: cut(b64encode(zstd.compress(CONTENTS) + b"tail").decode()), "something follows"),
        (lambda _: cut(b64encode(zstd.compress(CONTENTS)[:-5]).decode()), "not whole"),
    ],
)
def test_what_is_not_whole_is_refused(damage: Callable[[list[bytes]], list[bytes]], why: str) -> None:
    """In one line that says why."""
    with pytest.raises(Hcs1Error, match=why) as refused:
        from_messages(MEMO, damage(MESSAGES))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("memo", ["", "a model", f"{'g' * 64}:zstd:base64", f"{'a' * 64}:brotli:base64", MEMO + " "])
def test_another_memo_is_refused(memo: str) -> None:
    """Whose topic it is not."""
    with pytest.raises(Hcs1Error, match="memo"):
        from_messages(memo, MESSAGES)


@given(st.binary(max_size=300))
def test_no_message_is_an_error_by_itself(message: bytes) -> None:
    """What is no piece is somebody else's."""
    found = from_messages(MEMO, [*MESSAGES, message, b"[" * 100_000, b'{"o":1e400,"c":""}', b'{"o":0,"c":null}'])
    assert (found.contents, found.foreign) == (CONTENTS, 4)


@pytest.mark.parametrize(
    ("mime_type", "size"), [('a"b/c', 1_024), ("json", 1_024), ("a/b,c", 1_024), ("a/b", 1_025), ("a/b", 9)]
)
def test_what_no_reader_could_read_is_not_written(mime_type: str, size: int) -> None:
    """Types that break the JSON or the data URL, and messages that would be cut in two."""
    with pytest.raises(ValueError, match=r"choose|use one"):
        to_messages(b"", mime_type, size)
