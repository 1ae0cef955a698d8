"""The JSON-RPC relay for Ethereum tools, answered from the mirror.

server.py      HTTP: paths, headers, status codes
rpc.py         JSON-RPC: single requests, batches, errors
methods.py     the table of methods, one line each; blocks.py, accounts.py and gas.py answer them
parameters.py  checks of parameters
limits.py      rate limits per address and method
failures.py    injected faults
errors.py      codes and messages

Codes, messages, shapes and limits are those of hiero-ledger/hiero-json-rpc-relay (src/server and src/relay).
"""
