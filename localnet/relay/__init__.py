"""The JSON-RPC relay for Ethereum tools, answered from the mirror; transfers go to the nodes.

server.py      HTTP: paths, headers, status codes
rpc.py         JSON-RPC: single requests, batches, errors
methods.py     the table of methods, one line each; blocks.py, transactions.py, accounts.py, gas.py, logs.py and
               hashing.py answer them
sending.py     eth_sendRawTransaction, after prechecks.py; pool.py knows what is on its way
parameters.py  checks of parameters
limits.py      rate limits per address and method
failures.py    injected faults
errors.py      codes and messages

Codes, messages, shapes and limits are those of hiero-ledger/hiero-json-rpc-relay (src/server and src/relay).
"""
