#include "sandbox/streaming/streaming_door.h"

#include <algorithm>
#include <charconv>

#include "core/net/inflate.h"
#include "sandbox/life/admin.h"
#include "sandbox/rest/rest.h"
#include "sandbox/sign_in/oauth.h"
#include "sandbox/sign_in/oauth_text.h"
#include "sandbox/streaming/exchange.h"

namespace firn::sandbox {
namespace {

constexpr std::string_view kRoot = "/cometd";
constexpr int kWorkers = 2;
constexpr size_t kJobsWaitingMax = 1024;
// Source: Streaming API Developer Guide, "How the Client Connects", read 2026-11.
constexpr size_t kBodyBytesMax = 32'768;
constexpr int kVersionFirst = 37;
// However still the org is: a clock that was moved is noticed.
constexpr std::chrono::seconds kWatchEvery{1};

// 60 for `/cometd/60.0` and `/cometd/60.0/connect`; 0: none is named; -1: no version.
int VersionOf(std::string_view path) {
  path.remove_prefix(std::min(path.size(), kRoot.size() + 1));
  path = path.substr(0, path.find('/'));
  if (path.empty()) return 0;
  int version = 0;
  const auto read = std::from_chars(path.data(), path.data() + path.size(), version);
  const std::string_view rest(read.ptr, static_cast<size_t>(path.data() + path.size() - read.ptr));
  return read.ec == std::errc() && rest == ".0" ? version : -1;
}

std::string FormatHint() {
  return " URI format: '/cometd/" + std::to_string(kVersionNewest) + ".0'";
}

Answer BayeuxAnswer(int status, const std::vector<std::string>& messages) {
  Answer answer = JsonAnswer(status, ListOf(messages));
  answer.headers.Set("Cache-Control", "no-cache");
  return answer;
}

// Of a request that is refused as a whole, told for each of its messages.
Answer Refusal(int status, const std::vector<BayeuxMessage>& messages, const std::string& error) {
  std::vector<std::string> answers;
  for (const BayeuxMessage& message : messages) {
    answers.push_back(ReplyJson(message, {.error = error}));
  }
  return BayeuxAnswer(status, answers);
}

}  // namespace

StreamingDoor::StreamingDoor(ApiParts& parts, StreamClients& clients, StreamChannels channels)
    : parts_(parts), clients_(clients), channels_(channels), jobs_(kJobsWaitingMax) {
  for (int i = 0; i < kWorkers; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) { Work(stop); });
  }
  threads_.emplace_back([this](const std::stop_token& stop) { Watch(stop); });
  parts_.events.OnNews(this, [this] { Wake(); });
}

StreamingDoor::~StreamingDoor() {
  parts_.events.OnNews(this, {});
  for (std::jthread& thread : threads_) thread.request_stop();
  jobs_.Close();
  threads_.clear();
  clients_.Clear();
}

bool StreamingDoor::Owns(std::string_view path) {
  return path == kRoot || path.starts_with("/cometd/");
}

void StreamingDoor::Handle(net::ServerRequest request, net::Reply reply) {
  Job job{std::move(request), std::make_shared<net::Reply>(std::move(reply))};
  // Never waits here: this may be a thread of the network's.
  if (jobs_.size() >= kJobsWaitingMax) {
    Answer busy;
    busy.status = 503;
    std::move(*job.reply).Answer(std::move(busy));
    return;
  }
  jobs_.Push(std::move(job));
}

void StreamingDoor::Work(const std::stop_token& stop) {
  while (auto job = jobs_.Pop(stop)) Serve(*std::move(job));
}

void StreamingDoor::Wake() {
  {
    const std::lock_guard lock(mutex_);
    news_ = true;
  }
  wake_.notify_one();
}

void StreamingDoor::Watch(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const SteadyTime now = parts_.clock.Steady();
    SteadyTime due = now + kWatchEvery;
    for (const auto& client : clients_.All()) {
      if (closing_) client->Release();
      const auto next = client->Step(now);
      if (next) {
        due = std::min(due, *next);
      } else {
        clients_.Forget(client->identity().id);
      }
    }
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, stop, std::max(due - now, SteadyTime::duration::zero()),
                   [this] { return news_; });
    news_ = false;
  }
}

void StreamingDoor::ReleaseAll() {
  for (const auto& client : clients_.All()) client->Release();
}

