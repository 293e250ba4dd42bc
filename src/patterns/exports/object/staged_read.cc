#include "patterns/exports/object/staged_read.h"

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <thread>

#include "core/base/file.h"
#include "patterns/exports/object/page_source.h"
#include "patterns/exports/object/record_feed.h"

namespace firn::exports {
namespace {

constexpr size_t kRejectReasonsKept = 20;

// Pages of a job that nobody resumes.
class NoLedger final : public PageLedger {
 public:
  Result<void> AddPages(const std::vector<state::PageRow>&, std::string, bool) override {
    return {};
  }
  Result<void> PageOpened(const state::PageRow&, const state::PageRow*) override { return {}; }
  Result<void> SplitPage(uint64_t, const std::vector<state::PageRow>&) override { return {}; }
};

class Collector final : public lake::IngestObserver {
 public:
  Result<void> FilesDurable(const std::vector<lake::DataFile>& files,
                            const std::vector<lake::PageOutcome>& pages,
                            const std::vector<lake::Reject>& rejects) override {
    std::lock_guard lock(mutex_);
    rows.files.insert(rows.files.end(), files.begin(), files.end());
    for (const lake::PageOutcome& page : pages) {
      rows.rows_received += page.rows_received;
      rows.rows_rejected += page.rows_rejected;
    }
    for (const lake::Reject& reject : rejects) {
      if (reject.kind != lake::Reject::Kind::kRejected) continue;
      std::string text = reject.field + ": " + reject.reason;
      const bool known =
          std::find(rows.rejected.begin(), rows.rejected.end(), text) != rows.rejected.end();
      if (!known && rows.rejected.size() < kRejectReasonsKept) {
        rows.rejected.push_back(std::move(text));
      }
    }
    return {};
  }
  StagedRows rows;

 private:
  std::mutex mutex_;
};

std::string SoqlOf(const StagedQuery& query) {
  return query.layout.Soql() + (query.where.empty() ? "" : " WHERE " + query.where);
}

Result<void> ReadByRest(const Call& call, const ExportParts& parts, const StagedQuery& query,
                        lake::Ingest& ingest) {
  salesforce::WideQuery wide;
  wide.object = query.layout.object;
  for (const record::SourceColumn& column : query.layout.columns) {
    wide.fields.push_back(column.name);
  }
  wide.where = query.where;
  wide.all_rows = query.all_rows;
  if (query.layout.ColumnIndex(wide.stamp_field) < 0) wide.stamp_field.clear();
  FIRN_TRY(const auto records, parts.rest->QueryWide(call, wide));
  FIRN_TRY(const auto lane, ingest.NewLane());
  const auto take = [&](const FedPage& page, std::string_view json) -> Result<void> {
    FIRN_CHECK(lane->AddRecords(call, page.ref, json));
    return {};
  };
  FIRN_CHECK(FeedRecords(call, call, *records, take));
  return lane->Finish(call);
}

Result<void> ReadPages(const Call& call, lake::Ingest& ingest, PageSource& source) {
  FIRN_TRY(const auto lane, ingest.NewLane());
  const auto lost_pages = [&lane] {
    std::vector<uint64_t> lost;
    for (const lake::PageRef& page : lane->Discarded()) lost.push_back(page.ordinal);
    return lost;
  };
  for (;;) {
    FIRN_CHECK(call.Check());
    FIRN_TRY(auto open, source.Next(call));
    if (!open) break;
    const lake::PageRef ref{.ordinal = open->row.ordinal,
                            .name = "page " + std::to_string(open->row.ordinal),
                            .rows_expected = open->row.rows};
    auto outcome = lane->AddPage(call, ref, *open->body);
    if (outcome) continue;
    FIRN_CHECK(source.GiveBack(call, lost_pages(), ref.ordinal, std::move(outcome).error()));
  }
  auto finished = lane->Finish(call);
  if (finished) return {};
  return source.GiveBack(call, lost_pages(), std::nullopt, std::move(finished).error());
}

Result<void> ReadJob(const Call& call, const ExportParts& parts, const ExportOptions& options,
                     const std::string& job_id, lake::Ingest& ingest) {
  FIRN_TRY(const auto job, parts.bulk->Wait(call, job_id, {}));
  NoLedger ledger;
  std::vector<state::PageRow> pages;
  PageSource::Options paging{.job_id = job_id,
                             .page_attempts_max = options.page_attempts_max,
                             .rows_per_page = options.rows_per_page,
                             .list_done = true};
  const bool one_page = job.records_processed <= parts.bulk->records_per_page();
  if (!one_page && options.rows_per_page == 0) {
    FIRN_TRY(const auto urls, parts.bulk->ResultPages(call, job_id, ""));
    paging.parallel = urls.offered;
    if (urls.offered) {
      for (const auto& page : urls.pages) {
        pages.push_back({.ordinal = pages.size(), .locator = page.locator, .url = page.url});
      }
      paging.pages_listed = pages.size();
      paging.list_next = urls.next;
      paging.list_done = urls.done || urls.next.empty();
    }
  }
  if (pages.empty()) pages.push_back({.ordinal = 0});
  PageSource source(*parts.bulk, ledger, paging, pages);
  const int lanes = one_page ? 1 : std::max(options.threads, 1);
  std::vector<Result<void>> ends(static_cast<size_t>(lanes));
  {
    std::vector<std::jthread> others;
    for (size_t i = 1; i < ends.size(); ++i) {
      others.emplace_back([&, i] { ends[i] = ReadPages(call, ingest, source); });
    }
    ends[0] = ReadPages(call, ingest, source);
  }
  for (Result<void>& end : ends) FIRN_CHECK(std::move(end));
  // A lane that closed late may have given pages back after the others were done.
  return ReadPages(call, ingest, source);
}

}  // namespace

bool RestCanDo(const Error& error) {
  return error.kind() == Kind::kUnsupported || error.code() == "SF-BULK-005" ||
         error.code() == "SF-LIMIT-003" || error.code() == "SF-LIMIT-004";
}

Result<StagedRows> ReadStaged(const Call& call, const ExportParts& parts,
                              const ExportOptions& options, const StagedQuery& query) {
  std::error_code ignored;
  std::filesystem::remove_all(query.folder, ignored);
  FIRN_CHECK(MakeFolders(query.folder, 0700));
  lake::IngestOptions ingest_options;
  ingest_options.data_folder = query.folder;
  ingest_options.file_prefix = "staged";
  ingest_options.short_lived = true;
  Collector collected;
  FIRN_TRY(const auto ingest, lake::Ingest::New(query.layout, ingest_options, collected));
  std::optional<Error> refusal;
  if (!query.prefer_rest) {
    auto job = parts.bulk->Create(
        call, {.soql = SoqlOf(query), .all_rows = query.all_rows, .object = query.layout.object});
    auto read = job ? ReadJob(call, parts, options, job->id, *ingest)
                    : Result<void>(Fail(std::move(job).error()));
    if (!read) {
      if (!RestCanDo(read.error())) return Fail(std::move(read).error());
      refusal = std::move(read).error();
    } else {
      collected.rows.job_id = job->id;
    }
  }
  if (query.prefer_rest || refusal) {
    collected.rows.method = Method::kRest;
    FIRN_CHECK(ReadByRest(call, parts, query, *ingest));
  }
  return std::move(collected.rows);
}

}  // namespace firn::exports
