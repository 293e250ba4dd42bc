// ObjectRun: one object's way through a run, each step written into the ledger before the next one
// builds on it. Internal to exports; owned by the thread that runs it, its lanes are its own.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/record/layout.h"
#include "ends/lake/ingest/ingest.h"
#include "patterns/exports/export.h"
#include "patterns/exports/facts.h"
#include "patterns/exports/left_out.h"
#include "patterns/exports/leftovers.h"
#include "patterns/exports/object/field_definitions.h"
#include "patterns/exports/object/layout_for.h"
#include "patterns/exports/object/page_source.h"
#include "patterns/exports/window/merge_window.h"
#include "patterns/exports/window/watermark.h"
#include "patterns/exports/window/window.h"

namespace firn::exports {

// Permits for lanes: as many as threads and memory allow, over all objects of the run.
class LanePool {
 public:
  explicit LanePool(int lanes) : free_(lanes), lanes_(lanes) {}
  void TakeOne(const std::stop_token& stop);
  // Up to `most` more, only what nobody waits for.
  [[nodiscard]] int TakeSpare(int most);
  void Return(int lanes);
  [[nodiscard]] int lanes() const { return lanes_; }

 private:
  std::mutex mutex_;
  std::condition_variable_any returned_;
  int free_;
  int waiting_ = 0;
  const int lanes_;
};

// What the objects of a run share.
struct RunShared {
  const ExportParts& parts;
  const ExportOptions& options;
  std::string run_id;
  UtcMicros run_started;
  std::map<std::string, std::string> key_prefixes;
  LanePool& lanes;
  std::atomic<int64_t> rows{0};
  std::atomic<int64_t> bytes{0};
  std::atomic<int64_t> pages{0};
  std::atomic<int64_t> rows_total{0};
  std::stop_source soft;  // finish the page in hand: an interrupt, or an object met a limit
  std::stop_source hard;  // now: the grace after an interrupt is over
};

// The lease of `Terms`, as snapshots name it.
inline constexpr const char* kExportLease = "export";

class ObjectRun final : private PageLedger, private lake::IngestObserver {
 public:
  ObjectRun(RunShared& shared, state::ObjectRow row, ObjectFacts facts);
  // From where the ledger says to the end. On an error the facts hold it, saved as far as the disk
  // allows. Errors: Cancelled when the run stops; those of the steps.
  [[nodiscard]] Result<void> Run(const Call& call);
  // After a failed Run: closes the object without its rows, with the reason in the report.
  [[nodiscard]] Result<void> LeaveOut(const Call& call, const LeftOut& why);

 private:
  // The steps, in order. Each leaves the ledger so that the next process can begin after it.
  Result<void> Describe();
  Result<void> RestoreLayout();
  Result<void> StartJob();
  Result<void> WaitForJob();
  Result<void> Fetch();
  Result<void> FetchBlobs();
  struct BlobName {
    std::string id;
    std::string field;
  };
  Result<bool> HasBlob(lake::ObjectStore& store, const std::string& uri) const;
  Result<bool> FetchBlob(lake::ObjectStore& store, const std::string& uri, const BlobName& name);
  Result<void> Commit();
  Result<void> Reconcile();

  Result<void> RunSteps();
  Result<void> RunOnce();
  // A step as a span; what it asks of the org is part of it.
  Result<void> Traced(const char* name, Result<void> (ObjectRun::*step)());
  void Tell(Span& span) const;

