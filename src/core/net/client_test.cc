// Client and server over loopback: what the network can do to a call, and what the caller is told.
#include "core/net/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>

#include "core/base/file.h"
#include "core/net/server.h"
#include "core/net/tls.h"
#include "tests/support/test_folder.h"

namespace firn::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

// What counts as silence here: longer than a busy machine keeps a server from answering.
constexpr milliseconds kSilence{1500};

// `total` bytes in pieces, counting how far the server has read.
class Counted final : public BodyStream {
 public:
  Counted(int64_t total, std::atomic<int64_t>* read) : left_(total), read_(read) {}
  [[nodiscard]] Result<std::string> Read(size_t bytes_max) override {
    const auto size = std::min<int64_t>(left_, static_cast<int64_t>(bytes_max));
    left_ -= size;
    if (read_ != nullptr) *read_ += size;
    return std::string(static_cast<size_t>(size), 'x');
  }

 private:
  int64_t left_;
  std::atomic<int64_t>* read_;
};

ServerResponse Answer(const ServerRequest& request, const Call&, std::atomic<int64_t>* read) {
  ServerResponse response;
  if (request.path == "/echo") {
    response.headers = {{"X-Method", request.method},
                        {"X-Length", request.headers.GetOr("Content-Length", "none")},
                        {"X-Type", request.headers.GetOr("Content-Type", "none")},
                        {"X-Trace", request.headers.GetOr("traceparent", "none")}};
    response.body = request.body;
    if (request.body_stream) {
      while (auto piece = request.body_stream->Read(1 << 20)) {
        if (piece->empty()) break;
        response.body =
            std::to_string(std::atoll(response.body.c_str()) + static_cast<int64_t>(piece->size()));
      }
    }
  } else if (request.path == "/stream") {
    response.body_stream = std::make_shared<Counted>(std::atoll(request.query.c_str()), read);
  } else if (request.path == "/length") {
    response.body_stream = std::make_shared<Counted>(std::atoll(request.query.c_str()), read);
    response.body_stream_bytes = std::atoll(request.query.c_str());
  } else if (request.path == "/numbers") {
    // 4-byte words, each one its own place in the body.
    response.body = std::string(12'000'000, '\0');
    for (size_t at = 0; at < response.body.size(); at += 4) {
      const auto word = static_cast<uint32_t>(at);
      std::memcpy(response.body.data() + at, &word, 4);
    }
  } else if (request.path == "/drop") {
    response.body = std::string(1000, 'x');
    response.drop_after_bytes = std::atoll(request.query.c_str());
  } else if (request.path == "/dropchunk") {
    response.body_stream = std::make_shared<Counted>(1000, nullptr);
    response.drop_after_bytes = 500;
  } else if (request.path == "/stall") {
    response.body = std::string(1000, 'x');
    response.stall_after_bytes = std::atoll(request.query.c_str());
  } else if (request.path == "/redirect") {
    response.status = 302;
    response.headers = {{"Location", "/echo"}};
  } else {
    response.status = 404;
  }
  return response;
}

struct Loopback : testing::Test {
  std::atomic<int64_t> read{0};
  std::unique_ptr<Server> server;
  std::unique_ptr<Transport> client;
  Call call;

  void Serve(ServerOptions options = {}, ClientOptions client_options = {}) {
    options.threads = 2;
    options.streams_body = [](std::string_view, std::string_view path) { return path == "/echo"; };
    server =
        Listen(options, OnPool([this](ServerRequest request,
                                      const Call& inner) { return Answer(request, inner, &read); },
                               4, 5000))
            .value();
    client = NewHttpClient(client_options).value();
  }
  [[nodiscard]] std::string Url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(server->port()) + path;
  }
  [[nodiscard]] Request Get(const std::string& path) const {
    Request request;
    request.url = Url(path);
    return request;
  }
  Result<std::string> ReadAll(BodyStream& body, int64_t& total) {
    while (true) {
      FIRN_TRY(const std::string piece, body.Read(1 << 20));
      if (piece.empty()) return std::string();
      total += static_cast<int64_t>(piece.size());
    }
  }
};
using Client = Loopback;

