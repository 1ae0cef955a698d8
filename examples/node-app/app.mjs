// An application that keeps audit events: POST /without does its own work, POST /with writes the event to Hedera besides.
import { appendFile } from "node:fs/promises";
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, TopicMessageSubmitTransaction } from "@hiero-ledger/sdk";

const { OPERATOR_ID, OPERATOR_KEY, NODES = '{"127.0.0.1:50211": "0.0.3"}', PORT = 8000, EXTRA_MS = 0 } = process.env;
const client = Client.forNetwork(JSON.parse(NODES)).setOperator(OPERATOR_ID, OPERATOR_KEY);

async function writeToHedera(topicId, message) {
  await sleep(Number(EXTRA_MS)); // slower on purpose, to see it in the report
  const sent = await new TopicMessageSubmitTransaction({ topicId, message }).execute(client);
  const receipt = await sent.getReceipt(client);
  return { transactionId: sent.transactionId.toString(), sequenceNumber: receipt.topicSequenceNumber.toString() };
}

createServer(async (request, response) => {
  if (request.method !== "POST") return response.writeHead(405).end();
  try {
    const event = Buffer.concat(await request.toArray());
    await appendFile("events.log", event, { flush: true });
    const begin = performance.now();
    const done = request.url === "/with" ? await writeToHedera(request.headers["x-hedera-topic"], event) : {};
    if (request.url === "/with") console.log(JSON.stringify({ hedera_ms: performance.now() - begin }));
    response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(done));
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
}).listen(Number(PORT), "127.0.0.1", function () { console.log(JSON.stringify({ port: this.address().port })); });
