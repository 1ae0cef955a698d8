import com.hedera.hashgraph.sdk.AccountId;
import com.hedera.hashgraph.sdk.Client;
import com.hedera.hashgraph.sdk.PrivateKey;
import com.hedera.hashgraph.sdk.TopicId;
import com.hedera.hashgraph.sdk.TopicMessageSubmitTransaction;
import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Scanner;
import java.util.concurrent.atomic.LongAdder;

/**
 * The Java SDK's side of `python -m benchmarks.java_sdk`: for each line `threads seconds` on its standard input, so many
 * threads submit messages for so long; it prints microseconds of the process's processor time per submit (garbage
 * collector and compiler included), and submits per second.
 *
 * Arguments: address of the node, its account, topic, payer, private key, message length.
 */
public class JavaSubmit {
    public static void main(String[] args) throws Exception {
        var client = Client.forNetwork(Map.of(args[0], AccountId.fromString(args[1])));
        client.setOperator(AccountId.fromString(args[3]), PrivateKey.fromString(args[4]));
        var topic = TopicId.fromString(args[2]);
        var message = new byte[Integer.parseInt(args[5])];
        Arrays.fill(message, (byte) 'm');
        var lines = new Scanner(System.in).useLocale(Locale.ROOT);
        while (lines.hasNextInt()) {
            measure(client, topic, message, lines.nextInt(), lines.nextDouble());
        }
        System.exit(0); // the client's own threads would keep it alive
    }

    private static void measure(Client client, TopicId topic, byte[] message, int count, double seconds)
            throws Exception {
        var system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        var done = new LongAdder();
        long begin = System.nanoTime(), cpu = system.getProcessCpuTime(), end = begin + (long) (seconds * 1e9);
        var threads = new Thread[count];
        for (int i = 0; i < count; i++) {
            threads[i] = new Thread(() -> {
                try {
                    while (System.nanoTime() < end) {
                        new TopicMessageSubmitTransaction().setTopicId(topic).setMessage(message).execute(client);
                        done.increment();
                    }
                } catch (Exception error) {
                    error.printStackTrace();
                    System.exit(1);
                }
            });
            threads[i].start();
        }
        for (var thread : threads) {
            thread.join();
        }
        double microseconds = (system.getProcessCpuTime() - cpu) / 1e3 / done.sum();
        double rate = done.sum() / ((System.nanoTime() - begin) / 1e9);
        System.out.printf(Locale.ROOT, "%.1f %.1f%n", microseconds, rate);
        System.out.flush();
    }
}
