#include "ends/lake/parquet/page_header.h"

#include "ends/lake/parquet/encodings.h"

namespace firn::lake {
namespace {

// Types of the compact protocol, page types and level encoding of parquet.thrift.
constexpr uint8_t kThriftI32 = 5;
constexpr uint8_t kThriftStruct = 12;
constexpr uint8_t kThriftStop = 0;
constexpr int32_t kDataPage = 0;
constexpr int32_t kDictionaryPage = 2;
constexpr int32_t kEncodingRle = 3;

// The field that stands `step` above the one before it.
void AppendField(uint8_t step, uint8_t type, PageBytes& out) {
  out.AppendByte(static_cast<uint8_t>(step << 4 | type));
}

void AppendNumber(uint8_t step, int32_t value, PageBytes& out) {
  AppendField(step, kThriftI32, out);
  AppendZigzag(value, out);
}

}  // namespace

void AppendPageHeader(const PageFacts& page, PageBytes& out) {
  AppendNumber(1, page.dictionary ? kDictionaryPage : kDataPage, out);
  AppendNumber(1, page.raw_bytes, out);
  AppendNumber(1, page.packed_bytes, out);
  // Field 5 is the header of a data page, field 7 that of a dictionary page.
  AppendField(page.dictionary ? 4 : 2, kThriftStruct, out);
  AppendNumber(1, page.values, out);
  AppendNumber(1, page.encoding, out);
  if (!page.dictionary) {
    AppendNumber(1, kEncodingRle, out);  // definition levels
    AppendNumber(1, kEncodingRle, out);  // repetition levels
  }
  out.AppendByte(kThriftStop);
  out.AppendByte(kThriftStop);
}

}  // namespace firn::lake
