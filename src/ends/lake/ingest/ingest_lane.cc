#include "ends/lake/ingest/ingest_lane.h"

#include <arrow/record_batch.h>

#include <utility>

#include "core/base/fault_point.h"
#include "core/record/json_rows.h"
#include "core/record/page_decoder.h"
#include "ends/lake/ingest/lane_files.h"

namespace firn::lake {
namespace {

// Texts of rejected rows wait in memory until their file is durable.
constexpr size_t kRejectTextBytesMax = 64 << 20;

// A CSV page that was made in memory.
class TextStream final : public net::BodyStream {
 public:
  explicit TextStream(std::string_view text) : text_(text) {}
  Result<std::string> Read(size_t bytes_max) override {
    const std::string_view piece = text_.substr(0, bytes_max);
    text_.remove_prefix(piece.size());
    return std::string(piece);
  }

 private:
  std::string_view text_;
};

// The decoder's codes, and those of a page that has a name.
constexpr std::pair<std::string_view, std::string_view> kPageCodes[] = {
    {"REC-PAGE-001", "LAKE-PAGE-001"},
    {"REC-PAGE-003", "LAKE-PAGE-003"},
    {"REC-PAGE-004", "LAKE-PAGE-004"},
    {"REC-JSON-001", "LAKE-PAGE-005"}};

class Lane final : public IngestLane {
 public:
  Lane(IngestShared& shared, int lane, std::unique_ptr<record::PageDecoder> decoder)
      : shared_(shared), lane_(lane), decoder_(std::move(decoder)) {}

  Result<PageOutcome> AddPage(const Call& call, const PageRef& page,
                              net::BodyStream& csv) override {
    auto outcome = TakePage(call, page, csv);
    if (outcome) outcome = Settle(call, *std::move(outcome));
    if (!outcome) DiscardOpenFile(page);
    return outcome;
  }

  Result<PageOutcome> AddRecords(const Call& call, const PageRef& page,
                                 std::string_view records_json) override {
    auto made = record::CsvFromRecords(records_json, shared_.layout);
    if (!made) {
      DiscardOpenFile(page);
      return Fail(PageError(made.error(), page));
    }
    TextStream csv(made->csv);
    return AddPage(call, page, csv);
  }

  std::vector<PageRef> Discarded() override { return std::exchange(discarded_, {}); }

  Result<void> Finish(const Call& call) override {
    FIRN_CHECK(call.Check());
    if (pages_.empty()) return {};
    auto closed = CloseFile(call);
    if (!closed) DiscardOpenFile(std::nullopt);
    return closed;
  }

  int64_t open_file_bytes() const override {
    return open_ == nullptr ? 0 : open_->bytes() + BufferedBytes();
  }

 private:
  Result<PageOutcome> TakePage(const Call& call, const PageRef& page, net::BodyStream& csv);
  Result<PageOutcome> Settle(const Call& call, PageOutcome outcome);
  Result<void> TakeNotes(const PageRef& page);
  Result<void> WriteBatch(const Call& call);
  Result<void> CloseFile(const Call& call);
  void DiscardOpenFile(const std::optional<PageRef>& failed);
  [[nodiscard]] int64_t BufferedBytes() const;

  IngestShared& shared_;
  const int lane_;
  int files_ = 0;
  std::unique_ptr<record::PageDecoder> decoder_;

