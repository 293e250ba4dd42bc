// What a hostile, slow or sloppy client can do to the server, and what an answer must look like.
#include "core/net/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <latch>
#include <thread>

#include "core/net/internal/test_socket.h"

namespace firn::net {
namespace {

using std::chrono::milliseconds;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// Gives `pieces` one after the other.
class Pieces final : public BodyStream {
 public:
  explicit Pieces(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {}
  [[nodiscard]] Result<std::string> Read(size_t) override {
    if (next_ == pieces_.size()) return std::string();
    return pieces_[next_++];
  }

 private:
  std::vector<std::string> pieces_;
  size_t next_ = 0;
};

class Broken final : public BodyStream {
 public:
  explicit Broken(int good) : good_(good) {}
  [[nodiscard]] Result<std::string> Read(size_t) override {
    if (good_-- > 0) return std::string("good");
    return Fail(Kind::kCorrupt, "T-1", "broken");
  }

 private:
  int good_;
};

void Echo(ServerRequest request, Call, Reply reply) {
  ServerResponse response;
  response.headers.Add("X-Path", request.path);
  response.headers.Add("X-Query", request.query);
  response.body = request.method + ":" + request.body;
  std::move(reply).Answer(std::move(response));
}

std::unique_ptr<Server> Serve(Handler handler, ServerOptions options = {}) {
  options.threads = 2;
  return Listen(options, std::move(handler)).value();
}

const std::string kGet = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

TEST(Server, AnswersWithLengthDateAndTheHandlersHeaders) {
  const auto server = Serve(Echo);
  TestSocket socket(server->port());
  socket.Send("POST /a%20b?c=%20d HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
  const std::string response = socket.ReadResponse();
  EXPECT_THAT(response, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(response, HasSubstr("X-Path: /a b\r\n"));
  EXPECT_THAT(response, HasSubstr("X-Query: c=%20d\r\n"));
  EXPECT_THAT(response, HasSubstr("\r\nDate: "));
  EXPECT_THAT(response, HasSubstr("Content-Length: 8\r\n"));
  EXPECT_THAT(response, EndsWith("\r\n\r\nPOST:abc"));
}

TEST(Server, PipelinedRequestsAreAnsweredInOrder) {
  const auto server = Serve(OnPool(
      [](ServerRequest request, const Call&) {
        ServerResponse response;
        response.body = request.path;
        return response;
      },
      4, 100));
  TestSocket socket(server->port());
  std::string requests;
  for (int i = 0; i < 100; ++i) {
    requests += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n";
  }
  socket.Send(requests);
  for (int i = 0; i < 100; ++i) {
    ASSERT_THAT(socket.ReadResponse(), EndsWith("\r\n\r\n/" + std::to_string(i)));
  }
}

TEST(Server, ARequestInSingleBytesIsUnderstood) {
  const auto server = Serve(Echo);
  TestSocket socket(server->port());
  for (const char c : std::string("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                                  "3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\nTrailer: t\r\n\r\n")) {
    socket.Send({&c, 1});
  }
  EXPECT_THAT(socket.ReadResponse(), EndsWith("\r\n\r\nPOST:abcde"));
}

TEST(Server, LimitsAndMalformedRequestsGetTheirStatus) {
  ServerOptions options;
  options.header_bytes_max = 1000;
  options.body_bytes_max = 100;
  const auto server = Serve(Echo, options);
  const auto status = [&](const std::string& request) {
    TestSocket socket(server->port());
    socket.Send(request);
    const std::string response = socket.ReadToEnd();
    EXPECT_THAT(response, HasSubstr("Connection: close\r\n"));
    return response.substr(9, 3);
  };
  const std::string big(2000, 'x');
  EXPECT_EQ(status("GET / HTTP/1.1\r\nHost: x\r\nA: " + big + "\r\n\r\n"), "431");
  EXPECT_EQ(status("GET / HTTP/1.1\r\nHost: x\r\nA: " + big), "431");
  EXPECT_EQ(status("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 101\r\n\r\n" + big), "413");
  EXPECT_EQ(status("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" + big),
            "413");
  EXPECT_EQ(status("nonsense\r\n\r\n"), "400");
  EXPECT_EQ(status("GET / HTTP/1.1\r\n\r\n"), "400");                        // no Host
  EXPECT_EQ(status("GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"), "400");  // two Hosts
  EXPECT_EQ(status("GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n"), "400");          // bad escape
  EXPECT_EQ(status("GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n"), "400");          // NUL
  EXPECT_EQ(status("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na"),
            "400");
  EXPECT_EQ(status("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
                   "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            "400");  // request smuggling
}

TEST(Server, HeadHasTheHeadersOfGetAndNoBody) {
  const auto server = Serve(Echo);
  TestSocket socket(server->port());
  socket.Send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n" + kGet);
  const std::string head = socket.ReadUntil("\r\n\r\n");
  EXPECT_THAT(head, HasSubstr("Content-Length: 5\r\n"));
  EXPECT_THAT(socket.ReadResponse(), EndsWith("GET:"));
}

TEST(Server, AClientThatExpects100IsToldToContinue) {
  const auto server = Serve(Echo);
  TestSocket socket(server->port());
  socket.Send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(socket.ReadUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  socket.Send("ok");
  EXPECT_THAT(socket.ReadResponse(), EndsWith("POST:ok"));
}

TEST(Server, Http10ClosesUnlessItAsksToStay) {
  const auto server = Serve(Echo);
  TestSocket closing(server->port());
  closing.Send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_THAT(closing.ReadToEnd(), EndsWith("GET:"));
  TestSocket staying(server->port());
  staying.Send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_THAT(staying.ReadResponse(), HasSubstr("Connection: keep-alive\r\n"));
  staying.Send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_THAT(staying.ReadToEnd(), EndsWith("GET:"));
}

TEST(Server, StreamedBodiesComeChunkedOrWithTheirLength) {
  const auto server = Serve([](ServerRequest request, Call, Reply reply) {
    ServerResponse response;
    response.body_stream = std::make_shared<Pieces>(std::vector<std::string>{"abc", "defgh"});
    if (request.path == "/length") response.body_stream_bytes = 8;
    std::move(reply).Answer(std::move(response));
  });
  TestSocket socket(server->port());
  socket.Send("GET /length HTTP/1.1\r\nHost: x\r\n\r\nGET /chunked HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(socket.ReadResponse(), EndsWith("\r\n\r\nabcdefgh"));
  EXPECT_THAT(socket.ReadUntil("\r\n\r\n"), HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_EQ(socket.ReadUntil("0\r\n\r\n"), "3\r\nabc\r\n5\r\ndefgh\r\n0\r\n\r\n");
  socket.Send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_THAT(socket.ReadToEnd(), EndsWith("\r\n\r\nabcdefgh"));
}

TEST(Server, AStreamThatBreaksIsNeverAQuietEnd) {
  const auto server = Serve([](ServerRequest request, Call, Reply reply) {
    ServerResponse response;
    response.body_stream = std::make_shared<Broken>(request.path == "/first" ? 0 : 1);
    std::move(reply).Answer(std::move(response));
  });
  TestSocket first(server->port());
  first.Send("GET /first HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(first.ReadResponse(), StartsWith("HTTP/1.1 500 "));
  TestSocket second(server->port());
  second.Send(kGet);
  const std::string response = second.ReadToEnd();
  EXPECT_THAT(response, EndsWith("4\r\ngood\r\n"));
  EXPECT_THAT(response, Not(HasSubstr("0\r\n\r\n")));
}

TEST(Server, AStreamShorterThanItsLengthIsCutNotFilled) {
  const auto server = Serve([](ServerRequest, Call, Reply reply) {
    ServerResponse response;
    response.body_stream = std::make_shared<Pieces>(std::vector<std::string>{"abc"});
    response.body_stream_bytes = 10;
    std::move(reply).Answer(std::move(response));
  });
  TestSocket socket(server->port());
  socket.Send(kGet);
  EXPECT_THAT(socket.ReadToEnd(), EndsWith("\r\n\r\nabc"));
}

TEST(Server, StreamedRequestBodiesReachTheHandlerInPieces) {
  ServerOptions options;
  options.streams_body = [](std::string_view, std::string_view path) { return path == "/up"; };
  const auto server = Serve(OnPool(
                                [](ServerRequest request, const Call&) {
                                  ServerResponse response;
                                  size_t bytes = 0;
                                  while (true) {
                                    auto piece = request.body_stream->Read(10'000);
                                    if (!piece) {
                                      response.body = piece.error().code();
                                      return response;
                                    }
                                    if (piece->empty()) break;
                                    EXPECT_LE(piece->size(), 10'000U);
                                    bytes += piece->size();
                                  }
                                  response.body = std::to_string(bytes);
                                  return response;
                                },
                                2, 10),
                            options);
  TestSocket socket(server->port());
  const std::string body(5'000'000, 'x');
  socket.Send("POST /up HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n");
  socket.Send(body);
  EXPECT_THAT(socket.ReadResponse(), EndsWith("\r\n\r\n5000000"));
  socket.Send(
      "POST /up HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
  EXPECT_THAT(socket.ReadResponse(), EndsWith("\r\n\r\n3"));
  // Without a body there is still a stream: an empty one.
  socket.Send("GET /up HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(socket.ReadResponse(), EndsWith("\r\n\r\n0"));
}

TEST(Server, AHandlerThatIgnoresAStreamedBodyIsStillHeard) {
  ServerOptions options;
  options.streams_body = [](std::string_view, std::string_view) { return true; };
  const auto server = Serve(
      [](ServerRequest, Call, Reply reply) {
        ServerResponse response;
        response.status = 403;
        std::move(reply).Answer(std::move(response));
      },
      options);
  TestSocket socket(server->port());
  socket.Send("POST /up HTTP/1.1\r\nHost: x\r\nContent-Length: 50000000\r\n\r\nabc");
  EXPECT_THAT(socket.ReadResponse(), StartsWith("HTTP/1.1 403 "));
}

TEST(Server, ADroppedReplyAndAThrowingHandlerAnswer500) {
  const auto server = Serve([](ServerRequest request, Call, Reply) {
    if (request.path == "/throw") throw std::runtime_error("x");
  });
  TestSocket socket(server->port());
  socket.Send(kGet + "GET /throw HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(socket.ReadResponse(), StartsWith("HTTP/1.1 500 "));
  EXPECT_THAT(socket.ReadResponse(), StartsWith("HTTP/1.1 500 "));
}

TEST(Server, AHeaderWithALineFeedInItIsNotSent) {
  const auto server = Serve([](ServerRequest, Call, Reply reply) {
    ServerResponse response;
    response.headers.Add("X-Bad", "a\r\nSet-Cookie: b");
    response.headers.Add("Content-Length", "999");
    std::move(reply).Answer(std::move(response));
  });
  TestSocket socket(server->port());
  socket.Send(kGet);
  const std::string response = socket.ReadResponse();
  EXPECT_THAT(response, Not(HasSubstr("Set-Cookie")));
  EXPECT_THAT(response, HasSubstr("Content-Length: 0\r\n"));
}

TEST(Server, IdleAndStalledConnectionsAreEnded) {
  ServerOptions options;
  // Longer than a busy machine keeps this test from sending its next line.
  options.idle_timeout = milliseconds(1500);
  options.request_timeout = milliseconds(2000);
  const auto server = Serve(Echo, options);
  TestSocket idle(server->port());
  TestSocket slow(server->port());
  slow.Send("GET / HTTP/1.1\r\nHo");
  TestSocket stalled(server->port());
  stalled.Send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab");
  EXPECT_TRUE(idle.EndsWithin(60'000));
  EXPECT_THAT(slow.ReadToEnd(), StartsWith("HTTP/1.1 408 "));
  EXPECT_THAT(stalled.ReadToEnd(), StartsWith("HTTP/1.1 408 "));
}

TEST(Server, FaultsOnDemandDropAndStallAtTheByte) {
  const auto server = Serve([](ServerRequest request, Call, Reply reply) {
    ServerResponse response;
    if (request.query == "stream") {
      response.body_stream = std::make_shared<Pieces>(std::vector<std::string>{"abcd", "efgh"});
      response.body_stream_bytes = 8;
    } else {
      response.body = "abcdefgh";
    }
    (request.path == "/drop" ? response.drop_after_bytes : response.stall_after_bytes) = 5;
    std::move(reply).Answer(std::move(response));
  });
  for (const std::string query : {"", "?stream"}) {
    TestSocket drop(server->port());
    drop.Send("GET /drop" + query + " HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(drop.ReadToEnd(), EndsWith("\r\n\r\nabcde"));
    TestSocket stall(server->port());
    stall.Send("GET /stall" + query + " HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(stall.ReadUntil("abcde"), HasSubstr("Content-Length: 8\r\n"));
    EXPECT_FALSE(stall.EndsWithin(300));
  }
}

TEST(Server, DrainFinishesWhatRunsAndRefusesWhatIsNew) {
  std::latch entered(1);
  std::latch go(1);
  auto server = Serve(OnPool(
      [&](ServerRequest, const Call&) {
        entered.count_down();
        go.wait();
        ServerResponse response;
        response.body = "done";
        return response;
      },
      1, 10));
  const uint16_t port = server->port();
  TestSocket idle(port);
  TestSocket busy(port);
  busy.Send(kGet);
  entered.wait();
  std::jthread drainer([&] { server->Drain(); });
  EXPECT_TRUE(idle.EndsWithin(60'000));
  EXPECT_FALSE(TestSocket(port).Send(kGet) && TestSocket(port).ReadResponse().size() > 0);
  go.count_down();
  const std::string response = busy.ReadToEnd();
  EXPECT_THAT(response, EndsWith("done"));
  EXPECT_THAT(response, HasSubstr("Connection: close\r\n"));
}

TEST(Server, WhatOutlastsTheDrainIsStoppedAndClosed) {
  ServerOptions options;
  options.drain_timeout = milliseconds(100);
  std::atomic<bool> stopped{false};
  std::latch entered(1);
  auto server = Serve(OnPool(
                          [&](ServerRequest, const Call& call) {
                            entered.count_down();
                            (void)call.Sleep(std::chrono::hours(1));
                            stopped = call.stop.stop_requested();
                            return ServerResponse();
                          },
                          1, 10),
                      options);
  TestSocket busy(server->port());
  busy.Send(kGet);
  entered.wait();
  server.reset();
  EXPECT_TRUE(stopped);
  EXPECT_EQ(busy.ReadToEnd(), "");
}

TEST(Server, AReplyMayOutliveTheServer) {
  std::vector<Reply> kept;
  {
    std::latch entered(1);
    ServerOptions options;
    options.drain_timeout = milliseconds(50);
    const auto server = Serve(
        [&](ServerRequest, Call, Reply reply) {
          kept.push_back(std::move(reply));
          entered.count_down();
        },
        options);
    TestSocket socket(server->port());
    socket.Send(kGet);
    entered.wait();
  }
  ASSERT_EQ(kept.size(), 1U);
  std::move(kept[0]).Answer({});
}

TEST(Server, AFullPoolAnswers503WithRetryAfter) {
  std::latch entered(1);
  std::latch go(1);
  const auto server = Serve(OnPool(
      [&](ServerRequest request, const Call&) {
        if (request.path == "/first") entered.count_down();
        go.wait();
        return ServerResponse();
      },
      1, 1));
  TestSocket first(server->port());
  first.Send("GET /first HTTP/1.1\r\nHost: x\r\n\r\n");
  entered.wait();
  // One of these waits; the other two are refused while the first still runs.
  std::vector<std::unique_ptr<TestSocket>> others;
  for (int i = 0; i < 3; ++i) {
    others.push_back(std::make_unique<TestSocket>(server->port()));
    others.back()->Send(kGet);
  }
  const auto refused = [&] {
    return std::count_if(others.begin(), others.end(),
                         [](const auto& socket) { return socket->Readable(20); });
  };
  for (int tries = 0; tries < 200 && refused() < 2; ++tries) {
  }
  EXPECT_EQ(refused(), 2);
  go.count_down();
  int busy = 0;
  for (auto& socket : others) {
    const std::string response = socket->ReadResponse();
    if (!response.starts_with("HTTP/1.1 503 ")) continue;
    ++busy;
    EXPECT_THAT(response, HasSubstr("Retry-After: 1\r\n"));
  }
  EXPECT_EQ(busy, 2);
}

TEST(Server, ATakenPortIsAConflict) {
  const auto server = Serve(Echo);
  ServerOptions options;
  options.port = server->port();
  EXPECT_EQ(Listen(options, Echo).error().code(), "NET-SERVE-001");
  options.address = "not an address";
  EXPECT_EQ(Listen(options, Echo).error().code(), "NET-SERVE-003");
  ServerOptions tls;
  tls.certificate_pem = tls.key_pem = "nonsense";
  EXPECT_EQ(Listen(tls, Echo).error().code(), "NET-TLS-002");
}

TEST(Server, MoreConnectionsThanAllowedAreTurnedAway) {
  ServerOptions options;
  options.connections_max = 2;
  const auto server = Serve(Echo, options);
  TestSocket one(server->port());
  one.Send(kGet);
  EXPECT_THAT(one.ReadResponse(), EndsWith("GET:"));
  TestSocket two(server->port());
  two.Send(kGet);
  EXPECT_THAT(two.ReadResponse(), EndsWith("GET:"));
  TestSocket three(server->port());
  EXPECT_TRUE(three.EndsWithin(60'000));
}

}  // namespace
}  // namespace firn::net
