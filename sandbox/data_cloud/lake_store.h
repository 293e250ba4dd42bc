// Data Cloud's side of the org: connectors, and the rows that the Ingestion API brought.
//
// A connector is a schema file, `data_cloud/<name>.yaml` of the org folder; rows, jobs and what was
// wrong with records are in `data_cloud.db` there. Thread-safe. A batch is one transaction, synced.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/sqlite.h"
#include "sandbox/data_cloud/lake_schema.h"

namespace firn::sandbox {

struct LakeRow {
  std::string key;
  int64_t modified = 0;  // microseconds; 0 without a record modified field
  std::string json;      // the whole record; unused by a deletion
};

struct LakeProblem {
  std::string origin;  // a job's id, or `streaming`
  uint64_t row = 0;    // from 1
  std::string what;    // names fields and rules, never values
};

// Changes to one object, applied in this order.
struct LakeBatch {
  std::vector<LakeRow> upserts;
  std::vector<LakeRow> deletes;  // only rows that are older go, where rows say how new they are
  std::vector<LakeProblem> problems;

  [[nodiscard]] bool empty() const {
    return upserts.empty() && deletes.empty() && problems.empty();
  }
};

class LakeStore {
 public:
  // Of an object's problems, so many are kept: the newest.
  static constexpr int kProblemsKept = 1000;

  [[nodiscard]] static Result<std::unique_ptr<LakeStore>> Open(const std::string& org_folder);

  // Adds the connector, or changes its schema. Errors: BadInput (SBX-CLOUD-001).
  [[nodiscard]] Result<void> PutSource(const std::string& name, const std::string& yaml);
  // With its rows. Errors: NotFound (SBX-CLOUD-002).
  [[nodiscard]] Result<void> DropSource(const std::string& name);
  [[nodiscard]] std::vector<LakeSource> Sources() const;
  // Nothing when there is no such connector or object.
  [[nodiscard]] std::optional<LakeObject> Find(std::string_view source,
                                               std::string_view object) const;

  [[nodiscard]] Result<void> Apply(std::string_view source, std::string_view object,
                                   const LakeBatch& batch);
  [[nodiscard]] Result<uint64_t> Count(std::string_view source, std::string_view object);
  struct Page {
    uint64_t offset = 0;
    uint64_t rows_max = 100;
    std::string key;  // only this record, unless empty
  };
  // Records as JSON objects, in the order of their keys.
  [[nodiscard]] Result<std::vector<std::string>> Rows(std::string_view source,
                                                      std::string_view object, const Page& page);
  // Newest first.
  [[nodiscard]] Result<std::vector<LakeProblem>> Problems(std::string_view source,
                                                          std::string_view object);

  // Jobs, as their owner writes them.
  [[nodiscard]] Result<void> SaveJob(int64_t number, std::string_view body);
  [[nodiscard]] Result<void> DropJob(int64_t number);
  [[nodiscard]] Result<std::vector<std::string>> Jobs();  // oldest first

  [[nodiscard]] const std::string& folder() const { return folder_; }

 private:
  LakeStore(std::string folder, Database db) : folder_(std::move(folder)), db_(std::move(db)) {}
  [[nodiscard]] Result<void> LoadSources();
  [[nodiscard]] std::string PathOf(const std::string& source) const {
    return folder_ + "/" + source + ".yaml";
  }
  // The number that stands for an object in the tables; made when there is none.
  [[nodiscard]] Result<int64_t> TableLocked(std::string_view source, std::string_view object);
  [[nodiscard]] Result<void> Upsert(int64_t table, const std::vector<LakeRow>& rows);
  [[nodiscard]] Result<void> Delete(int64_t table, const std::vector<LakeRow>& rows);
  [[nodiscard]] Result<void> Note(int64_t table, const std::vector<LakeProblem>& problems);

  const std::string folder_;  // `<org>/data_cloud`
  mutable std::mutex sources_mutex_;
  std::map<std::string, LakeSource, std::less<>> sources_;
  std::mutex mutex_;  // the connection
  Database db_;
};

}  // namespace firn::sandbox