TEST_F(Client, EveryMethodArrivesWithItsBodyAndNothingInvented) {
  Serve();
  Request request = Get("/echo");
  for (const std::string method : {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"}) {
    request.method = method;
    request.body.clear();
    auto response = client->Send(call, request).value();
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.headers.Get("x-method"), method);
    EXPECT_EQ(response.headers.Get("X-Type"), "none");
    const bool writes = method == "POST" || method == "PUT" || method == "PATCH";
    EXPECT_EQ(response.headers.Get("X-Length"), writes ? "0" : "none") << method;
    if (!writes) continue;
    request.body = std::string("a\0b", 3);
    request.headers = {{"Content-Type", "text/plain"}};
    response = client->Send(call, request).value();
    EXPECT_EQ(response.headers.Get("X-Length"), "3");
    EXPECT_EQ(response.headers.Get("X-Type"), "text/plain");
    request.headers = {};
  }
  EXPECT_EQ(client->Send(call, Get("/none"))->status, 404);
}

TEST_F(Client, TheTraceTravelsAndARedirectIsNotFollowed) {
  Serve();
  call.trace = TraceContext::New(SystemRandom());
  EXPECT_EQ(client->Send(call, Get("/echo"))->headers.Get("X-Trace"), call.trace.Traceparent());
  EXPECT_EQ(client->Send(call, Get("/redirect"))->status, 302);
}

TEST_F(Client, CompressedBodiesAreHandedOverAsTheyCame) {
  const auto raw = Listen({}, [](ServerRequest, Call, Reply reply) {
                     ServerResponse response;
                     response.headers = {{"Content-Encoding", "gzip"}};
                     response.body = "not even gzip";
                     std::move(reply).Answer(std::move(response));
                   }).value();
  Serve();
  Request request;
  request.url = "http://localhost:" + std::to_string(raw->port()) + "/";
  request.headers = {{"Accept-Encoding", "gzip"}};
  EXPECT_EQ(client->Send(call, request)->body, "not even gzip");
}

TEST_F(Client, AStreamOfManyMegabytesArrivesWhole) {
  Serve();
  for (const std::string path : {"/stream?50000000", "/length?50000000"}) {
    Request request = Get(path);
    request.own_connection = true;
    auto response = client->Open(call, request).value();
    EXPECT_EQ(response.status, 200);
    int64_t total = 0;
    ASSERT_TRUE(ReadAll(*response.body, total).has_value());
    EXPECT_EQ(total, 50'000'000);
  }
}

TEST_F(Client, ASlowReaderHoldsTheServerBack) {
  ClientOptions options;
  options.stream_buffer_bytes = 256 << 10;
  Serve({}, options);
  for (const bool own : {false, true}) {
    read = 0;
    Request request = Get("/stream?500000000");
    request.idle_timeout = kSilence;
    request.own_connection = own;
    auto response = client->Open(call, request).value();
    // Long enough for the loopback to carry all of it, and longer than the idle time-out, which
    // must not count while it is the reader who is slow.
    std::this_thread::sleep_for(2 * kSilence);
    EXPECT_LT(read.load(), 100'000'000);
    int64_t total = 0;
    for (int i = 0; i < 100; ++i) {
      const auto piece = response.body->Read(64 << 10);
      ASSERT_TRUE(piece.has_value());
      EXPECT_LE(piece->size(), size_t{64 << 10});
      total += static_cast<int64_t>(piece->size());
    }
    EXPECT_GT(total, 0);
  }
}

// Read in pieces of `bytes_max` into the reader's own memory.
std::string ReadWhole(BodyStream& body, size_t bytes_max, Result<size_t>& last) {
  std::string whole;
  std::string piece(bytes_max, '\0');
  while (true) {
    last = body.ReadInto(piece.data(), bytes_max);
    if (!last || *last == 0) return whole;
    whole.append(piece, 0, *last);
  }
}

