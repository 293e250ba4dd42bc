#include <arrow/array/array_decimal.h>
#include <arrow/array/array_primitive.h>
#include <arrow/type.h>
#include <parquet/schema.h>
#include <parquet/statistics.h>
#include <parquet/types.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "ends/lake/parquet/encodings.h"
#include "ends/lake/parquet/leaf_values.h"

namespace firn::lake {
namespace {

template <typename T>
std::string PlainBytes(const T& value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof value);
}

// The present ones of `from` behind each other, as type `To`.
template <typename From, typename To>
To* Compact(const From* from, const RowRange& range, const Presence& presence, To* to) {
  if (presence.bits == nullptr) {
    for (int64_t row = 0; row < range.count; ++row) to[row] = static_cast<To>(from[row]);
    return to + range.count;
  }
  for (int64_t row = 0; row < range.count; ++row) {
    *to = static_cast<To>(from[row]);
    to += presence.Has(range.begin + row) ? 1 : 0;
  }
  return to;
}

// Bounds of a page or a chunk as the Parquet format wants them: NaN is no bound, a zero is -0
// below, +0 above.
template <typename T>
class NumberBounds {
 public:
  void Add(const T* values, size_t count) {
    T least = least_;
    T greatest = greatest_;
    for (size_t i = 0; i < count; ++i) {
      // False for NaN, which thus never becomes a bound.
      if (values[i] < least) least = values[i];
      if (values[i] > greatest) greatest = values[i];
    }
    least_ = least;
    greatest_ = greatest;
    any_ = any_ || count > 0;
  }
  void Add(const NumberBounds& other) {
    if (other.least_ < least_) least_ = other.least_;
    if (other.greatest_ > greatest_) greatest_ = other.greatest_;
    any_ = any_ || other.any_;
  }
  void MoveInto(parquet::EncodedStatistics& statistics) {
    T least = least_;
    T greatest = greatest_;
    const bool told = any_ && least <= greatest;
    if constexpr (std::is_floating_point_v<T>) {
      if (least == 0) least = -T{0};
      if (greatest == 0) greatest = T{0};
    }
    if (told) statistics.set_min(PlainBytes(least)).set_max(PlainBytes(greatest));
    *this = {};
  }

 private:
  static constexpr T kHighest = std::is_floating_point_v<T> ? std::numeric_limits<T>::infinity()
                                                            : std::numeric_limits<T>::max();
  static constexpr T kLowest = std::is_floating_point_v<T> ? -std::numeric_limits<T>::infinity()
                                                           : std::numeric_limits<T>::lowest();
  bool any_ = false;
  T least_ = kHighest;
  T greatest_ = kLowest;
};

// Whole and floating numbers; `Source`: as they lie in the Arrow array, `Stored`: in the file.
template <typename Source, typename Stored>
class NumberValues final : public LeafValues {
 public:
  explicit NumberValues(bool delta) : delta_(delta) {}

  void Take(const arrow::Array& array, const RowRange& range, const Presence& presence) override {
    const auto* from = reinterpret_cast<const Source*>(array.data()->buffers[1]->data()) +
                       array.offset() + range.begin;
    const size_t need = held_ + static_cast<size_t>(range.count);
    if (page_.size() < need) page_.resize(std::max<size_t>(need, kPageRowsMax));
    const Stored* const end = Compact(from, range, presence, page_.data() + held_);
    held_ = static_cast<size_t>(end - page_.data());
  }
  bool Full() const override { return held_ * sizeof(Stored) >= kPageBytesMax; }
  EncodedPage EncodePage(parquet::EncodedStatistics& bounds) override {
    const std::span<const Stored> values(page_.data(), held_);
    NumberBounds<Stored> of_page;
    of_page.Add(values.data(), values.size());
    bounds_.Add(of_page);
    of_page.MoveInto(bounds);
    out_.Resize(kLevelRoom);
    auto encoding = parquet::Encoding::PLAIN;
    if constexpr (std::is_integral_v<Stored>) {
      if (delta_) {
        encoding = parquet::Encoding::DELTA_BINARY_PACKED;
        AppendDeltas(values, out_);
      }
    }
    if (encoding == parquet::Encoding::PLAIN) out_.Append(values.data(), values.size_bytes());
    held_ = 0;
    return {{out_.data() + kLevelRoom, out_.size() - kLevelRoom}, static_cast<int32_t>(encoding)};
  }
  void EndChunk(parquet::EncodedStatistics& statistics) override { bounds_.MoveInto(statistics); }

 private:
  bool delta_;
  std::vector<Stored> page_;  // the first `held_` are the open page's
  size_t held_ = 0;
  PageBytes out_;
  NumberBounds<Stored> bounds_;
};

class BooleanValues final : public LeafValues {
 public:
  void Take(const arrow::Array& array, const RowRange& range, const Presence& presence) override {
    const auto& truths = static_cast<const arrow::BooleanArray&>(array);
    for (int64_t row = range.begin; row < range.begin + range.count; ++row) {
      if (presence.Has(row)) page_.push_back(truths.Value(row) ? 1 : 0);
    }
  }
  EncodedPage EncodePage(parquet::EncodedStatistics& bounds) override {
    out_.Resize(kLevelRoom + (page_.size() + 7) / 8);
    uint8_t* const bits = out_.data() + kLevelRoom;
    std::fill(bits, out_.data() + out_.size(), 0);
    for (size_t i = 0; i < page_.size(); ++i) {
      bits[i / 8] = static_cast<uint8_t>(bits[i / 8] | page_[i] << (i % 8));
    }
    NumberBounds<uint8_t> of_page;
    of_page.Add(page_.data(), page_.size());
    bounds_.Add(of_page);
    of_page.MoveInto(bounds);
    page_.clear();
    return {{bits, out_.size() - kLevelRoom}, static_cast<int32_t>(parquet::Encoding::PLAIN)};
  }
  void EndChunk(parquet::EncodedStatistics& statistics) override { bounds_.MoveInto(statistics); }

