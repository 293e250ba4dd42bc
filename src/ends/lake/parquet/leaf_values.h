// LeafValues: the values of one leaf column on their way into a Parquet page: taken from Arrow
// arrays, encoded at the page's end, with the least and greatest of the column chunk kept. Internal
// to lake. One thread.
//
// Levels, compression and headers are LeafPages' work; nulls never come here.
#pragma once

#include <arrow/type_fwd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "ends/lake/parquet/page_bytes.h"

namespace parquet {
class ColumnDescriptor;
class EncodedStatistics;
}  // namespace parquet

namespace firn::lake {

// A page ends at so many rows, or at the first row past so many bytes.
inline constexpr int64_t kPageRowsMax = 20'000;
inline constexpr size_t kPageBytesMax = 1 << 20;
// A column chunk's dictionary may grow to so many bytes; then it goes on without.
inline constexpr size_t kDictionaryBytesMax = 1 << 20;
// What EncodePage leaves free for levels in front of the values.
inline constexpr size_t kLevelRoom = 4096;

// Which rows of an array hold a value: bit `offset + row`; no bits: all.
struct Presence {
  const uint8_t* bits = nullptr;
  int64_t offset = 0;
  [[nodiscard]] bool Has(int64_t row) const {
    const int64_t bit = offset + row;
    return bits == nullptr || (bits[bit / 8] >> (bit % 8) & 1) != 0;
  }
};

struct RowRange {
  int64_t begin = 0;
  int64_t count = 0;
};

// How a leaf is encoded.
struct LeafEncoding {
  bool dictionary = false;
  bool delta = false;  // DELTA_BINARY_PACKED; else PLAIN
};

struct EncodedPage {
  std::span<uint8_t> values;  // kLevelRoom bytes in front of them are free to be written
  int32_t encoding = 0;       // number in parquet.thrift
};

class LeafValues {
 public:
  virtual ~LeafValues() = default;
  // Null for a type that is not written here.
  [[nodiscard]] static std::unique_ptr<LeafValues> New(const arrow::DataType& type,
                                                       const parquet::ColumnDescriptor& column,
                                                       const LeafEncoding& encoding);

  // How many of the range's rows, from its begin, the open page still takes; at least one.
  [[nodiscard]] virtual int64_t Fit(const arrow::Array& /*array*/, const RowRange& range) const {
    return range.count;
  }
  virtual void Take(const arrow::Array& array, const RowRange& range, const Presence& presence) = 0;
  // True when the open page should end, whatever its rows.
  [[nodiscard]] virtual bool Full() const { return false; }
  // The page's values, valid until the next call; the next page is open. Sets the page's bounds, if
  // it has any.
  [[nodiscard]] virtual EncodedPage EncodePage(parquet::EncodedStatistics& bounds) = 0;
  // The chunk's dictionary page, PLAIN, and how many values it has; empty: there is none.
  struct Dictionary {
    std::span<const uint8_t> plain;
    int32_t values = 0;
  };
  [[nodiscard]] virtual Dictionary dictionary() const { return {}; }
  // Sets the bounds of the chunk, if it has any; the next chunk begins.
  virtual void EndChunk(parquet::EncodedStatistics& statistics) = 0;
};

// The makers behind New, by file.
[[nodiscard]] std::unique_ptr<LeafValues> NewTextValues(const LeafEncoding& encoding);
[[nodiscard]] std::unique_ptr<LeafValues> NewNumberValues(const arrow::DataType& type,
                                                          const parquet::ColumnDescriptor& column,
                                                          const LeafEncoding& encoding);
[[nodiscard]] std::unique_ptr<LeafValues> NewBooleanValues();
[[nodiscard]] std::unique_ptr<LeafValues> NewWideDecimalValues(int bytes);

}  // namespace firn::lake
