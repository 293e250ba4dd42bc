// The fetching half of ObjectRun: pages or records through lanes into recorded files.
#include <algorithm>
#include <thread>

#include "core/base/fault_point.h"
#include "core/base/file.h"
#include "ends/lake/format/metadata.h"
#include "patterns/exports/leftovers.h"
#include "patterns/exports/object/record_feed.h"
#include "patterns/exports/object/run.h"

namespace firn::exports {
namespace {

// A lane holds a row group until it is full; packed cells were seen to take 8 bytes each (measured
// on 441,000 accounts of 66 fields), so wide objects get shorter row groups.
constexpr int64_t kRowGroupBytesPerLane = 96LL << 20;
constexpr int64_t kBytesPerPackedCell = 8;
constexpr int64_t kRowGroupRowsMin = 8 * 1024;

int64_t RowGroupRows(size_t columns, int64_t most) {
  const int64_t cells = kRowGroupBytesPerLane / kBytesPerPackedCell;
  const int64_t rows = cells / std::max<int64_t>(static_cast<int64_t>(columns), 1);
  return std::clamp(rows, kRowGroupRowsMin, most);
}

// Counts what goes by, for people who watch.
class CountingStream final : public net::BodyStream {
 public:
  CountingStream(std::unique_ptr<net::BodyStream> inner, std::atomic<int64_t>& bytes)
      : inner_(std::move(inner)), bytes_(bytes) {}
  Result<std::string> Read(size_t bytes_max) override {
    auto piece = inner_->Read(bytes_max);
    if (piece) bytes_ += static_cast<int64_t>(piece->size());
    return piece;
  }
  Result<size_t> ReadInto(char* into, size_t bytes_max) override {
    auto count = inner_->ReadInto(into, bytes_max);
    if (count) bytes_ += static_cast<int64_t>(*count);
    return count;
  }

 private:
  std::unique_ptr<net::BodyStream> inner_;
  std::atomic<int64_t>& bytes_;
};

// Gives lanes back however the scope ends.
class HeldLanes {
 public:
  HeldLanes(LanePool& pool, const std::stop_token& stop) : pool_(pool) { pool_.TakeOne(stop); }
  HeldLanes(const HeldLanes&) = delete;
  HeldLanes& operator=(const HeldLanes&) = delete;
  ~HeldLanes() { pool_.Return(count_); }
  void TakeSpare(int most) { count_ += pool_.TakeSpare(most); }
  [[nodiscard]] int count() const { return count_; }

