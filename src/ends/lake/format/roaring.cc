#include "ends/lake/format/roaring.h"

#include <algorithm>
#include <bit>
#include <span>

namespace firn::lake {
namespace {

constexpr uint32_t kCookieNoRuns = 12346;
constexpr uint32_t kCookieRuns = 12347;
// Containers are listed without offsets below this count, when there are run containers.
constexpr size_t kOffsetsFrom = 4;
constexpr size_t kArrayMax = 4096;
constexpr size_t kBitmapBytes = 8192;

void PutBytes(std::string& out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i) & 0xff));
}

tl::unexpected<Error> Bad(std::string why) {
  return Fail(
      Error(Kind::kCorrupt, "LAKE-DV-001", "a deletion vector is damaged").Because(std::move(why)));
}

// Little-endian numbers off the front.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : left_(bytes) {}
  Result<uint64_t> Take(size_t bytes) {
    if (left_.size() < bytes) return Bad("it ends too early");
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; ++i)
      value |= static_cast<uint64_t>(static_cast<uint8_t>(left_[i])) << (8 * i);
    left_.remove_prefix(bytes);
    return value;
  }
  Result<std::string_view> Bytes(size_t bytes) {
    if (left_.size() < bytes) return Bad("it ends too early");
    const std::string_view out = left_.substr(0, bytes);
    left_.remove_prefix(bytes);
    return out;
  }
  [[nodiscard]] size_t left() const { return left_.size(); }

 private:
  std::string_view left_;
};

// One container: the low 16 bits of values with the same high bits.
struct Container {
  uint16_t key = 0;
  size_t count = 0;
  bool runs = false;
};

void PutContainer(std::string& out, std::span<const int64_t> values) {
  if (values.size() <= kArrayMax) {
    for (const int64_t value : values) PutBytes(out, static_cast<uint64_t>(value) & 0xffff, 2);
    return;
  }
  std::string bits(kBitmapBytes, '\0');
  for (const int64_t value : values) {
    const auto low = static_cast<size_t>(value & 0xffff);
    bits[low / 8] = static_cast<char>(static_cast<uint8_t>(bits[low / 8]) | 1U << (low % 8));
  }
  out += bits;
}

// A 32-bit bitmap of values that share their high 32 bits.
void PutBitmap(std::string& out, std::span<const int64_t> values) {
  std::vector<std::span<const int64_t>> containers;
  for (size_t at = 0; at < values.size();) {
    size_t end = at;
    while (end < values.size() && values[end] >> 16 == values[at] >> 16) ++end;
    containers.push_back(values.subspan(at, end - at));
    at = end;
  }
  PutBytes(out, kCookieNoRuns, 4);
  PutBytes(out, containers.size(), 4);
  size_t offset = 8 + containers.size() * 8;
  for (const auto& container : containers) {
    PutBytes(out, static_cast<uint64_t>(container.front() >> 16) & 0xffff, 2);
    PutBytes(out, container.size() - 1, 2);
  }
  for (const auto& container : containers) {
    PutBytes(out, offset, 4);
    offset += container.size() <= kArrayMax ? container.size() * 2 : kBitmapBytes;
  }
  for (const auto& container : containers) PutContainer(out, container);
}

class BitmapReader {
 public:
  BitmapReader(Cursor& cursor, int64_t high, size_t positions_max, std::vector<int64_t>& out)
      : cursor_(cursor), high_(high), positions_max_(positions_max), out_(out) {}

  Result<void> Read() {
    FIRN_TRY(const auto containers, Header());
    for (const Container& container : containers) {
      const size_t before = out_.size();
      if (container.count > positions_max_ - before) return Bad("it holds too many positions");
      const int64_t base = high_ << 32 | static_cast<int64_t>(container.key) << 16;
      if (container.runs) {
        FIRN_CHECK(Runs(base));
      } else if (container.count <= kArrayMax) {
        FIRN_CHECK(Array(base, container.count));
      } else {
        FIRN_CHECK(Bits(base));
      }
      if (out_.size() - before != container.count)
        return Bad("a container holds other than its number of values");
    }
    return {};
  }

