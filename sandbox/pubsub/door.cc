#include "sandbox/pubsub/door.h"

#include <functional>
#include <thread>

#include "core/base/queue.h"
#include "sandbox/pubsub/streams.h"

namespace firn::sandbox {
namespace {

constexpr int kPumpThreads = 2;
constexpr int kCallThreads = 2;
constexpr size_t kCallsWaitingMax = 1024;

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

// Single calls touch the store, so they are not for gRPC's own threads.
class CallWorkers {
 public:
  CallWorkers() : queue_(kCallsWaitingMax) {
    for (int i = 0; i < kCallThreads; ++i) {
      threads_.emplace_back([this] {
        while (auto job = queue_.Pop()) (*job)();
      });
    }
  }
  ~CallWorkers() { queue_.Close(); }
  // False: too many wait already.
  bool Run(std::function<void()> job) {
    return queue_.size() < kCallsWaitingMax && queue_.Push(std::move(job));
  }

 private:
  BoundedQueue<std::function<void()>> queue_;
  std::vector<std::jthread> threads_;
};

class PubSubService final : public eventbus::v1::PubSub::CallbackService {
 public:
  PubSubService(StreamParts& parts, CallWorkers& workers) : parts_(parts), workers_(workers) {}

  SubscribeReactor* Subscribe(CallbackServerContext* context) override {
    return NewSubscribeStream(parts_, *context);
  }
  PublishReactor* PublishStream(CallbackServerContext* context) override {
    return NewPublishStream(parts_, *context);
  }
  ManagedReactor* ManagedSubscribe(CallbackServerContext* context) override {
    return NewManagedStream(parts_, *context);
  }
  ServerUnaryReactor* GetTopic(CallbackServerContext* context,
                               const eventbus::v1::TopicRequest* request,
                               eventbus::v1::TopicInfo* info) override {
    return Answer(context, "GetTopic", request->topic_name(),
                  [this, request, info](RpcCall& call) { return Describe(*request, call, *info); });
  }
  ServerUnaryReactor* GetSchema(CallbackServerContext* context,
                                const eventbus::v1::SchemaRequest* request,
                                eventbus::v1::SchemaInfo* info) override {
    return Answer(context, "GetSchema", request->schema_id(),
                  [this, request, info](RpcCall& call) { return Schema(*request, call, *info); });
  }
  ServerUnaryReactor* Publish(CallbackServerContext* context,
                              const eventbus::v1::PublishRequest* request,
                              eventbus::v1::PublishResponse* response) override {
    return Answer(context, "Publish", request->topic_name(),
                  [this, request, response](RpcCall& call) {
                    return CarryOutPublish(parts_.gate, request->topic_name(), *request,
                                           call.rpc_id, *response);
                  });
  }

 private:
  using Work = std::function<std::optional<RpcError>(RpcCall&)>;
  ServerUnaryReactor* Answer(CallbackServerContext* context, std::string_view method,
                             const std::string& topic, Work work);
  std::optional<RpcError> Describe(const eventbus::v1::TopicRequest& request, const RpcCall& call,
                                   eventbus::v1::TopicInfo& info);
  std::optional<RpcError> Schema(const eventbus::v1::SchemaRequest& request, const RpcCall& call,
                                 eventbus::v1::SchemaInfo& info);

