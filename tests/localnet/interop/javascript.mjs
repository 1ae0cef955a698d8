// What an application would do with the official JavaScript SDK; prints one line of JSON with what came of it.
// The network is told in the environment variable LOCALNET as the JSON of its ready line.
import {
  AccountBalanceQuery, AccountCreateTransaction, AccountId, Client, FileAppendTransaction, FileContentsQuery,
  FileCreateTransaction, FileInfoQuery, Hbar, PrivateKey, TopicCreateTransaction, TopicInfoQuery, TopicMessageQuery,
  TopicMessageSubmitTransaction, TransactionRecordQuery, TransferTransaction,
} from "@hiero-ledger/sdk";

const ready = JSON.parse(process.env.LOCALNET);
const nodes = Object.fromEntries(Object.entries(ready.nodes).map(([at, id]) => [at, AccountId.fromString(id)]));
const client = Client.forNetwork(nodes).setMirrorNetwork([ready.mirror_grpc]);
const key = PrivateKey.fromStringDer(ready.operator_key);
client.setOperator(AccountId.fromString(ready.operator_id), key);
const out = {};

try {
  // Topic: create, subscribe, submit in chunks.
  const created = await (await new TopicCreateTransaction()
    .setTopicMemo("from JavaScript").setAdminKey(key.publicKey).setSubmitKey(key.publicKey).execute(client)).getReceipt(client);
  const topic = created.topicId;
  const text = Array.from({ length: 3000 }, (_, n) => String.fromCharCode(97 + (n % 26))).join("");
  const got = [];
  const arrived = new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error(`only ${got.length} messages arrived`)), 20000).unref();
    new TopicMessageQuery().setTopicId(topic).setStartTime(0).subscribe(client, (_, error) => reject(error), (message) => {
      got.push(Buffer.from(message.contents).toString());
      if (got.length === 2) resolve();
    });
  });
  const short = await new TopicMessageSubmitTransaction({ topicId: topic, message: "short" }).execute(client);
  const receipt = await short.getReceipt(client);
  const record = await new TransactionRecordQuery().setTransactionId(short.transactionId).execute(client);
  await (await new TopicMessageSubmitTransaction({ topicId: topic, message: text }).execute(client)).getReceipt(client);
  await arrived;
  const info = await new TopicInfoQuery().setTopicId(topic).execute(client);
  out.topic = {
    status: receipt.status.toString(), sequence: Number(receipt.topicSequenceNumber), memo: info.topicMemo,
    last: Number(info.sequenceNumber), delivered: got[0] === "short" && got[1] === text,
    hash: Buffer.from(receipt.topicRunningHash).length,
  };
  out.record = {
    fee: Number(record.transactionFee.toTinybars()), sum: record.transfers.reduce((sum, one) => sum + Number(one.amount.toTinybars()), 0),
    consensus: record.consensusTimestamp.toDate().getTime() > 0, hash: record.transactionHash.length,
  };

  // File: create, append, read back.
  const file = (await (await new FileCreateTransaction().setKeys([key.publicKey]).setContents("begin-")
    .setMaxTransactionFee(new Hbar(10)).execute(client)).getReceipt(client)).fileId;
  const rest = "x".repeat(6000);
  await (await new FileAppendTransaction().setFileId(file).setContents(rest)
    .setMaxTransactionFee(new Hbar(20)).execute(client)).getReceipt(client);
  const contents = Buffer.from(await new FileContentsQuery().setFileId(file).execute(client)).toString();
  const fileInfo = await new FileInfoQuery().setFileId(file).execute(client);
  out.file = { same: contents === "begin-" + rest, size: Number(fileInfo.size) };

  // Accounts.
  const owner = PrivateKey.generateECDSA();
  const account = (await (await new AccountCreateTransaction().setKeyWithoutAlias(owner.publicKey)
    .setInitialBalance(new Hbar(5)).execute(client)).getReceipt(client)).accountId;
  const transfer = await (await new TransferTransaction().addHbarTransfer(account, new Hbar(-2))
    .addHbarTransfer(ready.operator_id, new Hbar(2)).freezeWith(client)).sign(owner);
  await (await transfer.execute(client)).getReceipt(client);
  const balance = await new AccountBalanceQuery().setAccountId(account).execute(client);
  out.balance = Number(balance.hbars.toTinybars());
  try {
    await (await new TopicMessageSubmitTransaction({ topicId: "0.0.999999", message: "lost" }).execute(client)).getReceipt(client);
  } catch (error) {
    out.refused = error.status.toString();
  }
  console.log(JSON.stringify(out));
  process.exit(0);
} catch (error) {
  console.error(error);
  process.exit(1);
}