 private:
  Result<std::vector<Container>> Header() {
    FIRN_TRY(const uint64_t cookie, cursor_.Take(4));
    const bool with_runs = (cookie & 0xffff) == kCookieRuns;
    size_t count = (cookie >> 16) + 1;
    if (!with_runs) {
      if (cookie != kCookieNoRuns) return Bad("it does not begin as a bitmap does");
      FIRN_TRY(count, cursor_.Take(4));
    }
    if (count > 65536) return Bad("it has too many containers");
    std::string_view run_flags;
    if (with_runs) {
      FIRN_TRY(run_flags, cursor_.Bytes((count + 7) / 8));
    }
    std::vector<Container> containers(count);
    for (size_t i = 0; i < count; ++i) {
      FIRN_TRY(const uint64_t key, cursor_.Take(2));
      FIRN_TRY(const uint64_t less_one, cursor_.Take(2));
      containers[i].key = static_cast<uint16_t>(key);
      containers[i].count = less_one + 1;
      containers[i].runs =
          with_runs && (static_cast<uint8_t>(run_flags[i / 8]) >> (i % 8) & 1) != 0;
      if (i > 0 && containers[i].key <= containers[i - 1].key)
        return Bad("its containers are out of order");
    }
    // The containers follow one another: their offsets tell nothing new.
    if (!with_runs || count >= kOffsetsFrom) FIRN_CHECK(cursor_.Bytes(count * 4));
    return containers;
  }

  Result<void> Array(int64_t base, size_t count) {
    int64_t last = -1;
    for (size_t i = 0; i < count; ++i) {
      FIRN_TRY(const uint64_t low, cursor_.Take(2));
      if (static_cast<int64_t>(low) <= last) return Bad("its values are out of order");
      last = static_cast<int64_t>(low);
      out_.push_back(base | last);
    }
    return {};
  }

  Result<void> Bits(int64_t base) {
    FIRN_TRY(const std::string_view bits, cursor_.Bytes(kBitmapBytes));
    for (size_t byte = 0; byte < bits.size(); ++byte) {
      for (auto left = static_cast<uint8_t>(bits[byte]); left != 0;
           left = static_cast<uint8_t>(left & (left - 1)))
        out_.push_back(
            base | static_cast<int64_t>(byte * 8 + static_cast<size_t>(std::countr_zero(left))));
    }
    return {};
  }

  Result<void> Runs(int64_t base) {
    FIRN_TRY(const uint64_t runs, cursor_.Take(2));
    int64_t last = -1;
    for (uint64_t i = 0; i < runs; ++i) {
      FIRN_TRY(const uint64_t first, cursor_.Take(2));
      FIRN_TRY(const uint64_t more, cursor_.Take(2));
      if (static_cast<int64_t>(first) <= last || first + more > 0xffff)
        return Bad("its runs are out of order");
      last = static_cast<int64_t>(first + more);
      if (more >= positions_max_ - out_.size()) return Bad("it holds too many positions");
      for (auto value = static_cast<int64_t>(first); value <= last; ++value)
        out_.push_back(base | value);
    }
    return {};
  }

  Cursor& cursor_;
  int64_t high_;
  size_t positions_max_;
  std::vector<int64_t>& out_;
};

}  // namespace

std::string WriteRoaring(const std::vector<int64_t>& positions) {
  std::vector<std::span<const int64_t>> bitmaps;
  const std::span<const int64_t> all(positions);
  for (size_t at = 0; at < all.size();) {
    size_t end = at;
    while (end < all.size() && all[end] >> 32 == all[at] >> 32) ++end;
    bitmaps.push_back(all.subspan(at, end - at));
    at = end;
  }
  std::string out;
  PutBytes(out, bitmaps.size(), 8);
  for (const auto& bitmap : bitmaps) {
    PutBytes(out, static_cast<uint64_t>(bitmap.front()) >> 32, 4);
    PutBitmap(out, bitmap);
  }
  return out;
}

Result<std::vector<int64_t>> ReadRoaring(std::string_view bytes, int64_t positions_max) {
  Cursor cursor(bytes);
  FIRN_TRY(const uint64_t bitmaps, cursor.Take(8));
  std::vector<int64_t> out;
  int64_t last = -1;
  for (uint64_t i = 0; i < bitmaps; ++i) {
    FIRN_TRY(const uint64_t key, cursor.Take(4));
    const auto high = static_cast<int64_t>(key);
    if (high <= last || high > INT32_MAX) return Bad("its bitmaps are out of order");
    last = high;
    FIRN_CHECK(
        BitmapReader(cursor, high, static_cast<size_t>(std::max<int64_t>(0, positions_max)), out)
            .Read());
  }
  if (cursor.left() != 0) return Bad("bytes follow its end");
  return out;
}

}  // namespace firn::lake
