#include "ends/aws/sigv4.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/base/encoding.h"
#include "core/net/digest.h"
#include "ends/aws/internal/uri.h"
#include "ends/aws/sign_sent.h"

namespace firn::aws {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view kUnsigned = "UNSIGNED-PAYLOAD";
constexpr std::string_view kChunked = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
constexpr size_t kSignatureChars = 64;

std::string TimeText(UtcMicros now) {
  return fmt::format("{:%Y%m%dT%H%M%SZ}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(
                         std::chrono::time_point_cast<std::chrono::system_clock::duration>(now))));
}

std::string ScopeText(std::string_view time, const SigningScope& scope) {
  return fmt::format("{}/{}/{}/aws4_request", time.substr(0, 8), scope.region, scope.service);
}

Secret SigningKey(const Credentials& credentials, std::string_view time,
                  const SigningScope& scope) {
  const Secret first("AWS4" + credentials.secret_access_key.Reveal());
  const Secret date(net::HmacSha256(first.Reveal(), time.substr(0, 8)));
  const Secret region(net::HmacSha256(date.Reveal(), scope.region));
  const Secret service(net::HmacSha256(region.Reveal(), scope.service));
  return Secret(net::HmacSha256(service.Reveal(), "aws4_request"));
}

std::string Sign(const Secret& key, std::string_view text) {
  return Hex(net::HmacSha256(key.Reveal(), text));
}

// Trimmed, with runs of blanks as one.
std::string CanonicalValue(std::string_view value) {
  std::string out;
  for (const char c : value) {
    const bool blank = c == ' ' || c == '\t';
    if (!blank) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

std::string Lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

// Headers that proxies and clients change on the way are not signed.
bool IsSigned(const std::string& name) {
  return name != "authorization" && name != "connection" && name != "expect" &&
         name != "user-agent" && name != "x-amzn-trace-id" && name != "transfer-encoding";
}

struct CanonicalHeaders {
  std::string text;   // `name:value\n` ..
  std::string names;  // `a;b;c`
};

CanonicalHeaders Canonical(const net::Headers& headers) {
  std::map<std::string, std::string> sorted;
  for (const auto& [name, value] : headers.all()) {
    const std::string key = Lower(name);
    if (!IsSigned(key)) continue;
    std::string& joined = sorted[key];
    joined += (joined.empty() ? "" : ",") + CanonicalValue(value);
  }
  CanonicalHeaders out;
  for (const auto& [name, value] : sorted) {
    out.text += name + ':' + value + '\n';
    out.names += (out.names.empty() ? "" : ";") + name;
  }
  return out;
}

std::string CanonicalPath(const UrlParts& url, const SigningScope& scope) {
  if (scope.service == "s3") return url.path.empty() ? "/" : UriEncode(UriDecode(url.path), "/");
  return UriEncode(NormalPath(url.path), "/");
}

struct ToSign {
  std::string method;
  const UrlParts& url;
  const net::Headers& headers;
  std::string payload_hash;
};

std::string Signature(const ToSign& what, const Credentials& credentials,
                      const SigningOptions& options, const std::string& time) {
  const CanonicalHeaders headers = Canonical(what.headers);
  const std::string request =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}", what.method, CanonicalPath(what.url, options.scope),
                  CanonicalQuery(what.url.query), headers.text, headers.names, what.payload_hash);
  const std::string text = fmt::format("{}\n{}\n{}\n{}", kAlgorithm, time,
                                       ScopeText(time, options.scope), Hex(net::Sha256(request)));
  return Sign(SigningKey(credentials, time, options.scope), text);
}

std::string PayloadHashText(const net::Request& request, PayloadHash payload) {
  if (payload == PayloadHash::kUnsigned) return std::string(kUnsigned);
  if (payload == PayloadHash::kChunked) return std::string(kChunked);
  return Hex(net::Sha256(request.body));
}

