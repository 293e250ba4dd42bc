// RulesWorker: the project's event rules, delivering for as long as the daemon runs, whether events
// come or not.
//
// One thread opens them, again and again while another process delivers or something is not to be
// had; then the engine's own threads do the work. Streams wait in Await for what they hand events
// to: no event passes the rules unseen. Any thread may call.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "app/engine/rules_link.h"
#include "app/engine/runtime.h"
#include "core/base/call.h"
#include "core/config/secret_ref.h"

namespace firn::engine {

struct RulesStatus {
  std::string state;   // starting, waiting (another process delivers), retrying, delivering
  std::string detail;  // why; of `delivering`: the rules left out
  int64_t rules = 0;
  int64_t waiting = 0;       // deliveries in the outbox
  int64_t dead_letters = 0;  // that nobody has looked after
};

class RulesWorker {
 public:
  // Null when the project has no rules. `runtime` outlives it.
  [[nodiscard]] static std::unique_ptr<RulesWorker> New(const project::Project& project,
                                                        Runtime& runtime);
  ~RulesWorker();  // as Stop

  void Start(const Call& call);
  // Ends deliveries where they are and lets go of the outbox. Nobody is in Take any more.
  void Stop();
  // The engine, once it delivers. Errors: Cancelled, Timeout.
  [[nodiscard]] Result<events::RuleEngine*> Await(const Call& call);
  [[nodiscard]] RulesStatus Status();
  // Depth of the outbox by target, dead letters.
  void RefreshGauges();

 private:
  RulesWorker(const project::Project& project, Runtime& runtime);
  void Work(const Call& call);
  Result<void> OpenOnce(const Call& call);
  void Say(std::string state, std::string detail);

  Runtime& runtime_;
  const project::Project project_;
  std::unique_ptr<config::SecretResolver> secrets_;
  std::unique_ptr<RulesLink> link_;  // set under the mutex
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::string state_ = "starting";
  std::string detail_;
  std::stop_source stop_;
  std::jthread thread_;
};

}  // namespace firn::engine
