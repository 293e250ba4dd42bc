#include "core/net/server.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include "core/base/log.h"
#include "core/net/internal/server_loop.h"
#include "core/net/internal/server_session.h"
#include "core/net/internal/server_wire.h"
#include "core/net/internal/task_pool.h"

namespace firn::net {
namespace {

// A loop with the sessions that live on it.
struct Shard {
  std::shared_ptr<ServerLoop> loop = std::make_shared<ServerLoop>();
  std::vector<std::shared_ptr<Session>> sessions;  // on the loop only
  bool draining = false;                           // on the loop only
  SteadyTime accept_again = SteadyTime::max();     // on the first loop only
};

class HttpServer final : public Server {
 public:
  HttpServer(const ServerOptions& options, Handler handler, ServerTlsPtr tls)
      : tls_(std::move(tls)),
        stream_pool_("net-stream", options.stream_threads, options.connections_max) {
    context_.options = options;
    context_.handler = std::move(handler);
    context_.stream_pool = &stream_pool_;
    context_.stop = stop_.get_token();
    context_.on_gone = [this] { OnGone(); };
    const int cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
    const int threads = options.threads > 0 ? options.threads : cores;
    for (int i = 0; i < threads; ++i) shards_.push_back(std::make_unique<Shard>());
  }

  ~HttpServer() override {
    Drain();
    if (acceptor_) AwaitAcceptorsEnd();
    for (auto& shard : shards_) shard->loop->Stop();
    for (auto& shard : shards_) shard->sessions.clear();
  }

  [[nodiscard]] Result<void> Start() {
    FIRN_TRY(acceptor_,
             Bind(shards_[0]->loop->io(), context_.options.address, context_.options.port));
    for (size_t i = 0; i < shards_.size(); ++i) {
      Shard& shard = *shards_[i];
      shard.loop->Start("net-loop-" + std::to_string(i),
                        [this, &shard](SteadyTime now) { Tick(shard, now); });
    }
    shards_[0]->loop->Dispatch([this] { AcceptNext(); });
    return {};
  }

  [[nodiscard]] uint16_t port() const override { return acceptor_->port(); }

  void Drain() override {
    if (!acceptor_ || drained_.exchange(true)) return;
    shards_[0]->loop->Dispatch([this] { acceptor_->Close(); });
    for (auto& shard : shards_) {
      shard->loop->Dispatch([&shard = *shard] {
        shard.draining = true;
        for (const auto& session : shard.sessions) session->Drain();
      });
    }
    std::unique_lock lock(mutex_);
    const bool gone =
        all_gone_.wait_for(lock, context_.options.drain_timeout, [this] { return count_ == 0; });
    lock.unlock();
    stop_.request_stop();
    if (gone) return;
    for (auto& shard : shards_) {
      shard->loop->Dispatch([&shard = *shard] {
        for (const auto& session : shard.sessions) session->Close();
      });
    }
  }

 private:
  // The pending accept holds a socket of another loop: its handler must run before loops go.
  // Closing queues that handler behind the first of these calls, so the second comes after it.
  void AwaitAcceptorsEnd() {
    for (int i = 0; i < 2; ++i) {
      const auto passed = std::make_shared<std::promise<void>>();
      shards_[0]->loop->Dispatch([passed] { passed->set_value(); });
      passed->get_future().wait();
    }
  }

  void AcceptNext() {
    Shard& shard = *shards_[next_shard_++ % shards_.size()];
    acceptor_->Accept(shard.loop->io(), tls_.get(),
                      [this, &shard](std::unique_ptr<ServerWire> wire, std::string peer) {
                        if (shards_[0]->draining || drained_) return;
                        if (!wire) {
                          // Out of file descriptors, mostly: the tick tries again.
                          shards_[0]->accept_again = {};
                          return;
                        }
                        Take(shard, std::move(wire), std::move(peer));
                        AcceptNext();
                      });
  }

