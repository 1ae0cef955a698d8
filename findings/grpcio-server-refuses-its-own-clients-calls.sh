#!/usr/bin/env bash
# A grpcio server that allows few calls per connection resets a third of the calls of grpcio's own client.
#
# Version: grpcio 1.85.1, Python 3.11.
# What is done: a grpcio server with the option grpc.max_concurrent_streams=3 answers at once; one grpcio client with one
#   connection is used by forty threads, each of which makes one ordinary call, of ten bytes; ten times over. Then the
#   same without the option.
# What happens: the server's SETTINGS name the limit, and the client is of the same library; yet the server resets many of
#   its calls with REFUSED_STREAM (error code 7), nobody repeats them, and the callers are told UNAVAILABLE. Why was not
#   looked into.
# Output seen:
#   3 calls per connection: 246 answered, 154 UNAVAILABLE: Stream removed (RST_STREAM (Received RST_STREAM with error
#   code 7))
#   no limit: 400 answered
# Ends with 1 if that has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check grpcio==1.85.1
cat >run.py <<'END'
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import grpc

CALLS, ROUNDS = 40, 10


class Echo(grpc.GenericRpcHandler):
    def service(self, details):
        return grpc.unary_unary_rpc_method_handler(lambda request, context: request)


def call(method):
    try:
        method(b"0123456789", timeout=10, wait_for_ready=True)
    except grpc.RpcError as error:
        return f"{error.code().name}: {error.details()}"
    return "answered"


def outcomes(limit):
    options = [("grpc.max_concurrent_streams", limit)] if limit else []
    server = grpc.server(ThreadPoolExecutor(CALLS), handlers=[Echo()], options=options)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    told = Counter()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel, ThreadPoolExecutor(CALLS) as threads:
        grpc.channel_ready_future(channel).result(10)
        method = channel.unary_unary("/test.Echo/echo")
        for _ in range(ROUNDS):
            told.update(threads.map(call, [method] * CALLS))
    server.stop(None).wait()
    return told


few, any_number = outcomes(3), outcomes(None)
for name, told in (("3 calls per connection", few), ("no limit", any_number)):
    print(f"{name}: " + ", ".join(f"{count} {word}" for word, count in told.most_common()))
refused = sum(count for word, count in few.items() if word.startswith("UNAVAILABLE"))
sys.exit(0 if refused > 0 and set(any_number) == {"answered"} else 1)
END
venv/bin/python run.py
