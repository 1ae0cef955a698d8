"""The table of wrong configurations: what is typed, and what the one line that refuses it has to say."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

HASH: Final = "ab" * 48
NETWORK: Final = {
    "nodes": {"127.0.0.1:50211": "0.0.3"},
    "mirror_rest": "http://127.0.0.1:5551",
    "mirror_grpc": "127.0.0.1:5600",
}
KEY: Final = "302e020100300506032b657004220420" + "ab" * 32
PUBLIC: Final = "302a300506032b6570032100" + "ab" * 32
OPERATOR: Final = {"OPERATOR_ID": "0.0.1002", "OPERATOR_KEY": KEY}
PASSWORD: Final = "swordfish"


@dataclass(frozen=True)
class Wrong:
    """One wrong configuration.

    Attributes:
        name: What is wrong with it.
        typed: The options; `{tmp}` is a folder of the test's own, `{taken}` a port on which somebody listens, `{free}`
            one on which nobody does.
        says: What the line has to hold: option or file, value, remedy.
        environment: Variables that are set.
        files: Files of the folder, by name: text, or what JSON can hold.
        real: Whether it is typed as a command of its own too, and not only judged by the code that the command runs.
        headless: Whether `--headless` is typed before it.
    """

    name: str
    typed: str
    says: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    files: dict[str, Any] = field(default_factory=dict)
    real: bool = False
    headless: bool = True

    def write_files(self, folder: Path) -> None:
        """Make its files."""
        for name, content in self.files.items():
            (folder / name).write_text(content if isinstance(content, str) else json.dumps(content))


def network(name: str, says: tuple[str, ...], *, real: bool = False, text: str = "", **changes: Any) -> Wrong:
    """A network file with something wrong in it."""
    return Wrong(
        f"network file: {name}",
        "--network custom --network-file {tmp}/net.json",
        ("--network-file", "net.json", *says),
        OPERATOR,
        {"net.json": text or {**NETWORK, **changes}},
        real,
    )


def baseline(name: str, code: str, says: tuple[str, ...], *, real: bool = False) -> Wrong:
    """A baseline of the user's own that cannot be one."""
    return Wrong(
        f"baseline: {name}",
        "--baseline python:baseline_of_a_test:write",
        ("--baseline 'python:baseline_of_a_test:write'", *says),
        {"PYTHONPATH": "{tmp}"},
        {"baseline_of_a_test.py": code},
        real,
    )


def option(typed: str, *says: str, real: bool = False) -> Wrong:
    """An option with a wrong value, or several that do not go together."""
    return Wrong(typed, typed, says, real=real)