  // Windows (object/window.cc, object/merge.cc): what an incremental run does otherwise.
  Result<void> ChooseWindow();
  Result<void> FitToRows(UtcMicros watermark, Window window);
  void ReadWhole(const std::string& why);
  Result<void> AdaptColumns();
  [[nodiscard]] DefinitionsOwner Definitions() const;
  Result<void> ListDeletes();
  Result<void> MergeFetched();
  Result<void> RefuseIfMoved(const lake::Table& table) const;
  Result<void> SweepAndReadColumns(const lake::Table& table, MergeInput& input,
                                   std::optional<ColumnRead>& columns);
  Result<void> SweepInto(const lake::Table& table, MergeInput& input);
  Result<MergeTotals> MergeInto(const MergeInput& input);
  Result<void> RecordMerge(const lake::Table& before);
  Result<std::string> OrgTimeText();
  Result<void> ReconcileWindow();
  [[nodiscard]] bool HasMoreWindows() const;
  Result<void> NextWindow();
  [[nodiscard]] bool IsWindow() const { return facts_.incremental.is_window; }
  // Without it only sweep and column reads are merged.
  [[nodiscard]] bool WindowIsEmpty() const;
  [[nodiscard]] std::string ProgressText() const;
  // What is asked for: the spec's condition, in a window with its bounds.
  [[nodiscard]] std::string Condition() const;
  [[nodiscard]] bool AsksAllRows() const { return facts_.spec.all_rows || IsWindow(); }
  [[nodiscard]] std::string StagingPath() const;
  [[nodiscard]] std::string FetchFolder() const {
    return IsWindow() ? StagingPath() : data_folder_;
  }
  // A failed step may only mean that the object's fields changed: then all begins again, once.
  Result<bool> PlanAgain(const Error& error);
  Result<void> StartOver(const std::string& why);
  Result<void> MakeTableAndLayout();
  Result<record::Layout> LayoutOf(const lake::Table* table) const;
  Result<void> CompareWithTable(const lake::Table& table);
  Result<std::set<std::string>> JobsOfOtherRuns() const;
  Result<bool> FindLostJob();
  Result<void> UseRest(const std::string& why);
  Result<void> ChooseHowToPage();
  Result<void> FetchPages(lake::Ingest& ingest);
  Result<void> FetchRecords(lake::Ingest& ingest);
  Result<void> RunLane(lake::Ingest& ingest, PageSource& source);
  Result<void> ReadPages(lake::IngestLane& lane, PageSource& source);
  Result<std::vector<lake::DataFile>> SumUpFiles();
  Result<void> RefuseIfReplaced(const lake::Table& table) const;
  Result<lake::Table> CommitFiles(const std::vector<lake::DataFile>& files);
  Result<void> ReportOrphans();
  void CountChanges();
  int64_t CountHardDeletes(UtcMicros since);
  std::optional<int64_t> CountRows(const std::string& condition, bool all_rows);
  Result<void> TakeLease();
  Result<void> Save();
  Result<void> SaveState(state::ObjectState state);
  void ReportPage(const lake::PageOutcome& outcome);
  void Note(const std::string& text);
  void Warn(const std::string& text);
  // Files of an earlier life of this run that the ledger does not know.
  Result<Leftovers> ClearLeftovers(const std::set<std::string>& known);
  [[nodiscard]] std::string FilePrefix() const { return shared_.run_id + "-"; }
  [[nodiscard]] state::LeaseTerms Terms() const;

  Result<void> AddPages(const std::vector<state::PageRow>& pages, std::string list_next,
                        bool list_done) override;
  Result<void> PageOpened(const state::PageRow& page, const state::PageRow* next) override;
  Result<void> SplitPage(uint64_t ordinal, const std::vector<state::PageRow>& parts) override;
  Result<void> FilesDurable(const std::vector<lake::DataFile>& files,
                            const std::vector<lake::PageOutcome>& pages,
                            const std::vector<lake::Reject>& rejects) override;

  RunShared& shared_;
  const ExportParts& parts_;
  Call call_;     // stops softly: for waiting
  Call patient_;  // stops hard: for what should be finished
  state::ObjectRow row_;
  std::mutex facts_mutex_;  // facts_ and row_ while lanes run
  ObjectFacts facts_;
  record::Layout layout_;
  lake::TableIdent ident_;
  std::string data_folder_;
  record::Schema table_schema_;   // what the commit makes current: layout and vanished fields
  lake::TableShape table_shape_;  // that it was derived from
  bool table_schema_differs_ = false;
};

}  // namespace firn::exports
