// What could go wrong in production: a record that was erased is still in the file of the outbox,
// in a page that nothing points to, or what waited behind its events waits for ever.
#include "patterns/events/outbox/outbox_forget.h"

#include <gtest/gtest.h>

#include "core/base/file.h"
#include "core/base/time_text.h"
#include "patterns/events/outbox/outbox_store.h"
#include "tests/support/test_folder.h"

namespace firn::events {
namespace {

const std::string kRecord = "001000000000007AAA";

class OutboxForget : public testing::Test {
 protected:
  void SetUp() override { Open(); }
  void Open() {
    auto opened = OutboxStore::Open(folder_.path(), OutboxStore::Use::kEngine);
    ASSERT_TRUE(opened) << opened.error().OneLine();
    store_ = *opened;
  }
  void Add(const std::string& id, const std::string& record, const std::string& group = "") {
    const NewEvent one = {
        *ParseRuleEvent(R"({"id":")" + id + R"(","source":"s","detail-type":"d",)" +
                        R"("account":"1","region":"r","detail":{"payload":{)" +
                        R"("ChangeEventHeader":{"changeType":"UPDATE",)" + R"("recordIds":[")" +
                        record + R"("],"commitTimestamp":1,"transactionKey":"t)" + id +
                        R"(","sequenceNumber":1}}}})"),
        {{"r/t", group}}};
    ASSERT_TRUE(store_->Add(std::span(&one, 1), now_));
  }
  std::vector<WaitingDelivery> Due() {
    DueQuery query;
    query.target = "r/t";
    query.now = now_;
    query.most = 10;
    return *store_->Due(query);
  }
  void End(DeliveryOutcome::State state) {
    DeliveryOutcome outcome;
    outcome.id = Due()[0].id;
    outcome.state = state;
    outcome.letter.died = now_;
    ASSERT_TRUE(store_->Record(std::span(&outcome, 1), now_));
  }

  TestFolder folder_;
  std::shared_ptr<OutboxStore> store_;
  UtcMicros now_ = *ParseInstant("2026-11-26T02:00:00Z");
};

TEST_F(OutboxForget, ARecordIsInNoByteOfTheFileAfterwardsAndItsGroupGoesOn) {
  Add("old", kRecord);
  End(DeliveryOutcome::State::kDelivered);
  now_ += std::chrono::hours(100);
  ASSERT_TRUE(store_->Prune(now_, {})) << "its bytes lie in free pages now";
  Add("dead", kRecord);
  End(DeliveryOutcome::State::kDead);
  Add("first", kRecord, "group");
  Add("second", "001000000000008AAA", "group");
  const auto looked = ForgetInOutbox(folder_.path(), kRecord, false);
  ASSERT_TRUE(looked) << looked.error().OneLine();
  EXPECT_EQ(looked->events, 2);
  EXPECT_EQ(looked->waiting, 1);
  EXPECT_EQ(looked->letters, 1);
  EXPECT_EQ(Due()[0].event.id, "first") << "looking removes nothing";

  store_.reset();
  const auto removed = ForgetInOutbox(folder_.path(), kRecord, true);
  ASSERT_TRUE(removed) << removed.error().OneLine();
  for (const char* suffix : {"", "-wal"}) {
    if (!FileExists(OutboxPath(folder_.path()) + suffix)) continue;
    EXPECT_EQ(ReadFile(OutboxPath(folder_.path()) + suffix)->find(kRecord.substr(0, 15)),
              std::string::npos)
        << suffix;
  }
  Open();
  ASSERT_EQ(Due().size(), 1U);
  EXPECT_EQ(Due()[0].event.id, "second") << "what was behind it in its group is first now";
  EXPECT_TRUE(store_->Letters("", 10)->empty());
}

TEST_F(OutboxForget, WhileSomebodyDeliversNothingIsRemovedAndThatIsSaid) {
  Add("first", kRecord);
  const auto refused = ForgetInOutbox(folder_.path(), kRecord, true);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), "EVENT-OUTBOX-001");
  EXPECT_EQ(Due().size(), 1U);
}

TEST_F(OutboxForget, AProjectWithoutEventsHoldsNone) {
  const TestFolder empty;
  const auto found = ForgetInOutbox(empty.path(), kRecord, true);
  ASSERT_TRUE(found) << found.error().OneLine();
  EXPECT_EQ(found->events + found->waiting + found->letters, 0);
}

}  // namespace
}  // namespace firn::events