OPTIONS: Final = (
    option("--network tesnet", "--network 'tesnet'", "choose one of localnet", real=True),
    option("--confirm sure", "--confirm 'sure'", "choose one or more of queued"),
    option("--attempts many", "--attempts 'many'", "integer"),
    option("--attempts 0", "--attempts '0'", "greater than or equal to 1"),
    option("--message-bytes 10", "--message-bytes '10'", "greater than or equal to 192"),
    option("--message-bytes 1e99", "--message-bytes '1e99'", "integer"),
    option("--model-bytes 0", "--model-bytes '0'", "greater than or equal to 1"),
    option("--chunk-bytes 6000", "--chunk-bytes '6000'", "less than or equal to 5800"),
    option("--think-time -1", "--think-time '-1'", "greater than or equal to 0"),
    option("--arrival-rate fast", "--arrival-rate 'fast'", "number"),
    option("--arrival-rate 50/min", "--arrival-rate '50/min'", "number"),
    option("--arrival-rate 5 --least-rate 101", "--least-rate '101'", "less than or equal to 100"),
    option("--watch-pid x", "--watch-pid 'x'", "give ids of processes"),
    option("--watch-metrics host:9090", "--watch-metrics 'host:9090'", "give URLs of Prometheus metrics"),
    option("--arrivals sometimes", "--arrivals 'sometimes'", "choose one of constant, poisson"),
    option("--arrivals poisson", "--arrivals 'poisson'", "give a rate too", real=True),
    option("--backoff 10", "--backoff 10", "--backoff-max 8", "raise that too", real=True),
    option("--backoff-max -1", "--backoff-max '-1'", "greater than or equal to 0"),
    option("--retry-budget -5", "--retry-budget '-5'", "greater than or equal to 0"),
    option("--deadline soon", "--deadline 'soon'", "number"),
    option("--deadline nan", "--deadline 'nan'"),
    option("--queue -1", "--queue '-1'", "greater than or equal to 0"),
    option("--queue 0 --confirm queued", "--queue 0", "--confirm queued", "let it hold some"),
    option("--queue-expiry 0", "--queue-expiry '0'", "greater than 0"),
    option("--rate-limit on", "--rate-limit 'on'", "choose one of off, network"),
    option("--concurrency some", "--concurrency 'some'", "use off, adaptive or a number"),
    option("--node-choice best", "--node-choice 'best'", "choose one of round-robin"),
    option("--node-list mine", "--node-list 'mine'", "choose one of auto"),
    option("--transport http3", "--transport 'http3'", "choose one of http2, grpc"),
    option("--valid-duration 5", "--valid-duration '5'", "greater than or equal to 16"),
    option("--breaker-failures 0", "--breaker-failures '0'", "greater than or equal to 1"),
    option("--breaker-recovery 0", "--breaker-recovery '0'", "greater than 0"),
    option("--breaker-trials 0", "--breaker-trials '0'", "greater than or equal to 1"),
    option("--breaker-storage localhost", "--breaker-storage 'localhost'", "redis://localhost:6379/0"),
    option("--breaker-storage redis://h:http", "--breaker-storage 'redis://h:http'", "redis://localhost:6379/0"),
    option("--breaker-storage redis://h/zero", "--breaker-storage 'redis://h/zero'", "redis://localhost:6379/0"),
    option(f"--breaker-storage redis://:{PASSWORD}'@h", "--breaker-storage", """write "'" in it as %27"""),
    option(
        f"--breaker-storage redis://:{PASSWORD}@127.0.0.1:{{free}}/0",
        "--breaker-storage 'redis://…@127.0.0.1:",
        "refused",
        "start it, or leave the option out",
        real=True,
    ),
    option("--rpc-timeout 0", "--rpc-timeout '0'", "greater than 0"),
    option("--confirm-timeout 0", "--confirm-timeout '0'", "greater than 0"),
    option("--receipt-interval 0", "--receipt-interval '0'", "greater than or equal to 0.001"),
    option("--receipt-interval 5 --confirm-timeout 2", "--receipt-interval 5", "--confirm-timeout 2", "make it longer"),
    option("--audit-timeout -1", "--audit-timeout '-1'", "greater than or equal to 0"),
    option("--localnet-latency slow", "--localnet-latency 'slow'", "choose one of standard"),
    option(
        "--localnet-latency instant --localnet-consensus-delay 1",
        "--localnet-consensus-delay 1",
        "--localnet-latency 'instant'",
        "leave one of the two out",
        real=True,
    ),
    option("--localnet-consensus-delay 61", "--localnet-consensus-delay '61'", "less than or equal to 60"),
    option("--localnet-throttles none", "--localnet-throttles 'none'", "choose mainnet, testnet, off, or rates"),
    option("--localnet-faults {tmp}/none.json", "--localnet-faults", "none.json", "name a JSON file"),
    Wrong(
        "faults that are no list",
        "--localnet-faults {tmp}/faults.json",
        ("--localnet-faults", "faults.json", "must hold a JSON list"),
        files={"faults.json": {}},
    ),
    Wrong(
        "faults on a network that cannot be broken",
        "--localnet-faults {tmp}/faults.json --network testnet",
        ("--localnet-faults", "needs --network localnet"),
        files={"faults.json": []},
    ),
    option("--max-fee 1e-9", "--max-fee '1e-9'", "one tinybar", "0 for no bound"),
    option("--max-fee -1", "--max-fee '-1'", "greater than or equal to 0"),
    option("--max-fee nan", "--max-fee 'nan'"),
    option("--attempts 99999999999999999999", "less than or equal to 50"),
    option("--connections 0x10", "--connections '0x10'", "integer"),
    option("--concurrency \u0661", "use off, adaptive or a number"),
    option("--arrival-rate inf", "--arrival-rate 'inf'", "less than or equal to 100000"),
    option("--arrival-rate 5/s/s", "--arrival-rate '5/s'", "number"),
    option("--audit-timeout 1e400", "--audit-timeout '1e400'", "less than or equal to 3600"),
    option("--confirm ,", "--confirm ','", "choose one or more of queued"),
    option("--network TESTNET", "--network 'TESTNET'", "choose one of localnet"),
    option("--seed -1", "--seed '-1'", "greater than or equal to 0"),
    option("--baseline sqlit", "--baseline 'sqlit'", "use sqlite, http:URL"),
    option("--baseline fixed:51", "--baseline 'fixed:51'", "fixed:51ms"),
    option("--baseline http:", "--baseline 'http:'", "http:URL"),
    option("--with-hedera sqlite", "--with-hedera 'sqlite'", "use http:URL or python:package.module:callable"),
    option("--with-hedera fixed:51ms", "--with-hedera 'fixed:51ms'", "use http:URL or python:"),
    option("--with-hedera http://h", "--with-hedera 'http://h'", "a local database", "--baseline http:URL", real=True),
    option(
        "--with-hedera python:os:sep --baseline fixed:1ms", "--with-hedera 'python:os:sep'", "it is str, no function"
    ),
    option("--baseline http://h:99999", "--baseline 'http://h:99999'", "http:URL"),
    option("--network custom", "--network-file ''", "--network-file FILE"),
    option("--gate lost=0", "--gate 'lost=0'", "column 5", "one of < <= > >= ==", real=True),
    option("--gate p55(hcs.submit)<5s", "--gate 'p55(hcs.submit)<5s'", "column 1", "use one of mean, p50", real=True),
    option("--gate p95(hcs.sumbit)<5s HcsSubmitter", "column 5", "this run has no 'hcs.sumbit'; it has hcs.submit"),
    option("--gate lost==0;p95(hcs.submit)<5", "--gate 'p95(hcs.submit)<5'", "column 17", "write 5s, not 5"),
    option("--gate rate_kept>=95%", "column 1", "give --arrival-rate"),
    option("--gates {tmp}/none.txt", "--gates", "none.txt", "name a text file with a gate in each line"),
    Wrong(
        "a file with a line that is no gate",
        "--gates {tmp}/gates.txt",
        ("--gates", "gates.txt', line 2: 'p95(x < 5s'", "column 7"),
        files={"gates.txt": "# release\np95(x < 5s\n"},
    ),
    option("--network testnet --network-file x.json", "--network-file 'x.json'", "needs --network custom"),
)

