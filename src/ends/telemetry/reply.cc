#include "ends/telemetry/reply.h"

#include <algorithm>
#include <charconv>

#include "core/net/http_date.h"
#include "otlp.pb.h"

namespace firn::telemetry {
namespace {

using std::chrono::milliseconds;

constexpr size_t kSaidMax = 200;
constexpr int64_t kRetryAfterMostSeconds = 3'600;

std::string Line(std::string_view text) {
  std::string line(text.substr(0, kSaidMax));
  std::ranges::transform(line, line.begin(), [](char c) { return c >= ' ' && c < 0x7f ? c : ' '; });
  return line;
}

std::optional<milliseconds> Wait(int64_t seconds) {
  if (seconds < 0) return std::nullopt;
  return std::chrono::seconds(std::min(seconds, kRetryAfterMostSeconds));
}

// Seconds, or an HTTP date held against the answer's own.
std::optional<milliseconds> RetryAfterOf(const net::Headers& headers) {
  const auto text = headers.Get("Retry-After");
  if (!text) return std::nullopt;
  int64_t seconds = -1;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), seconds);
  if (error == std::errc() && end == text->data() + text->size()) return Wait(seconds);
  const auto then = net::ParseHttpDate(*text);
  const auto now = net::ParseHttpDate(headers.GetOr("Date", ""));
  if (!then || !now) return std::nullopt;
  return Wait(std::chrono::duration_cast<std::chrono::seconds>(*then - *now).count());
}

Reply Taken(std::string_view body) {
  Reply reply;
  otlp::ExportResponse response;
  // An empty body is a whole success; one that cannot be read came from somebody who took it.
  if (!response.ParseFromArray(body.data(), static_cast<int>(body.size()))) return reply;
  reply.rejected = std::max<int64_t>(0, response.partial_success().rejected());
  reply.said = Line(response.partial_success().error_message());
  return reply;
}

std::string MessageOf(std::string_view status_bytes) {
  otlp::RpcStatus status;
  if (!status.ParseFromArray(status_bytes.data(), static_cast<int>(status_bytes.size()))) return "";
  return Line(status.message());
}

// How long the details of a status ask to wait.
std::optional<milliseconds> RetryInfoOf(const std::string& details) {
  otlp::RpcStatus status;
  if (!status.ParseFromString(details)) return std::nullopt;
  for (const otlp::Detail& detail : status.details()) {
    otlp::RetryInfo info;
    if (!detail.type_url().ends_with("/google.rpc.RetryInfo")) continue;
    if (!info.ParseFromString(detail.value())) continue;
    const auto whole = Wait(info.retry_delay().seconds());
    if (!whole) return std::nullopt;
    return *whole +
           milliseconds(std::clamp(info.retry_delay().nanos(), 0, 999'999'999) / 1'000'000);
  }
  return std::nullopt;
}

}  // namespace

Reply ReplyOfHttp(const Result<net::Response>& response) {
  Reply reply;
  if (!response) {
    // The other side cannot be made to speak HTTP, or to be who it should be, by asking again.
    const Kind kind = response.error().kind();
    const bool lasting = kind == Kind::kBadInput || kind == Kind::kBadConfig;
    reply.kind = lasting ? Reply::Kind::kRefused : Reply::Kind::kRetry;
    reply.said = Line(response.error().code() + " " + response.error().what());
    return reply;
  }
  const int status = response->status;
  if (status >= 200 && status < 300) return Taken(response->body);
  const bool again = status == 429 || status == 502 || status == 503 || status == 504;
  reply.kind = again ? Reply::Kind::kRetry : Reply::Kind::kRefused;
  if (again) reply.retry_after = RetryAfterOf(response->headers);
  reply.said = "HTTP status " + std::to_string(status);
  if (response->headers.GetOr("Content-Type", "").starts_with("application/x-protobuf")) {
    if (const std::string message = MessageOf(response->body); !message.empty())
      reply.said += ": " + message;
  }
  return reply;
}

Reply ReplyOfGrpc(const GrpcEnd& end) {
  if (end.code == 0) return Taken(end.body);
  Reply reply;
  reply.retry_after = RetryInfoOf(end.details);
  reply.said = Line("gRPC status " + std::to_string(end.code) + ": " + end.message);
  switch (end.code) {
    case 1:   // CANCELLED
    case 4:   // DEADLINE_EXCEEDED
    case 10:  // ABORTED
    case 11:  // OUT_OF_RANGE
    case 14:  // UNAVAILABLE
    case 15:  // DATA_LOSS
      reply.kind = Reply::Kind::kRetry;
      return reply;
    case 8:  // RESOURCE_EXHAUSTED: only a collector that says when will recover
      reply.kind = reply.retry_after ? Reply::Kind::kRetry : Reply::Kind::kRefused;
      return reply;
    default:
      reply.kind = Reply::Kind::kRefused;
      return reply;
  }
}

}  // namespace firn::telemetry
