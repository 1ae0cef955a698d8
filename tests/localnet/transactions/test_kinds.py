"""What all kinds of transactions have in common, and what of a body says whom it is about."""

from __future__ import annotations

from typing import Any

import pytest

from localnet import pb
from localnet.protocol.status import RefusedError
from localnet.state.genesis import create_state
from localnet.transactions import HANDLERS
from localnet.transactions.create_account import CreateAccount
from localnet.transactions.handler import TransactionHandler
from localnet.transactions.named_entity import target_of
from localnet.transactions.transfer import Transfer
from tests.localnet.ecdsa import EcdsaKey
from tests.localnet.state_at_genesis import account_id

FUNCTIONALITIES = set(pb.HederaFunctionality.keys())


@pytest.mark.parametrize("kind", HANDLERS.values(), ids=HANDLERS)
def test_a_kind_is_called_as_the_network_calls_it(kind: TransactionHandler) -> None:
    """By its field of a body, its functionality, and the field of the receipt."""
    assert kind.field in {field.name for field in pb.TransactionBody.DESCRIPTOR.oneofs_by_name["data"].fields}
    assert kind.functionality in FUNCTIONALITIES
    assert kind.name == kind.field.upper()
    assert kind.kind == (kind.field, kind.name, kind.receipt_field)
    if kind.receipt_field:
        assert kind.receipt_field in {field.name for field in pb.TransactionReceipt.DESCRIPTOR.fields}


def test_a_transfer_that_makes_accounts_is_throttled_as_that_many_creations() -> None:
    """Anything else counts as one of itself."""
    state = create_state(0, (3,))
    entries: list[dict[str, Any]] = [{"accountID": account_id(1001), "amount": -2}]
    entries += [{"accountID": pb.AccountID(alias=EcdsaKey().alias), "amount": 1} for _ in range(2)]
    data = pb.TransactionBody(cryptoTransfer={"transfers": {"accountAmounts": entries}}).cryptoTransfer
    assert Transfer().throttled_as(data, state) == (CreateAccount.functionality, 2)
    assert CreateAccount().throttled_as(None, state) == ("CryptoCreate", 1)
    assert (CreateAccount().surcharge(None, state), Transfer().surcharge(data, state)) == (0, 0)


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("consensusDeleteTopic", "INVALID_TOPIC_ID"),
        ("consensusUpdateTopic", "INVALID_TOPIC_ID"),
        ("consensusSubmitMessage", "INVALID_TOPIC_ID"),
        ("fileAppend", "INVALID_FILE_ID"),
        ("cryptoDelete", "ACCOUNT_ID_DOES_NOT_EXIST"),
        ("cryptoUpdateAccount", "ACCOUNT_ID_DOES_NOT_EXIST"),
    ],
)
def test_what_names_nobody_is_refused_at_precheck(kind: str, status: str) -> None:
    """By its own part of the body."""
    with pytest.raises(RefusedError, match=status):
        HANDLERS[kind].check_body(pb.TransactionBody(**{kind: {}}))


@pytest.mark.parametrize(
    ("field", "data", "target"),
    [
        ("consensusSubmitMessage", {"topicID": {"topicNum": 7}}, 7),
        ("consensusUpdateTopic", {"topicID": {"topicNum": 7}}, 7),
        ("cryptoDelete", {"deleteAccountID": {"accountNum": 8}, "transferAccountID": {"accountNum": 9}}, 8),
        ("cryptoUpdateAccount", {"accountIDToUpdate": {"accountNum": 8}}, 8),
        ("fileAppend", {"fileID": {"fileNum": 9}}, 9),
        ("fileAppend", {"fileID": {"realmNum": 1, "fileNum": 9}}, (1 << 38) + 9),
        ("fileAppend", {"fileID": {"fileNum": 1 << 39}}, 0),
        ("fileCreate", {}, 0),
        ("cryptoTransfer", {}, 0),
    ],
)
def test_the_entity_that_a_body_names(field: str, data: dict[str, Any], target: int) -> None:
    """Encoded if it is elsewhere; nothing where something was to be created, or is too large to be an id."""
    assert target_of(field, getattr(pb.TransactionBody(**{field: data}), field)) == target
