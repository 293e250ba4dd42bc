#include "core/record/csv_tokens.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace firn::record {
namespace {

// Bit i = XOR of bits 0..i.
uint64_t PrefixXorPlain(uint64_t bits) {
  for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  return bits;
}

// Quote state carried from one 64-byte chunk to the next.
struct Carry {
  uint64_t in_quotes = 0;        // all ones when the chunk begins inside quotes
  uint64_t after_separator = 1;  // bit 0: the byte before was a separator, or none
  uint64_t after_quote = 0;      // bit 0: the byte before was a quote
};

struct Masks {
  uint64_t separators;  // outside quotes
  uint64_t doubled;     // the second quote of a doubled one
  uint64_t stray;       // an opening quote behind something else
};

inline Masks Classify(uint64_t quotes, uint64_t separators, uint64_t prefix, Carry& carry) {
  const uint64_t inside = prefix ^ carry.in_quotes;  // opening quote included, closing excluded
  const uint64_t outside_separators = separators & ~inside;
  const uint64_t opening = quotes & inside;
  const uint64_t after_separator = outside_separators << 1 | carry.after_separator;
  const uint64_t after_quote = quotes << 1 | carry.after_quote;
  const uint64_t inner = opening & ~after_separator;
  carry.in_quotes = static_cast<uint64_t>(static_cast<int64_t>(inside) >> 63);
  carry.after_separator = outside_separators >> 63;
  carry.after_quote = quotes >> 63;
  return {outside_separators, inner & after_quote, inner & ~after_quote};
}

uint64_t MaskPlain(const char* data, size_t count, char a, char b) {
  uint64_t mask = 0;
  for (size_t i = 0; i < count; ++i) {
    mask |= static_cast<uint64_t>(data[i] == a || data[i] == b) << i;
  }
  return mask;
}

}  // namespace

struct CsvTokens::Bits {
  Masks masks;
};

bool HasVectorInstructions() {
#if defined(__x86_64__)
  static const bool has = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("pclmul") &&
                          __builtin_cpu_supports("bmi") && __builtin_cpu_supports("popcnt");
  return has;
#else
  return false;
#endif
}

void CsvTokens::Reserve(size_t size) {
  // One end a byte at most, the one before the block, and the slack of unconditional stores.
  const size_t need = size + 1 + 64;
  if (need > room_) {
    ends_ = std::make_unique_for_overwrite<uint32_t[]>(need);
    room_ = need;
  }
  ends_[0] = static_cast<uint32_t>(-1);
  cells_ = 0;
  escaped_.clear();
  stray_quote_cell_ = SIZE_MAX;
}

inline void CsvTokens::TakeChunk(const Bits& bits, uint32_t base) {
  const Masks& masks = bits.masks;
  for (uint64_t left = masks.doubled | masks.stray; left != 0; left &= left - 1) {
    const uint64_t bit = left & (~left + 1);
    const size_t cell =
        cells_ + static_cast<size_t>(__builtin_popcountll(masks.separators & (bit - 1)));
    if ((bit & masks.stray) != 0) {
      if (stray_quote_cell_ == SIZE_MAX) stray_quote_cell_ = cell;
    } else {
      escaped_.push_back(static_cast<uint32_t>(cell));
    }
  }
  uint32_t* out = ends_.get() + 1 + cells_;
  const int count = __builtin_popcountll(masks.separators);
  uint64_t left = masks.separators;
  // Four stores without asking: most chunks hold fewer separators than that.
  for (int i = 0; i < 4; ++i) {
    out[i] = base + static_cast<uint32_t>(__builtin_ctzll(left | 1ULL << 63));
    left &= left - 1;
  }
  if (count > 4) [[unlikely]] {
    for (int i = 4; i < count; ++i) {
      out[i] = base + static_cast<uint32_t>(__builtin_ctzll(left));
      left &= left - 1;
    }
  }
  cells_ += static_cast<size_t>(count);
}

void CsvTokens::FindPlain(const char* data, size_t size, char delimiter) {
  Carry carry;
  for (size_t at = 0; at < size; at += 64) {
    const size_t count = size - at < 64 ? size - at : 64;
    const uint64_t quotes = MaskPlain(data + at, count, '"', '"');
    const uint64_t separators = MaskPlain(data + at, count, delimiter, '\n');
    TakeChunk({Classify(quotes, separators, PrefixXorPlain(quotes), carry)},
              static_cast<uint32_t>(at));
  }
  open_quote_ = carry.in_quotes != 0;
}

#if defined(__x86_64__)
__attribute__((target("avx2,pclmul,bmi,popcnt"))) void CsvTokens::FindVector(const char* data,
                                                                             size_t size,
                                                                             char delimiter) {
  const __m256i quote = _mm256_set1_epi8('"');
  const __m256i comma = _mm256_set1_epi8(delimiter);
  const __m256i newline = _mm256_set1_epi8('\n');
  const __m128i ones = _mm_set1_epi8(static_cast<char>(0xff));
  Carry carry;
  for (size_t at = 0; at < size; at += 64) {
    const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(data + at));
    const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(data + at + 32));
    const auto mask = [](__m256i a, __m256i b) __attribute__((target("avx2"))) {
      return static_cast<uint64_t>(static_cast<uint32_t>(_mm256_movemask_epi8(a))) |
             static_cast<uint64_t>(static_cast<uint32_t>(_mm256_movemask_epi8(b))) << 32;
    };
    uint64_t quotes = mask(_mm256_cmpeq_epi8(low, quote), _mm256_cmpeq_epi8(high, quote));
    uint64_t separators =
        mask(_mm256_or_si256(_mm256_cmpeq_epi8(low, comma), _mm256_cmpeq_epi8(low, newline)),
             _mm256_or_si256(_mm256_cmpeq_epi8(high, comma), _mm256_cmpeq_epi8(high, newline)));
    if (size - at < 64) {
      const uint64_t valid = (1ULL << (size - at)) - 1;
      quotes &= valid;
      separators &= valid;
    }
    const uint64_t prefix = static_cast<uint64_t>(_mm_cvtsi128_si64(
        _mm_clmulepi64_si128(_mm_set_epi64x(0, static_cast<long long>(quotes)), ones, 0)));
    TakeChunk({Classify(quotes, separators, prefix, carry)}, static_cast<uint32_t>(at));
  }
  open_quote_ = carry.in_quotes != 0;
}
#else
void CsvTokens::FindVector(const char* data, size_t size, char delimiter) {
  FindPlain(data, size, delimiter);
}
#endif

void CsvTokens::Find(const char* data, size_t size, char delimiter, bool vector_instructions) {
  Reserve(size);
  if (vector_instructions && HasVectorInstructions()) {
    FindVector(data, size, delimiter);
  } else {
    FindPlain(data, size, delimiter);
  }
}

}  // namespace firn::record