  StreamParts& parts_;
  CallWorkers& workers_;
};

ServerUnaryReactor* PubSubService::Answer(CallbackServerContext* context, std::string_view method,
                                          const std::string& topic, Work work) {
  ServerUnaryReactor* reactor = context->DefaultReactor();
  auto call = std::make_shared<RpcCall>(parts_.gate.Open(method));
  const auto finish = [this, context, reactor, call](const RpcError& error) {
    parts_.gate.Log(*call, error.status, 0);
    reactor->Finish(StatusOf(*context, error, call->rpc_id));
  };
  const bool taken = workers_.Run([this, context, call, topic, finish, work = std::move(work)] {
    auto error = parts_.gate.Admit(MetadataOf(*context), *call);
    if (!error) error = parts_.gate.Strike(topic, *call);
    if (!error) error = work(*call);
    finish(error.value_or(RpcError{}));
  });
  if (!taken) {
    finish({RpcStatus::kResourceExhausted, "service.protection.triggered",
            "The service received too many requests."});
  }
  return reactor;
}

std::optional<RpcError> PubSubService::Describe(const eventbus::v1::TopicRequest& request,
                                                const RpcCall& call,
                                                eventbus::v1::TopicInfo& info) {
  if (request.topic_name().empty()) {
    return RpcError{RpcStatus::kInvalidArgument, "topic.validation.empty",
                    "The topic name can't be blank."};
  }
  const std::string& org_id = parts_.gate.parts().org.org_id();
  const auto topic = parts_.gate.bus().FindTopic(request.topic_name());
  if (!topic) {
    return RpcError{RpcStatus::kNotFound, "topic.not.found",
                    "The topic information for org CORE/prod/" + org_id + " and topic " +
                        request.topic_name() +
                        " not found. Ensure the topic name is correct and that the topic exists."};
  }
  info.set_topic_name(topic->name);
  info.set_tenant_guid("core/prod/" + org_id);
  info.set_can_publish(topic->can_publish);
  info.set_can_subscribe(true);
  info.set_rpc_id(call.rpc_id);
  if (topic->schema) {
    info.set_schema_id(topic->schema->id);
    if (!parts_.gate.bus().KeepSchema(*topic->schema)) {
      return RpcError{RpcStatus::kUnavailable, "topic.api.unavailable",
                      "The topic information is temporarily unavailable."};
    }
  }
  return std::nullopt;
}

std::optional<RpcError> PubSubService::Schema(const eventbus::v1::SchemaRequest& request,
                                              const RpcCall& call, eventbus::v1::SchemaInfo& info) {
  if (request.schema_id().empty()) {
    return RpcError{RpcStatus::kInvalidArgument, "schema.validation.failed",
                    "Schema validation failed. The schema ID can't be blank."};
  }
  const auto json = parts_.gate.bus().SchemaJson(request.schema_id());
  if (!json) {
    return RpcError{RpcStatus::kUnavailable, "schema.api.unavailable",
                    "The schema information is temporarily unavailable."};
  }
  if (!*json) {
    return RpcError{RpcStatus::kNotFound, "schema.meta.permission",
                    "The schema " + request.schema_id() + " was not found."};
  }
  info.set_schema_json(**json);
  info.set_schema_id(request.schema_id());
  info.set_rpc_id(call.rpc_id);
  return std::nullopt;
}

class PubSubDoorImpl final : public PubSubDoor {
 public:
  PubSubDoorImpl(ApiParts& parts, EventBus& bus)
      : gate_(parts, bus),
        pump_(kPumpThreads),
        parts_{gate_, pump_, {}, {}},
        service_(parts_, workers_) {}
  ~PubSubDoorImpl() override {
    gate_.bus().OnNews(this, {});
    if (server_) server_->Shutdown(std::chrono::system_clock::now());
  }
  Result<void> Listen(const Options& options);
  uint16_t port() const override { return static_cast<uint16_t>(port_); }
  uint16_t tls_port() const override { return static_cast<uint16_t>(tls_port_); }
  size_t streams() const override { return pump_.size(); }

 private:
  CallGate gate_;
  Pump pump_;
  StreamParts parts_;
  CallWorkers workers_;
  PubSubService service_;
  int port_ = 0;
  int tls_port_ = 0;
  std::unique_ptr<grpc::Server> server_;  // goes first: its threads use all of the above
};

Result<void> PubSubDoorImpl::Listen(const Options& options) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort(options.address + ":" + std::to_string(options.port),
                           grpc::InsecureServerCredentials(), &port_);
  if (!options.certificate_pem.empty()) {
    grpc::SslServerCredentialsOptions ssl;
    ssl.pem_key_cert_pairs.push_back({options.key_pem, options.certificate_pem});
    builder.AddListeningPort(options.address + ":" + std::to_string(options.tls_port),
                             grpc::SslServerCredentials(ssl), &tls_port_);
  }
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, static_cast<int>(kStreamsMax));
  // Another process on the same port would take half of the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // Clients that ask often whether the connection lives are not sent away.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 1000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.RegisterService(&service_);
  server_ = builder.BuildAndStart();
  if (!server_ || port_ == 0 || (!options.certificate_pem.empty() && tls_port_ == 0)) {
    return Fail(
        Error(Kind::kConflict, "SBX-PUBSUB-001", "a port of the Pub/Sub API cannot be opened")
            .At(options.address + ":" + std::to_string(options.port) + ", " +
                std::to_string(options.tls_port)));
  }
  gate_.bus().OnNews(this, [this] { pump_.WakeAll(); });
  return {};
}

}  // namespace

Result<std::unique_ptr<PubSubDoor>> PubSubDoor::Open(ApiParts& parts, EventBus& bus,
                                                     const Options& options) {
  auto door = std::make_unique<PubSubDoorImpl>(parts, bus);
  FIRN_CHECK(door->Listen(options));
  return std::unique_ptr<PubSubDoor>(std::move(door));
}

}  // namespace firn::sandbox