FOLDERS: Final = (
    Wrong(
        "a file is where reports should go",
        "--report-dir {tmp}/file",
        ("--report-dir", "file'", "a file is in its place", "name a folder"),
        files={"file": ""},
        real=True,
    ),
    Wrong(
        "a file is above where reports should go",
        "--report-dir {tmp}/file/out",
        ("--report-dir", "file/out'", "name a folder"),
        files={"file": ""},
    ),
    option("--report-dir /proc/nowhere/out", "--report-dir '/proc/nowhere/out'", "name a folder", real=True),
    option("--report-dir {tmp}/" + "x" * 300, "--report-dir", "file name too long", "name a folder"),
    option(
        "--report-dir s3://bucket/runs", "--report-dir 's3://bucket/runs'", "it is a URL", "name a folder", real=True
    ),
    option("--report-dir file:/tmp/runs", "--report-dir 'file:/tmp/runs'", "it is a URL", "name a folder"),
    option("--report-dir /dev/full/out", "--report-dir '/dev/full/out'", "a file is in its place"),
    option("--report-dir=", "--report-dir ''", "at least 1 character"),
)

BASELINES: Final = (
    option("--baseline python:no_such_module:f", "--baseline 'python:no_such_module:f'", "No module named", real=True),
    option("--baseline python:os:no_such_function", "--baseline", "no attribute", "can be imported from here"),
    option("--baseline python:os:sep", "--baseline 'python:os:sep'", "it is str, no function"),
    baseline("async", "async def write(kind, payload): ...", ("it is async", "(kind, payload)"), real=True),
    baseline("a generator", "def write(kind, payload):\n    yield", ("it is a generator", "(kind, payload)")),
    baseline("an async generator", "async def write(kind, payload):\n    yield", ("a generator", "(kind, payload)")),
    baseline(
        "an object whose call is async",
        "class Write:\n    async def __call__(self, kind, payload): ...\nwrite = Write()",
        ("it is async", "(kind, payload)"),
    ),
    baseline(
        "async behind a partial",
        "import functools\nasync def _write(more, kind, payload): ...\nwrite = functools.partial(_write, 1)",
        ("it is async", "(kind, payload)"),
    ),
    baseline("one argument", "def write(payload): ...", ("does not take two arguments", "(kind, payload)")),
    Wrong(
        "baseline: nobody answers",
        "--baseline http:http://user:swordfish@127.0.0.1:{free}/events",
        ("--baseline 'http:http://…@127.0.0.1:", "nobody answers there", "refused", "start it, or correct the URL"),
        real=True,
    ),
    baseline(
        "fails",
        "def write(kind, payload):\n    raise OSError('the database is away')",
        ("its trial call raised OSError: the database is away", "mend it"),
        real=True,
    ),
    baseline(
        "exits when called",
        "def write(kind, payload):\n    raise SystemExit('bye')",
        ("its trial call raised SystemExit: bye", "mend it"),
    ),
    baseline(
        "hands something back that nobody awaits",
        "async def later(): ...\ndef write(kind, payload):\n    return later()",
        ("its trial call returned something to be awaited", "mend it"),
    ),
    Wrong(
        "with Hedera: nobody answers",
        "--baseline fixed:1ms --with-hedera http:http://user:swordfish@127.0.0.1:{free}/events",
        ("--with-hedera 'http:http://…@127.0.0.1:", "nobody answers there", "refused", "start it, or correct the URL"),
    ),
    baseline("no Python", "def write(", ("SyntaxError", "can be imported from here"), real=True),
    baseline("raises when imported", "raise KeyError('x')", ("KeyError: 'x'", "can be imported from here")),
    baseline("exits when imported", "import sys\nsys.exit('bye')", ("SystemExit: bye", "can be imported from here")),
)

