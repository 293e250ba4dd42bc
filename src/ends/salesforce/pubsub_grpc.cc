// The Pub/Sub API by gRPC's callback interface: channel, credentials, metadata, streams.
//
// gRPC's threads do nothing here but put batches into a queue and ask for more; they never wait and
// never end a channel (grpc/grpc issues 36609, 37198).
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

#include "core/base/file.h"
#include "ends/salesforce/internal/event_call.h"

namespace firn::salesforce {

void AddMetadata(grpc::ClientContext& context, const Session& session, const std::string& tenant) {
  context.AddMetadata("accesstoken", session.access_token.Reveal());
  context.AddMetadata("instanceurl", session.instance_url);
  context.AddMetadata("tenantid", tenant);
}

StreamEnd EndOf(const grpc::Status& status, const grpc::ClientContext& context) {
  StreamEnd end{static_cast<int>(status.error_code()), status.error_message(), "", ""};
  for (const auto& [key, value] : context.GetServerTrailingMetadata()) {
    if (key == "error-code") end.error_code.assign(value.data(), value.size());
    if (key == "rpc-id") end.rpc_id.assign(value.data(), value.size());
  }
  return end;
}

namespace {

namespace wire = eventbus::v1;

// 100 events of at most 1 MB each, and what surrounds them.
constexpr int kMessageBytesMax = 128 << 20;
constexpr uint64_t kCaBytesMax = 16 << 20;

class SubscribeCall final : public EventCall<wire::FetchRequest, wire::FetchResponse> {
 public:
  SubscribeCall(wire::PubSub::Stub& stub, const Session& session, const std::string& tenant,
                const SubscribeOptions& options, const ReplayPosition& from)
      : EventCall(session, tenant, options) {
    request().set_topic_name(options.topic);
    request().set_replay_preset(from.from == ReplayPosition::From::kEarliest ? wire::EARLIEST
                                : from.from == ReplayPosition::From::kAfter  ? wire::CUSTOM
                                                                             : wire::LATEST);
    if (from.from == ReplayPosition::From::kAfter) request().set_replay_id(from.replay_id);
    stub.async()->Subscribe(&context(), this);
    Start();
  }
};

class WirePubSub final : public PubSub, private StreamOpener {
 public:
  WirePubSub(PubSubOptions options, TokenSource& tokens, std::shared_ptr<grpc::Channel> channel)
      : options_(std::move(options)),
        tokens_(tokens),
        channel_(std::move(channel)),
        stub_(wire::PubSub::NewStub(channel_)) {}

  Result<TopicInfo> Topic(const Call& call, const std::string& topic) override {
    wire::TopicRequest request;
    request.set_topic_name(topic);
    wire::TopicInfo info;
    FIRN_CHECK(Ask(call, topic, [&](grpc::ClientContext* context) {
      return stub_->GetTopic(context, request, &info);
    }));
    return TopicInfo{info.topic_name(), info.schema_id(), info.tenant_guid(), info.can_publish(),
                     info.can_subscribe()};
  }

  Result<std::shared_ptr<const std::string>> Schema(const Call& call,
                                                    const std::string& schema_id) override {
    {
      const std::lock_guard lock(mutex_);
      const auto known = schemas_.find(schema_id);
      if (known != schemas_.end()) return known->second;
    }
    wire::SchemaRequest request;
    request.set_schema_id(schema_id);
    wire::SchemaInfo info;
    FIRN_CHECK(Ask(call, "schema " + schema_id, [&](grpc::ClientContext* context) {
      return stub_->GetSchema(context, request, &info);
    }));
    const std::lock_guard lock(mutex_);
    // Schemas are few and never change; past the bound they are simply asked for again.
    if (schemas_.size() >= options_.schemas_kept) schemas_.clear();
    return schemas_.emplace(schema_id, std::make_shared<const std::string>(info.schema_json()))
        .first->second;
  }

  Result<std::unique_ptr<Subscription>> Subscribe(SubscribeOptions options) override {
    const std::string topic =
        options.managed.empty() ? options.topic : "managed subscription " + options.managed;
    {
      const std::lock_guard lock(mutex_);
      if (!subscribed_.insert(topic).second) {
        return Fail(
            Error(Kind::kConflict, "SF-STREAM-011", "`" + topic + "` has a subscription already")
                .Because("each one is billed for every event")
                .Hint("let the consumers share it"));
      }
    }
    return NewSubscription(std::move(options), *this, tokens_, [this, topic] {
      const std::lock_guard lock(mutex_);
      subscribed_.erase(topic);
    });
  }

