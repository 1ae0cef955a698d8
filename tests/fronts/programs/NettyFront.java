import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.HandlerRegistry;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.bootstrap.Bootstrap;
import io.grpc.netty.shaded.io.netty.bootstrap.ServerBootstrap;
import io.grpc.netty.shaded.io.netty.channel.Channel;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.channel.ChannelInboundHandlerAdapter;
import io.grpc.netty.shaded.io.netty.channel.ChannelInitializer;
import io.grpc.netty.shaded.io.netty.channel.ChannelOption;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.nio.NioEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioServerSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioSocketChannel;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A gRPC server on Netty that hands every call's bytes to another one, with the settings of a real consensus node
 * (hiero-consensus-node: hedera-node/hedera-config/.../data/NettyConfig.java `prod.*`, applied in
 * NettyGrpcServerManager). Options are `name=value`; those of time are in milliseconds, 0 is "no such limit":
 *
 * port, backend (host:port), streams, age, grace, idle, window, ping, delay (of every byte, each way).
 */
public final class NettyFront {
    private static final Map<String, String> OPTIONS = new HashMap<>();

    private static int option(String name) {
        return Integer.parseInt(OPTIONS.getOrDefault(name, "0"));
    }

    public static void main(String[] arguments) throws Exception {
        for (String argument : arguments) {
            String[] pair = argument.split("=", 2);
            OPTIONS.put(pair[0], pair[1]);
        }
        String[] backend = OPTIONS.get("backend").split(":");
        ManagedChannel behind = NettyChannelBuilder.forAddress(backend[0], Integer.parseInt(backend[1]))
                .usePlaintext().directExecutor().build();
        int delay = option("delay");
        Server server = server(delay > 0 ? 0 : option("port"), behind).start();
        Channel delayed = delay > 0 ? Delay.listen(option("port"), server.getPort(), delay) : null;
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            if (delayed != null) {
                delayed.close().awaitUninterruptibly();
            }
            server.shutdown(); // GOAWAY to everybody; what is under way goes on
            try {
                server.awaitTermination(8, TimeUnit.SECONDS);
            } catch (InterruptedException ended) {
                Thread.currentThread().interrupt();
            }
        }));
        server.awaitTermination();
    }

    private static Server server(int port, ManagedChannel behind) {
        NettyServerBuilder builder = NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", port))
                .directExecutor()
                .maxInboundMessageSize(8 << 20)
                .fallbackHandlerRegistry(new Everything(behind));
        if (option("streams") > 0) {
            builder.maxConcurrentCallsPerConnection(option("streams"));
        }
        if (option("age") > 0) {
            builder.maxConnectionAge(option("age"), TimeUnit.MILLISECONDS)
                    .maxConnectionAgeGrace(option("grace"), TimeUnit.MILLISECONDS);
        }
        if (option("idle") > 0) {
            builder.maxConnectionIdle(option("idle"), TimeUnit.MILLISECONDS);
        }
        if (option("window") > 0) {
            builder.flowControlWindow(option("window"));
        }
        if (option("ping") > 0) {
            builder.permitKeepAliveTime(option("ping"), TimeUnit.MILLISECONDS);
        }
        return builder.build();
    }

    /** Bytes as they are. */
    private static final MethodDescriptor.Marshaller<byte[]> BYTES = new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try {
                return stream.readAllBytes();
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        }
    };

    /** Every method there is, handed on. */
    private static final class Everything extends HandlerRegistry {
        private final ManagedChannel behind;

        Everything(ManagedChannel behind) {
            this.behind = behind;
        }

        @Override
        public ServerMethodDefinition<?, ?> lookupMethod(String name, String authority) {
            MethodDescriptor<byte[], byte[]> method = MethodDescriptor.newBuilder(BYTES, BYTES)
                    .setFullMethodName(name).setType(MethodType.UNKNOWN).build();
            return ServerMethodDefinition.create(method, (ServerCallHandler<byte[], byte[]>) (front, headers) -> {
                ClientCall<byte[], byte[]> back = behind.newCall(method, CallOptions.DEFAULT);
                back.start(new Answer(front, back), new Metadata());
                front.request(2);
                back.request(2);
                return new Question(front, back);
            });
        }
    }

    /** What comes from the client. */
    private static final class Question extends ServerCall.Listener<byte[]> {
        private final ServerCall<byte[], byte[]> front;
        private final ClientCall<byte[], byte[]> back;

        Question(ServerCall<byte[], byte[]> front, ClientCall<byte[], byte[]> back) {
            this.front = front;
            this.back = back;
        }

        @Override
        public void onMessage(byte[] message) {
            back.sendMessage(message);
            front.request(1);
        }

        @Override
        public void onHalfClose() {
            back.halfClose();
        }

        @Override
        public void onCancel() {
            back.cancel("the client has gone", null);
        }
    }

    /** What comes from the node. */
    private static final class Answer extends ClientCall.Listener<byte[]> {
        private final ServerCall<byte[], byte[]> front;
        private final ClientCall<byte[], byte[]> back;
        private boolean begun;

        Answer(ServerCall<byte[], byte[]> front, ClientCall<byte[], byte[]> back) {
            this.front = front;
            this.back = back;
        }

        @Override
        public void onMessage(byte[] message) {
            if (!begun) {
                begun = true;
                front.sendHeaders(new Metadata());
            }
            front.sendMessage(message);
            back.request(1);
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            if (!front.isCancelled()) {
                front.close(status, new Metadata());
            }
        }
    }

    /** Connections whose bytes arrive later, each way, in order; opening one takes no longer than it does. */
    private static final class Delay extends ChannelInboundHandlerAdapter {
        private final Channel other;
        private final int millis;

        private Delay(Channel other, int millis) {
            this.other = other;
            this.millis = millis;
        }

        static Channel listen(int port, int target, int millis) {
            EventLoopGroup loop = new NioEventLoopGroup(1, runnable -> {
                Thread thread = new Thread(runnable);
                thread.setDaemon(true);
                return thread;
            });
            return new ServerBootstrap().group(loop).channel(NioServerSocketChannel.class)
                    .childOption(ChannelOption.AUTO_READ, false)
                    .childOption(ChannelOption.TCP_NODELAY, true)
                    .childHandler(new ChannelInitializer<Channel>() {
                        @Override
                        protected void initChannel(Channel client) {
                            Bootstrap towards = new Bootstrap().group(client.eventLoop())
                                    .channel(NioSocketChannel.class).option(ChannelOption.TCP_NODELAY, true)
                                    .handler(new Delay(client, millis));
                            towards.connect("127.0.0.1", target).addListener(connected -> {
                                if (!connected.isSuccess()) {
                                    client.close();
                                }
                            });
                        }
                    }).bind("127.0.0.1", port).syncUninterruptibly().channel();
        }

        @Override
        public void channelActive(ChannelHandlerContext server) {
            other.pipeline().addLast(new Delay(server.channel(), millis));
            other.config().setAutoRead(true);
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object bytes) {
            later(context, () -> other.writeAndFlush(bytes));
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            later(context, other::close);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable error) {
            context.close();
        }

        private void later(ChannelHandlerContext context, Runnable work) {
            context.executor().schedule(work, millis, TimeUnit.MILLISECONDS);
        }
    }
}
