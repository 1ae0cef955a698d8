"""The embedded Hedera network: a process of its own, spoken to only over the wire.

network.py       puts everything together
node.py          the gRPC face of a consensus node; gateway.py is what it does with the bytes
reading.py, ingest.py, consensus.py        the way of a transaction
transactions/, queries/                    one file per kind
state.py, record_cache.py, ledger.py       what is remembered
mirror/          the mirror node
control.py       the API that tells the truth about what happened
"""