void StreamingDoor::Close() {
  closing_ = true;
  ReleaseAll();
  Wake();
}

std::optional<Answer> StreamingDoor::Strike(Exchange& exchange) {
  std::optional<Answer> instead;
  for (const FaultEffect& fault : parts_.faults.Strike(
           exchange.request.method, exchange.request.path, exchange.request.target)) {
    exchange.line.faults.push_back(fault.name);
    if (fault.kind == FaultKind::kStatus || fault.kind == FaultKind::kMaintenance) {
      instead = JsonAnswer(fault.kind == FaultKind::kStatus ? fault.status : 503, fault.body);
    } else if (fault.kind == FaultKind::kDelay) {
      parts_.clock.under().SleepFor(std::chrono::milliseconds(fault.ms), {});
    } else {
      CarryOut(parts_, fault);
    }
  }
  return instead;
}

std::optional<Answer> StreamingDoor::Refuse(const Exchange& exchange) {
  const int version = exchange.version;
  if (version == 0) {
    return Refusal(400, exchange.messages,
                   "400::API version in the URI is mandatory." + FormatHint());
  }
  if (version < kVersionFirst || version > kVersionNewest) {
    return Refusal(400, exchange.messages,
                   "400::Unsupported API version. Only API versions '" +
                       std::to_string(kVersionFirst) + ".0' and later are supported." +
                       FormatHint());
  }
  return std::nullopt;
}

void StreamingDoor::Serve(Job job) {
  auto exchange = std::make_shared<Exchange>();
  exchange->request = std::move(job.request);
  exchange->reply = std::move(job.reply);
  exchange->began = parts_.clock.Steady();
  exchange->line.at = parts_.clock.Now();
  const net::ServerRequest& request = exchange->request;
  if (auto instead = Strike(*exchange)) return Finish(*exchange, *std::move(instead));
  if (request.method != "POST") {
    return Finish(*exchange, MethodNotAllowed(request.method, "POST"));
  }
  const auto body =
      net::InflateBody(request.headers.GetOr("Content-Encoding", "identity"), request.body);
  if (!body || body->size() > kBodyBytesMax) {
    return Finish(*exchange, Refusal(413, {BayeuxMessage{}}, "413::Maximum Request Size Exceeded"));
  }
  const std::string type = LowerCase(request.headers.GetOr("Content-Type", ""));
  auto messages = ParseBayeux(*body, type.find("form-urlencoded") != std::string::npos);
  if (!messages || messages->empty()) {
    return Finish(*exchange, Refusal(400, {BayeuxMessage{}}, "400::Malformed message"));
  }
  exchange->messages = *std::move(messages);
  exchange->version = VersionOf(request.path);
  if (auto refusal = Refuse(*exchange)) return Finish(*exchange, *std::move(refusal));
  exchange->token = BearerToken(request);
  exchange->session = parts_.sessions.Find(SessionStore::TokenKind::kAccess, exchange->token);
  for (const BayeuxMessage& message : exchange->messages) {
    if (message.channel != "/meta/connect") {
      Dispatch(*exchange, message);
    } else if (Connect(exchange, message)) {
      return;
    }
  }
  Finish(*exchange, BayeuxAnswer(200, exchange->answers));
}

void StreamingDoor::Finish(Exchange& exchange, Answer answer) {
  RequestLine& line = exchange.line;
  line.method = exchange.request.method;
  line.path = exchange.request.path;
  line.client = exchange.request.headers.GetOr("User-Agent", "");
  if (exchange.session) {
    if (const auto app = parts_.apps.Find(exchange.session->client_id)) line.client = app->name;
    line.username = exchange.session->user_id;
  }
  line.status = answer.status;
  line.bytes = static_cast<int64_t>(answer.body.size());
  line.micros =
      std::chrono::duration_cast<std::chrono::microseconds>(parts_.clock.Steady() - exchange.began)
          .count();
  answer.headers.Set("Date", HttpDate(parts_.clock.Now()));
  if (exchange.new_client) {
    answer.headers.Set("Set-Cookie",
                       "BAYEUX_BROWSER=" + NewUuid(SystemRandom()) + "; Path=/cometd; HttpOnly");
  }
  std::move(*exchange.reply).Answer(std::move(answer));
  parts_.log.Add(std::move(line));
}

}  // namespace firn::sandbox