  // The open file and what it holds.
  std::unique_ptr<LaneFiles> open_;
  std::vector<PageOutcome> pages_;
  int64_t csv_bytes_ = 0;
  std::vector<Reject> rejects_;
  std::string reject_lines_;
  ColumnHashes page_hashes_;
  std::vector<PageRef> discarded_;
};

Result<PageOutcome> Lane::TakePage(const Call& call, const PageRef& page, net::BodyStream& csv) {
  decoder_->StartPage();
  page_hashes_.clear();
  bool last = false;
  while (!last) {
    FIRN_CHECK(call.Check());
    const std::span<char> room = decoder_->Room();
    auto bytes = csv.ReadInto(room.data(), room.size());
    if (!bytes) {
      return Fail(std::move(bytes).error().Doing("reading page `" + page.name + "`"));
    }
    last = *bytes == 0;
    decoder_->Filled(*bytes);
    const bool empty_page = last && decoder_->counts().csv_bytes == 0 && page.rows_expected == 0;
    if (empty_page) break;
    auto decoded = decoder_->Decode(last);
    FIRN_CHECK(TakeNotes(page));
    if (!decoded) return Fail(PageError(decoded.error(), page));
    if (decoder_->BatchReady()) FIRN_CHECK(WriteBatch(call));
  }
  // Hashes are told by page: a batch must not hold rows of two.
  if (shared_.options.hash_columns && decoder_->rows_waiting() > 0) FIRN_CHECK(WriteBatch(call));
  const record::PageCounts& counts = decoder_->counts();
  if (page.rows_expected >= 0 && counts.rows_received != page.rows_expected) {
    return Fail(Error(Kind::kCorrupt, "LAKE-PAGE-002",
                      "the page has " + std::to_string(counts.rows_received) + " rows, not " +
                          std::to_string(page.rows_expected))
                    .At("page `" + page.name + "`")
                    .Because("the number announced with the page differs from the rows in it")
                    .Hint("fetch the page again"));
  }
  PageOutcome outcome{.page = page,
                      .rows_received = counts.rows_received,
                      .rows_written = counts.rows_kept,
                      .rows_rejected = counts.rows_rejected,
                      .values_rounded = counts.values_rounded,
                      .nuls_seen = counts.nuls_seen,
                      .csv_bytes = counts.csv_bytes,
                      .hashes = std::exchange(page_hashes_, {})};
  if (shared_.options.hash_columns) outcome.hashes.resize(shared_.layout.schema.fields.size(), 0);
  return outcome;
}

// The page is whole: it belongs to the open file, which may now be large enough.
Result<PageOutcome> Lane::Settle(const Call& call, PageOutcome outcome) {
  csv_bytes_ += outcome.csv_bytes;
  pages_.push_back(outcome);
  if (open_ != nullptr && open_file_bytes() >= open_->target_bytes()) FIRN_CHECK(CloseFile(call));
  return outcome;
}

Result<void> Lane::TakeNotes(const PageRef& page) {
  for (record::RowNote& note : decoder_->TakeNotes()) {
    const bool rejected = note.kind == record::RowNote::Kind::kRejected;
    if (rejected && shared_.options.strict) {
      return Fail(Error(Kind::kBadInput, "LAKE-REJECT-003",
                        "row " + std::to_string(note.row) + " does not fit: field `" + note.field +
                            "` is " + note.reason)
                      .At("page `" + page.name + "`")
                      .Because("strict is on: the first row that does not fit stops the run"));
    }
    if (static_cast<int64_t>(rejects_.size()) >= shared_.options.rejects_max ||
        reject_lines_.size() >= kRejectTextBytesMax) {
      return Fail(Error(Kind::kLimitReached, "LAKE-REJECT-002",
                        "more than " + std::to_string(rejects_.size()) + " rows do not fit")
                      .At("page `" + page.name + "`")
                      .Because("the last one: field `" + note.field + "` is " + note.reason)
                      .Hint("compare the describe result with the pages"));
    }
    if (!shared_.options.rejects_path.empty()) reject_lines_ += RejectLine(page, note);
    rejects_.push_back({.kind = rejected ? Reject::Kind::kRejected : Reject::Kind::kRounded,
                        .page = page.ordinal,
                        .row = note.row,
                        .id = std::move(note.id),
                        .field = std::move(note.field),
                        .reason = std::move(note.reason)});
  }
  return {};
}

Result<void> Lane::WriteBatch(const Call& call) {
  if (open_ == nullptr) {
    FIRN_TRY(open_, LaneFiles::Open(shared_, lane_, files_++));
    FIRN_FAULT_POINT("lake.ingest.file_opened");
  }
  const auto batch = decoder_->TakeBatch();
  if (shared_.options.hash_columns) {
    record::AddColumnHashes(*batch, shared_.layout.schema, page_hashes_);
  }
  return open_->Write(call, batch);
}

Result<void> Lane::CloseFile(const Call& call) {
  if (decoder_->rows_waiting() > 0) FIRN_CHECK(WriteBatch(call));
  std::vector<DataFile> files;
  if (open_ != nullptr) {
    FIRN_TRY(files, open_->Close(call));
  }
  FIRN_CHECK(shared_.rejects.Append(reject_lines_));
  FIRN_CHECK(shared_.observer.FilesDurable(files, pages_, rejects_));
  if (open_ != nullptr) open_->Keep();
  open_.reset();
  pages_.clear();
  rejects_.clear();
  reject_lines_.clear();
  csv_bytes_ = 0;
  return {};
}

void Lane::DiscardOpenFile(const std::optional<PageRef>& failed) {
  open_.reset();
  decoder_->DropBatch();
  for (PageOutcome& outcome : pages_) discarded_.push_back(std::move(outcome.page));
  const bool listed = failed && !discarded_.empty() && discarded_.back().ordinal == failed->ordinal;
  if (failed && !listed) discarded_.push_back(*failed);
  pages_.clear();
  rejects_.clear();
  reject_lines_.clear();
  csv_bytes_ = 0;
}

// What the writer holds back is a row group at most, packed about as well as what is written; text
// packs to a fifth or less.
int64_t Lane::BufferedBytes() const {
  constexpr int64_t kPacking = 5;
  return std::max<int64_t>(csv_bytes_ / kPacking - open_->bytes(), 0);
}

}  // namespace

Error PageError(const Error& error, const PageRef& page) {
  std::string_view code = error.code();
  for (const auto& [decoder_code, page_code] : kPageCodes) {
    if (error.code() == decoder_code) code = page_code;
  }
  return Error(Kind::kCorrupt, code, error.what())
      .At("page `" + page.name + "`")
      .Because(error.why())
      .Hint(error.hint());
}

Result<std::unique_ptr<IngestLane>> OpenLane(IngestShared& shared, int lane) {
  FIRN_TRY(auto decoder,
           record::PageDecoder::New(shared.layout, {.delimiter = shared.options.delimiter}));
  return std::unique_ptr<IngestLane>(std::make_unique<Lane>(shared, lane, std::move(decoder)));
}

}  // namespace firn::lake
