// EventService: the topics that firn.yaml names under `events`, followed while the daemon runs:
// changes into tables, events to the rules, and what the rules took to its targets.
//
// A keeper thread holds the workers: it starts them, looks for tables that came or went, and
// replaces all of them when a reload changed what they stand on: the old ones settle first. Without
// `events` there is nothing: no thread, no outbox.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "app/engine/rules_worker.h"
#include "app/engine/runtime.h"
#include "app/engine/service.h"
#include "app/engine/stream_worker.h"
#include "core/project/services.h"

namespace firn::engine {

class EventService final : public Service {
 public:
  // `runtime` outlives the service.
  explicit EventService(Runtime& runtime) : runtime_(runtime) {}
  ~EventService() override;
  [[nodiscard]] std::string_view name() const override { return "events"; }
  [[nodiscard]] Result<void> Start(const Call& call) override;
  void Drain(const Call& call) override;
  // Not ready while a stream or the rules end by errors; waiting for another process is ready.
  [[nodiscard]] Health Check() override;
  // Errors: what is wrong with a rule: the rules of before stay.
  [[nodiscard]] Result<std::function<void()>> PrepareReload(
      const std::shared_ptr<const project::Project>& next) override;

  [[nodiscard]] std::vector<StreamStatus> Streams();
  [[nodiscard]] std::optional<RulesStatus> Rules();
  void RefreshGauges();

 private:
  // Workers end before the rules they hand events to.
  struct Crew {
    std::string made_from;
    std::unique_ptr<RulesWorker> rules;
    std::vector<std::unique_ptr<StreamWorker>> streams;
    ~Crew();
  };
  std::shared_ptr<Crew> Hire() const;
  void Keep(const std::stop_token& stop);
  std::shared_ptr<Crew> crew();

  Runtime& runtime_;
  Call call_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<project::FollowedStream> wanted_;  // of the definitions in force
  bool reloaded_ = false;
  std::shared_ptr<Crew> crew_;
  std::jthread keeper_;
};

}  // namespace firn::engine