  Result<PublishOutcomes> Publish(const Call& call, const std::string& topic,
                                  std::span<const OutgoingEvent> events) override {
    const wire::PublishRequest request = RequestOf(topic, events);
    wire::PublishResponse response;
    FIRN_CHECK(Ask(call, topic, [&](grpc::ClientContext* context) {
      return stub_->Publish(context, request, &response);
    }));
    return OutcomesOf(response, events, {options_.org, topic});
  }

  std::unique_ptr<Publisher> OpenPublisher(const std::string& topic) override {
    return NewStreamPublisher({.org = options_.org,
                               .tenant_id = options_.tenant_id,
                               .request_timeout = options_.request_timeout,
                               .stub = stub_.get(),
                               .tokens = &tokens_},
                              topic);
  }

  Result<std::string> UserId(const Call& call) override {
    FIRN_TRY(const Session session, tokens_.Get(call));
    return session.user_id;
  }

 private:
  Result<std::unique_ptr<EventStream>> Open(const Session& session, const SubscribeOptions& options,
                                            const ReplayPosition& from) override {
    if (!options.managed.empty()) {
      return OpenManagedStream({options_.org, options_.tenant_id, stub_.get()}, session, options);
    }
    auto call = std::make_unique<SubscribeCall>(*stub_, session, options_.tenant_id, options, from);
    return std::make_unique<WireStream<SubscribeCall>>(std::move(call), options_.org,
                                                       options.topic);
  }

  // A call with one answer; renews the session once.
  template <typename Send>
  Result<void> Ask(const Call& call, const std::string& about, Send&& send) {
    FIRN_TRY(Session session, tokens_.Get(call));
    for (bool renewed = false;; renewed = true) {
      FIRN_CHECK(call.Check());
      grpc::ClientContext context;
      AddMetadata(context, session, options_.tenant_id);
      const auto limit = std::min<std::chrono::nanoseconds>(call.Left(), options_.request_timeout);
      context.set_deadline(std::chrono::system_clock::now() +
                           std::chrono::duration_cast<std::chrono::microseconds>(limit));
      const std::stop_callback stop(call.stop, [&] { context.TryCancel(); });
      const grpc::Status status = send(&context);
      if (status.ok()) return {};
      FIRN_CHECK(call.Check());
      Error error = ErrorOfEnd(EndOf(status, context), options_.org, about);
      if (error.code() != "SF-STREAM-002" || renewed) return Fail(std::move(error));
      FIRN_TRY(session, tokens_.Renew(call, session));
    }
  }

  const PubSubOptions options_;
  TokenSource& tokens_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<wire::PubSub::Stub> stub_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const std::string>> schemas_;
  std::set<std::string> subscribed_;
};

Error BadEndpoint(const std::string& endpoint, std::string why) {
  return Error(Kind::kBadConfig, "SF-STREAM-009", "the Pub/Sub endpoint cannot be used")
      .At(endpoint)
      .Because(std::move(why));
}

bool IsLoopback(std::string_view host_port) {
  return host_port.starts_with("127.") || host_port.starts_with("localhost:") ||
         host_port.starts_with("[::1]:");
}

}  // namespace

Result<std::unique_ptr<PubSub>> PubSub::Open(PubSubOptions options, TokenSource& tokens) {
  std::string target = options.endpoint;
  const bool clear = target.starts_with("http://");
  if (clear) target.erase(0, 7);
  if (target.starts_with("https://")) target.erase(0, 8);
  if (target.find(':') == std::string::npos || target.find('/') != std::string::npos) {
    return Fail(BadEndpoint(options.endpoint, "it is not `host:port`"));
  }
  if (clear && !IsLoopback(target)) {
    return Fail(BadEndpoint(options.endpoint, "tokens travel in clear only on this machine"));
  }
  std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
  if (!clear) {
    grpc::SslCredentialsOptions ssl;
    if (!options.ca_file.empty()) {
      FIRN_TRY(ssl.pem_root_certs, ReadFile(options.ca_file, kCaBytesMax));
    }
    credentials = grpc::SslCredentials(ssl);
  }
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMessageBytesMax);
  arguments.SetUserAgentPrefix("firn");
  // A channel of its own: streams of two orgs never share a connection.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  if (options.proxy == "none" || clear) arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  if (!options.proxy.empty() && options.proxy != "none") {
    arguments.SetString(GRPC_ARG_HTTP_PROXY, options.proxy);
  }
  auto channel = grpc::CreateCustomChannel(target, credentials, arguments);
  return std::make_unique<WirePubSub>(std::move(options), tokens, std::move(channel));
}

}  // namespace firn::salesforce
