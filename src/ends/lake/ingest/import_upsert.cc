// Pages into a table by key: the decoder's batches go to a merge instead of a file.
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <utility>

#include "core/base/file.h"
#include "core/record/page_decoder.h"
#include "ends/lake/ingest/import_parts.h"
#include "ends/lake/ingest/ingest_lane.h"
#include "ends/lake/ingest/rejects_file.h"
#include "ends/lake/merge/merge.h"

namespace firn::lake {
namespace {

// More rows than this are committed before the end of their files: an upsert that is broken off
// there is simply done again.
constexpr int64_t kHeldBytesMax = 256LL << 20;
constexpr int64_t kRejectsMax = 100'000;
constexpr size_t kShownRejects = 20;
// Writing the index again pays when a good part of the table had to be scanned for it.
constexpr int64_t kIndexedRowsMin = 100'000;

// Members of the summary of a file's snapshot.
constexpr const char* kPage = "firn.page";
constexpr const char* kPageBytes = "firn.page-bytes";

std::string NameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

class Upserter {
 public:
  Upserter(const UpsertSource& source, Merger& merger)
      : source_(source), merger_(merger), rejects_(source.rejects_path) {
    report_.rejects_path = source.rejects_path;
  }

  Result<ImportReport> Run(const Call& call) {
    for (const record::Layout& layout : source_.layouts) {
      FIRN_TRY(decoders_.emplace_back(),
               record::PageDecoder::New(layout, {.delimiter = source_.options.delimiter}));
      for (const std::string& warning : layout.warnings) {
        auto& warnings = report_.warnings;
        if (std::find(warnings.begin(), warnings.end(), warning) == warnings.end())
          warnings.push_back(warning);
      }
    }
    size_t first = 0;
    if (source_.options.resume) {
      FIRN_TRY(first, FirstToCommit());
      report_.pages_passed_over = static_cast<int64_t>(first);
    }
    for (size_t at = first; at < source_.files.size(); ++at) {
      const PageRef page{.ordinal = at, .name = source_.files[at]};
      decoder_ = decoders_[source_.layout_of[at]].get();
      FIRN_CHECK(Page(call, page));
      if (source_.options.commit_per_file) FIRN_CHECK(Commit(call, page.name));
    }
    if (!source_.options.commit_per_file) FIRN_CHECK(Commit(call, {}));
    if (merger_.state().index == MergerState::Index::kRebuilt &&
        merger_.state().rows >= kIndexedRowsMin)
      FIRN_CHECK(merger_.SaveIndex(call));
    if (report_.rows_rejected + report_.values_rounded == 0) report_.rejects_path.clear();
    if (report_.commits == 0) {
      report_.metadata_location = merger_.table().metadata_location();
      if (const auto now = merger_.table().current_snapshot())
        report_.snapshot_id = now->snapshot_id;
    }
    return std::move(report_);
  }

 private:
  Result<void> Page(const Call& call, const PageRef& page) {
    FIRN_TRY(const auto stream, OpenPage(page.name, source_.options.on_bytes));
    decoder_->StartPage();
    for (bool last = false; !last;) {
      FIRN_CHECK(call.Check());
      const std::span<char> room = decoder_->Room();
      FIRN_TRY(const size_t bytes, stream->ReadInto(room.data(), room.size()));
      last = bytes == 0;
      decoder_->Filled(bytes);
      auto decoded = decoder_->Decode(last);
      FIRN_CHECK(TakeNotes(page));
      if (!decoded) return Fail(PageError(decoded.error(), page));
      if (decoder_->BatchReady()) FIRN_CHECK(TakeBatch(call));
    }
    if (decoder_->rows_waiting() > 0) FIRN_CHECK(TakeBatch(call));
    FIRN_CHECK(rejects_.Append(std::exchange(reject_lines_, {})));
    const record::PageCounts& counts = decoder_->counts();
    ++report_.pages;
    report_.rows_received += counts.rows_received;
    report_.rows_written += counts.rows_kept;
    report_.rows_rejected += counts.rows_rejected;
    report_.values_rounded += counts.values_rounded;
    report_.nuls_seen += counts.nuls_seen;
    report_.csv_bytes += counts.csv_bytes;
    return {};
  }

  // Behind the file that the newest snapshot of an import was made of; 0: it is none of these.
  Result<size_t> FirstToCommit() const {
    const auto history = merger_.table().history();
    for (auto snapshot = history.rbegin(); snapshot != history.rend(); ++snapshot) {
      const auto name = snapshot->summary.find(kPage);
      if (name == snapshot->summary.end()) continue;
      for (size_t at = 0; at < source_.files.size(); ++at) {
        if (NameOf(source_.files[at]) != name->second) continue;
        FIRN_TRY(const uint64_t bytes, FileSize(source_.files[at]));
        const auto then = snapshot->summary.find(kPageBytes);
        if (then == snapshot->summary.end() || then->second == std::to_string(bytes)) return at + 1;
        return Fail(Error(Kind::kConflict, "LAKE-IMPORT-004",
                          "the file `" + name->second + "` is another one than was committed")
                        .At(source_.files[at])
                        .Because("it had " + then->second + " bytes then, it has " +
                                 std::to_string(bytes) + " now")
                        .Hint("leave `--resume` out: then all files are merged again, in order"));
      }
      return 0;
    }
    return 0;
  }