 private:
  std::vector<uint8_t> page_;
  PageBytes out_;
  NumberBounds<uint8_t> bounds_;
};

// Decimals of more than 18 digits: big-endian two's complement of a fixed length.
class WideDecimalValues final : public LeafValues {
 public:
  explicit WideDecimalValues(int bytes) : bytes_(static_cast<size_t>(bytes)) {
    out_.Resize(kLevelRoom);
  }

  void Take(const arrow::Array& array, const RowRange& range, const Presence& presence) override {
    const auto& decimals = static_cast<const arrow::Decimal128Array&>(array);
    for (int64_t row = range.begin; row < range.begin + range.count; ++row) {
      if (!presence.Has(row)) continue;
      __int128 value;
      std::memcpy(&value, decimals.GetValue(row), sizeof value);
      page_.Add(value);
      const std::string plain = BigEndian(value);
      out_.Append(plain.data(), plain.size());
    }
  }
  bool Full() const override { return out_.size() >= kLevelRoom + kPageBytesMax; }
  EncodedPage EncodePage(parquet::EncodedStatistics& bounds) override {
    if (page_.any) {
      chunk_.Add(page_.least);
      chunk_.Add(page_.greatest);
    }
    MoveInto(page_, bounds);
    const std::span<uint8_t> values(out_.data() + kLevelRoom, out_.size() - kLevelRoom);
    out_.Resize(kLevelRoom);
    return {values, static_cast<int32_t>(parquet::Encoding::PLAIN)};
  }
  void EndChunk(parquet::EncodedStatistics& statistics) override { MoveInto(chunk_, statistics); }

 private:
  struct Bounds {
    void Add(__int128 value) {
      if (!any || value < least) least = value;
      if (!any || value > greatest) greatest = value;
      any = true;
    }
    bool any = false;
    __int128 least = 0;
    __int128 greatest = 0;
  };
  void MoveInto(Bounds& bounds, parquet::EncodedStatistics& statistics) const {
    if (bounds.any) {
      statistics.set_min(BigEndian(bounds.least)).set_max(BigEndian(bounds.greatest));
    }
    bounds = {};
  }
  [[nodiscard]] std::string BigEndian(__int128 value) const {
    std::string plain(bytes_, '\0');
    for (size_t i = bytes_; i-- > 0; value >>= 8) plain[i] = static_cast<char>(value);
    return plain;
  }

  size_t bytes_;
  PageBytes out_;
  Bounds page_;
  Bounds chunk_;
};

}  // namespace

std::unique_ptr<LeafValues> NewNumberValues(const arrow::DataType& type,
                                            const parquet::ColumnDescriptor& column,
                                            const LeafEncoding& encoding) {
  switch (type.id()) {
    case arrow::Type::INT32:
    case arrow::Type::DATE32:
      return std::make_unique<NumberValues<int32_t, int32_t>>(encoding.delta);
    case arrow::Type::INT64:
    case arrow::Type::TIME64:
    case arrow::Type::TIMESTAMP:
      return std::make_unique<NumberValues<int64_t, int64_t>>(encoding.delta);
    case arrow::Type::DECIMAL64:
      if (column.physical_type() == parquet::Type::INT32)
        return std::make_unique<NumberValues<int64_t, int32_t>>(encoding.delta);
      if (column.physical_type() == parquet::Type::INT64)
        return std::make_unique<NumberValues<int64_t, int64_t>>(encoding.delta);
      return nullptr;
    case arrow::Type::FLOAT:
      return std::make_unique<NumberValues<float, float>>(false);
    case arrow::Type::DOUBLE:
      return std::make_unique<NumberValues<double, double>>(false);
    default:
      return nullptr;
  }
}

std::unique_ptr<LeafValues> NewBooleanValues() { return std::make_unique<BooleanValues>(); }

std::unique_ptr<LeafValues> NewWideDecimalValues(int bytes) {
  return std::make_unique<WideDecimalValues>(bytes);
}

std::unique_ptr<LeafValues> LeafValues::New(const arrow::DataType& type,
                                            const parquet::ColumnDescriptor& column,
                                            const LeafEncoding& encoding) {
  switch (type.id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return NewTextValues(encoding);
    case arrow::Type::BOOL:
      return NewBooleanValues();
    case arrow::Type::DECIMAL128:
      if (column.physical_type() != parquet::Type::FIXED_LEN_BYTE_ARRAY) return nullptr;
      return NewWideDecimalValues(column.type_length());
    default:
      return NewNumberValues(type, column, encoding);
  }
}

}  // namespace firn::lake
