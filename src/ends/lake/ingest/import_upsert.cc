// Pages into a table by key: the decoder's batches go to a merge instead of a file.
#include <arrow/record_batch.h>

#include <utility>

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

class Upserter {
 public:
  Upserter(const UpsertSource& source, Merger& merger)
      : source_(source), merger_(merger), rejects_(source.rejects_path) {
    report_.rejects_path = source.rejects_path;
  }

  Result<ImportReport> Run(const Call& call) {
    FIRN_TRY(decoder_,
             record::PageDecoder::New(source_.layout, {.delimiter = source_.options.delimiter}));
    for (size_t at = 0; at < source_.files.size(); ++at) {
      const PageRef page{.ordinal = at, .name = source_.files[at]};
      FIRN_CHECK(Page(call, page));
      if (source_.options.commit_per_file) FIRN_CHECK(Commit(call, page.name));
    }
    if (!source_.options.commit_per_file) FIRN_CHECK(Commit(call, {}));
    if (merger_.state().index == MergerState::Index::kRebuilt &&
        merger_.state().rows >= kIndexedRowsMin)
      FIRN_CHECK(merger_.SaveIndex(call));
    if (report_.rows_rejected + report_.values_rounded == 0) report_.rejects_path.clear();
    report_.warnings = source_.layout.warnings;
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

  Result<void> TakeBatch(const Call& call) {
    // The decoder uses its memory again.
    FIRN_TRY(auto batch, OwnedBatch(*decoder_->TakeBatch()));
    FIRN_CHECK(merger_.Upsert(std::move(batch), {.absent = UpsertOptions::Absent::kKeep}));
    return merger_.bytes_waiting() < kHeldBytesMax ? Result<void>() : Commit(call, {});
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
    commit.summary = {{"firn.source", "import"}, {"firn.object", source_.layout.object}};
    commit.source.consumer = "import";
    commit.source.position = page.substr(page.rfind('/') + 1);
    if (!page.empty()) commit.summary["firn.page"] = commit.source.position;
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
  std::unique_ptr<record::PageDecoder> decoder_;
  std::string reject_lines_;
  int64_t notes_ = 0;
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
