// A grpc-js server that hands the bytes of the methods in a file to another server.
// node grpc_js_front.mjs PORT BACKEND METHODS.json    where METHODS.json is {path: "unary" | "serverStream"}

import fs from "node:fs";
import grpc from "@grpc/grpc-js";

const [port, backend, methods] = process.argv.slice(2);
const asTheyAre = (bytes) => bytes;
const behind = new grpc.Client(backend, grpc.credentials.createInsecure());
const server = new grpc.Server();

function unary(path) {
    return (call, answer) => {
        const options = { deadline: call.getDeadline() };
        behind.makeUnaryRequest(path, asTheyAre, asTheyAre, call.request, new grpc.Metadata(), options, answer);
    };
}

function serverStream(path) {
    return (call) => {
        const answers = behind.makeServerStreamRequest(path, asTheyAre, asTheyAre, call.request);
        answers.on("data", (bytes) => call.write(bytes));
        answers.on("end", () => call.end());
        answers.on("error", (error) => call.emit("error", error));
        call.on("cancelled", () => answers.cancel());
    };
}

for (const [path, type] of Object.entries(JSON.parse(fs.readFileSync(methods, "utf8")))) {
    server.register(path, type === "unary" ? unary(path) : serverStream(path), asTheyAre, asTheyAre, type);
}

server.bindAsync(`127.0.0.1:${port}`, grpc.ServerCredentials.createInsecure(), (error) => {
    if (error) {
        throw error;
    }
});

process.on("SIGTERM", () => {
    server.tryShutdown(() => process.exit(0)); // GOAWAY to everybody; what is under way goes on
    setTimeout(() => process.exit(0), 8_000);
});
