#include "ends/lake/parquet/leaf_pages.h"

#include <arrow/array/array_nested.h>
#include <parquet/metadata.h>
#include <parquet/page_index.h>
#include <parquet/schema.h>
#include <parquet/size_statistics.h>
#include <parquet/types.h>

#include <algorithm>
#include <utility>

#include "ends/lake/parquet/encodings.h"
#include "ends/lake/parquet/file_sink.h"

namespace firn::lake {
namespace {

using EncodingCounts = std::map<parquet::Encoding::type, int32_t>;

}  // namespace

LeafPages::LeafPages(const parquet::ColumnDescriptor& column, std::unique_ptr<LeafValues> values,
                     PageCompressor* compressor)
    : column_(column),
      definition_max_(column.max_definition_level()),
      repetition_max_(column.max_repetition_level()),
      values_(std::move(values)),
      compressor_(compressor) {
  presence_.Resize(kPageRowsMax / 8 + 1);
}

Result<void> LeafPages::AppendRows(const arrow::Array& values, RowRange range,
                                   const Presence& presence, const uint8_t* levels) {
  while (range.count > 0) {
    RowRange part{range.begin, std::min(range.count, kPageRowsMax - page_rows_)};
    part.count = values_->Fit(values, part);
    AddPresence(presence, part, levels);
    values_->Take(values, part, presence);
    page_rows_ += part.count;
    range.begin += part.count;
    range.count -= part.count;
    if (levels != nullptr) levels += part.count;
    if (page_rows_ == kPageRowsMax || values_->Full()) FIRN_CHECK(EndPage());
  }
  return {};
}

void LeafPages::AddPresence(const Presence& presence, const RowRange& range,
                            const uint8_t* levels) {
  const auto count = static_cast<size_t>(range.count);
  if (levels != nullptr) {
    definitions_.insert(definitions_.end(), levels, levels + count);
    page_values_ += static_cast<size_t>(std::count(levels, levels + count, definition_max_));
  } else {
    page_values_ += CopyBits(presence.bits, presence.offset + range.begin, count, presence_.data(),
                             page_entries_);
  }
  page_entries_ += count;
}

Result<void> LeafPages::AppendLists(const arrow::ListArray& lists, const RowRange& range) {
  for (int64_t row = range.begin; row < range.begin + range.count; ++row) {
    AddList(lists, row);
    if (++page_rows_ == kPageRowsMax || values_->Full()) FIRN_CHECK(EndPage());
  }
  return {};
}

// Levels and values of one row. Levels: the list is null, is empty, has a null, has a value; those
// that the schema rules out have no number.
void LeafPages::AddList(const arrow::ListArray& lists, int64_t row) {
  const bool elements_nullable = lists.list_type()->value_field()->nullable();
  const int null_element = definition_max_ - (elements_nullable ? 1 : 0);
  const int64_t count = lists.IsNull(row) ? 0 : lists.value_length(row);
  if (count == 0) {
    definitions_.push_back(static_cast<uint32_t>(lists.IsNull(row) ? 0 : null_element - 1));
    repetitions_.push_back(0);
    ++page_entries_;
    return;
  }
  const arrow::Array& elements = *lists.values();
  const int64_t begin = lists.value_offset(row);
  for (int64_t i = 0; i < count; ++i) {
    const bool present = elements.IsValid(begin + i);
    definitions_.push_back(static_cast<uint32_t>(present ? definition_max_ : null_element));
    repetitions_.push_back(i == 0 ? 0 : 1);
    page_values_ += present ? 1 : 0;
  }
  page_entries_ += static_cast<size_t>(count);
  values_->Take(elements, {begin, count}, {elements.null_bitmap_data(), elements.offset()});
}

void LeafPages::AppendLevels(std::span<const uint32_t> levels, int most) {
  const size_t at = levels_.size();
  levels_.Resize(at + sizeof(uint32_t));
  AppendHybrid(levels, BitWidth(static_cast<uint64_t>(most)), levels_);
  const auto bytes = static_cast<uint32_t>(levels_.size() - at - sizeof(uint32_t));
  std::memcpy(levels_.data() + at, &bytes, sizeof bytes);
}

void LeafPages::AppendPresenceLevels() {
  levels_.Resize(sizeof(uint32_t));
  if (page_values_ == page_entries_) {
    AppendHybridRun(1, page_entries_, 1, levels_);
  } else {
    AppendHybridBits(presence_.data(), page_entries_, levels_);
  }
  const auto bytes = static_cast<uint32_t>(levels_.size() - sizeof(uint32_t));
  std::memcpy(levels_.data(), &bytes, sizeof bytes);
}

// The page: repetition levels, definition levels, values.
std::span<const uint8_t> LeafPages::WithLevels(std::span<uint8_t> values) {
  levels_.Resize(0);
  if (repetition_max_ > 0) AppendLevels(repetitions_, repetition_max_);
  if (!definitions_.empty()) {
    AppendLevels(definitions_, definition_max_);
  } else if (definition_max_ > 0) {
    AppendPresenceLevels();
  }
  if (levels_.size() <= kLevelRoom) {
    uint8_t* const begin = values.data() - levels_.size();
    if (levels_.size() > 0) std::memcpy(begin, levels_.data(), levels_.size());
    return {begin, levels_.size() + values.size()};
  }
  whole_.Resize(0);
  whole_.Append(levels_.data(), levels_.size());
  whole_.Append(values.data(), values.size());
  return {whole_.data(), whole_.size()};
}

Result<void> LeafPages::EndPage() {
  PageNote note{.begin = static_cast<int64_t>(chunk_.size()), .first_row = rows_};
  note.statistics.set_null_count(static_cast<int64_t>(page_entries_ - page_values_));
  note.statistics.all_null_value = page_values_ == 0;
  const EncodedPage page = values_->EncodePage(note.statistics);
  FIRN_CHECK(AppendPage({.values = static_cast<int32_t>(page_entries_), .encoding = page.encoding},
                        WithLevels(page.values), chunk_));
  note.bytes = static_cast<int32_t>(static_cast<int64_t>(chunk_.size()) - note.begin);
  notes_.push_back(std::move(note));
  ++pages_[page.encoding];
  rows_ += page_rows_;
  entries_ += static_cast<int64_t>(page_entries_);
  nulls_ += static_cast<int64_t>(page_entries_ - page_values_);
  page_rows_ = 0;
  page_entries_ = 0;
  page_values_ = 0;
  definitions_.clear();
  repetitions_.clear();
  return {};
}

Result<void> LeafPages::AppendPage(PageFacts facts, std::span<const uint8_t> raw, PageBytes& out) {
  if (raw.size() > INT32_MAX) {
    return Fail(Error(Kind::kInternal, "LAKE-FILE-001", "the data file cannot be written")
                    .Because("a page of column `" + column_.name() + "` is larger than 2 GiB"));
  }
  std::span<const uint8_t> packed = raw;
  if (compressor_ != nullptr) {
    packed_.Resize(0);
    FIRN_TRY(const size_t bytes, compressor_->Append(raw, packed_));
    packed = {packed_.data(), bytes};
  }
  facts.raw_bytes = static_cast<int32_t>(raw.size());
  facts.packed_bytes = static_cast<int32_t>(packed.size());
  const size_t begin = out.size();
  AppendPageHeader(facts, out);
  raw_bytes_ += static_cast<int64_t>(out.size() - begin + raw.size());
  out.Append(packed.data(), packed.size());
  return {};
}

// `begin`: where the data pages begin in the file.
void LeafPages::TellPages(const ChunkNotes& notes, int64_t begin) {
  for (const PageNote& note : notes_) {
    notes.bounds.AddPage(note.statistics, {});
    notes.places.AddPage(note.begin, note.bytes, note.first_row);
  }
  notes.bounds.Finish();
  notes.places.Finish(begin);
  notes_.clear();
}

Result<int64_t> LeafPages::EndChunk(FileSink& sink, const ChunkNotes& notes) {
  if (page_rows_ > 0) FIRN_CHECK(EndPage());
  const LeafValues::Dictionary dictionary = values_->dictionary();
  constexpr auto kPlain = parquet::Encoding::PLAIN;
  PageBytes front;
  if (dictionary.values > 0) {
    FIRN_CHECK(AppendPage(
        {.dictionary = true, .values = dictionary.values, .encoding = static_cast<int32_t>(kPlain)},
        dictionary.plain, front));
  }
  const int64_t begin = sink.bytes();
  const auto front_bytes = static_cast<int64_t>(front.size());
  const int64_t bytes = front_bytes + static_cast<int64_t>(chunk_.size());
  FIRN_CHECK(sink.Put({front.data(), front.size()}));
  FIRN_CHECK(sink.Put({chunk_.data(), chunk_.size()}));
  parquet::EncodedStatistics statistics;
  statistics.set_null_count(nulls_);
  statistics.all_null_value = nulls_ == entries_;
  statistics.set_is_signed(column_.sort_order() == parquet::SortOrder::SIGNED);
  values_->EndChunk(statistics);
  notes.footer.SetStatistics(statistics);
  EncodingCounts data_pages;
  for (const auto& [encoding, count] : pages_) {
    data_pages[static_cast<parquet::Encoding::type>(encoding)] = count;
  }
  EncodingCounts dictionary_pages;
  if (dictionary.values > 0) dictionary_pages[kPlain] = 1;
  notes.footer.Finish(entries_, dictionary.values > 0 ? begin : 0, /*index_page_offset=*/-1,
                      begin + front_bytes, bytes, raw_bytes_, dictionary.values > 0,
                      dictionary.values > 0 && data_pages.count(kPlain) > 0, dictionary_pages,
                      data_pages);
  TellPages(notes, begin + front_bytes);
  chunk_.Resize(0);
  raw_bytes_ = 0;
  rows_ = 0;
  entries_ = 0;
  nulls_ = 0;
  pages_.clear();
  return bytes;
}

}  // namespace firn::lake
