// What could go wrong in production: folded rows land in another order than they were read in and
// the index points at others, damage in the middle of a file goes unseen, a merge that gives up
// waits for its reader for ever.
#include "ends/lake/merge/read_ahead.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <atomic>

namespace firn::lake {
namespace {

constexpr int64_t kRows = 10;

// Batches whose one column counts on, up to an error or the end.
class Counting final : public internal::ParquetSource {
 public:
  Counting(int batches, bool breaks, std::atomic<int>* asked)
      : batches_(batches), breaks_(breaks), asked_(asked) {}

  int64_t first_row() const override { return first_; }
  int64_t row_groups_spared() const override { return 0; }
  int64_t rows_spared() const override { return 0; }

  Result<std::shared_ptr<arrow::RecordBatch>> Next(const Call& /*call*/) override {
    ++*asked_;
    if (given_ == batches_) {
      if (breaks_) return Fail(Error(Kind::kCorrupt, "LAKE-READ-001", "the file is damaged"));
      return std::shared_ptr<arrow::RecordBatch>();
    }
    first_ = kRows * given_++;
    arrow::Int64Builder numbers;
    for (int64_t row = 0; row < kRows; ++row) EXPECT_TRUE(numbers.Append(first_ + row).ok());
    return arrow::RecordBatch::Make(arrow::schema({arrow::field("n", arrow::int64())}), kRows,
                                    {numbers.Finish().ValueOrDie()});
  }

 private:
  int batches_;
  bool breaks_;
  std::atomic<int>* asked_;
  int given_ = 0;
  int64_t first_ = 0;
};

std::unique_ptr<internal::ParquetSource> Source(int batches, bool breaks, std::atomic<int>& asked) {
  return std::make_unique<Counting>(batches, breaks, &asked);
}

TEST(ReadAheadTest, GivesEveryBatchInOrderWithItsPlace) {
  std::atomic<int> asked{0};
  ReadAhead ahead(Call(), Source(50, false, asked));
  for (int64_t batch = 0; batch < 50; ++batch) {
    const auto part = ahead.Next();
    ASSERT_TRUE(part);
    ASSERT_NE(part->rows, nullptr);
    EXPECT_EQ(part->first_row, batch * kRows);
    const auto& numbers = static_cast<const arrow::Int64Array&>(*part->rows->column(0));
    EXPECT_EQ(numbers.Value(0), part->first_row);
  }
  const auto end = ahead.Next();
  ASSERT_TRUE(end);
  EXPECT_EQ(end->rows, nullptr);
  EXPECT_EQ(asked, 51);
}

TEST(ReadAheadTest, TellsOfDamageBehindTheBatchesThatWereWhole) {
  std::atomic<int> asked{0};
  ReadAhead ahead(Call(), Source(3, true, asked));
  for (int batch = 0; batch < 3; ++batch) ASSERT_TRUE(ahead.Next());
  const auto broken = ahead.Next();
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code(), "LAKE-READ-001");
}

TEST(ReadAheadTest, EndsWithItsOwnerAndReadsNoMoreThanItMayHold) {
  std::atomic<int> asked{0};
  {
    ReadAhead ahead(Call(), Source(1000, false, asked));
    ASSERT_TRUE(ahead.Next());
  }
  // One taken, two waiting, one in the reader's hand, one asked for as the owner left.
  EXPECT_LE(asked, 5);
}

}  // namespace
}  // namespace firn::lake
