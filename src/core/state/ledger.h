// Ledger: what an export run has done, written before anybody relies on it.
//
// A run has objects; an object has a job, pages and data files. A page counts as done only once
// the data file that holds it is durable and recorded with it in one transaction (RecordFile). What
// the rows mean belongs to the exports room: `request`, `facts` and `content` are its own text and
// bytes. Methods are transactions of their own and may be called from any thread; a Ledger over a
// read-only StateDb can only read. Every key begins with the org id.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/state/state_db.h"

namespace firn::state {

enum class RunState { kRunning, kInterrupted, kFailed, kDone };
[[nodiscard]] std::string_view RunStateName(RunState state);

struct RunRow {
  std::string org;
  std::string run_id;
  RunState state = RunState::kRunning;
  std::string request;  // what was asked for, JSON
  UtcMicros started;
  std::optional<UtcMicros> finished;
  std::string outcome;  // one word for lists: `exact`, `unexplained`, an error code
};

// In the order of an object's life.
enum class ObjectState { kPlanned, kDescribed, kFetching, kFetched, kCommitted, kDone, kFailed };
[[nodiscard]] std::string_view ObjectStateName(ObjectState state);

struct ObjectRow {
  std::string object;
  int position = 0;  // in the run, from 0
  ObjectState state = ObjectState::kPlanned;
  std::string job_id;       // empty until recorded; always empty on the REST path
  std::string describe;     // the describe answer the layout was made from
  int64_t snapshot_id = 0;  // 0 until committed
  std::string facts;        // JSON of the exports room
};

struct PageRow {
  uint64_t ordinal = 0;
  std::string locator;  // empty: the first page
  std::string url;      // of a parallel page; empty on a locator chain
  int64_t rows = -1;    // as its header said; -1 until fetched
  bool durable = false;
};

struct FilePage {
  uint64_t ordinal = 0;
  int64_t rows = 0;  // received, header not counted
};

struct FileRow {
  uint64_t ordinal = 0;  // in the object, given by RecordFile
  std::string path;
  int64_t rows = 0;
  std::string content;          // the data file and its pages' outcomes, encoded by exports
  std::vector<FilePage> pages;  // the pages it holds
};

struct RejectCount {
  std::string field;
  std::string reason;
  int64_t rows = 0;
};

class Ledger {
 public:
  explicit Ledger(std::shared_ptr<StateDb> db) : db_(std::move(db)) {}

  // Errors: Conflict (STATE-RUN-001) when the run id exists.
  [[nodiscard]] Result<void> CreateRun(const RunRow& run, const std::vector<ObjectRow>& objects);
  [[nodiscard]] Result<void> FinishRun(const std::string& org, const std::string& run_id,
                                       RunState state, UtcMicros finished,
                                       const std::string& outcome);
  // Back to kRunning, for a resume.
  [[nodiscard]] Result<void> ReopenRun(const std::string& org, const std::string& run_id);
  // Errors: NotFound (STATE-RUN-002).
  [[nodiscard]] Result<RunRow> Run(const std::string& org, const std::string& run_id);
  // Newest first; `org` empty: of all orgs.
  [[nodiscard]] Result<std::vector<RunRow>> Runs(const std::string& org, int most);
  [[nodiscard]] Result<std::vector<ObjectRow>> Objects(const std::string& org,
                                                       const std::string& run_id);

  // Writes all columns of an object that exists in the run.
  [[nodiscard]] Result<void> SaveObject(const std::string& org, const std::string& run_id,
                                        const ObjectRow& object);
  // Forgets pages, files and rejects of the object: it is fetched from the start again.
  [[nodiscard]] Result<void> RestartObject(const std::string& org, const std::string& run_id,
                                           const std::string& object);

  // New pages are added, known ones (by ordinal) keep their rows and durability.
  [[nodiscard]] Result<void> AddPages(const std::string& org, const std::string& run_id,
                                      const std::string& object, const std::vector<PageRow>& pages);
  // The page's header has come: it announced `rows`, and `next` follows it (null: nothing, or not
  // known from this page). One transaction, before the page's body is read.
  [[nodiscard]] Result<void> PageOpened(const std::string& org, const std::string& run_id,
                                        const std::string& object, const PageRow& page,
                                        const PageRow* next);
  // A page that is not durable gives way to `parts`, which together hold its rows.
  [[nodiscard]] Result<void> SplitPage(const std::string& org, const std::string& run_id,
                                       const std::string& object, uint64_t ordinal,
                                       const std::vector<PageRow>& parts);
  // The file is recorded, its pages become durable and its rejects are counted, in one transaction.
  [[nodiscard]] Result<void> RecordFile(const std::string& org, const std::string& run_id,
                                        const std::string& object, const FileRow& file,
                                        const std::vector<RejectCount>& rejects);
  [[nodiscard]] Result<std::vector<PageRow>> Pages(const std::string& org,
                                                   const std::string& run_id,
                                                   const std::string& object);
  [[nodiscard]] Result<std::vector<FileRow>> Files(const std::string& org,
                                                   const std::string& run_id,
                                                   const std::string& object);
  [[nodiscard]] Result<std::vector<RejectCount>> Rejects(const std::string& org,
                                                         const std::string& run_id,
                                                         const std::string& object);

 private:
  std::shared_ptr<StateDb> db_;
};

}  // namespace firn::state
