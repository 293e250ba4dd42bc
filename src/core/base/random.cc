#include "core/base/random.h"

#include <sys/random.h>

#include <atomic>
#include <cstring>

#include "core/base/error.h"

namespace firn {
namespace {

class OsRandom final : public Random {
 public:
  [[nodiscard]] uint64_t Next() override {
    uint64_t value = 0;
    // Requests of up to 256 bytes are never interrupted (getrandom(2)).
    FIRN_ASSERT(getrandom(&value, sizeof value, 0) == sizeof value);
    return value;
  }
};

class SplitMix final : public Random {
 public:
  explicit SplitMix(uint64_t seed) : state_(seed) {}
  [[nodiscard]] uint64_t Next() override {
    uint64_t z = state_.fetch_add(0x9e3779b97f4a7c15ULL) + 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }

 private:
  std::atomic<uint64_t> state_;
};

}  // namespace

uint64_t Random::Below(uint64_t bound) {
  FIRN_ASSERT(bound > 0);
  // Lemire's multiply-shift; the bias of 2^-64 x bound does not matter to any caller.
  return static_cast<uint64_t>((static_cast<unsigned __int128>(Next()) * bound) >> 64);
}

double Random::Unit() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }

std::string Random::Bytes(size_t count) {
  std::string bytes(count, '\0');
  for (size_t at = 0; at < count; at += sizeof(uint64_t)) {
    const uint64_t value = Next();
    std::memcpy(bytes.data() + at, &value, std::min(sizeof value, count - at));
  }
  return bytes;
}

Random& SystemRandom() {
  static OsRandom random;
  return random;
}

std::unique_ptr<Random> SeededRandom(uint64_t seed) { return std::make_unique<SplitMix>(seed); }

std::string NewUuid(Random& random) {
  std::string bytes = random.Bytes(16);
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += kHex[static_cast<uint8_t>(bytes[i]) >> 4];
    text += kHex[static_cast<uint8_t>(bytes[i]) & 15];
  }
  return text;
}

}  // namespace firn
