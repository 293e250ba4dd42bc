// Any bytes as one cell, and as an answer of describe and of a query: no crash, and the fast forms
// of dates, instants and decimals find what the slow ones find.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/record/json_rows.h"
#include "core/record/page_decoder.h"
#include "core/record/values.h"

namespace firn::record {
namespace {

// Cells are read from a block, with bytes behind them that are not theirs.
void ReadCell(const std::string& padded, size_t size) {
  const std::string_view cell(padded.data(), size);
  int32_t days = 0;
  int32_t slow_days = 0;
  const ValueState date = ParseDatePadded(padded.data(), size, days);
  FIRN_ASSERT(date == ParseDateSlow(cell, slow_days));
  FIRN_ASSERT(date != ValueState::kFits || days == slow_days);
  int64_t micros = 0;
  int64_t slow_micros = 0;
  const ValueState instant = ParseDateTimePadded(padded.data(), size, micros);
  FIRN_ASSERT(instant == ParseDateTimeSlow(cell, slow_micros));
  FIRN_ASSERT(instant != ValueState::kFits || micros == slow_micros);
  constexpr int64_t kLimit = 1'000'000'000'000'000'000;
  for (const int scale : {0, 2, 18}) {
    int64_t number = 0;
    Int128 wide = 0;
    const ValueState state = ParseDecimal64(cell, {18, scale}, kLimit, number);
    FIRN_ASSERT(state == ParseDecimal(cell, {18, scale}, wide));
    FIRN_ASSERT(state > ValueState::kRounded || number == wide);
  }
  int64_t whole = 0;
  double real = 0;
  uint8_t truth = 0;
  (void)ParseLong(cell, whole);
  (void)ParseInt(cell, days);
  (void)ParseDouble(cell, real);
  (void)ParseBoolean(cell, truth);
  (void)ParseTime(cell, micros);
  (void)IsIdText(cell);
}

}  // namespace
}  // namespace firn::record

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace firn::record;
  const std::string text(reinterpret_cast<const char*>(data), size);
  static const Layout layout =
      LayoutFromDescribe(
          R"({"name":"T","fields":[{"name":"Id","type":"id"},{"name":"S","type":"string"}]})", {})
          .value();
  ReadCell(text + std::string(24, '\xff'), std::min<size_t>(size, 100));
  (void)LayoutFromDescribe(text, {});
  (void)CsvFromRecords(text, layout);
  return 0;
}
