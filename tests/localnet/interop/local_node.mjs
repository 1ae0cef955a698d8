// The official JavaScript SDK as it comes: Client.forLocalNode(), told nothing but who pays. Prints one line of JSON.
import {
  Client, FeeEstimateMode, FeeEstimateQuery, MirrorNodeAccountBalanceQuery, PrivateKey, TopicCreateTransaction,
  TopicInfoQuery, TopicMessageQuery, TopicMessageSubmitTransaction,
} from "@hiero-ledger/sdk";

const [operator, secret] = process.argv.slice(2);
const client = Client.forLocalNode();
const key = PrivateKey.fromStringDer(secret);
client.setOperator(operator, key);
const out = {};

try {
  const created = await (await new TopicCreateTransaction().setTopicMemo("local node").execute(client)).getReceipt(client);
  const topic = created.topicId;
  const arrived = new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error("no message arrived")), 20000).unref();
    new TopicMessageQuery().setTopicId(topic).setStartTime(0)
      .subscribe(client, (_, error) => reject(error), (message) => resolve(Buffer.from(message.contents).toString()));
  });
  const receipt = await (await new TopicMessageSubmitTransaction({ topicId: topic, message: "found" }).execute(client)).getReceipt(client);
  out.topic = {
    status: receipt.status.toString(), sequence: Number(receipt.topicSequenceNumber), delivered: await arrived,
    memo: (await new TopicInfoQuery().setTopicId(topic).execute(client)).topicMemo,
  };
  out.balance = Number((await new MirrorNodeAccountBalanceQuery().setAccountId("0.0.98").execute(client)).hbars.toTinybars()) >= 0;
  const message = await new TopicMessageSubmitTransaction({ topicId: topic, message: "what would it cost?" }).freezeWith(client).sign(key);
  const estimate = await new FeeEstimateQuery().setMode(FeeEstimateMode.INTRINSIC).setTransaction(message).execute(client);
  out.estimate = Number(estimate.total) > 0;
  console.log(JSON.stringify(out));
  process.exit(0);
} catch (error) {
  console.error(error);
  process.exit(1);
}
