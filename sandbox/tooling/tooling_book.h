// The event settings as records of the Tooling API: channels, their members, managed subscriptions.
//
// The settings themselves are the EventBus's; the book keeps what only the Tooling API knows of
// them (ids, labels, developer names), also for what an administrator made without it. Thread-safe.
// Source: Tooling API reference, 'PlatformEventChannel', 'PlatformEventChannelMember',
// 'EnrichedField', 'ManagedEventSubscription'; Platform Events Developer Guide, 'Create a Custom
// Channel and Add Platform Events with Tooling API'; Change Data Capture Developer Guide, 'Compose
// Streams of Change Data Capture Notifications with Custom Channels'; read 2026-11.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sandbox/api_db.h"
#include "sandbox/events/event_bus.h"

namespace firn::sandbox {

struct ToolingRecord {
  std::string object;
  std::string id;
  // In the object's order, without Id; `Metadata` is JSON text.
  std::vector<std::pair<std::string, std::optional<std::string>>> fields;
};

class ToolingBook {
 public:
  ToolingBook(EventBus& bus, ApiDb& db) : bus_(bus), db_(db) {}

  [[nodiscard]] static bool Knows(std::string_view object);
  [[nodiscard]] Result<std::vector<ToolingRecord>> Records();
  // Errors: api error NOT_FOUND.
  [[nodiscard]] Result<ToolingRecord> Find(std::string_view object, std::string_view id);
  // `{"FullName": .., "Metadata": {..}}`; the new record's id. Errors: api errors
  // JSON_PARSER_ERROR, REQUIRED_FIELD_MISSING, FIELD_INTEGRITY_EXCEPTION, DUPLICATE_VALUE.
  [[nodiscard]] Result<std::string> Create(std::string_view object, std::string_view body);
  [[nodiscard]] Result<void> Update(const ToolingRecord& record, std::string_view body);
  [[nodiscard]] Result<void> Delete(const ToolingRecord& record);

 private:
  EventBus& bus_;
  ApiDb& db_;
  std::mutex mutex_;  // one reader or writer of the book at a time
};

}  // namespace firn::sandbox
