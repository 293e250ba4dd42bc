#include "ends/salesforce/internal/connection.h"

#include <algorithm>
#include <tl/expected.hpp>

#include "core/net/inflate.h"

namespace firn::salesforce {
namespace {

constexpr size_t kRefusalBytesMax = 64 << 10;

bool IsGood(const ApiRequest& request, int status) {
  return (status >= 200 && status < 300) ||
         std::find(request.also_good.begin(), request.also_good.end(), status) !=
             request.also_good.end();
}

// `https://host:port` of an absolute address.
std::string_view OriginOf(std::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  return url.substr(0, url.find_first_of("/?#", scheme + 3));
}

std::string ReadRefusal(net::StreamedResponse& response) {
  std::string body;
  while (body.size() < kRefusalBytesMax) {
    auto piece = response.body->Read(kRefusalBytesMax - body.size());
    if (!piece || piece->empty()) break;
    body += *piece;
  }
  auto plain = net::InflateBody(response.headers.GetOr("Content-Encoding", ""), body);
  return plain ? *std::move(plain) : std::string();
}

}  // namespace

std::string DataPath(const std::string& version) { return "/services/data/v" + version; }

Result<net::Request> Connection::Prepare(const Session& session, const ApiRequest& request) const {
  net::Request wire;
  wire.method = request.method;
  wire.headers = request.headers;
  wire.body = request.body;
  wire.own_connection = request.own_connection;
  wire.idle_timeout = request.idle_timeout;
  wire.body_bytes_max = request.body_bytes_max;
  if (request.address.starts_with('/')) {
    wire.url = session.instance_url + request.address;
  } else if (request.address.find("://") == std::string::npos) {
    wire.url = session.instance_url + "/" + request.address;
  } else if (OriginOf(request.address) == OriginOf(session.instance_url)) {
    wire.url = request.address;
  } else {
    // The token must not follow an address to another host.
    return Fail(Error(Kind::kCorrupt, "SF-REST-014", "the org named an address on another host")
                    .At("org `" + parts_.org + "`"));
  }
  wire.headers.Set("Authorization", "Bearer " + session.access_token.Reveal());
  return wire;
}

Result<void> Connection::Account(const Call& call, const Reservation& reservation,
                                 const net::Headers* headers) {
  if (parts_.calls != nullptr) parts_.calls->Add(reservation.calls);
  if (headers != nullptr) {
    const auto skew = ClockSkew(headers->GetOr("Date", ""), call.clock->Now());
    if (skew) clock_offset_s_ = -skew->count();
  }
  return parts_.budget->Finish(call, reservation, headers);
}

Connection::Failed Connection::FromTransport(Error error) const {
  const bool passes = error.kind() == Kind::kUnreachable || error.kind() == Kind::kTimeout;
  if (passes && error.retry().when == Retry::When::kNever) {
    error = std::move(error).RetryWithBackoff();
  }
  return {std::move(error).Doing("asking org `" + parts_.org + "`")};
}

Connection::Failed Connection::FromStatus(const ApiRequest& request, int status,
                                          const net::Headers& headers,
                                          std::string_view body) const {
  const Refusal refusal{parts_.org, status, &headers, body};
  Error error = request.is_bulk ? BulkError(refusal) : ApiError(refusal);
  const bool expired = error.code() == "SF-AUTH-006";
  const bool throttled = error.kind() == Kind::kThrottled;
  return {std::move(error), expired, throttled};
}

template <typename Answer, typename Once>
Result<Answer> Connection::Repeat(const Call& call, const ApiRequest& request, Once once) {
  FIRN_TRY(Session session, parts_.tokens->Get(call));
  bool renewed = false;
  for (int attempt = 0;;) {
    FIRN_TRY(const net::Request wire, Prepare(session, request));
    FIRN_TRY(const Reservation reservation,
             request.is_look ? parts_.budget->ReserveLook(call) : parts_.budget->Reserve(call, 1));
    tl::expected<Answer, Failed> answer = once(wire, reservation);
    if (answer) return *std::move(answer);
    Failed failed = std::move(answer).error();
    if (failed.session_expired && !renewed) {
      // At most one renewal a request: some 401s come back whatever the session (R5).
      FIRN_TRY(session, parts_.tokens->Renew(call, session));
      renewed = true;
      continue;
    }
    if (failed.session_expired) {
      return Fail(Error(Kind::kDenied, "SF-AUTH-007", "the org refuses a session it has just given")
                      .At(failed.error.where())
                      .Because(failed.error.why())
                      .From(failed.error.remote()));
    }
    if (!request.repeatable && !failed.nothing_happened) return Fail(std::move(failed.error));
    FIRN_CHECK(call.Check());
    FIRN_CHECK(WaitToRetry(call, parts_.backoff, attempt, std::move(failed.error)));
    ++attempt;
  }
}

Result<ApiAnswer> Connection::Send(const Call& call, const ApiRequest& request) {
  using Outcome = tl::expected<ApiAnswer, Failed>;
  return Repeat<ApiAnswer>(
      call, request, [&](const net::Request& wire, const Reservation& reservation) -> Outcome {
        auto sent = parts_.transport->Send(call.Within(parts_.request_timeout), wire);
        auto accounted = Account(call, reservation, sent ? &sent->headers : nullptr);
        if (!accounted) return tl::unexpected(Failed{std::move(accounted).error()});
        if (!sent) return tl::unexpected(FromTransport(std::move(sent).error()));
        auto body = net::InflateBody(sent->headers.GetOr("Content-Encoding", ""),
                                     std::move(sent->body), request.body_bytes_max);
        if (!IsGood(request, sent->status)) {
          return tl::unexpected(
              FromStatus(request, sent->status, sent->headers, body ? *body : std::string()));
        }
        if (!body) return tl::unexpected(FromTransport(std::move(body).error().RetryWithBackoff()));
        return ApiAnswer{sent->status, std::move(sent->headers), *std::move(body)};
      });
}

Result<net::StreamedResponse> Connection::Open(const Call& call, const ApiRequest& request) {
  using Outcome = tl::expected<net::StreamedResponse, Failed>;
  return Repeat<net::StreamedResponse>(
      call, request, [&](const net::Request& wire, const Reservation& reservation) -> Outcome {
        auto opened = parts_.transport->Open(call, wire);
        auto accounted = Account(call, reservation, opened ? &opened->headers : nullptr);
        if (!accounted) return tl::unexpected(Failed{std::move(accounted).error()});
        if (!opened) return tl::unexpected(FromTransport(std::move(opened).error()));
        if (!IsGood(request, opened->status)) {
          const std::string body = ReadRefusal(*opened);
          return tl::unexpected(FromStatus(request, opened->status, opened->headers, body));
        }
        return *std::move(opened);
      });
}

}  // namespace firn::salesforce
