// Quarantine: events that nothing could be made of, kept with what is needed to look into them.
//
// One file an event, mode 0600, below the project's state folder; durable before the cursor passes
// the event. Contents are shown only when asked for, and files go after their retention.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"

namespace firn::events {

struct QuarantinedEvent {
  std::string file;  // name in the folder, also its id for people
  std::string topic;
  std::string event_id;
  std::string schema_id;
  std::string reason;     // one line
  std::string received;   // ISO 8601
  std::string replay_id;  // bytes
  std::string payload;    // bytes
};

class Quarantine {
 public:
  explicit Quarantine(std::string folder) : folder_(std::move(folder)) {}
  // The same event again takes the place of its file. Errors: of the file system.
  [[nodiscard]] Result<void> Keep(const QuarantinedEvent& event);
  // Oldest first. A folder that is not there: none.
  [[nodiscard]] Result<std::vector<QuarantinedEvent>> List() const;
  // Errors: NotFound (EVENT-QUARANTINE-001).
  [[nodiscard]] Result<QuarantinedEvent> Show(const std::string& file) const;
  [[nodiscard]] Result<void> Remove(const std::string& file);
  // Removes what was received before; the number.
  [[nodiscard]] Result<int64_t> RemoveBefore(UtcMicros time);

 private:
  std::string folder_;
};

}  // namespace firn::events
