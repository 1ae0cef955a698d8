#!/usr/bin/env bash
# HAProxy in HTTP mode tells a client "refused" of calls that the server has had, and grpc-js then sends them again.
#
# Versions: HAProxy 2.6.12 (Debian 12), @grpc/grpc-js 1.14.0, Node.js 20.
# What is done: forty ordinary calls in turn go through HAProxy (HTTP/2 on both sides, as in Solo's chart) to a server
#   that writes down the number of every call it gets. The server is restarted now and then while it works on a call,
#   as servers are, and listens again at once. Then the same without HAProxy.
# What happens: where the server goes away before it has answered, HAProxy resets the client's stream with
#   REFUSED_STREAM. RFC 9113 (section 8.7) gives that code to streams that were closed before any processing took place,
#   so grpc-js repeats the call by itself, once, whatever its method does ("transparent retry"), and the caller is told
#   of one call that went well. Without HAProxy the caller is told UNAVAILABLE, and nothing is sent twice.
# Output seen:
#   through HAProxy: 40 calls, 40 answered, 8 received twice
#   without HAProxy: 40 calls, 32 answered, 0 received twice
# Ends with 1 if that has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts @grpc/grpc-js@1.14.0 >/dev/null

cat >server.mjs <<'END'
import fs from "node:fs";
import grpc from "@grpc/grpc-js";
const [port, log] = process.argv.slice(2);
const same = (bytes) => bytes;
const server = new grpc.Server();
server.register("/test.Count/count", (call, answer) => {
    const number = call.request.toString();
    const before = fs.existsSync(log) ? fs.readFileSync(log, "utf8").split("\n") : [];
    fs.appendFileSync(log, number + "\n");
    if (Number(number) % 5 === 4 && !before.includes(number)) {
        process.exit(0); // restarted while it works on this call
    }
    setTimeout(() => answer(null, call.request), 20);
}, same, same, "unary");
server.bindAsync(`127.0.0.1:${port}`, grpc.ServerCredentials.createInsecure(), (error) => {
    if (error) throw error;
    process.send("ready");
});
END

cat >run.mjs <<'END'
import fs from "node:fs";
import { fork, spawn } from "node:child_process";
import grpc from "@grpc/grpc-js";
const CALLS = 40, SERVER = 21700, PROXY = 21701;
const same = (bytes) => bytes;
const pause = (ms) => new Promise((ended) => setTimeout(ended, ms));
let server, ready, over = false;

function serve(log) {
    ready = new Promise((listens) => {
        server = fork("server.mjs", [SERVER, log]);
        server.on("message", listens);
    });
    server.on("exit", (code) => (over || code ? undefined : serve(log)));
}

async function calls(name, address) {
    const log = `${name}.log`;
    over = false;
    serve(log);
    await ready;
    await pause(500);
    const client = new grpc.Client(address, grpc.credentials.createInsecure());
    let answered = 0;
    for (let number = 0; number < CALLS; number++) {
        await new Promise((ended) => {
            const options = { deadline: Date.now() + 10_000 };
            client.makeUnaryRequest("/test.Count/count", same, same, Buffer.from(String(number)), new grpc.Metadata(),
                options, (error) => { answered += error ? 0 : 1; ended(); });
        });
        if (number % 5 === 4) {
            await pause(200);
            await ready;
            await pause(1_500); // a client waits about a second before it connects again
        }
    }
    client.close();
    over = true;
    const gone = new Promise((ended) => server.on("exit", ended));
    server.kill();
    await gone;
    const times = {};
    fs.readFileSync(log, "utf8").trim().split("\n").forEach((number) => { times[number] = (times[number] ?? 0) + 1; });
    const twice = Object.values(times).filter((count) => count > 1).length;
    console.log(`${name} HAProxy: ${CALLS} calls, ${answered} answered, ${twice} received twice`);
    return twice;
}

fs.writeFileSync("haproxy.cfg", `
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
    retries 10
frontend front
    bind 127.0.0.1:${PROXY} proto h2
    default_backend back
backend back
    http-reuse safe
    server node 127.0.0.1:${SERVER} proto h2
`);
const haproxy = spawn("haproxy", ["-db", "-f", "haproxy.cfg"], {
    stdio: "ignore", env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
});
try {
    const through = await calls("through", `127.0.0.1:${PROXY}`);
    const without = await calls("without", `127.0.0.1:${SERVER}`);
    process.exitCode = through > 0 && without === 0 ? 0 : 1;
} finally {
    over = true;
    server?.kill();
    haproxy.kill();
}
END
node run.mjs
