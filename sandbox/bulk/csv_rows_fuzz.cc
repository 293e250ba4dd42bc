// A client's CSV must never make the reader read past its bytes, loop or lose track of a row.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "sandbox/bulk/create_body.h"
#include "sandbox/bulk/csv_rows.h"

using firn::sandbox::CsvRows;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  CsvRows rows(bytes, {(data[0] & 1) != 0 ? ';' : ',', (data[0] & 2) != 0});
  std::vector<std::string_view> cells;
  size_t before = rows.offset();
  while (rows.Next(cells) != CsvRows::Row::kEnd) {
    if (rows.offset() <= before || rows.offset() > bytes.size()) std::abort();
    size_t sum = 0;
    for (const std::string_view cell : cells) sum += cell.size();
    if (sum > rows.raw().size()) std::abort();
    before = rows.offset();
    rows.Release();
  }
  const auto parts = firn::sandbox::ParseMultipart("multipart/form-data; boundary=b", bytes);
  if (parts) {
    for (const auto& part : *parts) {
      if (part.body.size() > bytes.size()) std::abort();
    }
  }
  return 0;
}
