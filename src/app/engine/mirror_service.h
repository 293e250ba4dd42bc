// MirrorService: keeps the mirrors of the project current while the daemon runs: looks every few
// seconds which tables have moved on, whoever committed, and brings those up to date. A thread of
// its own; nothing is held up by it.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "app/engine/runtime.h"
#include "app/engine/service.h"

namespace firn::engine {

class MirrorService final : public Service {
 public:
  // `runtime` outlives it.
  explicit MirrorService(Runtime& runtime) : runtime_(runtime) {}
  ~MirrorService() override;
  std::string_view name() const override { return "mirrors"; }
  Result<void> Start(const Call& call) override;
  void Drain(const Call& call) override;
  Health Check() override;
  Result<std::function<void()>> PrepareReload(
      const std::shared_ptr<const project::Project>& next) override;

  // One look. Errors: of the first catalog; those of a mirror are kept for Check.
  [[nodiscard]] Result<void> Step(const Call& call);

 private:
  // Metadata locations that a mirror shows, by table.
  using Shown = std::map<lake::TableIdent, std::string>;
  void BringUp(const Call& call, lake::Lake& lake, const project::MirrorSettings& mirror,
               const Shown& now);
  std::vector<lake::TableIdent> Moved(const Call& call, const std::string& mirror,
                                      const Shown& now);
  void Note(const std::string& mirror, std::string error);
  [[nodiscard]] bool IsPaused(const Call& call, const std::string& mirror,
                              const std::string& table) const;
  void Fails(const Call& call, const std::string& mirror, const std::string& table);

  // When what failed is tried again: a table of a mirror, or all of it (no table). The thread's
  // own, as is the next.
  struct Pause {
    SteadyTime until;
    int failures = 0;
  };

  Runtime& runtime_;
  std::jthread thread_;
  std::map<std::pair<std::string, std::string>, Pause> pauses_;
  std::map<std::string, Shown> shown_;  // by mirror
  std::mutex mutex_;
  std::map<std::string, std::string> errors_;  // of the last look, by mirror
};

}  // namespace firn::engine
