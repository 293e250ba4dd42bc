// What could go wrong in production: rows of a large sort that are lost, doubled or out of order at
// the edge between memory and disk, files that stay behind.
#include "sandbox/soql/key_sorter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <tuple>

#include "tests/support/test_folder.h"

namespace firn::sandbox::soql {
namespace {

struct Row {
  std::string key;
  int64_t number;
  bool operator<(const Row& other) const {
    return std::tie(key, number) < std::tie(other.key, other.number);
  }
};

std::vector<Row> SomeRows(size_t count) {
  std::mt19937 random(7);
  std::vector<Row> rows;
  for (size_t i = 0; i < count; ++i) {
    std::string key(random() % 20, 'x');
    for (char& c : key) c = static_cast<char>(random() % 256);
    rows.push_back({std::move(key), static_cast<int64_t>(random() % 1000)});
  }
  rows.push_back({std::string(400'000, 'y'), 1});  // larger than a read
  return rows;
}

std::vector<int64_t> Sorted(const std::vector<Row>& rows, KeySorter& sorter) {
  for (const Row& row : rows) EXPECT_TRUE(sorter.Add(row.key, row.number));
  EXPECT_TRUE(sorter.Finish());
  std::vector<int64_t> numbers;
  for (;;) {
    const auto next = sorter.Next();
    EXPECT_TRUE(next) << next.error().OneLine();
    if (!next || !*next) return numbers;
    numbers.push_back(**next);
  }
}

std::vector<int64_t> Expected(std::vector<Row> rows, size_t keep_max) {
  std::sort(rows.begin(), rows.end());
  rows.resize(std::min(rows.size(), keep_max));
  std::vector<int64_t> numbers;
  for (const Row& row : rows) numbers.push_back(row.number);
  return numbers;
}

TEST(KeySorter, SameOrderInMemoryAndOverFiles) {
  const auto rows = SomeRows(5000);
  const TestFolder folder;
  for (const size_t memory : {size_t{3000}, size_t{100'000}, size_t{100} << 20}) {
    for (const size_t keep : {size_t{1}, size_t{700}, size_t{2100}, SIZE_MAX}) {
      KeySorter sorter({.keep_max = keep, .memory_bytes_max = memory, .folder = folder.path()});
      const auto numbers = Sorted(rows, sorter);
      EXPECT_EQ(numbers, Expected(rows, keep)) << memory << " " << keep;
      if (memory == 3000 && keep == SIZE_MAX) {
        EXPECT_GT(sorter.files(), 10U);
      }
    }
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path())) << "the files have no names";
}

TEST(KeySorter, FolderThatIsGoneIsAnErrorWithItsName) {
  KeySorter sorter({.keep_max = SIZE_MAX, .memory_bytes_max = 1, .folder = "/nowhere/at/all"});
  ASSERT_TRUE(sorter.Add("a", 1));
  const auto refused = sorter.Add("b", 2);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), "SBX-QUERY-003");
  EXPECT_EQ(refused.error().where(), "/nowhere/at/all");
}

TEST(KeySorter, NothingAddedIsNothingGiven) {
  KeySorter sorter({.keep_max = SIZE_MAX, .memory_bytes_max = 1, .folder = "."});
  EXPECT_TRUE(Sorted({}, sorter).empty());
}

}  // namespace
}  // namespace firn::sandbox::soql
