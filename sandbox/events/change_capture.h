// ChangeCapture: writes the change events of a transaction into the event log, inside of it.
//
// A sink of the Org; what it is told of platform events it publishes. Called on the writer's thread
// only, but for ForceGaps. Equal changes of several records of a transaction become one event; what
// is too large, or asked for, becomes a gap event; a transaction with too many changes one overflow
// event for each object. Source: Change Data Capture Developer Guide, 'Merged Change Events', 'Gap
// Events', 'Overflow Events', 'General Considerations' (no event when the recycle bin is emptied),
// read 2026-11.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "sandbox/events/change_encoder.h"
#include "sandbox/events/event_bus.h"
#include "sandbox/mutation.h"
#include "sandbox/usage.h"

namespace firn::sandbox {

class ChangeCapture final : public ChangeSink {
 public:
  ChangeCapture(EventBus& bus, UsageMeter& usage) : bus_(bus), usage_(usage) {}

  Result<void> Attach(Database& db) override;
  Result<void> Write(Database& db, const ChangeBatch& batch) override;
  void Committed(const ChangeBatch& batch) override;
  void RolledBack() override;
  // The next `changes` changes of the object are told by gap events.
  void ForceGaps(const std::string& object, int64_t changes);

 private:
  // An event that is still taking in records.
  struct Pending {
    const EventSchema* schema = nullptr;
    ChangeType type = ChangeType::kCreate;
    std::vector<int64_t> records;
    ChangeBody body;
  };
  // The changes of one transaction key.
  struct Transaction {
    std::string_view key;
    int64_t commit_number = 0;
    std::vector<Pending> events;
    std::unordered_map<std::string, size_t> by_content;
  };
  [[nodiscard]] const EventSchema* SchemaOf(const ChangeBatch& batch, const ObjectInfo& object);
  void Take(const RecordChange& change, const EventSchema& schema, Transaction& transaction);
  void TakeOverflow(std::span<const RecordChange> changes, const ChangeBatch& batch,
                    Transaction& transaction);
  void Encode(const ChangeBatch& batch, const Transaction& transaction);
  // A record of a platform event is an event: it is published and does not stay in the store.
  [[nodiscard]] Result<void> Publish(Database& db, const ChangeBatch& batch,
                                     const RecordChange& change);
  [[nodiscard]] bool GapForced(const std::string& object);

  EventBus& bus_;
  UsageMeter& usage_;
  std::optional<EventAppender> appender_;
  EventSettings settings_;  // of the batch under way
  std::map<const ObjectInfo*, std::shared_ptr<const EventSchema>> schemas_;
  std::vector<std::pair<const EventSchema*, std::string>> encoded_;
  bool wrote_ = false;
  int64_t published_ = 0;

  std::mutex mutex_;  // the gaps that are wanted
  std::map<std::string, int64_t> gaps_;
};

}  // namespace firn::sandbox
