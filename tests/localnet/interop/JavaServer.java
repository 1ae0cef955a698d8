// A server of grpc-java with the settings of a real node (hiero-consensus-node, NettyGrpcServerManager and NettyConfig),
// whose ages may be shorter. It gives back what it is sent; /test/held answers nothing. Prints its port, and ends with its
// standard input. Arguments: seconds of age, of grace, and of idleness.
import io.grpc.HandlerRegistry;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.concurrent.TimeUnit;

public class JavaServer {
    private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
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
    }

    private static final class Echo extends HandlerRegistry {
        @Override
        public ServerMethodDefinition<?, ?> lookupMethod(String name, String authority) {
            var method = MethodDescriptor.newBuilder(new Bytes(), new Bytes())
                    .setType(MethodDescriptor.MethodType.UNARY).setFullMethodName(name).build();
            return ServerMethodDefinition.create(method, (call, headers) -> {
                call.request(1);
                return new ServerCall.Listener<byte[]>() {
                    private byte[] request;

                    @Override
                    public void onMessage(byte[] message) {
                        request = message;
                    }

                    @Override
                    public void onHalfClose() {
                        if (name.endsWith("/held")) {
                            return;
                        }
                        call.sendHeaders(new Metadata());
                        call.sendMessage(request);
                        call.close(Status.OK, new Metadata());
                    }
                };
            });
        }
    }

    public static void main(String[] seconds) throws Exception {
        Server server = NettyServerBuilder.forPort(0)
                .keepAliveTime(60, TimeUnit.SECONDS).permitKeepAliveTime(60, TimeUnit.SECONDS)
                .keepAliveTimeout(15, TimeUnit.SECONDS)
                .maxConnectionAge(Long.parseLong(seconds[0]), TimeUnit.SECONDS)
                .maxConnectionAgeGrace(Long.parseLong(seconds[1]), TimeUnit.SECONDS)
                .maxConnectionIdle(Long.parseLong(seconds[2]), TimeUnit.SECONDS)
                .maxConcurrentCallsPerConnection(10).flowControlWindow(10240)
                .directExecutor().fallbackHandlerRegistry(new Echo()).build().start();
        System.out.println(server.getPort());
        System.out.flush();
        while (System.in.read() >= 0) {
        }
        System.exit(0);
    }
}
