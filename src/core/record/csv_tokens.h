// Where the cells of a block of CSV end: separators outside quotes, found 64 bytes at a time with a
// carry-less multiplication (prefix XOR of the quote bits), as in reference/bulk_limits.md. Pure;
// internal to record.
//
// RFC 4180 with any one-byte delimiter and LF or CRLF. The block begins at the start of a row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace firn::record {

// Bytes behind the block that may be read (their content does not matter).
inline constexpr size_t kBlockPadding = 64;

class CsvTokens {
 public:
  // Position of the delimiter or LF behind cell i. ends()[-1] is valid: one before the block.
  [[nodiscard]] const uint32_t* ends() const { return ends_.get() + 1; }
  [[nodiscard]] size_t cells() const { return cells_; }
  // Cells that hold a doubled quote, in order; a cell may stand there more than once.
  [[nodiscard]] const std::vector<uint32_t>& escaped() const { return escaped_; }
  // True when the block ends inside quotes.
  [[nodiscard]] bool open_quote() const { return open_quote_; }
  // The first cell with a quote where none may stand (`ab"c`, `"a"b"`); SIZE_MAX: none.
  [[nodiscard]] size_t stray_quote_cell() const { return stray_quote_cell_; }

  // `data` is followed by kBlockPadding readable bytes. `size` < 2^32 - 64.
  void Find(const char* data, size_t size, char delimiter, bool vector_instructions = true);

 private:
  struct Bits;
  void Reserve(size_t size);
  __attribute__((always_inline)) inline void TakeChunk(const Bits& bits, uint32_t base);
  void FindPlain(const char* data, size_t size, char delimiter);
  void FindVector(const char* data, size_t size, char delimiter);

  std::unique_ptr<uint32_t[]> ends_;
  size_t room_ = 0;
  size_t cells_ = 0;
  std::vector<uint32_t> escaped_;
  bool open_quote_ = false;
  size_t stray_quote_cell_ = SIZE_MAX;
};

// Whether this machine has AVX2 and PCLMULQDQ.
[[nodiscard]] bool HasVectorInstructions();

}  // namespace firn::record
