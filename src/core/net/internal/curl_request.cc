#include "core/net/internal/curl_request.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace firn::net {
namespace {

// libcurl's largest useful receive buffer for HTTP/1; larger only costs cache.
constexpr long kBulkBufferBytes = 256 << 10;
constexpr size_t kWatchedUploadBytes = 256 << 10;

Transfer& Of(void* user) { return *static_cast<Transfer*>(user); }

bool IsLoopback(std::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return false;
  const std::string_view host = url.substr(scheme + 3);
  const std::string_view name = host.substr(0, host.find_first_of("/:?#", 1));
  return name == "localhost" || name.starts_with("127.") || host.starts_with("[::1]");
}

void Moved(Transfer& transfer) { transfer.last_progress = std::chrono::steady_clock::now(); }

std::string_view Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

void HeaderComplete(Transfer& transfer) {
  // 1xx is not the answer yet.
  if (transfer.response.status < 200) return;
  transfer.header_done = true;
  if (!transfer.streams) return;
  std::lock_guard lock(transfer.mutex);
  transfer.header_ready = true;
  transfer.status = transfer.response.status;
  transfer.headers = transfer.response.headers;
  transfer.changed.notify_all();
}

size_t OnHeader(char* bytes, size_t, size_t count, void* user) {
  Transfer& transfer = Of(user);
  Moved(transfer);
  if (transfer.header_done) return count;  // a trailer
  const std::string_view line(bytes, count);
  if (line.starts_with("HTTP/")) {
    const size_t space = line.find(' ');
    transfer.response.headers = Headers();
    transfer.response.status = 0;
    if (line.starts_with("HTTP/2")) transfer.exact = false;
    if (space != std::string_view::npos) {
      std::from_chars(line.data() + space + 1, line.data() + line.size(), transfer.response.status);
    }
    return count;
  }
  const std::string_view text = Trimmed(line);
  if (text.empty()) {
    HeaderComplete(transfer);
    return count;
  }
  const size_t colon = text.find(':');
  if (colon != std::string_view::npos) {
    transfer.response.headers.Add(std::string(text.substr(0, colon)),
                                  std::string(Trimmed(text.substr(colon + 1))));
  }
  return count;
}

size_t OnBodyWhole(char* bytes, size_t, size_t count, void* user) {
  Transfer& transfer = Of(user);
  Moved(transfer);
  std::string& body = transfer.response.body;
  if (body.size() + count > transfer.request.body_bytes_max) {
    transfer.own_error =
        Error(Kind::kLimitReached, "NET-HTTP-004", "the answer is larger than allowed")
            .Because("more than " + std::to_string(transfer.request.body_bytes_max) + " bytes");
    return 0;
  }
  body.append(bytes, count);
  return count;
}

// A reader that drives the loop is given what it asked for and no more: what waits in the kernel
// costs no second copy.
bool HasEnough(const Transfer& transfer) {
  if (!transfer.exact) return transfer.buffer.size() >= transfer.buffer_bytes;
  return !transfer.buffer.empty() || transfer.into_filled == transfer.into_room;
}

// Hands a piece over: to a waiting reader, the rest to the buffer. When that is enough the transfer
// is paused for later; refusing the piece would make libcurl copy it aside.
size_t OnBodyPiece(char* bytes, size_t, size_t count, void* user) {
  Transfer& transfer = Of(user);
  Moved(transfer);
  std::lock_guard lock(transfer.mutex);
  const size_t direct = std::min(count, transfer.into_room - transfer.into_filled);
  if (direct > 0) {
    std::memcpy(transfer.into + transfer.into_filled, bytes, direct);
    transfer.into_filled += direct;
    if (transfer.into_filled == transfer.into_room) transfer.changed.notify_all();
  }
  if (direct < count) {
    std::string& buffer = transfer.buffer;
    const bool reader_sleeps = buffer.empty() && transfer.into_room == 0;
    if (!transfer.exact) buffer.reserve(transfer.buffer_bytes + kBulkBufferBytes);
    buffer.append(bytes + direct, count - direct);
    if (reader_sleeps) transfer.changed.notify_all();
  }
  if (HasEnough(transfer)) {
    transfer.paused_down = true;
    transfer.reader_waits_for_room = true;
    curl_easy_pause(transfer.easy, CURLPAUSE_RECV);
  }
  return count;
}

// Tells a slow upload of a whole body, for which no other callback comes, from silence.
int OnProgress(void* user, curl_off_t, curl_off_t down, curl_off_t, curl_off_t up) {
  Transfer& transfer = Of(user);
  if (down + up != transfer.moved_bytes) Moved(transfer);
  transfer.moved_bytes = down + up;
  return 0;
}

size_t OnUpload(char* to, size_t, size_t room, void* user) {
  Transfer& transfer = Of(user);
  Moved(transfer);
  std::lock_guard lock(transfer.mutex);
  if (transfer.upload_error) {
    transfer.own_error = transfer.upload_error;
    return CURL_READFUNC_ABORT;
  }
  if (transfer.upload.empty()) {
    if (transfer.upload_ended) return 0;
    transfer.paused_up = true;
    return CURL_READFUNC_PAUSE;
  }
  const size_t count = std::min(room, transfer.upload.size());
  std::memcpy(to, transfer.upload.data(), count);
  transfer.upload.erase(0, count);
  transfer.changed.notify_all();
  return count;
}

void ApplyProxy(CURL* easy, const ClientOptions& options, const std::string& url) {
  if (options.proxy == "none" || IsLoopback(url)) {
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
  } else if (!options.proxy.empty()) {
    curl_easy_setopt(easy, CURLOPT_PROXY, options.proxy.c_str());
  }
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

void ApplyTimes(CURL* easy, const Transfer& transfer, const ClientOptions& options) {
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(options.connect_timeout.count()));
  if (transfer.deadline == SteadyTime::max()) return;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(transfer.deadline -
                                                                 std::chrono::steady_clock::now());
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<int64_t>(1, left.count())));
}

}  // namespace

