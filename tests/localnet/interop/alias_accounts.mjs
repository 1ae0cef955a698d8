// Accounts with aliases by the official JavaScript SDK; prints one line of JSON with what came of it.
// The network is told in the environment variable LOCALNET as the JSON of its ready line.
import {
  AccountCreateTransaction, AccountId, AccountInfoQuery, AccountUpdateTransaction, Client, Hbar, PrivateKey,
  TransactionReceiptQuery, TransferTransaction,
} from "@hiero-ledger/sdk";

const ready = JSON.parse(process.env.LOCALNET);
const nodes = Object.fromEntries(Object.entries(ready.nodes).map(([at, id]) => [at, AccountId.fromString(id)]));
const client = Client.forNetwork(nodes).setMirrorNetwork([ready.mirror_grpc]);
client.setOperator(AccountId.fromString(ready.operator_id), PrivateKey.fromStringDer(ready.operator_key));
const out = {};

const give = async (to) => {
  const sent = await new TransferTransaction().addHbarTransfer(ready.operator_id, new Hbar(-5))
    .addHbarTransfer(to, new Hbar(5)).execute(client);
  await sent.getReceipt(client);
  return await new TransactionReceiptQuery().setTransactionId(sent.transactionId).setIncludeChildren(true).execute(client);
};
const about = async (id) => {
  const info = await new AccountInfoQuery().setAccountId(id).execute(client);
  const key = info.key === null ? null : info.key.toString();
  return {
    id: info.accountId.toString(), address: info.contractAccountId, alias: info.aliasKey ? info.aliasKey.toString() : null,
    key, hbar: Number(info.balance.toTinybars()) / 1e8, node: info.stakingInfo.stakedNodeId ? Number(info.stakingInfo.stakedNodeId) : null,
  };
};

try {
  // An account that is created with the address of its key.
  const owner = PrivateKey.generateECDSA();
  const created = await (await new AccountCreateTransaction().setECDSAKeyWithAlias(owner.publicKey)
    .setStakedNodeId(2).execute(client)).getReceipt(client);
  out.created = { ...(await about(created.accountId)), wanted: owner.publicKey.toEvmAddress(), owner: owner.publicKey.toString() };

  // A transfer to an unknown key makes its account.
  const keyed = PrivateKey.generateECDSA();
  const keyedReceipt = await give(keyed.publicKey.toAccountId(0, 0));
  out.keyed = {
    ...(await about(keyedReceipt.children[0].accountId)), wanted: keyed.publicKey.toEvmAddress(), owner: keyed.publicKey.toString(),
    children: keyedReceipt.children.length,
  };

  // A transfer to an unknown address makes a hollow account, which gets its key with the first transaction that it pays.
  const lazy = PrivateKey.generateECDSA();
  const lazyReceipt = await give(AccountId.fromEvmAddress(0, 0, lazy.publicKey.toEvmAddress()));
  const hollow = lazyReceipt.children[0].accountId;
  out.hollow = { ...(await about(hollow)), wanted: lazy.publicKey.toEvmAddress() };
  const own = Client.forNetwork(nodes).setMirrorNetwork([ready.mirror_grpc]).setOperator(hollow, lazy);
  await (await new TransferTransaction().addHbarTransfer(hollow, new Hbar(-1)).addHbarTransfer(ready.operator_id, new Hbar(1))
    .execute(own)).getReceipt(own);
  await (await new AccountUpdateTransaction().setAccountId(hollow).setAccountMemo("mine").execute(own)).getReceipt(own);
  out.completed = { ...(await about(hollow)), owner: lazy.publicKey.toString() };

  // Nobody takes somebody else's address.
  try {
    await (await new AccountCreateTransaction().setKeyWithoutAlias(owner.publicKey)
      .setAlias(PrivateKey.generateECDSA().publicKey.toEvmAddress()).execute(client)).getReceipt(client);
  } catch (error) {
    out.refused = error.status.toString();
  }
  console.log(JSON.stringify(out));
  process.exit(0);
} catch (error) {
  console.error(error);
  process.exit(1);
}