TEST_F(Client, ABodyReadIntoTheReadersMemoryComesWholeAndInOrder) {
  ClientOptions options;
  options.stream_buffer_bytes = 64 << 10;  // full again and again
  Serve({}, options);
  for (const bool own : {false, true}) {
    for (const size_t bytes_max :
         {size_t{1000}, size_t{100'000}, size_t{512 << 10}, size_t{20 << 20}}) {
      Request request = Get("/numbers");
      request.own_connection = own;
      auto response = client->Open(call, request).value();
      Result<size_t> last = size_t{0};
      const std::string whole = ReadWhole(*response.body, bytes_max, last);
      ASSERT_TRUE(last.has_value());
      ASSERT_EQ(whole.size(), 12'000'000U);
      for (size_t at = 0; at < whole.size(); at += 4) {
        uint32_t word = 0;
        std::memcpy(&word, whole.data() + at, 4);
        ASSERT_EQ(word, at);
      }
    }
  }
}

TEST_F(Client, AReaderWithRoomForMoreGetsWhatCameBeforeTheBreak) {
  Serve();
  for (const std::string path : {"/drop?500", "/stall?500"}) {
    Request request = Get(path);
    request.idle_timeout = kSilence;
    auto response = client->Open(call, request).value();
    Result<size_t> last = size_t{0};
    EXPECT_EQ(ReadWhole(*response.body, 1 << 20, last).size(), 500U);
    ASSERT_FALSE(last.has_value());
    EXPECT_EQ(last.error().code(), path[1] == 'd' ? "NET-HTTP-002" : "NET-HTTP-003");
  }
}

TEST_F(Client, ABodyCutShortIsAnErrorAfterWhatCame) {
  Serve();
  EXPECT_EQ(client->Send(call, Get("/drop?500")).error().code(), "NET-HTTP-002");
  EXPECT_EQ(client->Send(call, Get("/dropchunk")).error().code(), "NET-HTTP-002");
  EXPECT_EQ(client->Send(call, Get("/drop?0")).error().kind(), Kind::kUnreachable);
  for (const std::string path : {"/drop?500", "/dropchunk"}) {
    auto response = client->Open(call, Get(path)).value();
    int64_t total = 0;
    const auto end = ReadAll(*response.body, total);
    ASSERT_FALSE(end.has_value());
    EXPECT_EQ(end.error().code(), "NET-HTTP-002");
    EXPECT_EQ(end.error().retry().when, Retry::When::kBackoff);
    EXPECT_EQ(total, 500);
  }
}

TEST_F(Client, SilenceIsATimeout) {
  Serve();
  Request request = Get("/stall?500");
  request.idle_timeout = kSilence;
  EXPECT_EQ(client->Send(call, request).error().code(), "NET-HTTP-003");
  auto response = client->Open(call, request).value();
  int64_t total = 0;
  const auto end = ReadAll(*response.body, total);
  EXPECT_EQ(end.error().kind(), Kind::kTimeout);
  EXPECT_EQ(total, 500);
}

TEST_F(Client, DeadlinesAndStopsEndACallAtOnce) {
  Serve();
  const auto late = client->Send(call.Within(milliseconds(200)), Get("/stall?0"));
  EXPECT_EQ(late.error().code(), "BASE-CALL-002");
  std::stop_source stop;
  call.stop = stop.get_token();
  std::jthread stopper([&] {
    std::this_thread::sleep_for(milliseconds(100));
    stop.request_stop();
  });
  EXPECT_EQ(client->Send(call, Get("/stall?0")).error().kind(), Kind::kCancelled);
  EXPECT_EQ(client->Send(call, Get("/echo")).error().kind(), Kind::kCancelled);
}

TEST_F(Client, AStopWakesTheReaderOfAStream) {
  Serve();
  std::stop_source stop;
  call.stop = stop.get_token();
  auto response = client->Open(call, Get("/stall?500")).value();
  ASSERT_TRUE(response.body->Read(1 << 20).has_value());
  std::jthread stopper([&] {
    std::this_thread::sleep_for(milliseconds(100));
    stop.request_stop();
  });
  EXPECT_EQ(response.body->Read(1 << 20).error().kind(), Kind::kCancelled);
}

TEST_F(Client, AnAnswerOverItsLimitIsRefused) {
  Serve();
  Request request = Get("/stream?5000000");
  request.body_bytes_max = 1'000'000;
  EXPECT_EQ(client->Send(call, request).error().code(), "NET-HTTP-004");
}

TEST_F(Client, UploadsAreStreamedWithOrWithoutALength) {
  Serve();
  Request request = Get("/echo");
  request.method = "PUT";
  for (const int64_t length : {int64_t{-1}, int64_t{20'000'000}}) {
    request.body_stream = std::make_shared<Counted>(20'000'000, nullptr);
    request.body_stream_bytes = length;
    const auto response = client->Send(call, request).value();
    EXPECT_EQ(response.body, "20000000");
    EXPECT_EQ(response.headers.Get("X-Length"), length < 0 ? "none" : "20000000");
  }
}

TEST_F(Client, AValueCannotBecomeAHeaderOfItsOwn) {
  Serve();
  Request request;
  request.url = Url("/echo");
  for (const char* value : {"a\r\nX-Admin: yes", "a\nb", "\r"}) {
    request.headers = {{"X-Note", value}};
    const auto sent = client->Send(call, request);
    ASSERT_FALSE(sent) << value;
    EXPECT_EQ(sent.error().code(), "NET-HTTP-009");
    EXPECT_EQ(sent.error().OneLine().find("X-Admin"), std::string::npos) << "no value is shown";
    EXPECT_EQ(client->Open(call, request).error().code(), "NET-HTTP-009");
  }
  request.headers = {{"X-Note: a", "b"}};
  EXPECT_EQ(client->Send(call, request).error().code(), "NET-HTTP-009");
  request.headers = {{"X-Note", "a: b, c; d\t\xC3\xA4"}};
  EXPECT_TRUE(client->Send(call, request).has_value());
}

TEST_F(Client, NobodyThereAndNonsenseUrlsAreToldApart) {
  Serve();
  const std::string url = Url("/echo");
  server.reset();
  Request request;
  request.url = url;
  const auto gone = client->Send(call, request);
  EXPECT_EQ(gone.error().code(), "NET-HTTP-001");
  EXPECT_EQ(gone.error().kind(), Kind::kUnreachable);
  for (const char* bad : {"", "http://", "ftp://127.0.0.1/", "nonsense://x", "http://[bad/"}) {
    request.url = bad;
    EXPECT_EQ(client->Send(call, request).error().code(), "NET-HTTP-005") << bad;
  }
}

TEST_F(Client, AProxyIsUsedAndItsRefusalIsTold) {
  Serve();
  const auto proxy = Listen({}, [](ServerRequest request, Call, Reply reply) {
                       ServerResponse response;
                       response.status = request.method == "CONNECT" ? 407 : 200;
                       response.body = request.target;
                       std::move(reply).Answer(std::move(response));
                     }).value();
  client = NewHttpClient({.proxy = "http://127.0.0.1:" + std::to_string(proxy->port())}).value();
  Request request;
  request.url = "http://org.invalid/path";
  EXPECT_EQ(client->Send(call, request).value().body, "http://org.invalid/path");
  request.url = "https://org.invalid/path";
  const auto refused = client->Send(call, request);
  EXPECT_EQ(refused.error().code(), "NET-HTTP-008");
  EXPECT_EQ(refused.error().kind(), Kind::kDenied);
  // Loopback is never sent through a proxy.
  EXPECT_EQ(client->Send(call, Get("/echo"))->headers.Get("X-Method"), "GET");
}

TEST_F(Client, ManyPausedStreamsDoNotHoldUpOneMore) {
  Serve();
  std::vector<StreamedResponse> paused;
  Request request = Get("/length?8000000");
  request.own_connection = true;
  for (int i = 0; i < 40; ++i) {
    auto response = client->Open(call.Within(seconds(300)), request);
    ASSERT_TRUE(response.has_value()) << i;
    paused.push_back(std::move(*response));
  }
  EXPECT_EQ(client->Send(call.Within(seconds(300)), Get("/echo"))->status, 200);
  for (auto& response : paused) {
    int64_t total = 0;
    ASSERT_TRUE(ReadAll(*response.body, total).has_value());
    EXPECT_EQ(total, 8'000'000);
  }
}

TEST_F(Client, ErrorsNeverShowTheQueryOrTheUser) {
  Serve();
  Request request = Get("/drop?500");
  request.url =
      "http://user:secret@127.0.0.1:" + std::to_string(server->port()) + "/drop?500&token=secret";
  const auto error = client->Send(call, request).error().OneLine();
  EXPECT_THAT(error, HasSubstr("/drop"));
  EXPECT_THAT(error, Not(HasSubstr("secret")));
}

TEST_F(Client, AThousandCallsAtOnceShareAFewConnections) {
  Serve();
  constexpr int kCalls = 1000;
  std::latch done(kCalls);
  std::atomic<int> good{0};
  for (int i = 0; i < kCalls; ++i) {
    Request request = Get("/echo");
    request.method = "POST";
    request.body = std::to_string(i);
    // The server answers with the length of what it got.
    const std::string expected = std::to_string(request.body.size());
    client->Start(call, request, [&, expected](Result<Response> response) {
      if (response && response->body == expected) ++good;
      done.count_down();
    });
  }
  done.wait();
  EXPECT_EQ(good.load(), kCalls);
}

TEST_F(Client, ThreadsMayShareIt) {
  Serve();
  std::atomic<int> good{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 50; ++i) {
          const auto response = client->Send(call, Get("/length?100"));
          if (response && response->body.size() == 100) ++good;
        }
      });
    }
  }
  EXPECT_EQ(good.load(), 400);
}