  void Take(Shard& shard, std::unique_ptr<ServerWire> wire, std::string peer) {
    {
      std::lock_guard lock(mutex_);
      if (count_ >= context_.options.connections_max) {
        log::Warn("net.connections_max", {{"max", uint64_t{context_.options.connections_max}}});
        return;
      }
      ++count_;
    }
    auto session =
        std::make_shared<Session>(context_, *shard.loop, std::move(wire), std::move(peer));
    shard.loop->Dispatch([&shard, session = std::move(session)] {
      if (shard.draining) return session->Close();
      shard.sessions.push_back(session);
      session->Start();
    });
  }

  void Tick(Shard& shard, SteadyTime now) {
    std::erase_if(shard.sessions, [](const auto& session) { return session->closed(); });
    // By index: closing one never changes the list, only the erasure above does.
    for (size_t i = 0; i < shard.sessions.size(); ++i) shard.sessions[i]->Tick(now);
    if (now >= shard.accept_again) {
      shard.accept_again = SteadyTime::max();
      AcceptNext();
    }
  }

  void OnGone() {
    std::lock_guard lock(mutex_);
    if (--count_ == 0) all_gone_.notify_all();
  }

  // Destroyed from the bottom up: loops first, the handler (which may join a pool) last.
  SessionContext context_;
  ServerTlsPtr tls_;
  std::stop_source stop_;
  std::atomic<bool> drained_{false};
  std::mutex mutex_;
  std::condition_variable all_gone_;
  size_t count_ = 0;
  size_t next_shard_ = 0;
  TaskPool stream_pool_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::unique_ptr<ServerAcceptor> acceptor_;
};

// A blocking handler's threads and what waits for them.
class HandlerPool {
 public:
  using Blocking = std::function<ServerResponse(ServerRequest, const Call&)>;
  HandlerPool(Blocking blocking, int threads, size_t waiting_max)
      : blocking_(std::move(blocking)), pool_("net-handler", threads, waiting_max) {}

  void Handle(ServerRequest request, Call call, Reply reply) {
    // Copyable for std::function; run once.
    auto work = std::make_shared<Work>(Work{std::move(request), std::move(call), std::move(reply)});
    std::function<void()> task = [this, work] { Run(std::move(*work)); };
    if (pool_.Submit(task)) return;
    ServerResponse busy;
    busy.status = 503;
    busy.headers = {{"Retry-After", "1"}, {"Content-Type", "text/plain"}};
    busy.body = "too many requests wait already\n";
    std::move(work->reply).Answer(std::move(busy));
  }

 private:
  struct Work {
    ServerRequest request;
    Call call;
    Reply reply;
  };
  void Run(Work work) {
    try {
      std::move(work.reply).Answer(blocking_(std::move(work.request), work.call));
    } catch (const std::exception& error) {
      log::Err("net.handler_threw", {{"what", error.what()}});
    }
  }

  Blocking blocking_;
  TaskPool pool_;
};

}  // namespace

Reply::~Reply() {
  if (!sink_) return;
  ServerResponse dropped;
  dropped.status = 500;
  dropped.headers = {{"Content-Type", "text/plain"}};
  dropped.body = "internal error\n";
  sink_->Answer(std::move(dropped));
}

void Reply::Answer(ServerResponse response) && {
  FIRN_ASSERT(sink_ != nullptr);
  std::exchange(sink_, nullptr)->Answer(std::move(response));
}

Handler OnPool(std::function<ServerResponse(ServerRequest, const Call&)> blocking, int threads,
               size_t waiting_max) {
  auto pool = std::make_shared<HandlerPool>(std::move(blocking), threads, waiting_max);
  return [pool = std::move(pool)](ServerRequest request, Call call, Reply reply) {
    pool->Handle(std::move(request), std::move(call), std::move(reply));
  };
}

Result<std::unique_ptr<Server>> Listen(const ServerOptions& options, Handler handler) {
  ServerTlsPtr tls;
  if (!options.certificate_pem.empty() || !options.key_pem.empty()) {
    FIRN_TRY(tls, NewServerTls(options.certificate_pem, options.key_pem, options.client_ca_pem));
  }
  auto server = std::make_unique<HttpServer>(options, std::move(handler), std::move(tls));
  FIRN_CHECK(server->Start());
  return server;
}

}  // namespace firn::net
