"""Hashes on request (RELAY:src/relay/lib/web3.ts)."""

from __future__ import annotations

from Crypto.Hash import keccak

from localnet.relay.chain import Chain
from localnet.relay.errors import internal_error


def sha3(_: Chain, data: str) -> str:
    """The keccak-256 of bytes in hex.

    Raises:
        RpcError: the number of hex digits is odd (-32603).
    """
    if len(data) % 2:
        raise internal_error()
    return "0x" + keccak.new(digest_bits=256, data=bytes.fromhex(data[2:])).hexdigest()
