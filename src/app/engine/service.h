// Service: one of the things that the daemon does for as long as it runs: jobs on schedules, the
// HTTP listener, the admin socket; event streams and the catalog server join in the same way.
//
// The Daemon owns its services and calls Start, PrepareReload and Drain from one thread; Check may
// be called from any thread at any time after the constructor.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/call.h"
#include "core/base/error.h"
#include "core/project/project.h"

namespace firn::engine {

struct Health {
  bool ready = true;
  std::string detail;  // one sentence; empty when there is nothing to say
};

class Service {
 public:
  virtual ~Service() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  // Begins, and returns as soon as it serves. In the order in which services were added; an error
  // ends the daemon before it is ready.
  [[nodiscard]] virtual Result<void> Start(const Call& call) = 0;
  // Takes nothing new, brings what runs to a safe place and returns when it is there, at the
  // latest at the call's deadline. In the opposite order.
  virtual void Drain(const Call& call) = 0;
  [[nodiscard]] virtual Health Check() = 0;
  // Holds the new definitions against what it would do with them and returns what puts them into
  // effect, which cannot fail. Nothing changes before that is called: one service's error keeps
  // the old definitions for all.
  [[nodiscard]] virtual Result<std::function<void()>> PrepareReload(
      const std::shared_ptr<const project::Project>& next) = 0;
};

}  // namespace firn::engine
