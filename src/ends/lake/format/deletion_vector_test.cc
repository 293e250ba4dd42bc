// What could go wrong in production: a deleted row comes back because a vector was read wrongly, or
// a damaged one fells the process.
#include "ends/lake/format/deletion_vector.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/base/encoding.h"
#include "ends/lake/format/roaring.h"

namespace firn::lake {
namespace {

std::vector<int64_t> Range(int64_t first, int64_t count, int64_t step = 1) {
  std::vector<int64_t> out;
  for (int64_t i = 0; i < count; ++i) out.push_back(first + i * step);
  return out;
}

TEST(DeletionVector, EveryKindOfSetComesBack) {
  std::vector<std::vector<int64_t>> sets = {{},
                                            {0},
                                            {7, 65535, 65536},
                                            Range(0, 4096),
                                            Range(0, 4097),
                                            Range(5, 70000),
                                            Range(3, 5000, 1000),
                                            {1, (1LL << 32) + 5, (1LL << 33) + 65536}};
  for (const auto& set : sets) {
    const auto read =
        ReadDeletionVector(WriteDeletionVector(set), static_cast<int64_t>(set.size()));
    ASSERT_TRUE(read) << read.error().OneLine();
    EXPECT_EQ(*read, set);
  }
}

TEST(DeletionVector, RunContainersAreRead) {
  // One bitmap, one run container with values 10 to 14 and 100, by the format's description.
  const std::string bytes = std::string("\1\0\0\0\0\0\0\0", 8) + std::string("\0\0\0\0", 4) +
                            std::string("\x3b\x30\0\0", 4) + "\1" + std::string("\0\0\5\0", 4) +
                            std::string("\2\0\x0a\0\4\0\x64\0\0\0", 10);
  const auto read = ReadRoaring(bytes, 100);
  ASSERT_TRUE(read) << read.error().OneLine();
  EXPECT_EQ(*read, (std::vector<int64_t>{10, 11, 12, 13, 14, 100}));
  EXPECT_FALSE(ReadRoaring(bytes, 5));
}

TEST(DeletionVector, DamageIsSeen) {
  const std::string good = WriteDeletionVector({1, 5, 9});
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x40);
    EXPECT_FALSE(ReadDeletionVector(bad, 3)) << "byte " << i;
    EXPECT_FALSE(ReadDeletionVector(good.substr(0, i), 3)) << "cut at " << i;
  }
  EXPECT_EQ(ReadDeletionVector(good, 4).error().code(), "LAKE-DV-001");
  EXPECT_EQ(ReadDeletionVector(good, 2).error().code(), "LAKE-DV-001");
}

TEST(DeletionVector, APuffinFileHoldsThemWhereItSays) {
  PuffinWriter writer;
  const auto first = writer.Add("file:///a", {1});
  const auto second = writer.Add("file:///b", {2, 3});
  const std::string bytes = writer.Finish();
  EXPECT_TRUE(bytes.starts_with("PFA1"));
  EXPECT_TRUE(bytes.ends_with("PFA1"));
  EXPECT_EQ(first.offset, 4);
  EXPECT_EQ(second.offset, first.offset + first.length);
  const auto at = [&bytes](const PuffinWriter::Blob& blob) {
    return bytes.substr(static_cast<size_t>(blob.offset), static_cast<size_t>(blob.length));
  };
  EXPECT_EQ(*ReadDeletionVector(at(first), 1), (std::vector<int64_t>{1}));
  EXPECT_EQ(*ReadDeletionVector(at(second), 2), (std::vector<int64_t>{2, 3}));
  EXPECT_NE(bytes.find(R"("referenced-data-file":"file:///b","cardinality":"2")"),
            std::string::npos);
}

}  // namespace
}  // namespace firn::lake
