#include "core/net/internal/curl_error.h"

#include <curl/curl.h>

namespace firn::net {
namespace {

// `why`: OpenSSL's words, of which "expired" and "not yet valid" are about time.
std::string CertificateHint(const std::string& why) {
  if (why.find("expired") != std::string::npos || why.find("not yet valid") != std::string::npos) {
    return "its owner must renew it; if it is good today, set this machine's clock";
  }
  return "add its authority to the CA file, or correct the host name";
}

}  // namespace

std::string PublicUrl(std::string_view url) {
  url = url.substr(0, url.find_first_of("?#"));
  const size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return std::string(url);
  const size_t host = scheme + 3;
  const size_t path = std::min(url.find('/', host), url.size());
  const size_t user = url.substr(host, path - host).rfind('@');
  const size_t begin = user == std::string_view::npos ? host : host + user + 1;
  return std::string(url.substr(0, host)) + std::string(url.substr(begin));
}

Error TranslateCurl(const CurlEnd& end) {
  const std::string why = end.message.empty()
                              ? std::string(curl_easy_strerror(static_cast<CURLcode>(end.code)))
                              : end.message;
  const auto error = [&](Kind kind, std::string_view code, std::string what) {
    return Error(kind, code, std::move(what)).At(end.where).Because(why);
  };
  if (end.proxy_status >= 400) {
    return Error(Kind::kDenied, "NET-HTTP-008", "the proxy refused the connection")
        .At(end.where)
        .Because("it answered status " + std::to_string(end.proxy_status));
  }
  switch (end.code) {
    case CURLE_UNSUPPORTED_PROTOCOL:
      // Also what libcurl says of an answer that is not HTTP/1 at all.
      if (end.connected) {
        return error(Kind::kCorrupt, "NET-HTTP-006", "the answer is not HTTP");
      }
      return error(Kind::kBadInput, "NET-HTTP-005", "the URL is not http or https");
    case CURLE_URL_MALFORMAT:
      return error(Kind::kBadInput, "NET-HTTP-005", "the URL is malformed");
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_PROXY:
    case CURLE_SSL_CONNECT_ERROR:
      return error(Kind::kUnreachable, "NET-HTTP-001", "cannot connect").RetryWithBackoff();
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_INVALIDCERTSTATUS:
      return error(Kind::kDenied, "NET-TLS-001", "the server's certificate is not trusted")
          .Hint(CertificateHint(why));
    case CURLE_SSL_CACERT_BADFILE:
      return error(Kind::kBadConfig, "NET-TLS-002", "the CA file cannot be used");
    case CURLE_OPERATION_TIMEDOUT:
      if (!end.connected) {
        return error(Kind::kUnreachable, "NET-HTTP-001", "cannot connect in time")
            .RetryWithBackoff();
      }
      return Error(Kind::kTimeout, "BASE-CALL-002", "the time allowed for this call is used up")
          .At(end.where);
    case CURLE_WEIRD_SERVER_REPLY:
      return error(Kind::kCorrupt, "NET-HTTP-006", "the answer breaks the rules of HTTP");
    case CURLE_OUT_OF_MEMORY:
    case CURLE_BAD_FUNCTION_ARGUMENT:
    case CURLE_UNKNOWN_OPTION:
      return error(Kind::kInternal, "NET-HTTP-007", "the request cannot be sent");
    default:
      return error(Kind::kUnreachable, "NET-HTTP-002", "the connection broke").RetryWithBackoff();
  }
}

}  // namespace firn::net