NETWORKS: Final = (
    Wrong(
        "network file: not there",
        "--network custom --network-file {tmp}/none.json",
        ("--network-file", "none.json", "No such file"),
        OPERATOR,
    ),
    network("no JSON", ("is not JSON",), text="{"),
    network("a list", ("must hold one JSON object",), text="[]"),
    network("a name twice", ("'tls' is there twice",), text='{"tls": true, "tls": false}'),
    network("an unknown field", ("mirror: there is no such field", "mirror_rest"), mirror="http://h"),
    network("no nodes", ("nodes:", "at least 1"), nodes={}),
    network("nodes as a list", ("nodes:", "dictionary"), nodes=["127.0.0.1:50211"]),
    network("no port", ("'127.0.0.1' has no port", "write host:port"), nodes={"127.0.0.1": "0.0.3"}, real=True),
    network("port 0", ("has port 0", "write host:port"), nodes={"127.0.0.1:0": "0.0.3"}),
    network("a port beyond the last", ("has port 70000", "write host:port"), nodes={"h:70000": "0.0.3"}),
    network("a port in letters", ("has port none", "write host:port"), nodes={"h:http": "0.0.3"}),
    network("neither address nor name", ("neither an address nor a name",), nodes={":50211": "0.0.3"}),
    network("no IPv6 address", ("[::zz] is not an IPv6 address", "write host:port"), nodes={"[::zz]:50211": "0.0.3"}),
    network("an IPv6 address without port", ("has no port",), nodes={"[::1]:": "0.0.3"}),
    network("an IPv6 address without brackets", ("'::1' is not a domain name",), nodes={"::1:50211": "0.0.3"}),
    network("an id with its checksum", ("'0.0.3-abcde'", "e.g. 0.0.3"), nodes={"127.0.0.1:50211": "0.0.3-abcde"}),
    network("an id with zeros before it", ("'0.0.03'", "e.g. 0.0.3"), nodes={"127.0.0.1:50211": "0.0.03"}),
    network("a line's end in a host", ("is not a domain name",), nodes={"h\n:50211": "0.0.3"}),
    network("a byte order mark", ("is not JSON", "BOM"), text="\ufeff{}"),
    network("brackets without end", ("is not JSON", "recursion"), text="[" * 100_000),
    network("a socket of the web as relay", ("relay: 'ws://h' is not a URL",), relay="ws://h"),
    network("no IPv4 address", ("is not an IPv4 address",), nodes={"1.2.3.999:50211": "0.0.3"}),
    network("a node as a URL", ("is a URL", "write host:port"), nodes={"http://h:50211": "0.0.3"}),
    network("an id in words", ("account id 'three'", "e.g. 0.0.3"), nodes={"127.0.0.1:50211": "three"}, real=True),
    network("a bare number as id", ("account id '3'", "e.g. 0.0.3"), nodes={"127.0.0.1:50211": "3"}),
    network("a number as id", ("nodes.127.0.0.1:50211", "string"), nodes={"127.0.0.1:50211": 3}),
    network("a mirror without scheme", ("'h:5551' is not a URL", "http://host:port"), mirror_rest="h:5551", real=True),
    network("a mirror with its path", ("/api/v1 is added", "write it without"), mirror_rest="http://h/api/v1"),
    network("a mirror with a query", ("http://h?key=…", "has a query"), mirror_rest=f"http://h?key={PASSWORD}"),
    network("a mirror with a space", ("mirror_rest: write ' ' in it as %20",), mirror_rest=f"http://u:{PASSWORD} @h"),
    network("a stream without port", ("mirror_grpc: 'h' has no port", "write host:port"), mirror_grpc="h"),
    network("a stream as a URL", ("mirror_grpc: 'https://h:443' is a URL",), mirror_grpc="https://h:443"),
    network("a relay without scheme", ("relay: 'h:7546' is not a URL", "http://host:port"), relay="h:7546"),
    network(
        "no hash", ("0.0.3: '<N/A>' is not a SHA-384",), tls=True, certificate_hashes={"0.0.3": "<N/A>"}, real=True
    ),
    network("a short hash", ("is not a SHA-384", "96 digits"), tls=True, certificate_hashes={"0.0.3": HASH[2:]}),
    network("a hash of nobody", ("0.0.4: no node has",), tls=True, certificate_hashes={"0.0.4": HASH}),
    network("a hash without TLS", ('without "tls": true',), certificate_hashes={"0.0.3": HASH}),
    network("TLS perhaps", ("tls:", "boolean"), tls="perhaps"),
)

