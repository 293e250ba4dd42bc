// OTLP/gRPC: one unary call a request. The messages are bytes already, so the generic stub does.
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <mutex>

#include "core/base/file.h"
#include "ends/telemetry/channel.h"

namespace firn::telemetry {
namespace {

constexpr uint64_t kCaBytesMax = 16 << 20;

std::string BytesOf(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Valid() || !buffer.Dump(&slices).ok()) return bytes;
  for (const grpc::Slice& slice : slices)
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return bytes;
}

// gRPC's thread says when; the caller waits.
class Done {
 public:
  void Set(grpc::Status status) {
    const std::lock_guard lock(mutex_);
    status_ = std::move(status);
    set_ = true;
    changed_.notify_all();
  }
  grpc::Status Wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return set_; });
    return status_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool set_ = false;
  grpc::Status status_;
};

class GrpcChannel final : public Channel {
 public:
  GrpcChannel(Signal signal, SignalSettings settings, std::shared_ptr<grpc::Channel> channel)
      : settings_(std::move(settings)),
        method_(signal == Signal::kTraces
                    ? "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
                    : "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"),
        stub_(std::move(channel)) {}

  Reply Send(const Call& call, const std::string& body) override {
    grpc::ClientContext context;
    for (const auto& [name, value] : settings_.headers) context.AddMetadata(name, value.Reveal());
    if (settings_.gzip) context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
    const auto limit = std::min<std::chrono::nanoseconds>(call.Left(), settings_.timeout);
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::duration_cast<std::chrono::microseconds>(limit));
    const grpc::Slice slice(body);
    const grpc::ByteBuffer request(&slice, 1);
    grpc::ByteBuffer response;
    Done done;
    const std::stop_callback stop(call.stop, [&] { context.TryCancel(); });
    stub_.UnaryCall(&context, method_, grpc::StubOptions(), &request, &response,
                    [&done](grpc::Status status) { done.Set(std::move(status)); });
    const grpc::Status status = done.Wait();
    Reply reply = ReplyOfGrpc({.code = static_cast<int>(status.error_code()),
                               .message = status.error_message(),
                               .details = status.error_details(),
                               .body = BytesOf(response)});
    reply.said = WithoutSecrets(std::move(reply.said), settings_.headers);
    return reply;
  }

 private:
  const SignalSettings settings_;
  const std::string method_;
  grpc::GenericStub stub_;
};

}  // namespace

Result<std::unique_ptr<Channel>> OpenGrpcChannel(const ChannelOptions& options) {
  const SignalSettings& settings = options.settings;
  std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
  if (!settings.clear) {
    grpc::SslCredentialsOptions ssl;
    if (!settings.ca_file.empty()) {
      FIRN_TRY(ssl.pem_root_certs, ReadFile(settings.ca_file, kCaBytesMax));
    }
    credentials = grpc::SslCredentials(ssl);
  }
  grpc::ChannelArguments arguments;
  arguments.SetUserAgentPrefix(options.user_agent);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  if (options.proxy == "none" || settings.clear) arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  if (!options.proxy.empty() && options.proxy != "none")
    arguments.SetString(GRPC_ARG_HTTP_PROXY, options.proxy);
  auto channel = grpc::CreateCustomChannel(settings.endpoint, credentials, arguments);
  return std::make_unique<GrpcChannel>(options.signal, settings, std::move(channel));
}

}  // namespace firn::telemetry
