// Many calls at once with the official JavaScript SDK (grpc-js), for some seconds; prints one line of JSON with how many
// were answered. The SDK's own retries are off: a call that fails once has failed.
import { AccountId, Client, PrivateKey, TopicCreateTransaction, TopicMessageSubmitTransaction } from "@hiero-ledger/sdk";

const ready = JSON.parse(process.env.LOCALNET);
const [users, seconds] = process.argv.slice(2).map(Number);
const nodes = Object.fromEntries(Object.entries(ready.nodes).map(([at, id]) => [at, AccountId.fromString(id)]));
const client = Client.forNetwork(nodes).setMirrorNetwork([ready.mirror_grpc]);
client.setOperator(AccountId.fromString(ready.operator_id), PrivateKey.fromStringDer(ready.operator_key));

const { topicId } = await (await new TopicCreateTransaction().execute(client)).getReceipt(client);
client.setMaxAttempts(1);
const end = Date.now() + seconds * 1000;
const out = { answered: 0, failed: [] };
await Promise.all(Array.from({ length: users }, async () => {
  while (Date.now() < end) {
    try {
      await new TopicMessageSubmitTransaction({ topicId, message: "x" }).setMaxAttempts(1).execute(client);
      out.answered += 1;
    } catch (error) {
      out.failed.push(String(error));
    }
  }
}));
console.log(JSON.stringify(out));
process.exit(0);
