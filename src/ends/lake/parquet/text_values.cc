#include <arrow/array/array_binary.h>
#include <parquet/statistics.h>
#include <parquet/types.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ends/lake/parquet/encodings.h"
#include "ends/lake/parquet/leaf_values.h"
#include "ends/lake/parquet/text_dictionary.h"

namespace firn::lake {
namespace {

constexpr size_t kLengthBytes = 4;
// Short texts are copied by so many bytes at once, where source and page have them.
constexpr size_t kShortCopy = 32;
constexpr size_t kKeyBytes = 16;
// A longer bound is left out, as Arrow does: readers may take a bound for a value that is there.
constexpr size_t kBoundBytesMax = 4096;

using Key = unsigned __int128;

// The first 16 bytes of a text as a number that orders as they do, 0 for those it has not; 16 bytes
// from `text` may be read.
Key KeyOf(const uint8_t* text, size_t size) {
  uint64_t high;
  uint64_t low;
  std::memcpy(&high, text, 8);
  std::memcpy(&low, text + 8, 8);
  const Key key = static_cast<Key>(__builtin_bswap64(high)) << 64 | __builtin_bswap64(low);
  if (size >= kKeyBytes) return key;
  return size == 0 ? 0 : key & ~static_cast<Key>(0) << (8 * (kKeyBytes - size));
}

// Least and greatest text of a page or a chunk. Most texts are told apart by their keys.
class TextBounds {
 public:
  // `readable`: bytes from the text's begin that may be read.
  void Add(const uint8_t* text, size_t size, size_t readable) {
    Key key;
    if (readable >= kKeyBytes) [[likely]] {
      key = KeyOf(text, size);
    } else {
      uint8_t copy[kKeyBytes] = {};
      if (size > 0) std::memcpy(copy, text, size);
      key = KeyOf(copy, size);
    }
    if (any_ && key > least_key_ && key < greatest_key_) [[likely]]
      return;
    Widen(key, {reinterpret_cast<const char*>(text), size});
  }
  void Add(std::string_view text) {
    if (!any_ || text < least_) least_ = text;
    if (!any_ || text > greatest_) greatest_ = text;
    // Keys no longer tell: from here on texts do.
    least_key_ = ~static_cast<Key>(0);
    greatest_key_ = 0;
    any_ = true;
  }
  void Add(const TextBounds& other) {
    if (!other.any_) return;
    Add(std::string_view(other.least_));
    Add(std::string_view(other.greatest_));
  }
  void MoveInto(parquet::EncodedStatistics& statistics) {
    if (any_ && least_.size() <= kBoundBytesMax) statistics.set_min(least_);
    if (any_ && greatest_.size() <= kBoundBytesMax) statistics.set_max(greatest_);
    *this = {};
  }

 private:
  __attribute__((noinline)) void Widen(Key key, std::string_view text) {
    if (!any_ || text < least_) {
      least_ = text;
      least_key_ = key;
    }
    if (!any_ || text > greatest_) {
      greatest_ = text;
      greatest_key_ = key;
    }
    any_ = true;
  }

  bool any_ = false;
  Key least_key_ = 0;
  Key greatest_key_ = 0;
  std::string least_;
  std::string greatest_;
};

// Binary and text columns: length and bytes of each value in the page, or its number in a
// dictionary as long as that stays small.
class TextValues final : public LeafValues {
 public:
  explicit TextValues(const LeafEncoding& encoding) : numbered_(encoding.dictionary) {
    page_.Resize(kLevelRoom);
  }

  int64_t Fit(const arrow::Array& array, const RowRange& range) const override;
  void Take(const arrow::Array& array, const RowRange& range, const Presence& presence) override;
  bool Full() const override { return page_.size() >= kLevelRoom + kPageBytesMax || overflowed_; }
  EncodedPage EncodePage(parquet::EncodedStatistics& bounds) override;
  Dictionary dictionary() const override {
    return {{dictionary_.plain().data(), dictionary_.plain().size()},
            static_cast<int32_t>(dictionary_.size())};
  }
  void EndChunk(parquet::EncodedStatistics& statistics) override;

 private:
  void TakePlain(const arrow::BinaryArray& texts, const RowRange& range, const Presence& presence);
  void TakeNumbers(const arrow::BinaryArray& texts, const RowRange& range,
                   const Presence& presence);
  void AddBoundsOfNumbers();

