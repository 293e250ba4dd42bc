// Daemon: `firn run`. Holds the project's state, starts the services, keeps them going, takes over
// changed definitions and ends everything in order.
//
// Life: lock and lease -> services in order -> ready -> (reload)* -> drain in the opposite order.
// firn.yaml is read again when it, a rule or a destination has changed on disk and is at rest, at
// SIGHUP and on request (then at once); when it has a mistake the old definitions stay and the
// mistake is logged and shown by `firn status`. The
// lease is renewed all the while; when another holder has taken it, the daemon drains and ends with
// an error: two must never write. One thread runs it; RequestReload and RequestStop are for any.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "app/engine/admin_service.h"
#include "app/engine/catalog_service.h"
#include "app/engine/event_service.h"
#include "app/engine/file_watch.h"
#include "app/engine/http_service.h"
#include "app/engine/limits_publisher.h"
#include "app/engine/log_tail.h"
#include "app/engine/runtime.h"
#include "app/engine/scheduler.h"
#include "app/engine/service.h"
#include "app/engine/service_notify.h"

namespace firn::engine {

struct DaemonOptions {
  std::string folder;       // of the project
  std::string environment;  // of firn.yaml; may be empty
  std::string version;      // of this program, for status
  CommandHost host;         // carries out other processes' commands; may be null
  std::function<void(const std::string&)> emf_line;  // takes a line of metrics, for stdout
  std::function<void()> on_ready;                    // called once; may be null
  LogTail* logs = nullptr;                           // outlives the daemon
};

class Daemon {
 public:
  explicit Daemon(DaemonOptions options);
  ~Daemon();
  // Runs until the call is stopped or RequestStop. Errors: of the project's file; Conflict
  // (STATE-LOCK-001, STATE-LEASE-001) naming the daemon that holds the state; those of a service
  // that cannot start; Expired (STATE-LEASE-002) when the lease was lost.
  [[nodiscard]] Result<void> Run(const Call& call);

  void RequestReload();
  void RequestStop();
  // Reads the definitions now and takes them over. Errors: what is wrong with them, and BadConfig
  // (ENGINE-RELOAD-001) for a change that only a restart can make; the old ones stay.
  [[nodiscard]] Result<void> Reload();

 private:
  Result<project::Project> LoadProject() const;
  void AddServices();
  Result<void> StartServices(const Call& call);
  void DrainServices(const Call& call);
  Result<void> TakeLease();
  Result<void> RenewLease();
  void ReleaseLease();
  Result<void> Beat(const Call& call, SteadyTime now);
  std::vector<ServiceHealth> HealthOfAll();
  std::string StatusJson();
  std::string RunsJson();

  DaemonOptions options_;
  FileWatch watch_;
  ServiceNotify notify_;
  std::unique_ptr<Runtime> runtime_;
  std::unique_ptr<LimitsPublisher> publisher_;
  std::vector<std::unique_ptr<Service>> services_;
  Scheduler* scheduler_ = nullptr;
  HttpService* http_ = nullptr;
  EventService* events_ = nullptr;
  CatalogService* catalog_ = nullptr;
  std::vector<std::pair<state::LeaseTerms, int64_t>> leases_;
  SteadyTime lease_due_;
  SteadyTime watchdog_due_;

  std::mutex mutex_;
  std::condition_variable_any asked_;
  bool reload_asked_ = false;
  bool stop_asked_ = false;
  std::atomic<bool> started_{false};
  std::atomic<bool> draining_{false};
  std::mutex reloading_;  // one reload at a time
  UtcMicros began_;
  std::optional<UtcMicros> reloaded_;
  std::string reload_error_;
};

}  // namespace firn::engine