void CurlRequest::Prepare(void* easy, Transfer& transfer, const ClientOptions& options, bool bulk) {
  const Request& request = transfer.request;
  message_ = std::make_unique<char[]>(CURL_ERROR_SIZE);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, message_.get());
  curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!options.ca_file.empty()) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, options.ca_file.c_str());
    curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
  }
  curl_easy_setopt(
      easy, CURLOPT_HTTP_VERSION,
      static_cast<long>(options.http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
  if (bulk) {
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, kBulkBufferBytes);
  } else {
    curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
  }
  curl_easy_setopt(easy, CURLOPT_USERAGENT, options.user_agent.c_str());
  ApplyProxy(easy, options, request.url);
  ApplyTimes(easy, transfer, options);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, OnHeader);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, transfer.streams ? OnBodyPiece : OnBodyWhole);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
  if (request.body.size() > kWatchedUploadBytes) {
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, OnProgress);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
  }
  PrepareMethod(easy, transfer);
  PrepareHeaders(easy, transfer);
}

void CurlRequest::PrepareMethod(void* easy, Transfer& transfer) {
  const Request& request = transfer.request;
  const std::string& method = request.method;
  if (request.body_stream) {
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, OnUpload);
    curl_easy_setopt(easy, CURLOPT_READDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE,
                     static_cast<curl_off_t>(request.body_stream_bytes));
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method.c_str());
    return;
  }
  if (method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    return;
  }
  const bool wants_length = method == "POST" || method == "PUT" || method == "PATCH";
  if (!request.body.empty() || wants_length) {
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
  }
  if (method != "GET" || !request.body.empty()) {
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method.c_str());
  }
}

void CurlRequest::PrepareHeaders(void* easy, const Transfer& transfer) {
  const Request& request = transfer.request;
  const auto add = [this](const std::string& line) {
    headers_ = curl_slist_append(headers_, line.c_str());
  };
  for (const auto& [name, value] : request.headers.all()) {
    // `Name;` is libcurl's way to write a header without a value.
    add(value.empty() ? name + ";" : name + ": " + value);
  }
  // libcurl would wait a second for a 100 that few servers send, and would name a type of its own.
  if (!request.headers.Get("Expect")) add("Expect:");
  if (!request.headers.Get("Content-Type")) add("Content-Type:");
  if (!request.headers.Get("Accept")) add("Accept: */*");
  if (!transfer.call.trace.trace_id.empty() && !request.headers.Get("traceparent")) {
    add("traceparent: " + transfer.call.trace.Traceparent());
  }
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_);
}

void CurlRequest::Release() {
  curl_slist_free_all(headers_);
  headers_ = nullptr;
}

std::string CurlRequest::Message() const { return message_ ? std::string(message_.get()) : ""; }

bool CurlRequest::Connected(void* easy) {
  // Set once the name is resolved, TCP stands and TLS is agreed on.
  curl_off_t micros = 0;
  curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &micros);
  return micros > 0;
}

int CurlRequest::ProxyStatus(void* easy) {
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &status);
  return static_cast<int>(status);
}

std::string CurlRequest::HttpVersion(void* easy) {
  long version = 0;
  curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
  switch (version) {
    case CURL_HTTP_VERSION_1_0:
      return "1.0";
    case CURL_HTTP_VERSION_2_0:
      return "2";
    case CURL_HTTP_VERSION_3:
      return "3";
    default:
      return "1.1";
  }
}

}  // namespace firn::net