 private:
  LanePool& pool_;
  int count_ = 1;
};

}  // namespace

Result<Leftovers> ObjectRun::ClearLeftovers(const std::set<std::string>& known) {
  if (IsWindow() || !data_folder_.starts_with("s3://")) {
    return RemoveLeftovers(FetchFolder(), FilePrefix(), known);
  }
  FIRN_TRY(const auto table, parts_.lake->Load(ident_));
  return RemoveRemoteLeftovers(call_, *table.store(), data_folder_, FilePrefix(), known);
}

Result<void> ObjectRun::Fetch() {
  FIRN_TRY(const auto recorded, parts_.ledger->Files(parts_.org, shared_.run_id, row_.object));
  if (facts_.method == Method::kRest && !recorded.empty()) {
    // A REST cursor does not outlive its process: the object is small and begins again.
    FIRN_CHECK(parts_.ledger->RestartObject(parts_.org, shared_.run_id, row_.object));
  }
  std::set<std::string> known;
  if (facts_.method == Method::kBulk) {
    for (const state::FileRow& row : recorded) {
      FIRN_TRY(const auto together, RecordedFilesFromJson(row.content));
      for (const lake::DataFile& file : together.files) known.insert(file.path);
    }
  }
  FIRN_TRY(const auto leftovers, ClearLeftovers(known));
  if (!leftovers.removed.empty()) {
    Note("removed " + std::to_string(leftovers.removed.size()) + " unrecorded files");
  }
  for (const std::string& path : leftovers.kept) Warn("orphan file " + path);

  ++facts_.attempt;
  FIRN_CHECK(Save());
  const std::string rejects_folder = shared_.options.rejects_folder + "/" + shared_.run_id;
  FIRN_CHECK(MakeFolders(rejects_folder, 0700));
  lake::IngestOptions options;
  options.data_folder = FetchFolder();
  if (IsWindow()) {
    FIRN_CHECK(MakeFolders(StagingPath(), 0700));
    options.short_lived = true;
  } else {
    FIRN_TRY(const auto table, parts_.lake->Load(ident_));
    options.store = table.store();
    if (!table.metadata().default_spec().unpartitioned())
      options.partitioned = std::make_shared<lake::Table>(table);
    options.lanes = shared_.options.threads;
  }
  options.file_prefix = FilePrefix() + std::to_string(facts_.attempt);
  options.rejects_path =
      rejects_folder + "/" + row_.object + "." + std::to_string(facts_.attempt) + ".jsonl";
  options.target_file_bytes = shared_.options.target_file_bytes;
  options.row_group_rows = RowGroupRows(layout_.schema.fields.size(), options.row_group_rows);
  options.strict = facts_.spec.strict;
  options.hash_columns =
      shared_.options.hash_columns || shared_.options.verify == VerifyLevel::kFull;
  facts_.rejects_path = options.rejects_path;
  FIRN_TRY(auto ingest, lake::Ingest::New(layout_, options, *this));
  FIRN_CHECK(facts_.method == Method::kBulk ? FetchPages(*ingest) : FetchRecords(*ingest));
  FIRN_FAULT_POINT("exports.fetch.complete");
  return SaveState(state::ObjectState::kFetched);
}

Result<void> ObjectRun::ChooseHowToPage() {
  const bool one_page = facts_.rows_reported <= parts_.bulk->records_per_page();
  if (one_page || shared_.options.rows_per_page > 0) {
    facts_.list_done = true;
  } else {
    FIRN_TRY(const auto urls, parts_.bulk->ResultPages(patient_, row_.job_id, ""));
    facts_.parallel = urls.offered;
    facts_.list_done = !urls.offered;
    if (urls.offered) {
      FIRN_CHECK(Save());
      std::vector<state::PageRow> rows;
      for (const auto& page : urls.pages) {
        rows.push_back({.ordinal = rows.size(), .locator = page.locator, .url = page.url});
      }
      return AddPages(rows, urls.next, urls.done);
    }
  }
  FIRN_CHECK(Save());
  return parts_.ledger->AddPages(parts_.org, shared_.run_id, row_.object, {{.ordinal = 0}});
}

Result<void> ObjectRun::FetchPages(lake::Ingest& ingest) {
  FIRN_TRY(auto known, parts_.ledger->Pages(parts_.org, shared_.run_id, row_.object));
  if (known.empty()) {
    facts_.pages_listed = 0;
    facts_.list_next.clear();
    FIRN_CHECK(ChooseHowToPage());
    FIRN_TRY(known, parts_.ledger->Pages(parts_.org, shared_.run_id, row_.object));
  }
  for (const state::PageRow& page : known) {
    if (page.durable) shared_.rows += page.rows;
  }
  PageSource source(*parts_.bulk, *this,
                    {.job_id = row_.job_id,
                     .page_attempts_max = shared_.options.page_attempts_max,
                     .rows_per_page = shared_.options.rows_per_page,
                     .parallel = facts_.parallel,
                     .pages_listed = facts_.pages_listed,
                     .list_next = facts_.list_next,
                     .list_done = facts_.list_done},
                    known);
  HeldLanes lanes(shared_.lanes, call_.stop);
  const int64_t per_page = shared_.options.rows_per_page > 0 ? shared_.options.rows_per_page
                                                             : parts_.bulk->records_per_page();
  const int64_t pages_ahead = facts_.rows_reported / std::max<int64_t>(per_page, 1);
  lanes.TakeSpare(static_cast<int>(std::min<int64_t>(pages_ahead, shared_.lanes.lanes() - 1)));
  std::vector<Result<void>> ends(static_cast<size_t>(lanes.count()));
  std::stop_source failed;
  {
    std::vector<std::jthread> others;
    for (size_t i = 1; i < ends.size(); ++i) {
      others.emplace_back([&, i] { ends[i] = RunLane(ingest, source); });
    }
    ends[0] = RunLane(ingest, source);
  }
  for (Result<void>& end : ends) FIRN_CHECK(std::move(end));
  // A lane that closed late may have given pages back after the others were done.
  do {
    FIRN_CHECK(RunLane(ingest, source));
  } while (source.HasWaiting());
  if (source.pages_repeated() > 0) {
    Note(std::to_string(source.pages_repeated()) + " pages were fetched again");
  }
  return {};
}

Result<void> ObjectRun::RunLane(lake::Ingest& ingest, PageSource& source) {
  FIRN_TRY(auto lane, ingest.NewLane());
  auto end = ReadPages(*lane, source);
  // Whatever ended the reading, what was read whole is worth keeping.
  auto finished = lane->Finish(patient_);
  if (!finished) {
    std::vector<uint64_t> lost;
    for (const lake::PageRef& page : lane->Discarded()) lost.push_back(page.ordinal);
    auto again = source.GiveBack(call_, lost, std::nullopt, std::move(finished).error());
    if (end && !again) end = std::move(again);
  }
  return end;
}

Result<void> ObjectRun::ReadPages(lake::IngestLane& lane, PageSource& source) {
  for (;;) {
    FIRN_CHECK(call_.Check());
    FIRN_TRY(auto open, source.Next(patient_));
    if (!open) return {};
    Span span(parts_.spans, patient_,
              {.name = "fetch page",
               .attributes = {{"firn.object", row_.object},
                              {"firn.page", static_cast<int64_t>(open->row.ordinal)}}});
    CountingStream body(std::move(open->body), shared_.bytes);
    const lake::PageRef ref{
        .ordinal = open->row.ordinal,
        .name = "page " + std::to_string(open->row.ordinal) + " of job " + row_.job_id,
        .rows_expected = open->row.rows};
    auto outcome = lane.AddPage(patient_, ref, body);
    span.Conclude(outcome);
    if (outcome) {
      FIRN_FAULT_POINT("exports.page.fetched");
      span.Set("firn.rows_in", outcome->rows_received);
      ReportPage(*outcome);
      continue;
    }
    std::vector<uint64_t> lost;
    for (const lake::PageRef& page : lane.Discarded()) lost.push_back(page.ordinal);
    FIRN_CHECK(source.GiveBack(call_, lost, ref.ordinal, std::move(outcome).error()));
  }
}

void ObjectRun::ReportPage(const lake::PageOutcome& outcome) {
  shared_.rows += outcome.rows_received;
  ++shared_.pages;
  if (parts_.observer == nullptr) return;
  parts_.observer->Progress({.what = row_.object,
                             .rows = shared_.rows,
                             .rows_total = shared_.rows_total,
                             .bytes = shared_.bytes,
                             .pages = shared_.pages});
}

Result<void> ObjectRun::FetchRecords(lake::Ingest& ingest) {
  HeldLanes held(shared_.lanes, call_.stop);
  salesforce::WideQuery query;
  query.object = row_.object;
  for (const record::SourceColumn& column : layout_.columns) query.fields.push_back(column.name);
  query.where = Condition();
  query.all_rows = AsksAllRows();
  if (layout_.ColumnIndex(query.stamp_field) < 0) query.stamp_field.clear();
  FIRN_TRY(auto records, parts_.rest->QueryWide(patient_, query));
  facts_.rows_reported = records->total();
  shared_.rows_total += records->total();
  FIRN_CHECK(Save());
  FIRN_TRY(auto lane, ingest.NewLane());
  const auto take = [&](const FedPage& page, std::string_view json) -> Result<void> {
    shared_.bytes += page.json_bytes;
    FIRN_CHECK(
        parts_.ledger->AddPages(parts_.org, shared_.run_id, row_.object,
                                {{.ordinal = page.ref.ordinal, .rows = page.ref.rows_expected}}));
    FIRN_TRY(const auto outcome, lane->AddRecords(patient_, page.ref, json));
    FIRN_FAULT_POINT("exports.page.fetched");
    ReportPage(outcome);
    return {};
  };
  FIRN_CHECK(FeedRecords(patient_, call_, *records, take));
  FIRN_CHECK(lane->Finish(patient_));
  if (records->received() != records->total()) {
    // Rows deleted between two pages are missing at the end; the count afterwards must say the
    // same, or the verdict is `unexplained`.
    Warn("the org announced " + std::to_string(records->total()) + " rows, " +
         std::to_string(records->received()) + " came");
    facts_.rows_reported = records->received();
  }
  return {};
}

Result<void> ObjectRun::AddPages(const std::vector<state::PageRow>& pages, std::string list_next,
                                 bool list_done) {
  FIRN_CHECK(parts_.ledger->AddPages(parts_.org, shared_.run_id, row_.object, pages));
  {
    std::lock_guard lock(facts_mutex_);
    facts_.pages_listed += pages.size();
    facts_.list_done = list_done || list_next.empty();
    facts_.list_next = std::move(list_next);
  }
  return Save();
}

Result<void> ObjectRun::PageOpened(const state::PageRow& page, const state::PageRow* next) {
  return parts_.ledger->PageOpened(parts_.org, shared_.run_id, row_.object, page, next);
}

Result<void> ObjectRun::SplitPage(uint64_t ordinal, const std::vector<state::PageRow>& parts) {
  return parts_.ledger->SplitPage(parts_.org, shared_.run_id, row_.object, ordinal, parts);
}

Result<void> ObjectRun::FilesDurable(const std::vector<lake::DataFile>& files,
                                     const std::vector<lake::PageOutcome>& pages,
                                     const std::vector<lake::Reject>& rejects) {
  FIRN_FAULT_POINT("exports.file.closed");
  state::FileRow row;
  if (!files.empty()) row.path = files.front().path;
  for (const lake::DataFile& file : files) row.rows += file.record_count;
  row.content = RecordedFilesToJson({files, pages});
  for (const lake::PageOutcome& page : pages) {
    row.pages.push_back({page.page.ordinal, page.rows_received});
  }
  std::map<std::pair<std::string, std::string>, int64_t> counts;
  for (const lake::Reject& reject : rejects) {
    if (reject.kind == lake::Reject::Kind::kRejected) ++counts[{reject.field, reject.reason}];
  }
  std::vector<state::RejectCount> counted;
  for (const auto& [key, rows] : counts) counted.push_back({key.first, key.second, rows});
  FIRN_CHECK(parts_.ledger->RecordFile(parts_.org, shared_.run_id, row_.object, row, counted));
  FIRN_FAULT_POINT("exports.file.recorded");
  return {};
}

}  // namespace firn::exports
