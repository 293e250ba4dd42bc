// Any bytes as a CSV page: no crash, no read past the block, and the same rows by vector and plain
// instructions, whole or in pieces.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "core/record/column_hash.h"
#include "core/record/page_decoder.h"

namespace firn::record {
namespace {

struct Outcome {
  ColumnHashes hashes;
  int64_t kept = 0;
  int64_t rejected = 0;
  bool failed = false;
};

Layout FuzzLayout() {
  auto layout = LayoutFromDescribe(
      R"({"name":"T","fields":[{"name":"Id","type":"id"},{"name":"S","type":"string"},
          {"name":"D","type":"double","precision":18,"scale":2},{"name":"T","type":"datetime"},
          {"name":"M","type":"multipicklist"}]})",
      {});
  FIRN_ASSERT(layout.has_value());
  return *std::move(layout);
}

Outcome Run(const Layout& layout, std::string_view page, const DecoderOptions& options,
            size_t piece) {
  Outcome outcome;
  auto decoder = PageDecoder::New(layout, options);
  FIRN_ASSERT(decoder.has_value());
  (*decoder)->StartPage();
  for (bool last = false; !last && !outcome.failed;) {
    const std::span<char> room = (*decoder)->Room();
    const size_t bytes = std::min({room.size(), page.size(), piece});
    std::memcpy(room.data(), page.data(), bytes);
    page.remove_prefix(bytes);
    last = bytes == 0;
    (*decoder)->Filled(bytes);
    outcome.failed = !(*decoder)->Decode(last);
    (void)(*decoder)->TakeNotes();
    if (!outcome.failed && (last || (*decoder)->BatchReady()) && (*decoder)->rows_waiting() > 0) {
      AddColumnHashes(*(*decoder)->TakeBatch(), layout.schema, outcome.hashes);
    }
  }
  outcome.kept = (*decoder)->counts().rows_kept;
  outcome.rejected = (*decoder)->counts().rows_rejected;
  return outcome;
}

}  // namespace
}  // namespace firn::record

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace firn::record;
  static const Layout layout = FuzzLayout();
  const std::string_view page(reinterpret_cast<const char*>(data), size);
  const DecoderOptions small{.block_bytes = 64, .row_bytes_max = 4096, .batch_rows = 3};
  DecoderOptions plain = small;
  plain.vector_instructions = false;
  const Outcome a = Run(layout, page, small, SIZE_MAX);
  const Outcome b = Run(layout, page, plain, 7);
  FIRN_ASSERT(a.failed == b.failed);
  if (!a.failed) {
    FIRN_ASSERT(a.kept == b.kept && a.rejected == b.rejected && a.hashes == b.hashes);
  }
  return 0;
}
