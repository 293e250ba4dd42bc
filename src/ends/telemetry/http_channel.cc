#include "core/net/client.h"
#include "core/net/inflate.h"
#include "ends/telemetry/channel.h"

namespace firn::telemetry {
namespace {

constexpr uint64_t kAnswerBytesMax = 1 << 20;
constexpr size_t kSecretLeast = 4;  // shorter ones hide nothing and would tear words apart

class HttpChannel final : public Channel {
 public:
  HttpChannel(SignalSettings settings, std::unique_ptr<net::Transport> transport)
      : settings_(std::move(settings)), transport_(std::move(transport)) {}

  Reply Send(const Call& call, const std::string& body) override {
    net::Request request;
    request.method = "POST";
    request.url = settings_.endpoint;
    request.headers.Set("Content-Type", "application/x-protobuf");
    for (const auto& [name, value] : settings_.headers) request.headers.Set(name, value.Reveal());
    if (settings_.gzip) request.headers.Set("Content-Encoding", "gzip");
    request.body = settings_.gzip ? net::Gzip(body) : body;
    request.body_bytes_max = kAnswerBytesMax;
    Reply reply = ReplyOfHttp(transport_->Send(call.Within(settings_.timeout), request));
    reply.said = WithoutSecrets(std::move(reply.said), settings_.headers);
    return reply;
  }

 private:
  const SignalSettings settings_;
  const std::unique_ptr<net::Transport> transport_;
};

}  // namespace

std::string WithoutSecrets(std::string text, const HeaderList& headers) {
  for (const auto& [name, value] : headers) {
    const std::string& secret = value.Reveal();
    if (secret.size() < kSecretLeast) continue;
    // Of `Bearer abc`, the second word alone too.
    const size_t blank = secret.rfind(' ');
    const std::string word = blank == std::string::npos ? secret : secret.substr(blank + 1);
    for (const std::string& gone : {secret, word}) {
      if (gone.size() < kSecretLeast) continue;
      for (size_t at = text.find(gone); at != std::string::npos; at = text.find(gone, at + 3))
        text.replace(at, gone.size(), "***");
    }
  }
  return text;
}

Result<std::unique_ptr<Channel>> OpenHttpChannel(const ChannelOptions& options) {
  net::ClientOptions client;
  client.user_agent = options.user_agent;
  client.ca_file = options.settings.ca_file;
  client.proxy = options.proxy;
  client.connect_timeout = std::min(client.connect_timeout, options.settings.timeout);
  FIRN_TRY(auto transport, net::NewHttpClient(client));
  return std::make_unique<HttpChannel>(options.settings, std::move(transport));
}

Result<std::unique_ptr<Channel>> OpenChannel(const ChannelOptions& options) {
  return options.settings.protocol == Protocol::kGrpc ? OpenGrpcChannel(options)
                                                      : OpenHttpChannel(options);
}

}  // namespace firn::telemetry
