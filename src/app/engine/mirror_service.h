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
  void Note(const std::string& mirror, std::string error);

  Runtime& runtime_;
  std::jthread thread_;
  std::map<std::string, Shown> shown_;  // by mirror; the thread's own
  std::mutex mutex_;
  std::map<std::string, std::string> errors_;  // of the last look, by mirror
};

}  // namespace firn::engine
