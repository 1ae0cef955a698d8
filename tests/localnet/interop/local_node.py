"""The official Python SDK as it comes, with the name of a network; prints one line of JSON.

python local_node.py NETWORK ACCOUNT KEY
"""

from __future__ import annotations

import json
import sys

from hiero_sdk_python import (
    AccountId,
    Client,
    FeeEstimateQuery,
    PrivateKey,
    TopicCreateTransaction,
    TopicMessageSubmitTransaction,
)
from hiero_sdk_python.client.network import Network


def main(network: str, operator: str, secret: str) -> None:
    """Create a topic, submit to it, and ask what that would cost."""
    client = Client(Network(network))
    client.set_operator(AccountId.from_string(operator), PrivateKey.from_string(secret))
    topic = TopicCreateTransaction().execute(client).topic_id
    receipt = TopicMessageSubmitTransaction(topic_id=topic, message="found").execute(client)
    message = TopicMessageSubmitTransaction(topic_id=topic, message="and this?").freeze_with(client)
    estimate = FeeEstimateQuery().set_transaction(message).execute(client)
    print(json.dumps({"sequence": receipt.topic_sequence_number, "estimate": estimate.total > 0}))
    client.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