  bool numbered_;            // this page is made of dictionary numbers
  bool overflowed_ = false;  // the dictionary is full: the page ends, the next ones are plain
  TextDictionary dictionary_;
  std::vector<uint32_t> numbers_;
  // By number: the last page, counted from 1, that has the text. Its bounds are found by looking at
  // each of its texts once.
  std::vector<uint32_t> last_page_;
  uint32_t pages_ = 0;
  PageBytes page_;
  TextBounds page_bounds_;
  TextBounds bounds_;
};

int64_t TextValues::Fit(const arrow::Array& array, const RowRange& range) const {
  if (numbered_) return range.count;
  const auto& texts = static_cast<const arrow::BinaryArray&>(array);
  const int32_t* const offsets = texts.raw_value_offsets() + range.begin;
  const auto room = static_cast<int64_t>(kLevelRoom + kPageBytesMax) -
                    static_cast<int64_t>(std::min(page_.size(), kLevelRoom + kPageBytesMax));
  const auto bytes = [&](int64_t rows) {
    return offsets[rows] - offsets[0] + rows * static_cast<int64_t>(kLengthBytes);
  };
  if (bytes(range.count) <= room) return range.count;
  int64_t fits = 1;  // known to go in: one row always does
  int64_t past = range.count;
  while (past - fits > 1) {
    const int64_t middle = fits + (past - fits) / 2;
    (bytes(middle) <= room ? fits : past) = middle;
  }
  return fits;
}

void TextValues::Take(const arrow::Array& array, const RowRange& range, const Presence& presence) {
  const auto& texts = static_cast<const arrow::BinaryArray&>(array);
  if (numbered_) {
    TakeNumbers(texts, range, presence);
  } else {
    TakePlain(texts, range, presence);
  }
}

void TextValues::TakePlain(const arrow::BinaryArray& texts, const RowRange& range,
                           const Presence& presence) {
  const int32_t* const offsets = texts.raw_value_offsets() + range.begin;
  const uint8_t* const data = texts.raw_data();
  const auto bytes = static_cast<size_t>(offsets[range.count] - offsets[0]);
  const uint8_t* const data_end = data + offsets[range.count];
  uint8_t* const begin =
      page_.Room(bytes + static_cast<size_t>(range.count) * kLengthBytes + kShortCopy);
  uint8_t* to = begin;
  for (int64_t row = 0; row < range.count; ++row) {
    if (!presence.Has(range.begin + row)) continue;
    const uint8_t* const text = data + offsets[row];
    const auto size = static_cast<uint32_t>(offsets[row + 1] - offsets[row]);
    const auto readable = static_cast<size_t>(data_end - text);
    std::memcpy(to, &size, kLengthBytes);
    to += kLengthBytes;
    if (size <= kShortCopy && readable >= kShortCopy) [[likely]] {
      std::memcpy(to, text, kShortCopy);
    } else if (size > 0) {
      std::memcpy(to, text, size);
    }
    to += size;
    page_bounds_.Add(text, size, readable);
  }
  page_.Took(static_cast<size_t>(to - begin));
}

void TextValues::TakeNumbers(const arrow::BinaryArray& texts, const RowRange& range,
                             const Presence& presence) {
  const size_t held = numbers_.size();
  numbers_.resize(held + static_cast<size_t>(range.count));
  uint32_t* to = numbers_.data() + held;
  std::string_view together[TextDictionary::kTogether];
  size_t count = 0;
  for (int64_t row = range.begin; row < range.begin + range.count; ++row) {
    together[count] = texts.GetView(row);
    count += presence.Has(row) ? 1 : 0;
    if (count < TextDictionary::kTogether) continue;
    dictionary_.Find(together, to);
    to += std::exchange(count, 0);
  }
  dictionary_.Find({together, count}, to);
  numbers_.resize(static_cast<size_t>(to + count - numbers_.data()));
  overflowed_ = dictionary_.plain().size() > kDictionaryBytesMax;
}

void TextValues::AddBoundsOfNumbers() {
  last_page_.resize(dictionary_.size());
  ++pages_;
  for (const uint32_t number : numbers_) {
    if (std::exchange(last_page_[number], pages_) == pages_) continue;
    page_bounds_.Add(dictionary_.text(number));
  }
}

EncodedPage TextValues::EncodePage(parquet::EncodedStatistics& bounds) {
  auto encoding = static_cast<int32_t>(parquet::Encoding::PLAIN);
  // A page of nulls is plain: should the whole chunk be null, it has no dictionary.
  if (!numbers_.empty()) {
    AddBoundsOfNumbers();
    encoding = static_cast<int32_t>(parquet::Encoding::RLE_DICTIONARY);
    // One bit even where there is but one value: some readers know no width of 0.
    const int width = std::max(BitWidth(dictionary_.size() - 1), 1);
    page_.Resize(kLevelRoom);
    page_.AppendByte(static_cast<uint8_t>(width));
    AppendHybrid(numbers_, width, page_);
    numbers_.clear();
    numbered_ = !std::exchange(overflowed_, false);
  }
  const std::span<uint8_t> values(page_.data() + kLevelRoom, page_.size() - kLevelRoom);
  page_.Resize(kLevelRoom);
  bounds_.Add(page_bounds_);
  page_bounds_.MoveInto(bounds);
  return {values, encoding};
}

void TextValues::EndChunk(parquet::EncodedStatistics& statistics) {
  bounds_.MoveInto(statistics);
  // A column that outgrew its dictionary stays without one.
  dictionary_.Clear();
  last_page_.clear();
}

}  // namespace

std::unique_ptr<LeafValues> NewTextValues(const LeafEncoding& encoding) {
  return std::make_unique<TextValues>(encoding);
}

}  // namespace firn::lake
