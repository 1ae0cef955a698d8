"""The network's genesis: accounts, nodes and system files.

The operator's key is public on purpose, so that anyone can point any client at this network. It is worth nothing
anywhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from localnet import pb
from localnet.clock import NANOS
from localnet.protocol.keys import compile_key
from localnet.state.entities import Account, File, State
from localnet.state.fees import ExchangeRate

USUAL_RATE: Final = ExchangeRate()

LEDGER_ID: Final = b"\x03"
"""The ledger id of local networks (LedgerConfig.java)."""

TINYBARS: Final = 100_000_000
TOTAL_HBAR: Final = 50_000_000_000
OPERATOR_HBAR: Final = 1_000_000_000
NODE_HBAR: Final = 1_000

_ED25519_DER_PREFIX: Final = "302e020100300506032b657004220420"

OPERATOR_NUMBER: Final = 1001
OPERATOR_KEY: Final = _ED25519_DER_PREFIX + "6c6f63616c6e65742d6f70657261746f722d6b65792d7075626c69632d303031"
"""Ed25519 private key (DER, hex) of the operator, account 0.0.1001.

Its seed is the ASCII text `localnet-operator-key-public-001`.
"""

TREASURY_NUMBER: Final = 2
TREASURY_KEY: Final = _ED25519_DER_PREFIX + "91132178e72057a1d7528025956fe39b0b847f200ab59b2fdd367017f3087137"
"""The key that every local Hedera network gives to 0.0.2 (published with Solo and the local node)."""

SYSTEM_NUMBERS: Final = (50, 98, 800, 801, 802)
"""The system administrator, and the accounts that fees and rewards go through."""
ADDRESS_BOOK_FILE: Final = 101
NODE_DETAILS_FILE: Final = 102
EXCHANGE_RATE_FILE: Final = 112
_NEVER_S: Final = 4_102_444_800  # 2100-01-01
_LIFETIME_S: Final = 7_890_000


@dataclass(frozen=True, slots=True)
class NodeEntry:
    """A consensus node in the address book: `number` is its account's, `node_id` counts from 0.

    `tls_port` is 0 where it speaks plain text only; `certificate_hash` is the SHA-384 of its certificate as 96
    hexadecimal digits, or "".
    """

    number: int
    node_id: int
    host: str
    port: int
    tls_port: int = 0
    certificate_hash: str = ""

    @property
    def address(self) -> str:
        """`host:port` of its gRPC service."""
        return f"{self.host}:{self.port}"

    @property
    def tls_address(self) -> str:
        """`host:port` of its gRPC service by TLS."""
        return f"{self.host}:{self.tls_port}"

    @property
    def ports(self) -> tuple[int, ...]:
        """Its ports as the address book lists them: plain text first, because SDKs take the first."""
        return (self.port, self.tls_port) if self.tls_port else (self.port,)

    @property
    def ip_address(self) -> str:
        """Its IP address, or "" where the host is a name."""
        return self.host if self.host.replace(".", "").isdigit() else ""


def create_state(now_ns: int, node_numbers: tuple[int, ...], rate: ExchangeRate = USUAL_RATE) -> State:
    """The state at genesis: treasury, system accounts, node accounts and the operator."""
    state = State(rate, len(node_numbers))
    for number in (*SYSTEM_NUMBERS, *node_numbers, TREASURY_NUMBER):
        _add_account(state, number, TREASURY_KEY, NODE_HBAR * TINYBARS if number in node_numbers else 0, now_ns)
    operator = state.new_number()
    assert operator == OPERATOR_NUMBER
    _add_account(state, operator, OPERATOR_KEY, OPERATOR_HBAR * TINYBARS, now_ns)
    rest = TOTAL_HBAR * TINYBARS - sum(account.balance for account in state.accounts.values())
    state.accounts[TREASURY_NUMBER].balance = rest
    return state


def add_system_files(state: State, nodes: list[NodeEntry], rate: ExchangeRate, others: dict[int, bytes]) -> None:
    """Store address book and exchange rate, once the nodes' ports are known, and `others` by their numbers."""
    book = address_book(nodes).SerializeToString()
    for number, contents in (
        (ADDRESS_BOOK_FILE, book),
        (NODE_DETAILS_FILE, book),
        (EXCHANGE_RATE_FILE, rate.to_proto().SerializeToString()),
        *others.items(),
    ):
        state.files[number] = File(number, None, None, _NEVER_S, contents=bytearray(contents))


def address_book(nodes: list[NodeEntry]) -> Any:
    """The protobuf `NodeAddressBook`."""
    return pb.NodeAddressBook(nodeAddress=[node_address(node) for node in nodes])


def node_address(node: NodeEntry) -> Any:
    """The protobuf `NodeAddress` of one node; its certificate hash is the text of the hexadecimal digits."""
    return pb.NodeAddress(
        nodeId=node.node_id,
        nodeAccountId=pb.AccountID(accountNum=node.number),
        nodeCertHash=node.certificate_hash.encode(),
        serviceEndpoint=[_endpoint(node, port) for port in node.ports],
        description=f"Embedded node {node.node_id}",
    )


def _endpoint(node: NodeEntry, port: int) -> Any:
    endpoint = pb.ServiceEndpoint(port=port)
    if node.ip_address:
        endpoint.ipAddressV4 = bytes(int(part) for part in node.ip_address.split("."))
    else:
        endpoint.domain_name = node.host
    return endpoint


def _add_account(state: State, number: int, private_key: str, balance: int, now_ns: int) -> None:
    seed = bytes.fromhex(private_key.removeprefix(_ED25519_DER_PREFIX))
    key = pb.Key(ed25519=Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw())
    state.put_account(
        Account(
            number=number,
            key=key,
            compiled=compile_key(key),
            balance=balance,
            created_ns=now_ns,
            auto_renew_period=_LIFETIME_S,
            expiration_s=now_ns // NANOS + _LIFETIME_S,
        )
    )