std::string SignWithHash(net::Request& request, const Credentials& credentials,
                         const SigningOptions& options, const std::string& payload) {
  const std::string time = TimeText(options.now);
  const UrlParts url = SplitUrl(request.url);
  request.headers.Set("Host", url.host);
  request.headers.Set("X-Amz-Date", time);
  if (options.scope.service.starts_with("s3") || options.payload != PayloadHash::kBody) {
    request.headers.Set("X-Amz-Content-Sha256", payload);
  }
  if (options.payload == PayloadHash::kChunked) {
    request.headers.Set("Content-Encoding", "aws-chunked");
    request.headers.Set("X-Amz-Decoded-Content-Length", std::to_string(options.decoded_bytes));
  }
  if (credentials.session_token.empty()) {
    request.headers.Remove("X-Amz-Security-Token");
  } else {
    request.headers.Set("X-Amz-Security-Token", credentials.session_token.Reveal());
  }
  const std::string signature =
      Signature({request.method, url, request.headers, payload}, credentials, options, time);
  request.headers.Set("Authorization",
                      fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", kAlgorithm,
                                  credentials.access_key_id, ScopeText(time, options.scope),
                                  Canonical(request.headers).names, signature));
  return signature;
}

}  // namespace

std::string SignRequest(net::Request& request, const Credentials& credentials,
                        const SigningOptions& options) {
  return SignWithHash(request, credentials, options, PayloadHashText(request, options.payload));
}

void SignAsSent(net::Request& request, const Credentials& credentials,
                const SigningOptions& options) {
  SignWithHash(request, credentials, options,
               request.headers.GetOr("X-Amz-Content-Sha256", kUnsigned));
}

std::string PresignUrl(const std::string& method, const std::string& url,
                       const Credentials& credentials, const SigningOptions& options,
                       std::chrono::seconds life) {
  const std::string time = TimeText(options.now);
  std::string query = fmt::format(
      "X-Amz-Algorithm={}&X-Amz-Credential={}&X-Amz-Date={}&X-Amz-Expires={}&X-Amz-SignedHeaders="
      "host",
      kAlgorithm, UriEncode(credentials.access_key_id + "/" + ScopeText(time, options.scope), ""),
      time, life.count());
  if (!credentials.session_token.empty()) {
    query += "&X-Amz-Security-Token=" + UriEncode(credentials.session_token.Reveal(), "");
  }
  UrlParts parts = SplitUrl(url);
  parts.query += (parts.query.empty() ? "" : "&") + query;
  const net::Headers headers = {{"Host", parts.host}};
  const bool s3 = options.scope.service == "s3";
  const std::string payload = s3 ? std::string(kUnsigned) : Hex(net::Sha256(""));
  const std::string signature =
      Signature({method, parts, headers, payload}, credentials, options, time);
  return fmt::format("{}://{}{}?{}&X-Amz-Signature={}", parts.scheme, parts.host,
                     parts.path.empty() ? "/" : parts.path, parts.query, signature);
}

ChunkSigner::ChunkSigner(const Credentials& credentials, const SigningOptions& options,
                         std::string seed)
    : time_(TimeText(options.now)),
      scope_(ScopeText(time_, options.scope)),
      previous_(std::move(seed)) {
  key_ = SigningKey(credentials, time_, options.scope);
}

std::string ChunkSigner::Frame(std::string_view chunk) {
  const std::string text = fmt::format("{}-PAYLOAD\n{}\n{}\n{}\n{}\n{}", kAlgorithm, time_, scope_,
                                       previous_, Hex(net::Sha256("")), Hex(net::Sha256(chunk)));
  previous_ = Sign(key_, text);
  return fmt::format("{:x};chunk-signature={}\r\n{}\r\n", chunk.size(), previous_, chunk);
}

uint64_t ChunkSigner::WireBytes(uint64_t bytes, uint64_t chunk_bytes) {
  const auto framed = [](uint64_t size) {
    return fmt::format("{:x}", size).size() + std::string_view(";chunk-signature=").size() +
           kSignatureChars + 4 + size;
  };
  const uint64_t rest = bytes % chunk_bytes;
  return bytes / chunk_bytes * framed(chunk_bytes) + (rest == 0 ? 0 : framed(rest)) + framed(0);
}

}  // namespace firn::aws
