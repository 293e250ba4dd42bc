// What the HTTP server and client can do over loopback: requests/s over keep-alive, bytes/s of a
// streamed body. Client and server share the machine's cores.
#include <arpa/inet.h>
#include <benchmark/benchmark.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "core/net/client.h"
#include "core/net/inflate.h"
#include "core/net/server.h"

namespace firn::net {
namespace {

constexpr int64_t kStreamBytes = 256LL << 20;

class Constant final : public BodyStream {
 public:
  explicit Constant(int64_t bytes) : left_(bytes) {}
  [[nodiscard]] Result<std::string> Read(size_t bytes_max) override {
    const auto size = std::min<int64_t>(left_, static_cast<int64_t>(bytes_max));
    left_ -= size;
    return std::string(static_cast<size_t>(size), 'x');
  }

 private:
  int64_t left_;
};

ServerResponse Answer(const ServerRequest& request) {
  ServerResponse response;
  if (request.path == "/stream") {
    response.body_stream = std::make_shared<Constant>(kStreamBytes);
    return response;
  }
  response.headers.Add("Content-Type", "application/json");
  response.body = R"({"id":"001000000000001AAA","success":true,"errors":[]})";
  return response;
}

std::unique_ptr<Server> Serve(bool pooled) {
  ServerOptions options;
  if (pooled) {
    return Listen(
               options,
               OnPool([](ServerRequest request, const Call&) { return Answer(request); }, 4, 1000))
        .value();
  }
  return Listen(options, [](ServerRequest request, Call,
                            Reply reply) { std::move(reply).Answer(Answer(request)); })
      .value();
}

int Connect(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return -1;
  return fd;
}

// Sixteen connections, a request on each in turn, like sixteen clients that wait for their answers.
void SmallRequests(benchmark::State& state) {
  const auto server = Serve(state.range(0) == 1);
  constexpr int kConnections = 16;
  int fds[kConnections];
  for (int& fd : fds) fd = Connect(server->port());
  const std::string request =
      "POST /services/data/v62.0/sobjects/Account HTTP/1.1\r\nHost: localhost\r\n"
      "Authorization: Bearer 00D000000000001!AQ4AQ\r\nContent-Type: application/json\r\n"
      "Accept: application/json\r\nContent-Length: 15\r\n\r\n{\"Name\":\"Acme\"}";
  char answer[4096];
  for (auto _ : state) {
    for (const int fd : fds) {
      if (send(fd, request.data(), request.size(), 0) < 0) state.SkipWithError("send");
    }
    for (const int fd : fds) {
      if (recv(fd, answer, sizeof answer, 0) <= 0) state.SkipWithError("recv");
    }
  }
  state.SetItemsProcessed(state.iterations() * kConnections);
  for (const int fd : fds) close(fd);
}
BENCHMARK(SmallRequests)->ArgName("on_pool")->Arg(0)->Arg(1)->UseRealTime();

void ClientCalls(benchmark::State& state) {
  const auto server = Serve(false);
  const auto client = NewHttpClient({}).value();
  Request request;
  request.url = "http://127.0.0.1:" + std::to_string(server->port()) + "/";
  for (auto _ : state) {
    if (!client->Send(Call(), request)) state.SkipWithError("send");
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(ClientCalls)->UseRealTime();

void StreamedBody(benchmark::State& state) {
  const auto server = Serve(true);
  const auto client = NewHttpClient({}).value();
  Request request;
  request.url = "http://127.0.0.1:" + std::to_string(server->port()) + "/stream";
  request.own_connection = true;
  for (auto _ : state) {
    auto response = client->Open(Call(), request);
    int64_t total = 0;
    while (response) {
      const auto piece = response->body->Read(1 << 20);
      if (!piece || piece->empty()) break;
      total += static_cast<int64_t>(piece->size());
    }
    if (total != kStreamBytes) state.SkipWithError("cut short");
  }
  state.SetBytesProcessed(state.iterations() * kStreamBytes);
}
BENCHMARK(StreamedBody)->UseRealTime();

void InflateRows(benchmark::State& state) {
  std::string rows;
  for (int i = 0; i < 500'000; ++i) {
    rows += "\"001" + std::to_string(i * 7919LL) + "\",\"Some Name " + std::to_string(i % 977) +
            "\",\"2026-11-24T02:56:02.000Z\"\r\n";
  }
  const std::string packed = Gzip(rows, 6);
  for (auto _ : state) {
    auto inflated = InflateBody("gzip", packed);
    benchmark::DoNotOptimize(inflated);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(rows.size()));
}
BENCHMARK(InflateRows);

}  // namespace
}  // namespace firn::net

BENCHMARK_MAIN();
