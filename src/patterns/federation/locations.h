// Where tables and views of the served warehouse may lie, and where new ones go.
//
// A client names locations: every one is checked here before a file is written or read. A location
// must be a path without `.` or `..` below one of the allowed folders, or on S3 below the
// warehouse. Immutable; any thread. Errors: Denied (CAT-LOCATION-001).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/call.h"
#include "ends/lake/store/object_store.h"
#include "patterns/federation/names.h"

namespace firn::federation {

class Locations {
 public:
  // `roots`: absolute paths, or `s3://bucket/prefix`; the first is the warehouse.
  explicit Locations(std::vector<std::string> roots);

  // `file:///a/b`, `file:/a/b`, `/a/b` or `s3://b/a` as it was given, without a slash at its end.
  [[nodiscard]] Result<std::string> Check(std::string_view uri) const;
  // Whether a table or view of that name may lie there although its owner may not choose: in the
  // folder ForNew gives it, or in one of the same name with a suffix. `location` passed Check.
  [[nodiscard]] Result<void> CheckOwn(std::string_view location, const EntryName& name) const;
  // `<warehouse>/<levels>/<name>`, or beside it when files lie there already. Names with characters
  // that paths of other engines read differently get a folder name of safe ones.
  [[nodiscard]] Result<std::string> ForNew(const Call& call, lake::ObjectStore& store,
                                           const EntryName& name) const;
  // A folder beside that of the name, which no other table has.
  [[nodiscard]] std::string Beside(const Call& call, const EntryName& name) const;
  [[nodiscard]] const std::string& warehouse() const { return roots_.front(); }
  [[nodiscard]] const std::vector<std::string>& roots() const { return roots_; }

 private:
  [[nodiscard]] std::string Folder(const EntryName& name, bool& changed) const;
  std::vector<std::string> roots_;
};

}  // namespace firn::federation
