// What an application does with the public library for HCS-1 files: `read TOPIC...` or `write FILE...`. Prints one line of
// JSON: of each file that was read its base64, or why it could not be; of each that was written its topic.
// The network is told in the environment variable LOCALNET as the JSON of its ready line.
// CommonJS: the minified module that `import` gets of @hashgraph/sdk 2.81.0 has a Client of another name, by which the
// library takes itself to be in a browser, and reads from a REST address that it derives from the gRPC one.
const { readFile } = require("node:fs/promises");
const { AccountId, Client, PrivateKey } = require("@hashgraph/sdk");
const { Signer } = require("@hiero-did-sdk/core");
const { HcsFileService } = require("@hiero-did-sdk/hcs");

const ready = JSON.parse(process.env.LOCALNET);
const nodes = Object.fromEntries(Object.entries(ready.nodes).map(([at, id]) => [at, AccountId.fromString(id)]));
const client = Client.forNetwork(nodes).setMirrorNetwork([ready.mirror_grpc]);
const key = PrivateKey.fromStringDer(ready.operator_key);
client.setOperator(AccountId.fromString(ready.operator_id), key);

class Operator extends Signer {
  async publicKey() { return key.publicKey.toStringDer(); }
  async sign(data) { return key.sign(data); }
  async verify(message, signature) { return key.publicKey.verify(message, signature); }
}

async function main(verb, them) {
  const files = new HcsFileService(client);
  const out = {};
  // One after the other: more than five subscriptions on one mirror connection are refused.
  for (const one of them) {
    try {
      out[one] = verb === "write"
        ? await files.submitFile({ payload: await readFile(one), submitKeySigner: new Operator() })
        : (await files.resolveFile({ topicId: one })).toString("base64");
    } catch (error) {
      out[one] = { error: String(error.message) };
    }
  }
  process.stdout.write(JSON.stringify(out) + "\n", () => process.exit(0));
}

main(process.argv[2], process.argv.slice(3));
