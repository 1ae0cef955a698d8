"""The embedded Hedera network: a process of its own, spoken to only over the wire.

process/         options, ports, composition of all parts, and the end of the process
control/         the control API (ledger and faults), and the status page
node/            a consensus node: from the bytes of a call to its answer
queries/         one file per kind of query
consensus/       from an accepted transaction to a handled one: timestamp, fee, effect
ledger/          where handled transactions go: ledger, state file, mirror
relay/           the JSON-RPC relay
mirror/          the mirror node
faults/          injected faults
throttles/       the network's rate limits
transactions/    one file per kind of transaction, and a transaction's stages (stages.py)
state/           accounts, topics and files, their genesis, and prices
protocol/        ids, status codes, keys and hashes, as they are on the wire
clock.py, rolling_list.py, interning.py, pb.py  time, lists that forget, interning, the protobuf messages

Each imports only what stands below it (`lint-imports`). docs/architecture.md follows one submit through them.
"""
