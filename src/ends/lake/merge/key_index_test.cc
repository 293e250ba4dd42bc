// What could go wrong in production: two records share an index entry and one is overwritten, an
// erased key hides another one, the index takes more memory than the machine has.
#include "ends/lake/merge/key_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>

#include "ends/lake/merge/orders.h"

namespace firn::lake {
namespace {

constexpr HashSeed kSeed{0x0706050403020100, 0x0f0e0d0c0b0a0908};

TEST(MergeKeyTest, IdsAreKeptExactlyAndOtherTextsApart) {
  std::map<MergeKey, std::string> seen;
  for (const char* text :
       {"001000000000001AAA", "001000000000001AAB", "001000000000001", "001000000000002AAA",
        "00100000000000aAAA", "00100000000000AAAQ", "", "a", "001000000000001aaa"}) {
    const auto [at, added] = seen.emplace(KeyOfText(text, kSeed), text);
    EXPECT_TRUE(added) << text << " and " << at->second;
  }
  EXPECT_TRUE(seen.emplace(KeyOfNumber(1), "1").second);
  EXPECT_TRUE(seen.emplace(KeyOfNumber(-1), "-1").second);
  // An Id does not depend on the seed, other text does.
  EXPECT_EQ(KeyOfText("001000000000001AAA", kSeed), KeyOfText("001000000000001AAA", {}));
  EXPECT_NE(KeyOfText("001000000000001AAB", kSeed), KeyOfText("001000000000001AAB", {}));
}

TEST(MergeKeyTest, SipHashGivesTheReferenceVectors) {
  // First two of vectors_sip128 in the reference implementation, as little-endian words.
  EXPECT_EQ(SipHash128("", kSeed),
            (std::array<uint64_t, 2>{0xe6a825ba047f81a3, 0x930255c71472f66d}));
  EXPECT_EQ(SipHash128(std::string(1, '\0'), kSeed),
            (std::array<uint64_t, 2>{0x44af996bd8c187da, 0x45fc229b11597634}));
}

TEST(KeyIndexTest, RandomChangesAreThoseOfAMap) {
  std::mt19937 random(11);
  KeyIndex index;
  std::map<MergeKey, RowPlace> model;
  for (int step = 0; step < 200'000; ++step) {
    const MergeKey key = KeyOfNumber(random() % 5000);
    const auto known = model.find(key);
    const auto before = known == model.end() ? std::nullopt : std::optional(known->second);
    if (random() % 3 == 0) {
      ASSERT_EQ(index.Erase(key), before);
      model.erase(key);
    } else {
      const RowPlace place{static_cast<uint32_t>(random() % 7), static_cast<uint32_t>(step)};
      ASSERT_EQ(index.Set(key, place), before);
      model[key] = place;
    }
  }
  index.EraseIf([](RowPlace place) { return place.file == 3; });
  std::erase_if(model, [](const auto& entry) { return entry.second.file == 3; });
  ASSERT_EQ(index.rows(), std::ssize(model));
  for (int number = 0; number < 5000; ++number) {
    const auto known = model.find(KeyOfNumber(number));
    ASSERT_EQ(index.Find(KeyOfNumber(number)),
              known == model.end() ? std::nullopt : std::optional(known->second));
  }
  int64_t seen = 0;
  index.Each([&](const MergeKey& key, RowPlace place) { seen += model.at(key) == place ? 1 : 0; });
  EXPECT_EQ(seen, std::ssize(model));
  index.Clear();
  EXPECT_EQ(index.rows(), 0);
  EXPECT_FALSE(index.Find(KeyOfNumber(1)));
}

TEST(KeyIndexTest, ARowMovesOnlyFromWhereItStands) {
  KeyIndex index;
  index.Expect(KeyOfNumber(1));
  EXPECT_FALSE(index.Move(KeyOfNumber(1), {0, 4}, {1, 5}));
  EXPECT_EQ(index.rows(), 0);
  index.Set(KeyOfNumber(1), {0, 4});
  EXPECT_FALSE(index.Move(KeyOfNumber(1), {0, 3}, {1, 5}));
  EXPECT_EQ(index.Find(KeyOfNumber(1)), (RowPlace{0, 4}));
  EXPECT_TRUE(index.Move(KeyOfNumber(1), {0, 4}, {1, 5}));
  EXPECT_EQ(index.Find(KeyOfNumber(1)), (RowPlace{1, 5}));
  EXPECT_EQ(index.rows(), 1);
}

TEST(KeyIndexTest, ARowTakesAtMostFortyBytesAlsoWhileItGrows) {
  KeyIndex index;
  for (int64_t row = 0; row < 600'000; ++row) {
    index.Set(KeyOfNumber(row), {0, static_cast<uint32_t>(row)});
    if (row >= 100'000 && row % 1000 == 0) {
      ASSERT_LE(index.bytes_peak(), (row + 1) * 40) << row;
    }
  }
}

TEST(RecentOrdersTest, TheLastHalfOfTheAllowedKeysIsAlwaysKnown) {
  RecentOrders orders(100);
  for (int64_t number = 0; number < 1000; ++number) {
    orders.Set(KeyOfNumber(number), number);
    for (int64_t back = 0; back < 50 && back <= number; ++back)
      ASSERT_EQ(orders.Get(KeyOfNumber(number - back), -1), number - back);
    ASSERT_LE(orders.size(), 100U);
  }
  EXPECT_EQ(orders.Get(KeyOfNumber(1), -1), -1);
}

}  // namespace
}  // namespace firn::lake
