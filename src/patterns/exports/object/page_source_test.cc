// What could go wrong: a page is skipped or handed out twice, a page given back ends elsewhere the
// second time, a resumed chain forgets its end.
#include "patterns/exports/object/page_source.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "patterns/exports/fake_bulk.h"

namespace firn::exports {
namespace {

const UtcMicros kNoon{std::chrono::microseconds(1'790'000'000'000'000)};

// The ledger's rows in memory; saved as a process would find them.
class MemoryPages final : public PageLedger {
 public:
  std::map<uint64_t, state::PageRow> pages;
  uint64_t listed = 0;
  std::string list_next;
  bool list_done = false;

  Result<void> AddPages(const std::vector<state::PageRow>& added, std::string next,
                        bool done) override {
    std::lock_guard lock(mutex_);
    for (const auto& page : added) pages.emplace(page.ordinal, page);
    listed += added.size();
    list_next = std::move(next);
    list_done = done;
    return {};
  }
  Result<void> PageOpened(const state::PageRow& page, const state::PageRow* next) override {
    std::lock_guard lock(mutex_);
    pages.at(page.ordinal).rows = page.rows;
    if (next != nullptr) pages.emplace(next->ordinal, *next);
    return {};
  }
  Result<void> SplitPage(uint64_t ordinal, const std::vector<state::PageRow>& parts) override {
    std::lock_guard lock(mutex_);
    EXPECT_EQ(pages.erase(ordinal), 1U);
    for (const auto& page : parts) pages.emplace(page.ordinal, page);
    return {};
  }
  [[nodiscard]] std::vector<state::PageRow> Known() const {
    std::vector<state::PageRow> rows;
    for (const auto& [ordinal, page] : pages) rows.push_back(page);
    return rows;
  }

 private:
  std::mutex mutex_;
};

std::vector<std::string> IdsOf(net::BodyStream& body) {
  std::vector<std::string> ids;
  std::string text;
  for (;;) {
    auto piece = body.Read(1000);
    if (!piece || piece->empty()) break;
    text += *piece;
  }
  size_t at = text.find('\n') + 1;
  while (at < text.size()) {
    const size_t end = text.find('\n', at);
    ids.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return ids;
}

class PageSourceTest : public ::testing::Test {
 protected:
  PageSourceTest() : clock_(kNoon) { call_.clock = &clock_; }
  PageSource Source() {
    return {bulk_,
            ledger_,
            {.job_id = "750",
             .parallel = bulk_.parallel,
             .pages_listed = ledger_.listed,
             .list_next = ledger_.list_next,
             .list_done = ledger_.list_done},
            ledger_.Known()};
  }
  void StartChain() { ledger_.pages[0] = {.ordinal = 0}; }
  // Reads all that is left; each id must come once.
  void Drain(PageSource& source, std::set<std::string>& ids) {
    for (;;) {
      auto open = source.Next(call_);
      ASSERT_TRUE(open) << open.error().OneLine();
      if (!open->has_value()) return;
      for (const std::string& id : IdsOf(*(*open)->body)) {
        EXPECT_TRUE(ids.insert(id).second) << id;
      }
    }
  }
  ManualClock clock_;
  Call call_;
  FakeBulk bulk_;
  MemoryPages ledger_;
};

TEST_F(PageSourceTest, ChainGivesEachRowOnce) {
  bulk_.rows = 35;
  StartChain();
  PageSource source = Source();
  std::set<std::string> ids;
  Drain(source, ids);
  EXPECT_EQ(ids.size(), 35U);
  EXPECT_EQ(ledger_.pages.size(), 4U);
  EXPECT_EQ(ledger_.pages.at(3).rows, 5);
}

TEST_F(PageSourceTest, SeveralLanesShareOneChain) {
  bulk_.rows = 500;
  StartChain();
  PageSource source = Source();
  std::array<std::set<std::string>, 3> ids;
  {
    std::vector<std::jthread> lanes;
    for (auto& mine : ids) lanes.emplace_back([&] { Drain(source, mine); });
  }
  std::set<std::string> all;
  for (const auto& mine : ids) all.insert(mine.begin(), mine.end());
  EXPECT_EQ(all.size(), 500U);
  EXPECT_EQ(ids[0].size() + ids[1].size() + ids[2].size(), 500U);
}

TEST_F(PageSourceTest, ParallelPagesAreListedFiveByFive) {
  bulk_.rows = 120;
  bulk_.parallel = true;
  PageSource source = Source();
  std::set<std::string> ids;
  Drain(source, ids);
  EXPECT_EQ(ids.size(), 120U);
  EXPECT_EQ(bulk_.lists, 3);
}

TEST_F(PageSourceTest, ResumedChainBeginsAtThePageThatIsNotDurable) {
  bulk_.rows = 40;
  StartChain();
  {
    PageSource first = Source();
    ASSERT_TRUE(first.Next(call_));
    ASSERT_TRUE(first.Next(call_));
  }
  // Page 0 got into a file, page 1 did not; page 2 is known by its locator alone.
  ledger_.pages.at(0).durable = true;
  ASSERT_EQ(ledger_.pages.size(), 3U);
  bulk_.opened.clear();
  PageSource again = Source();
  std::set<std::string> ids;
  Drain(again, ids);
  EXPECT_EQ(ids.size(), 30U);
  EXPECT_FALSE(ids.contains("\"0\""));
  EXPECT_EQ(bulk_.opened.front(), "10");
}

TEST_F(PageSourceTest, ResumedListGoesOnWhereItWas) {
  bulk_.rows = 120;
  bulk_.parallel = true;
  {
    PageSource first = Source();
    ASSERT_TRUE(first.Next(call_));
  }
  ledger_.pages.at(0).durable = true;
  bulk_.lists = 0;
  PageSource again = Source();
  std::set<std::string> ids;
  Drain(again, ids);
  EXPECT_EQ(ids.size(), 110U);
  EXPECT_EQ(bulk_.lists, 2);
}

TEST_F(PageSourceTest, PageThatBreaksIsReadAgainByItsOwnLocator) {
  bulk_.rows = 30;
  StartChain();
  PageSource source = Source();
  auto first = source.Next(call_);
  ASSERT_TRUE(first && first->has_value());
  ASSERT_TRUE(source.GiveBack(call_, {0}, 0, Error(Kind::kCorrupt, "LAKE-PAGE-001", "cut short")));
  std::set<std::string> ids;
  Drain(source, ids);
  EXPECT_EQ(ids.size(), 30U);
  EXPECT_EQ(source.pages_repeated(), 1);
}

TEST_F(PageSourceTest, SmallerPartsTakeThePlaceOfAPageThatStalls) {
  bulk_.rows = 30;
  StartChain();
  PageSource source = Source();
  ASSERT_TRUE(source.Next(call_));
  bulk_.page_rows = 4;  // the client halves after a stall
  ASSERT_TRUE(source.GiveBack(call_, {0}, 0, Error(Kind::kTimeout, "NET-HTTP-003", "stalled")));
  std::set<std::string> ids;
  Drain(source, ids);
  EXPECT_EQ(ids.size(), 30U);
  EXPECT_FALSE(ledger_.pages.contains(0));
  int64_t rows = 0;
  for (const auto& [ordinal, page] : ledger_.pages) rows += page.rows;
  EXPECT_EQ(rows, 30);
}

TEST_F(PageSourceTest, PageThatNeverComesFailsAfterItsAttempts) {
  bulk_.rows = 30;
  bulk_.open_failures["10"] = 100;
  StartChain();
  PageSource source = Source();
  ASSERT_TRUE(source.Next(call_));
  auto second = source.Next(call_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind(), Kind::kTimeout);
  EXPECT_EQ(bulk_.opened.size(), 1U + 4U);
}

TEST_F(PageSourceTest, PageThatComesLateIsTakenOnce) {
  bulk_.rows = 30;
  bulk_.open_failures["10"] = 2;
  StartChain();
  PageSource source = Source();
  std::set<std::string> ids;
  Drain(source, ids);
  EXPECT_EQ(ids.size(), 30U);
}

TEST_F(PageSourceTest, AnotherHeaderIsNotTriedAgain) {
  bulk_.rows = 30;
  StartChain();
  PageSource source = Source();
  ASSERT_TRUE(source.Next(call_));
  auto again =
      source.GiveBack(call_, {0}, 0, Error(Kind::kCorrupt, "LAKE-PAGE-004", "header differs"));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), "LAKE-PAGE-004");
}

}  // namespace
}  // namespace firn::exports