TESTNET: Final = "--network testnet"
CREDENTIALS: Final = (
    Wrong("no credentials", TESTNET, ("--network 'testnet'", "OPERATOR_ID and OPERATOR_KEY are not set"), real=True),
    Wrong("no key", TESTNET, ("OPERATOR_KEY is not set", ".env"), {"OPERATOR_ID": "0.0.1002"}),
    Wrong("an empty key", TESTNET, ("OPERATOR_KEY is not set",), {**OPERATOR, "OPERATOR_KEY": " "}),
    Wrong("no account id", TESTNET, ("OPERATOR_ID is not an account id", "0.0.1234"), {**OPERATOR, "OPERATOR_ID": "x"}),
    Wrong("no key at all", TESTNET, ("OPERATOR_KEY is not a private key",), {**OPERATOR, "OPERATOR_KEY": "ab" * 9}),
    Wrong("a public key", TESTNET, ("OPERATOR_KEY is not a private key",), {**OPERATOR, "OPERATOR_KEY": PUBLIC}),
    Wrong("a key in quotation marks", TESTNET, ("OPERATOR_KEY is no",), {**OPERATOR, "OPERATOR_KEY": f'"{KEY}"'}),
    Wrong("words for a key", TESTNET, ("OPERATOR_KEY is no",), {**OPERATOR, "OPERATOR_KEY": "word " * 24}),
    Wrong("an account id with its checksum", TESTNET, ("0.0.1234",), {**OPERATOR, "OPERATOR_ID": "0.0.1002-aaaaa"}),
    Wrong("an address for an account id", TESTNET, ("0.0.1234",), {**OPERATOR, "OPERATOR_ID": "0x" + "0" * 40}),
    Wrong("a kind of key", TESTNET, ("OPERATOR_KEY_TYPE", "'ecdsa'"), {**OPERATOR, "OPERATOR_KEY_TYPE": "rsa"}),
)

