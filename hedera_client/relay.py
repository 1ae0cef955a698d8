"""The JSON-RPC relay: Hedera as Ethereum's tools see it. Single calls over HTTP; it retries nothing."""

from __future__ import annotations

import itertools
import re
from typing import Any, Final, NoReturn

import requests

from config.secrets import without_secrets
from hedera_client.errors import RelayError
from hedera_client.http_client import HttpClient, cause
from hedera_client.status import (
    RELAY_RATE_LIMITED,
    RELAY_TIMEOUT,
    RELAY_UNREACHABLE,
    RELAY_UNREADABLE,
    RPC_RATE_LIMITED,
    relay_error,
)

WRITING: Final = "eth_sendRawTransaction"
"""The only method of the relay that changes the network; any other may be called again whatever became of it."""

BATCH: Final = "a batch"
"""What several calls in one request are called."""

READINESS: Final = "/health/readiness"
"""Where a relay says whether it is ready (hiero-json-rpc-relay, `server.ts`)."""

_QUANTITY: Final = re.compile(r"0x[0-9a-fA-F]+")
_REQUEST_ID: Final = re.compile(r"^\[Request ID: [^\]]*\] ")
_OK: Final = 200
_TOO_MANY_REQUESTS: Final = 429
_NOT_READY: Final = 503


def says_nonce_is_used(error: RelayError) -> bool:
    """Whether an error says that a transaction with this nonce was carried out or is on its way: maybe the same one."""
    return error.status == "RPC_-32000" and "Nonce too low" in str(error)


