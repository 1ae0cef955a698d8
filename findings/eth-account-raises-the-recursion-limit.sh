#!/usr/bin/env bash
# Importing eth-account raises Python's recursion limit a hundredfold, for the whole process.
#
# Version: eth-account 0.14.0 (with py-ecc 8.0.0, which it depends on through eth-keyfile), Python 3.11.
# What is done: `from eth_account import Account`, as its documentation shows; the recursion limit is read before and after.
# What happens: the limit is 1,000 before and 100,000 after: py_ecc sets it at its import, and nobody sets it back. The limit
#   is there to turn too deep a recursion into a RecursionError before the C stack is used up. In a test suite that had
#   imported eth-account, a test of input that is refused with a RecursionError everywhere else ended the interpreter.
# Output seen:
#   recursion limit before 1000, after 100000
# Ends with 1 if that has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check eth-account==0.14.0 eth-keyfile==0.10.0 py-ecc==8.0.0
cat >run.py <<'END'
import sys

before = sys.getrecursionlimit()
from eth_account import Account

after = sys.getrecursionlimit()
print(f"recursion limit before {before}, after {after}")
assert Account.create().address.startswith("0x")
sys.exit(0 if after > before else 1)
END
venv/bin/python run.py
