// `api.db` of the org folder: what the API's doors must remember over a restart (sessions, usage,
// jobs, query cursors, settings). Records are not here: they are the Org's.
//
// One connection; Lock() gives it to one thread at a time.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/base/sqlite.h"

namespace firn::sandbox {

class ApiDb {
 public:
  [[nodiscard]] static Result<std::unique_ptr<ApiDb>> Open(const std::string& folder);

  struct Locked {
    std::unique_lock<std::mutex> lock;
    Database& db;
  };
  [[nodiscard]] Locked Lock() { return {std::unique_lock(mutex_), db_}; }

  // Small facts by name (`clock_offset_us`).
  [[nodiscard]] Result<std::optional<std::string>> Setting(std::string_view key);
  [[nodiscard]] Result<void> SetSetting(std::string_view key, std::string_view value);

 private:
  explicit ApiDb(Database db) : db_(std::move(db)) {}
  std::mutex mutex_;
  Database db_;
};

}  // namespace firn::sandbox
