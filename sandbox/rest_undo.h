// What a composite request or a tree that must stand or fall as one has done so far, so that it can
// be taken back: its later parts need the ids that its earlier parts made.
//
// One request, one thread. Others see the records in between.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sandbox/org.h"

namespace firn::sandbox {

class UndoLog {
 public:
  explicit UndoLog(Org& org) : org_(org) {}
  void Created(int64_t id) { steps_.push_back({Step::Kind::kPurge, id, {}}); }
  void Deleted(int64_t id) { steps_.push_back({Step::Kind::kUndelete, id, {}}); }
  // Before a record is changed: remembers how it is.
  void Changing(int64_t id);
  // Takes everything back, the last first. Errors: those of the store.
  [[nodiscard]] Result<void> Run();

 private:
  struct Step {
    enum class Kind { kPurge, kUndelete, kRestore };
    Kind kind;
    int64_t id;
    std::vector<FieldText> fields;
  };
  Org& org_;
  std::vector<Step> steps_;
};

}  // namespace firn::sandbox
