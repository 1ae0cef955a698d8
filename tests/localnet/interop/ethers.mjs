// Transfers by ethers, as a wallet makes them; prints one line of JSON with what came of it.
// The environment variable LOCALNET holds JSON with the relay's address, and the key of an account with hbar.
import { JsonRpcProvider, Wallet, parseEther, parseUnits } from "ethers";

const ready = JSON.parse(process.env.LOCALNET);
const provider = new JsonRpcProvider(ready.relay, undefined, { pollingInterval: 250 });
const wallet = new Wallet(ready.key, provider);
const friend = Wallet.createRandom().address;
const out = { friend, transfers: [] };

const why = (error) => ({ code: error.info?.error?.code ?? error.error?.code, message: error.info?.error?.message ?? error.error?.message });
const transfer = async (fields) => {
  const sent = await wallet.sendTransaction({ to: friend, value: parseEther("1"), ...fields });
  const receipt = await sent.wait();
  const found = await provider.getTransaction(sent.hash);
  const block = await provider.getBlock(receipt.blockNumber, true);
  out.transfers.push({
    type: receipt.type, status: receipt.status, gas: Number(receipt.gasUsed), fee: receipt.fee.toString(), nonce: found.nonce,
    same: found.hash === sent.hash && found.from === wallet.address && found.to === friend && found.value === parseEther("1")
      && block.prefetchedTransactions.some((one) => one.hash === sent.hash),
  });
};

try {
  out.chain = Number((await provider.getNetwork()).chainId);
  await transfer({}); // all of it is filled in; the friend has no account yet
  const gasPrice = (await provider.getFeeData()).gasPrice;
  await transfer({ type: 0, gasPrice });
  await transfer({ type: 1, gasPrice, accessList: [] });
  await transfer({ type: 2, maxFeePerGas: gasPrice, maxPriorityFeePerGas: 0n });
  out.nonce = await provider.getTransactionCount(wallet.address);
  out.balances = [friend, wallet.address].map(async (at) => (await provider.getBalance(at)).toString());
  out.balances = await Promise.all(out.balances);
  out.logs = await provider.getLogs({ fromBlock: 1, toBlock: "latest", address: friend });
  out.history = (await provider.send("eth_feeHistory", ["0x2", "latest", [50]])).baseFeePerGas.length;
  out.refused = await wallet.sendTransaction({ to: friend, value: parseEther("1000000"), gasLimit: 21000 }).catch(why);
  out.contract = await wallet.sendTransaction({ data: "0x60", gasLimit: 100000 }).catch(why);
  out.small = await wallet.sendTransaction({ to: friend, value: parseUnits("1", "wei"), gasLimit: 21000 }).catch(why);
} finally {
  provider.destroy();
}
console.log(JSON.stringify(out));
