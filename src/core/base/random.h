// Randomness as a part that is passed in. Both kinds may be called from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace firn {

class Random {
 public:
  virtual ~Random() = default;
  [[nodiscard]] virtual uint64_t Next() = 0;

  // Uniform in [0, bound); bound > 0.
  [[nodiscard]] uint64_t Below(uint64_t bound);
  // Uniform in [0, 1).
  [[nodiscard]] double Unit();
  // `count` bytes.
  [[nodiscard]] std::string Bytes(size_t count);
};

// From the operating system: for keys, tokens, trace ids and jitter.
[[nodiscard]] Random& SystemRandom();
// The same sequence for the same seed, on every machine (SplitMix64).
[[nodiscard]] std::unique_ptr<Random> SeededRandom(uint64_t seed);

// A random (version 4) UUID in lower-case text form, RFC 9562.
[[nodiscard]] std::string NewUuid(Random& random);

}  // namespace firn
