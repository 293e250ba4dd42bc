#include "app/engine/admin_service.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "app/engine/admin_wire.h"
#include "core/base/log.h"

namespace firn::engine {
namespace {

using nlohmann::json;
constexpr size_t kConnectionsMax = 16;
constexpr size_t kLogLinesMax = 10'000;
constexpr int kGoneLookMs = 200;

std::string ErrorLine(const Error& error) {
  return json{{"error",
               {{"code", error.code()},
                {"what", error.what()},
                {"where", error.where()},
                {"why", error.why()},
                {"hint", error.hint()}}}}
      .dump(-1, ' ', false, json::error_handler_t::replace);
}

bool HasGone(int fd, int wait_ms) {
  pollfd look{fd, POLLIN | POLLRDHUP, 0};
  if (poll(&look, 1, wait_ms) <= 0) return false;
  if ((look.revents & (POLLHUP | POLLERR | POLLRDHUP)) != 0) return true;
  char byte = 0;
  return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

// Asks for a stop when the client goes: Ctrl-C there is Ctrl-C here.
class Watch {
 public:
  Watch(int fd, const std::stop_token& outer)
      : outer_(outer, [this] { source_.request_stop(); }),
        thread_([this, fd](const std::stop_token& stop) {
          while (!stop.stop_requested()) {
            if (HasGone(fd, kGoneLookMs)) {
              source_.request_stop();
              return;
            }
          }
        }) {}
  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
  std::stop_callback<std::function<void()>> outer_;
  std::jthread thread_;
};

}  // namespace

AdminService::~AdminService() { Drain({}); }

Result<void> AdminService::Start(const Call& call) {
  call_ = call;
  folder_ = runtime_.project()->state_folder;
  FIRN_TRY(listener_, ListenAdmin(folder_));
  wake_ = Fd(eventfd(0, EFD_CLOEXEC));
  acceptor_ = std::jthread([this](const std::stop_token& stop) {
    pthread_setname_np(pthread_self(), "firn-admin");
    Accept(stop);
  });
  return {};
}

void AdminService::Accept(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    pollfd polled[2] = {{listener_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}};
    if (poll(polled, 2, -1) < 0 || polled[1].revents != 0) continue;
    auto fd = std::make_shared<Fd>(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!fd->valid()) continue;
    const std::lock_guard lock(mutex_);
    std::erase_if(connections_, [](const Connection& each) { return each.done.load(); });
    if (connections_.size() >= kConnectionsMax || !PeerIsOurs(fd->get())) continue;
    Connection& connection = connections_.emplace_back();
    connection.thread = std::jthread([this, fd, &connection](const std::stop_token& of_thread) {
      pthread_setname_np(pthread_self(), "firn-admin-call");
      Serve(*fd, of_thread);
      (void)shutdown(fd->get(), SHUT_RDWR);
      connection.done = true;
    });
  }
}

void AdminService::Serve(const Fd& fd, const std::stop_token& stop) {
  auto message = ReceiveAdmin(fd.get());
  if (!message) return;
  if (auto done = Answer(fd.get(), message->line, std::move(message->files), stop); !done) {
    (void)SendAdmin(fd.get(), ErrorLine(done.error()));
  }
}

Result<void> AdminService::Answer(int fd, const std::string& line, std::vector<Fd> files,
                                  const std::stop_token& stop) {
  const json request = json::parse(line, nullptr, false);
  const std::string op = request.is_object() ? request.value("op", "") : "";
  if (op == "status") return SendAdmin(fd, hooks_.status_json());
  if (op == "runs") return SendAdmin(fd, hooks_.runs_json());
  if (op == "logs") {
    return Logs(fd, request.value("lines", size_t{100}), request.value("follow", false), stop);
  }
  if (op == "reload") {
    FIRN_CHECK(hooks_.reload());
    return SendAdmin(fd, R"({"done":true})");
  }
  if (op == "stop") {
    hooks_.stop();
    return SendAdmin(fd, R"({"done":true})");
  }
  if (op == "job") {
    FIRN_CHECK(hooks_.run_job(request.value("name", "")));
    return SendAdmin(fd, R"({"done":true})");
  }
  if (op == "command" && hooks_.host) return Host(fd, line, std::move(files), stop);
  return Fail(Error(Kind::kUnsupported, "ENGINE-ADMIN-004",
                    "the daemon does not know the request `" + op.substr(0, 32) + "`")
                  .Hint("use the `firn` of the same version as the daemon"));
}

Result<void> AdminService::Logs(int fd, size_t lines, bool follow, const std::stop_token& stop) {
  LogTail::Lines found = logs_.Newest(std::min(lines, kLogLinesMax));
  const Watch watch(fd, stop);
  while (true) {
    for (const std::string& line : found.lines) {
      FIRN_CHECK(
          SendAdmin(fd, json{{"line", line}}.dump(-1, ' ', false, json::error_handler_t::replace)));
    }
    if (!follow || watch.token().stop_requested()) return {};
    found = logs_.Since(found.next, watch.token());
  }
}

Result<void> AdminService::Host(int fd, const std::string& line, std::vector<Fd> files,
                                const std::stop_token& stop) {
  const json request = json::parse(line, nullptr, false);
  if (files.size() != kAdminFilesMax || !request.contains("words") ||
      !request["words"].is_array()) {
    return Fail(Kind::kCorrupt, "ENGINE-ADMIN-003", "the admin connection broke");
  }
  HostedCommand command;
  for (const json& word : request["words"]) {
    if (word.is_string()) command.words.push_back(word.get<std::string>());
  }
  command.folder = request.value("folder", "/");
  command.out_is_terminal = request.value("out_is_terminal", false);
  command.err_is_terminal = request.value("err_is_terminal", false);
  command.color_out = request.value("color_out", false);
  command.color_err = request.value("color_err", false);
  command.width = request.value("width", 80);
  command.out = std::move(files[0]);
  command.err = std::move(files[1]);
  const Watch watch(fd, stop);
  Call call = call_;
  call.stop = watch.token();
  call.retries = std::make_shared<RetryBudget>(64);
  call.trace = TraceContext::New(*call.random);
  log::Info("command.started", {{"command", command.words.empty() ? "" : command.words[0]}});
  const int code = hooks_.host(call, std::move(command), runtime_);
  log::Info("command.finished", {{"exit_code", code}});
  return SendAdmin(fd, json{{"exit_code", code}}.dump());
}

void AdminService::Drain(const Call&) {
  if (!acceptor_.joinable()) return;
  acceptor_.request_stop();
  const uint64_t one = 1;
  (void)!write(wake_.get(), &one, sizeof one);
  acceptor_.join();
  std::list<Connection> last;
  {
    const std::lock_guard lock(mutex_);
    last.swap(connections_);
  }
  for (Connection& connection : last) connection.thread.request_stop();
  last.clear();
  listener_ = Fd();
  (void)RemoveFile(AdminSocketPath(folder_));
}

Result<std::function<void()>> AdminService::PrepareReload(
    const std::shared_ptr<const project::Project>&) {
  return [] {};
}

}  // namespace firn::engine