TEST_F(Client, DestroyingItEndsWhatRuns) {
  Serve();
  std::atomic<int> ended{0};
  for (int i = 0; i < 3; ++i) {
    client->Start(call, Get("/stall?0"), [&](Result<Response> response) {
      if (!response && response.error().kind() == Kind::kCancelled) ++ended;
    });
  }
  client.reset();
  EXPECT_EQ(ended.load(), 3);
}

// A CA file of ours, and a server with a certificate of it.
struct TlsTest : Loopback {
  TestFolder temporary;
  std::string folder = temporary.path();
  Certificate authority;
  TlsTest() {
    authority = MintAuthority(Options("test authority")).value();
    (void)WriteFileDurably(folder + "/ca.pem", authority.certificate_pem);
  }
  static CertificateOptions Options(const std::string& name) {
    CertificateOptions options;
    options.common_name = name;
    options.not_before = SystemClock().Now() - std::chrono::hours(1);
    return options;
  }
  ServerOptions Secured(CertificateOptions options) const {
    const auto made = MintServerCertificate(authority, options).value();
    ServerOptions server_options;
    server_options.certificate_pem = made.certificate_pem;
    server_options.key_pem = made.key_pem;
    return server_options;
  }
  Result<Response> Fetch(const std::string& host, const std::string& path = "/echo") {
    Request request;
    request.url = "https://" + host + ":" + std::to_string(server->port()) + path;
    return client->Send(call, request);
  }
};