  Result<void> TakeBatch(const Call& call) {
    // The decoder uses its memory again.
    FIRN_TRY(auto batch, OwnedBatch(*decoder_->TakeBatch()));
    FIRN_CHECK(Feed(std::move(batch)));
    return merger_.bytes_waiting() < kHeldBytesMax ? Result<void>() : Commit(call, {});
  }

  // A file without a column that every row must have can only change rows that are there.
  Result<void> Feed(std::shared_ptr<arrow::RecordBatch> batch) {
    const auto& fields = merger_.table().schema().fields;
    const bool makes_rows = std::all_of(fields.begin(), fields.end(), [&](const auto& field) {
      return !field.required || batch->schema()->GetFieldIndex(field.name) >= 0;
    });
    only_changes_ = only_changes_ || !makes_rows;
    return makes_rows ? merger_.Upsert(std::move(batch), {.absent = UpsertOptions::Absent::kKeep})
                      : merger_.Update(std::move(batch), {});
  }

  Result<void> RefuseNewKeys(const Call& call) {
    if (!only_changes_) return {};
    FIRN_TRY(const auto keys, merger_.Pending(call));
    if (keys.empty()) return {};
    return Fail(Error(Kind::kBadInput, "LAKE-IMPORT-005",
                      std::to_string(keys.size()) + " rows have keys that table `" +
                          merger_.table().ident().Text() + "` does not have, the first one `" +
                          keys.front() + "`")
                    .Because("the files lack a column that every row of the table must have, so "
                             "they can change rows but make none")
                    .Hint("leave these rows out, or add the column (`Id`) to the files"));
  }

  Result<void> TakeNotes(const PageRef& page) {
    for (record::RowNote& note : decoder_->TakeNotes()) {
      const bool rejected = note.kind == record::RowNote::Kind::kRejected;
      const std::string what = "field `" + note.field + "` is " + note.reason;
      if (rejected && source_.options.strict)
        return Fail(Error(Kind::kBadInput, "LAKE-REJECT-003",
                          "row " + std::to_string(note.row) + " does not fit: " + what)
                        .At("page `" + page.name + "`")
                        .Because("strict is on: the first row that does not fit stops the run"));
      if (notes_++ >= kRejectsMax)
        return Fail(Error(Kind::kLimitReached, "LAKE-REJECT-002",
                          "more than " + std::to_string(kRejectsMax) + " rows do not fit")
                        .At("page `" + page.name + "`")
                        .Because("the last one: " + what)
                        .Hint("compare the describe result with the pages"));
      reject_lines_ += RejectLine(page, note);
      if (report_.rejects.size() >= kShownRejects) continue;
      report_.rejects.push_back(
          {.kind = rejected ? Reject::Kind::kRejected : Reject::Kind::kRounded,
           .page = page.ordinal,
           .row = note.row,
           .id = std::move(note.id),
           .field = std::move(note.field),
           .reason = std::move(note.reason)});
    }
    return {};
  }

  Result<void> Commit(const Call& call, const std::string& page) {
    MergeCommit commit;
    commit.summary = {{"firn.source", "import"}, {"firn.object", source_.layouts.front().object}};
    commit.source.consumer = "import";
    commit.source.position = NameOf(page);
    if (!page.empty()) {
      FIRN_TRY(const uint64_t bytes, FileSize(page));
      commit.summary[kPage] = commit.source.position;
      commit.summary[kPageBytes] = std::to_string(bytes);
    }
    FIRN_CHECK(RefuseNewKeys(call));
    FIRN_TRY(const MergeReport merged, merger_.Commit(call, commit));
    ++report_.commits;
    report_.rows_inserted += merged.rows_inserted;
    report_.rows_updated += merged.rows_updated;
    report_.file_bytes += merged.bytes_written;
    report_.files.insert(report_.files.end(), merged.data_files.begin(), merged.data_files.end());
    report_.snapshot_id = merged.snapshot_id;
    report_.metadata_location = merged.metadata_location;
    return {};
  }

  const UpsertSource& source_;
  Merger& merger_;
  RejectsFile rejects_;
  std::vector<std::unique_ptr<record::PageDecoder>> decoders_;  // by layout
  record::PageDecoder* decoder_ = nullptr;
  std::string reject_lines_;
  int64_t notes_ = 0;
  bool only_changes_ = false;  // some batch lacks a required column
  ImportReport report_;
};

}  // namespace

Result<ImportReport> UpsertPages(const Call& call, Lake& lake, const UpsertSource& source) {
  MergeOptions options;
  options.table = source.options.table;
  options.key = source.options.key;
  options.plain_encoding = source.options.plain_encoding;
  FIRN_TRY(const auto merger, Merger::Open(call, lake, options));
  return Upserter(source, *merger).Run(call);
}

}  // namespace firn::lake