NAMES: Final = (
    Wrong(
        "a slip in the network's name",
        "",
        ("LOCUST_NETWROK", "did you mean LOCUST_NETWORK?"),
        {"LOCUST_NETWROK": "testnet"},
        real=True,
    ),
    Wrong("a missing letter", "", ("LOCUST_CONFIRM?",), {"LOCUST_CONFRM": "ack"}),
    Wrong("a missing underscore", "", ("LOCUST_ARRIVAL_RATE?",), {"LOCUST_ARRIVALRATE": "50"}),
    Wrong("a name in small letters", "", ("LOCUST_NETWORK?",), {"LOCUST_network": "testnet"}),
    Wrong("all of a name in small letters", "", ("locust_network", "LOCUST_NETWORK?"), {"locust_network": "testnet"}),
    Wrong("a slip in small letters", "", ("locust_confrim", "LOCUST_CONFIRM?"), {"locust_confrim": "ack"}),
    Wrong("a letter too many", "", ("OPERATOR_KEYS", "OPERATOR_KEY?"), {"OPERATOR_KEYS": "x"}),
    Wrong("an empty variable", "", ("--confirm ''", "choose one or more of"), {"LOCUST_CONFIRM": ""}),
    Wrong("a slip in a name of Locust", "", ("LOCUST_RUN_TIME?",), {"LOCUST_RUNTIME": "1s"}),
    Wrong(
        "a slip in the key's kind", "", ("OPERATOR_KEY_TYPE?",), {**OPERATOR, "OPERATOR_KEYTYPE": "ecdsa"}, real=True
    ),
    Wrong("a wrong value in a variable", "", ("--attempts 'many'",), {"LOCUST_ATTEMPTS": "many"}),
    Wrong("a wrong value in a profile", "--config {tmp}/a.conf", ("--queue 'x'",), files={"a.conf": "queue = x"}),
)

PORTS: Final = (
    Wrong("web port taken", "--web-port {taken}", ("--web-port", "somebody listens"), headless=False, real=True),
    Wrong("no such port", "--web-port 99999", ("--web-port 99999", "65535"), headless=False),
    Wrong("no such address", "--web-host 192.0.2.1", ("--web-port", "--headless"), headless=False),
    option("--master --master-bind-port {taken}", "--master-bind-port", "somebody listens", "--master-port", real=True),
    option("--processes 2 --master-port {taken} --master-bind-port {taken}", "somebody listens", real=True),
    option("--processes 2 --master-bind-port {free}", "--master-port 5557", "give both the same", real=True),
)

LOCUSTS: Final = (
    option(
        "--scenario reliability --edge-faults", "--edge-faults", "the embedded network is broken itself", "leave it out"
    ),
    option("--users 0", "--users 0", "give more than 0", real=True),
    option("--users -3", "--users -3", "give more than 0"),
    option("--spawn-rate 0", "--spawn-rate", "must be > 0"),
    option("--processes -5", "--processes -5", "-1 for one per core", real=True),
    option("--master --processes 2", "--master: it is meant with --processes already", "leave it out", real=True),
    option("--master --worker", "--master", "leave one of the two out"),
    option(
        "--users 100 --run-time 30s --arrival-rate 5",
        "--users 100: at --spawn-rate 1 they are all there after 99 s",
        "--run-time is 30 s",
        "raise the spawn rate",
        real=True,
    ),
    option("--users 50 --spawn-rate 0.5 --run-time 1m --arrival-rate 5/s", "after 98 s", "raise the spawn rate"),
    option("--arrival-rate 0.1 --run-time 5s", "--arrival-rate 0.1: nothing would be due in 5 s", "run longer"),
    option("--run-time 0s", "--run-time 0", "leave the option out"),
    Wrong(
        "an HTML file below a file",
        "--html {tmp}/file/locust.html",
        ("--html", "file/locust.html'", "name a file in a folder"),
        files={"file": ""},
        real=True,
    ),
    Wrong("CSV files below a file", "--csv {tmp}/file/x", ("--csv", "name a file"), files={"file": ""}, real=True),
    Wrong("a JSON file below a file", "--json-file {tmp}/file/x", ("--json-file", "name a file"), files={"file": ""}),
    option("HcsSubmiter", "HcsSubmiter: no user class", "did you mean HcsSubmitter?", real=True),
    option("Xyzzy", "Xyzzy: no user class", "locust --list"),
    option("--logfile {tmp}", "--logfile", "it is a folder", "name a file", real=True),
)
"""Options of Locust's own that it takes, and ends with a traceback, or not at all, when it is too late."""

TABLE: Final = (*OPTIONS, *FOLDERS, *BASELINES, *NETWORKS, *CREDENTIALS, *NAMES, *PORTS, *LOCUSTS)
