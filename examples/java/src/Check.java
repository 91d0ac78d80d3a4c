import gt.gob.mingob.ronda.v1.CheckRequest;
import gt.gob.mingob.ronda.v1.CheckResponse;
import gt.gob.mingob.ronda.v1.CheckServiceGrpc;
import gt.gob.mingob.ronda.v1.Hit;
import gt.gob.mingob.ronda.v1.Level;
import gt.gob.mingob.ronda.v1.Purpose;
import gt.gob.mingob.ronda.v1.RequestContext;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import java.io.File;
import java.nio.file.Files;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** Check HOST PORT IDENTITY QUERY: one check. IDENTITY: prefix of .pem, .key and .token. */
public final class Check {
    public static void main(String[] given) throws Exception {
        File identity = new File(given[2]).getAbsoluteFile();
        Metadata headers = new Metadata();
        String token = Files.readString(new File(identity + ".token").toPath()).trim();
        headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
        ManagedChannel channel = NettyChannelBuilder.forAddress(given[0], Integer.parseInt(given[1]))
            .sslContext(GrpcSslContexts.forClient()
                .trustManager(new File(identity.getParentFile(), "server-ca.pem"))
                .keyManager(new File(identity + ".pem"), new File(identity + ".key"))
                .protocols("TLSv1.3")
                .build())
            .enableRetry()
            .build();
        try {
            CheckResponse found = CheckServiceGrpc.newBlockingStub(channel)
                .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
                .withDeadlineAfter(5, TimeUnit.SECONDS)
                .check(CheckRequest.newBuilder()
                    .setContext(RequestContext.newBuilder()
                        .setPurpose(Purpose.PURPOSE_TRAFFIC_STOP)
                        .setRequestId(UUID.randomUUID().toString()))
                    .setQuery(given[3])
                    .build());
            Level level = found.getAnswer().getLevel();
            System.out.println(level + (level == Level.LEVEL_CLEAR ? " green" : " not green"));
            for (Hit hit : found.getAnswer().getHitsList()) System.out.println(hit.getAction().getText());
        } catch (StatusRuntimeException failure) {
            System.err.println(failure.getStatus());
            System.exit(1);
        } finally {
            channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
        }
    }
}
