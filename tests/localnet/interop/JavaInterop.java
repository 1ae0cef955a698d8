import com.hedera.hashgraph.sdk.AccountBalanceQuery;
import com.hedera.hashgraph.sdk.AccountCreateTransaction;
import com.hedera.hashgraph.sdk.AccountId;
import com.hedera.hashgraph.sdk.Client;
import com.hedera.hashgraph.sdk.FileAppendTransaction;
import com.hedera.hashgraph.sdk.FileContentsQuery;
import com.hedera.hashgraph.sdk.FileCreateTransaction;
import com.hedera.hashgraph.sdk.FileInfoQuery;
import com.hedera.hashgraph.sdk.Hbar;
import com.hedera.hashgraph.sdk.PrecheckStatusException;
import com.hedera.hashgraph.sdk.PrivateKey;
import com.hedera.hashgraph.sdk.ReceiptStatusException;
import com.hedera.hashgraph.sdk.TokenCreateTransaction;
import com.hedera.hashgraph.sdk.TopicCreateTransaction;
import com.hedera.hashgraph.sdk.TopicId;
import com.hedera.hashgraph.sdk.TopicInfoQuery;
import com.hedera.hashgraph.sdk.TopicMessageQuery;
import com.hedera.hashgraph.sdk.TopicMessageSubmitTransaction;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * What the official Java SDK sees of the embedded network, one `name=value` per line.
 *
 * Arguments: nodes (`host:port=0.0.N`, separated by commas), mirror's gRPC address, operator's account and key.
 */
public class JavaInterop {
    public static void main(String[] args) throws Exception {
        var nodes = new HashMap<String, AccountId>();
        for (var node : args[0].split(",")) {
            var parts = node.split("=");
            nodes.put(parts[0], AccountId.fromString(parts[1]));
        }
        var client = Client.forNetwork(nodes);
        client.setMirrorNetwork(List.of(args[1]));
        client.setOperator(AccountId.fromString(args[2]), PrivateKey.fromString(args[3]));
        topic(client);
        file(client);
        account(client);
        refusals(client);
        System.exit(0);
    }

    private static void topic(Client client) throws Exception {
        var topic = new TopicCreateTransaction().setTopicMemo("from Java").execute(client).getReceipt(client).topicId;
        var chunks = new TopicMessageSubmitTransaction().setTopicId(topic).setMessage("x".repeat(3_000))
                .executeAll(client);
        for (var chunk : chunks) {
            var receipt = chunk.getReceipt(client);
            say("chunk" + receipt.topicSequenceNumber, receipt.status + " " + receipt.topicRunningHash.size());
        }
        var record = new TopicMessageSubmitTransaction().setTopicId(topic).setMessage("last").execute(client)
                .getRecord(client);
        say("record", record.receipt.status + " " + (record.consensusTimestamp != null));
        say("charged", record.transactionFee.toTinybars() > 0);
        say("sum", record.transfers.stream().mapToLong(transfer -> transfer.amount.toTinybars()).sum());
        var info = new TopicInfoQuery().setTopicId(topic).execute(client);
        say("topic", info.topicMemo + " " + info.sequenceNumber);
        var arrived = new CountDownLatch(2);
        new TopicMessageQuery().setTopicId(topic).setStartTime(Instant.EPOCH).subscribe(client, message -> {
            say("mirror" + message.sequenceNumber, message.contents.length);
            arrived.countDown();
        });
        say("delivered", arrived.await(20, TimeUnit.SECONDS));
    }

    private static void file(Client client) throws Exception {
        var file = new FileCreateTransaction().setKeys(client.getOperatorPublicKey()).setContents("begin")
                .execute(client).getReceipt(client).fileId;
        new FileAppendTransaction().setFileId(file).setContents("y".repeat(9_000)).execute(client).getReceipt(client);
        var contents = new FileContentsQuery().setFileId(file).execute(client).toStringUtf8();
        say("file", contents.equals("begin" + "y".repeat(9_000)));
        say("size", new FileInfoQuery().setFileId(file).execute(client).size);
    }

    private static void account(Client client) throws Exception {
        var account = new AccountCreateTransaction().setKeyWithoutAlias(PrivateKey.generateECDSA())
                .setInitialBalance(Hbar.from(3)).execute(client).getReceipt(client).accountId;
        say("balance", new AccountBalanceQuery().setAccountId(account).execute(client).hbars.toTinybars());
    }

    private static void refusals(Client client) throws Exception {
        try {
            new TopicMessageSubmitTransaction().setTopicId(TopicId.fromString("0.0.999999")).setMessage("x")
                    .execute(client).getReceipt(client);
        } catch (ReceiptStatusException refusal) {
            say("refused", refusal.receipt.status);
        }
        try {
            new TokenCreateTransaction().setTokenName("t").setTokenSymbol("t")
                    .setTreasuryAccountId(client.getOperatorAccountId()).execute(client);
        } catch (PrecheckStatusException refusal) {
            say("token", refusal.status);
        }
    }

    private static synchronized void say(String name, Object value) {
        System.out.println(name + "=" + value);
    }
}
