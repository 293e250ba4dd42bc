// What could go wrong in production: a number that another engine decodes differently, at the
// border of a run, a block or a byte.
#include "ends/lake/parquet/encodings.h"

#include <gtest/gtest.h>
#include <parquet/column_reader.h>
#include <parquet/encoding.h>

#include <limits>
#include <random>
#include <vector>

namespace firn::lake {
namespace {

template <typename DType, typename T>
std::vector<T> DecodeDeltas(const PageBytes& page, size_t count) {
  auto decoder = parquet::MakeTypedDecoder<DType>(parquet::Encoding::DELTA_BINARY_PACKED);
  decoder->SetData(static_cast<int>(count), page.data(), static_cast<int>(page.size()));
  std::vector<T> values(count);
  EXPECT_EQ(decoder->Decode(values.data(), static_cast<int>(count)), static_cast<int>(count));
  return values;
}

// Levels with their length in front, as a page of version 1 has them.
std::vector<int16_t> DecodeLevels(const PageBytes& runs, int most, size_t count) {
  PageBytes page;
  const auto bytes = static_cast<uint32_t>(runs.size());
  page.Append(&bytes, sizeof bytes);
  page.Append(runs.data(), runs.size());
  parquet::LevelDecoder decoder;
  decoder.SetData(parquet::Encoding::RLE, static_cast<int16_t>(most), static_cast<int>(count),
                  page.data(), static_cast<int32_t>(page.size()));
  std::vector<int16_t> levels(count);
  EXPECT_EQ(decoder.Decode(static_cast<int>(count), levels.data()), static_cast<int>(count));
  return levels;
}

TEST(Deltas, DecodeToWhatTheyWere) {
  std::mt19937_64 random(7);
  for (const size_t count : {1, 2, 31, 32, 33, 127, 128, 129, 130, 160, 161, 257, 20'000}) {
    for (const int bits : {0, 1, 7, 31, 32, 33, 50, 63, 64}) {
      std::vector<int64_t> longs(count);
      std::vector<int32_t> ints(count);
      for (size_t i = 0; i < count; ++i) {
        longs[i] = bits == 0 ? 5 : static_cast<int64_t>(random() >> (64 - bits));
        ints[i] = static_cast<int32_t>(longs[i]);
      }
      PageBytes page;
      AppendDeltas(longs, page);
      EXPECT_EQ((DecodeDeltas<parquet::Int64Type, int64_t>(page, count)), longs)
          << count << " of " << bits;
      page.Resize(0);
      AppendDeltas(ints, page);
      EXPECT_EQ((DecodeDeltas<parquet::Int32Type, int32_t>(page, count)), ints)
          << count << " of " << bits;
    }
  }
}

TEST(Deltas, OfTheLeastAndGreatestNumberWrapAround) {
  constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
  constexpr int64_t kGreatest = std::numeric_limits<int64_t>::max();
  const std::vector<int64_t> longs = {kLeast, kGreatest, kLeast, 0, kGreatest, -1, kLeast};
  PageBytes page;
  AppendDeltas(longs, page);
  EXPECT_EQ((DecodeDeltas<parquet::Int64Type, int64_t>(page, longs.size())), longs);
  const std::vector<int32_t> ints = {INT32_MIN, INT32_MAX, INT32_MIN, 0, INT32_MAX, -1};
  page.Resize(0);
  AppendDeltas(ints, page);
  EXPECT_EQ((DecodeDeltas<parquet::Int32Type, int32_t>(page, ints.size())), ints);
}

TEST(Hybrid, DecodesToWhatItWasWhateverItsRuns) {
  std::mt19937 random(11);
  for (int round = 0; round < 300; ++round) {
    const int most = round % 3 + 1;
    std::vector<uint32_t> values;
    while (values.size() < static_cast<size_t>(round * 3 + 1)) {
      const size_t run = random() % 2 == 0 ? 1 : random() % 40 + 1;
      values.insert(values.end(), run, random() % static_cast<uint32_t>(most + 1));
    }
    PageBytes runs;
    AppendHybrid(values, BitWidth(static_cast<uint64_t>(most)), runs);
    const std::vector<int16_t> levels = DecodeLevels(runs, most, values.size());
    EXPECT_TRUE(std::equal(values.begin(), values.end(), levels.begin(), levels.end())) << round;
  }
}

TEST(Hybrid, OfEqualValuesIsShort) {
  PageBytes runs;
  AppendHybrid(std::vector<uint32_t>(20'000, 3), 15, runs);
  EXPECT_LE(runs.size(), 8U);
}

TEST(Hybrid, OfPackedBitsIsTheSame) {
  std::vector<uint8_t> bits = {0b10110010, 0b00000101};
  PageBytes runs;
  AppendHybridBits(bits.data(), 11, runs);
  EXPECT_EQ(DecodeLevels(runs, 1, 11), (std::vector<int16_t>{0, 1, 0, 0, 1, 1, 0, 1, 1, 0, 1}));
  PageBytes run;
  AppendHybridRun(1, 1000, 1, run);
  EXPECT_EQ(DecodeLevels(run, 1, 1000), std::vector<int16_t>(1000, 1));
}

TEST(CopiedBits, LieWhereTheyShouldWhateverTheOffsets) {
  std::mt19937 random(3);
  std::vector<uint8_t> from(40);
  for (uint8_t& byte : from) byte = static_cast<uint8_t>(random());
  const auto bit = [](const std::vector<uint8_t>& bits, size_t at) {
    return (bits[at / 8] >> (at % 8) & 1) != 0;
  };
  for (size_t offset = 0; offset < 20; ++offset) {
    for (size_t at = 0; at < 20; ++at) {
      for (const size_t count : {0, 1, 7, 8, 9, 30, 200}) {
        std::vector<uint8_t> to(40, 0);
        const size_t before = CopyBits(nullptr, 0, at, to.data(), 0);
        EXPECT_EQ(before, at);
        const size_t ones =
            CopyBits(from.data(), static_cast<int64_t>(offset), count, to.data(), at);
        size_t expected = 0;
        for (size_t i = 0; i < count; ++i) {
          ASSERT_EQ(bit(to, at + i), bit(from, offset + i)) << offset << " " << at << " " << i;
          expected += bit(from, offset + i) ? 1 : 0;
        }
        EXPECT_EQ(ones, expected);
        for (size_t i = 0; i < at; ++i) ASSERT_TRUE(bit(to, i));
        ASSERT_FALSE(bit(to, at + count));
      }
    }
  }
}

}  // namespace
}  // namespace firn::lake