TEST_F(TlsTest, ATrustedCertificateOfTheRightNameIsTaken) {
  for (const KeyKind kind : {KeyKind::kEcP256, KeyKind::kRsa2048}) {
    CertificateOptions options = Options("server");
    options.key = kind;
    options.names = {"localhost", "127.0.0.1", "::1"};
    Serve(Secured(options), {.ca_file = folder + "/ca.pem"});
    EXPECT_EQ(Fetch("localhost").value().status, 200);
    EXPECT_EQ(Fetch("127.0.0.1", "/length?3000000").value().body.size(), 3'000'000U);
    EXPECT_EQ(Fetch("127.0.0.1", "/drop?500").error().code(), "NET-HTTP-002");
  }
}

TEST_F(TlsTest, AnUnknownExpiredOrMisnamedCertificateIsDenied) {
  CertificateOptions options = Options("server");
  options.names = {"localhost"};
  Serve(Secured(options), {.ca_file = folder + "/ca.pem"});
  EXPECT_EQ(Fetch("127.0.0.1").error().code(), "NET-TLS-001");
  EXPECT_EQ(Fetch("127.0.0.1").error().kind(), Kind::kDenied);
  client = NewHttpClient({}).value();
  EXPECT_EQ(Fetch("localhost").error().code(), "NET-TLS-001");
  options.not_before = SystemClock().Now() - std::chrono::hours(48);
  options.lifetime = std::chrono::hours(24);
  Serve(Secured(options), {.ca_file = folder + "/ca.pem"});
  EXPECT_EQ(Fetch("localhost").error().code(), "NET-TLS-001");
  EXPECT_THAT(Fetch("localhost").error().hint(), testing::HasSubstr("renew"));
  EXPECT_EQ(NewHttpClient({.ca_file = folder + "/none"}).error().code(), "NET-TLS-002");
}

TEST_F(TlsTest, SpeakingPlainHttpToATlsPortIsABrokenConnection) {
  CertificateOptions options = Options("server");
  options.names = {"localhost"};
  Serve(Secured(options), {.ca_file = folder + "/ca.pem"});
  EXPECT_FALSE(client->Send(call, Get("/echo")).has_value());
}

TEST_F(TlsTest, MintedCertificatesTellTheirEndAndRefuseBadNames) {
  CertificateOptions options = Options("x");
  options.not_before = UtcMicros(std::chrono::sys_days(std::chrono::year(2026) / 1 / 1));
  options.lifetime = std::chrono::hours(24);
  const auto made = MintSelfSigned(options).value();
  EXPECT_EQ(CertificateEnd(made.certificate_pem).value(),
            UtcMicros(std::chrono::sys_days(std::chrono::year(2026) / 1 / 2)));
  EXPECT_EQ(CertificateEnd("nonsense").error().code(), "NET-TLS-004");
  options.names = {"good,DNS:evil"};
  EXPECT_EQ(MintServerCertificate(authority, options).error().code(), "NET-TLS-004");
  EXPECT_EQ(MintServerCertificate({"a", "b"}, Options("y")).error().code(), "NET-TLS-002");
}

}  // namespace
}  // namespace firn::net
