"""The embedded Hedera network: a process of its own, spoken to only over the wire.

process/         the options, the ports, all parts put together, and the end of the process
control/         the API that tells what happened and takes faults, and the page for people
node/            a consensus node: from the bytes of a call to its answer
queries/         one file per kind of query
consensus/       from an accepted transaction to a handled one: its time, its fee, its effect
ledger/          what becomes of handled transactions: ledger, state file, and the way on to the mirror
relay/           the JSON-RPC relay
mirror/          the mirror node
faults/          what goes wrong on command
throttles/       how much a node takes
transactions/    one file per kind of transaction, and a transaction's stages (stages.py)
state/           accounts, topics and files, what they began with, and prices
protocol/        ids, status codes, keys and hashes, as they are on the wire
clock.py, rolling_list.py, interning.py, pb.py  time, lists that forget, equal values as one, the protobuf messages

Each imports only what stands below it (`lint-imports`). docs/architecture.md follows one submit through them.
"""