class Relay:
    """Calls one JSON-RPC relay.

    Its HTTP connections are opened on first use and belong to the process that uses them. Safe for threads and
    greenlets.

    Args:
        url: Where it takes calls, e.g. `https://testnet.hashio.io/api`.
        timeout: Seconds to connect, and again between two parts of an answer. A call's own `timeout` never exceeds it.

    All methods raise RelayError where the relay does not answer as asked; docs/errors.md has the table. What has only
    been read is never of unknown fate.
    """

    def __init__(self, url: str, timeout: float = 10.0) -> None:
        self.url = url.rstrip("/")
        self._timeout = timeout
        self._http = HttpClient()
        self._ids = itertools.count(1)

    def call(self, method: str, *params: Any, timeout: float | None = None) -> Any:
        """Call a method of JSON-RPC 2.0 and return its result as it is.

        Args:
            method: E.g. `eth_getBlockByNumber`.
            params: What JSON can hold.
            timeout: Seconds, where the caller has fewer than the client's own.
        """
        number = next(self._ids)
        request = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        response = self._send("POST", self.url, method, timeout, json=request)
        return self._result(method, number, response)

    def block_number(self, timeout: float | None = None) -> int:
        """Number of the newest block."""
        return self._quantity("eth_blockNumber", timeout=timeout)

    def gas_price(self, timeout: float | None = None) -> int:
        """Weibars of one unit of gas (10,000,000,000 weibars are a tinybar)."""
        return self._quantity("eth_gasPrice", timeout=timeout)

    def chain_id(self, timeout: float | None = None) -> int:
        """Which network it is: 295 mainnet, 296 testnet, 297 previewnet, 298 local ones."""
        return self._quantity("eth_chainId", timeout=timeout)

    def balance(self, address: str, timeout: float | None = None) -> int:
        """Weibars of an account, as of the newest block; 0 for one that does not exist.

        Args:
            address: Its EVM address or the long-zero form of its number, `0x` and 40 hexadecimal digits.
            timeout: As for `call`.
        """
        return self._quantity("eth_getBalance", address, "latest", timeout=timeout)

    def nonce(self, address: str, timeout: float | None = None) -> int:
        """Number of an account's next Ethereum transaction, after those on their way; 0 for one that does not exist."""
        return self._quantity("eth_getTransactionCount", address, "pending", timeout=timeout)

    def send(self, raw: str, timeout: float | None = None) -> str:
        """Have a signed transaction carried out; returns its hash.

        Args:
            raw: Its bytes, `0x` and hexadecimal digits.
            timeout: As for `call`.
        """
        return str(self.call(WRITING, raw, timeout=timeout))

    def receipt(self, digest: str, timeout: float | None = None) -> dict[str, Any] | None:
        """The receipt of a transaction by its hash; None while there is none."""
        found = self.call("eth_getTransactionReceipt", digest, timeout=timeout)
        if found is not None and not isinstance(found, dict):
            self._refuse("eth_getTransactionReceipt", RELAY_UNREADABLE, f"{found!r:.100} is no receipt", _OK)
        return found

    def fee_history(self, blocks: int, timeout: float | None = None) -> dict[str, Any]:
        """Prices of gas of the newest blocks."""
        return dict(self.call("eth_feeHistory", hex(blocks), "latest", [], timeout=timeout))

    def logs(self, address: str, blocks: int, timeout: float | None = None) -> list[Any]:
        """What a contract has logged in the newest blocks."""
        newest = self.block_number(timeout)
        wanted = {"address": address, "fromBlock": hex(max(newest - blocks, 0)), "toBlock": hex(newest)}
        return list(self.call("eth_getLogs", wanted, timeout=timeout))

    def batch(self, *calls: tuple[str, list[Any]], timeout: float | None = None) -> list[Any]:
        """Call several methods in one request, and return their results in order; an error of one is raised."""
        numbers = [next(self._ids) for _ in calls]
        asked = [
            {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
            for number, (method, params) in zip(numbers, calls, strict=True)
        ]
        response = self._send("POST", self.url, BATCH, timeout, json=asked)
        try:
            answers = response.json()
        except ValueError:
            answers = None
        if not isinstance(answers, list) or len(answers) != len(calls):
            self._judge(BATCH, answers if isinstance(answers, dict) else {}, response)
            self._refuse(BATCH, RELAY_UNREADABLE, f"it holds no {len(calls)} answers", response.status_code)
        by_number = {answer.get("id"): answer for answer in answers if isinstance(answer, dict)}
        return [
            self._judged(method, number, by_number.get(number, {}), response)
            for number, (method, _) in zip(numbers, calls, strict=True)
        ]

    def ready(self, timeout: float | None = None) -> bool:
        """Whether it says that it is ready for calls."""
        response = self._send("GET", self.url + READINESS, READINESS, timeout)
        if response.status_code not in (_OK, _NOT_READY):
            self._refuse(READINESS, f"HTTP_{response.status_code}", response.reason, response.status_code)
        return response.status_code == _OK

    def close(self) -> None:
        """Close this process's connections; a later call opens new ones."""
        self._http.close()

    def _send(self, verb: str, url: str, method: str, timeout: float | None, **options: Any) -> requests.Response:
        allowed = self._timeout if timeout is None else min(timeout, self._timeout)
        try:
            # A POST that is redirected would go on as a GET.
            return self._http.request(verb, url, timeout=allowed, allow_redirects=False, **options)
        except requests.RequestException as error:
            status = RELAY_TIMEOUT if isinstance(error, requests.Timeout) else RELAY_UNREACHABLE
            raise self._error(method, status, cause(error)) from error

    def _result(self, method: str, number: int, response: requests.Response) -> Any:
        """The result that an answer holds.

        An error is recognised by its code before its HTTP status: the relay sends both, and the code says more.
        """
        return self._judged(method, number, _object(response), response)

    def _judged(self, method: str, number: int, answer: dict[str, Any], response: requests.Response) -> Any:
        self._judge(method, answer, response)
        if "result" not in answer or answer.get("id") != number:
            self._refuse(method, RELAY_UNREADABLE, f"it holds no result for request {number}", response.status_code)
        return answer["result"]

    def _judge(self, method: str, answer: dict[str, Any], response: requests.Response) -> None:
        """Raise what an answer says is wrong, if it does."""
        http_status = response.status_code
        code, message = _rpc_error(answer)
        if http_status == _TOO_MANY_REQUESTS or code == RPC_RATE_LIMITED:
            self._refuse(method, RELAY_RATE_LIMITED, message or response.reason, http_status)
        if code is not None:
            self._refuse(method, f"RPC_{code}", message, http_status)
        if http_status != _OK:
            self._refuse(method, f"HTTP_{http_status}", response.reason, http_status)

    def _quantity(self, method: str, *params: Any, timeout: float | None) -> int:
        """Call a method whose result is a number, written as `0x` and hexadecimal digits."""
        result = self.call(method, *params, timeout=timeout)
        if not isinstance(result, str) or not _QUANTITY.fullmatch(result):
            self._refuse(method, RELAY_UNREADABLE, f"{result!r:.100} is not a quantity", _OK)
        return int(result, 16)

    def _refuse(self, method: str, status: str, details: str, http_status: int) -> NoReturn:
        raise self._error(method, status, details, http_status)

    def _error(self, method: str, status: str, details: str, http_status: int | None = None) -> RelayError:
        reading, url = method != WRITING, without_secrets(self.url)
        return relay_error(status, details, url=url, action=method, http_status=http_status, reading=reading)


def _object(response: requests.Response) -> dict[str, Any]:
    """The JSON object that an answer is; an empty one where it is none."""
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _rpc_error(answer: dict[str, Any]) -> tuple[int | None, str]:
    """Code and message of an answer's error; None and "" where it holds none that can be read.

    The message is without the request's id, which the relay puts before it: equal errors shall read alike.
    """
    error = answer.get("error")
    if not isinstance(error, dict) or not isinstance(error.get("code"), int):
        return None, ""
    return error["code"], _REQUEST_ID.sub("", str(error.get("message", "")))
