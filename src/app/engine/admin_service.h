// AdminService: the daemon's side of its admin socket: status, runs, logs, reload, stop, jobs on
// demand, and commands that write the project's state, which the daemon runs for their clients
// while it holds the lock.
//
// A thread accepts, each connection is served by one of its own, a few at most.
#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "app/engine/log_tail.h"
#include "app/engine/runtime.h"
#include "app/engine/service.h"
#include "core/base/file.h"

namespace firn::engine {

// A command line that another process typed and this one carries out.
struct HostedCommand {
  std::vector<std::string> words;  // without the program's name
  std::string folder;              // where it was typed: what relative paths start at
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  bool color_out = false;
  bool color_err = false;
  int width = 80;
  Fd out;
  Fd err;
};
// Carries it out and returns its exit code; stopped with the call.
using CommandHost = std::function<int(const Call& call, HostedCommand command, Runtime& runtime)>;

struct AdminHooks {
  std::function<std::string()> status_json;  // one object
  std::function<std::string()> runs_json;    // one object
  std::function<Result<void>()> reload;
  std::function<void()> stop;
  std::function<Result<void>(const std::string& job)> run_job;
  CommandHost host;  // null: commands are refused
};

class AdminService final : public Service {
 public:
  // `runtime` and `logs` outlive the service.
  AdminService(Runtime& runtime, LogTail& logs, AdminHooks hooks)
      : runtime_(runtime), logs_(logs), hooks_(std::move(hooks)) {}
  ~AdminService() override;
  [[nodiscard]] std::string_view name() const override { return "admin"; }
  [[nodiscard]] Result<void> Start(const Call& call) override;
  // Commands in progress are stopped at a safe place.
  void Drain(const Call& call) override;
  [[nodiscard]] Health Check() override { return {}; }
  [[nodiscard]] Result<std::function<void()>> PrepareReload(
      const std::shared_ptr<const project::Project>& next) override;

 private:
  struct Connection {
    std::jthread thread;
    std::atomic<bool> done{false};
  };
  void Accept(const std::stop_token& stop);
  void Serve(const Fd& fd, const std::stop_token& stop);
  Result<void> Answer(int fd, const std::string& line, std::vector<Fd> files,
                      const std::stop_token& stop);
  Result<void> Logs(int fd, size_t lines, bool follow, const std::stop_token& stop);
  Result<void> Host(int fd, const std::string& line, std::vector<Fd> files,
                    const std::stop_token& stop);

  Runtime& runtime_;
  LogTail& logs_;
  const AdminHooks hooks_;
  std::string folder_;
  Call call_;
  Fd listener_;
  Fd wake_;  // eventfd: ends Accept's poll
  std::mutex mutex_;
  std::list<Connection> connections_;
  std::jthread acceptor_;
};

}  // namespace firn::engine
