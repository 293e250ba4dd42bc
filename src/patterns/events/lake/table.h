// LakeTable: one table that follows the change events of its object.
//
// Changes are collected until Settle, which commits them in one snapshot with the mark that says
// which events are in it. What an event does not tell is read from the org over REST: records of
// gap events and of changes that come behind later ones, rows that a partial change does not find,
// the object since an overflow, texts whose difference does not fit, and values that do not fit
// their column. One thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/base/call.h"
#include "core/base/error.h"
#include "core/record/layout.h"
#include "ends/lake/merge/merge.h"
#include "ends/salesforce/rest.h"
#include "patterns/events/change/plan.h"
#include "patterns/events/lake/recent_commits.h"
#include "patterns/events/lake/repair.h"
#include "patterns/events/lake/rows.h"
#include "patterns/events/stream/cursor.h"

namespace firn::events {

struct FollowedTable {
  std::string object;  // API name
  lake::TableIdent table;
  bool soft_deletes = false;
  bool changelog = false;            // what changes is appended to `<table>__changelog`
  std::vector<std::string> include;  // field names or globs; empty: all
  std::vector<std::string> exclude;
};

struct LakeParts {
  lake::Lake* lake = nullptr;
  salesforce::RestClient* rest = nullptr;
  std::string api_version;                          // `66.0`
  std::map<std::string, std::string> key_prefixes;  // of the org
};

// An event for a table: valid during the call.
struct TableEvent {
  const std::string& schema_id;
  const ChangePlan& plan;
  const ChangeRecord& record;
  std::string_view replay_id;
};

struct TableCommit {
  std::string topic;
  TableMark mark;  // `last` and `event_ms` are filled in by the table
  std::optional<int64_t> lease_epoch;
};

struct TableCounts {
  int64_t events = 0;    // taken
  int64_t skipped = 0;   // were in the table already
  int64_t rows = 0;      // written or taken away
  int64_t reread = 0;    // records read over REST
  int64_t rejected = 0;  // records that do not fit even as REST tells them
  int64_t commits = 0;
  int64_t event_ms = 0;  // commit of the newest event in the table
};

class LakeTable {
 public:
  // Errors: NotFound (EVENT-TABLE-001) when the table is not there: it is made by an export;
  // those of describe, of the lake and of Merger::Open.
  [[nodiscard]] static Result<std::unique_ptr<LakeTable>> Open(const Call& call,
                                                               const LakeParts& parts,
                                                               const FollowedTable& followed);

  [[nodiscard]] const FollowedTable& followed() const { return followed_; }
  [[nodiscard]] const lake::Table& table() const { return merger_->table(); }
  [[nodiscard]] const TableCounts& counts() const { return counts_; }
  [[nodiscard]] std::optional<TableMark> Mark(const std::string& topic) const;
  // Up to when an export has read the object; nothing: never.
  [[nodiscard]] std::optional<UtcMicros> ExportedUntil() const;

  // Passes events over until the one with this replay id has come, which is the last that the table
  // has. Empty: takes all.
  void SkipUntil(std::string replay_id) { skip_until_ = std::move(replay_id); }
  // Passes over what was committed before: an export has it. The stream goes back.
  void SkipBefore(int64_t commit_ms) {
    skip_before_ms_ = commit_ms;
    commits_.Clear();
  }

  // Errors: BadInput (EVENT-RECORD-001) for a record id that is none; Conflict (EVENT-TABLE-002)
  // when the object has new fields and changes wait: settle, then take it again; of reading the
  // table.
  [[nodiscard]] Result<void> Take(const Call& call, const TableEvent& event);
  // Reads again, at the next Settle, what changed since then.
  void RereadSince(UtcMicros since);
  [[nodiscard]] bool HasWork() const { return !last_.empty() || reread_since_.has_value(); }
  // Commits what was taken; nothing when there is nothing. Errors: those of the commit and of REST;
  // the changes are lost then, and come again from the cursor.
  [[nodiscard]] Result<void> Settle(const Call& call, const TableCommit& commit);
  [[nodiscard]] Result<void> SaveIndex(const Call& call) { return merger_->SaveIndex(call); }

 private:
  enum class Lane { kWhole, kPartial, kDelete };
  struct Mapped {
    std::string schema_id;
    FieldMap map;
  };

  LakeTable(LakeParts parts, FollowedTable followed)
      : parts_(std::move(parts)), followed_(std::move(followed)) {}
  Result<void> Describe(const Call& call);
  Result<void> LearnNameOrder(const Call& call);
  Result<void> OpenMerger(const Call& call);
  Result<void> LookForFields(const Call& call);
  Result<const FieldMap*> MapOf(const Call& call, const TableEvent& event);
  Result<void> TakeRecord(const Call& call, const TableEvent& event, const std::string& id);
  Result<void> TakePartial(const Call& call, const TableEvent& event, const FieldMap& map,
                           const std::string& id);
  // False: a difference does not fit, the record is to be read again.
  Result<bool> Patch(const Call& call, const TableEvent& event, const FieldMap& map,
                     const std::string& id, PatchedTexts& patched);
  // Changes of one record keep their order: what waits elsewhere for it is fed first.
  Result<void> Choose(Lane lane, const std::string& id);
  Result<void> Feed();
  Result<void> FeedWhole();
  Result<void> FeedPartial();
  Result<void> FeedDeletes();
  void NoteRejected(const RowPage::Decoded& decoded);
  Result<void> Repair(const Call& call);
  Result<void> TakeRepair(const Call& call, RepairedRows rows, std::set<std::string>* missing);
  Result<void> RereadPending(const Call& call);
  // Rows that are read again may be more than memory: some are committed before the others come.
  Result<void> CommitSome(const Call& call);

  LakeParts parts_;
  FollowedTable followed_;
  std::shared_ptr<const record::Layout> layout_;
  std::shared_ptr<const record::Layout> page_layout_;  // of the pages below
  std::string stamp_field_;
  std::string describe_;
  std::optional<NameOrder> name_order_;  // nothing: records of the object have no such name
  std::unique_ptr<lake::Merger> merger_;
  std::unique_ptr<RowPage> whole_;
  std::unique_ptr<RowPage> partial_;
  std::vector<std::vector<int>> changed_;  // by row of partial_
  const FieldMap* whole_map_ = nullptr;    // of all rows in whole_
  std::vector<std::string> deletes_;
  std::vector<int64_t> deleted_at_us_;
  std::unordered_map<std::string, Lane> lanes_;
  std::unordered_set<std::string> waiting_;  // ids with changes since the last commit
  std::map<std::string, FieldMap> maps_;     // by schema id
  std::set<std::string> reread_;             // ids
  std::optional<UtcMicros> reread_since_;
  std::optional<int64_t> lease_epoch_;  // of the commit that is under way
  std::string last_;
  int64_t events_waiting_ = 0;
  RecentCommits commits_;
  std::string skip_until_;
  int64_t skip_before_ms_ = 0;
  TableCounts counts_;
};

}  // namespace firn::events
