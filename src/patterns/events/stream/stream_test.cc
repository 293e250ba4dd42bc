// Where a stream is taken up, and how changes become rows. What could go wrong in production: after
// a crash a table takes a change twice or misses one; a position of another org or instance is
// taken for this one's; a value comes out of an event other than out of an export.
#include <arrow/array/array_binary.h>
#include <arrow/array/array_primitive.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "patterns/events/change/record_id.h"
#include "patterns/events/lake/layout.h"
#include "patterns/events/lake/name_order.h"
#include "patterns/events/lake/recent_commits.h"
#include "patterns/events/lake/rows.h"
#include "patterns/events/stream/cursor.h"
#include "patterns/events/stream/followed_objects.h"
#include "patterns/events/stream/quarantine.h"
#include "patterns/events/stream/start.h"
#include "patterns/events/test_payload.h"
#include "tests/support/test_folder.h"

namespace firn::events {
namespace {

using From = salesforce::ReplayPosition::From;

StreamCursor Cursor(const std::string& replay_id, int64_t cycle) {
  StreamCursor cursor;
  cursor.replay_id = replay_id;
  cursor.cycle = cycle;
  cursor.org_id = "00D1";
  cursor.instance = "USA1";
  return cursor;
}
TableMark Mark(const std::string& from, const std::string& last, int64_t cycle) {
  return {from, last, cycle, "00D1", "USA1", 5};
}
StartFacts Facts() { return {.org_id = "00D1", .instance = "USA1"}; }

TEST(Start, GoesOnBehindTheCursorWhenEveryTableHasSettledItsCycle) {
  StartFacts facts = Facts();
  facts.cursor = Cursor("p9", 9);
  facts.marks = {Mark("p8", "e9", 9), Mark("p2", "e3", 3), std::nullopt};
  const auto plan = PlanStart(facts);
  EXPECT_EQ(plan.position.from, From::kAfter);
  EXPECT_EQ(plan.position.replay_id, "p9");
  EXPECT_EQ(plan.skip_until, (std::vector<std::string>{"", "", ""}));
}

TEST(Start, ATableThatCommittedACycleThatTheCursorDoesNotKnowPassesItsEventsOver) {
  StartFacts facts = Facts();
  facts.cursor = Cursor("p9", 9);
  facts.marks = {Mark("p9", "e10", 10), Mark("p8", "e9", 9)};
  const auto plan = PlanStart(facts);
  EXPECT_EQ(plan.position.replay_id, "p9");
  EXPECT_EQ(plan.cycle, 9);
  EXPECT_EQ(plan.skip_until, (std::vector<std::string>{"e10", ""}));
}

TEST(Start, WithoutACursorTheTablesTellWhereTheNewestCycleBegan) {
  StartFacts facts = Facts();
  facts.marks = {Mark("p6", "e7", 7), Mark("p7", "e8", 8), std::nullopt};
  const auto plan = PlanStart(facts);
  EXPECT_EQ(plan.position.replay_id, "p7");
  EXPECT_EQ(plan.cycle, 7);
  EXPECT_EQ(plan.skip_until, (std::vector<std::string>{"", "e8", ""}));
  EXPECT_FALSE(plan.first);
}

TEST(Start, ACycleThatBeganAtTheOldestEventIsReplayedFromThere) {
  StartFacts facts = Facts();
  facts.marks = {Mark("", "e1", 1)};
  const auto plan = PlanStart(facts);
  EXPECT_EQ(plan.position.from, From::kEarliest);
  EXPECT_EQ(plan.skip_until[0], "e1");
}

TEST(Start, NothingSettledYetBeginsWithTheOldestEvent) {
  StartFacts facts = Facts();
  facts.marks = {std::nullopt};
  const auto plan = PlanStart(facts);
  EXPECT_TRUE(plan.first);
  EXPECT_EQ(plan.position.from, From::kEarliest);
}

TEST(Start, APositionOfAnotherOrgOrInstanceIsLostAndNotTried) {
  StartFacts facts = Facts();
  facts.cursor = Cursor("p9", 9);
  facts.cursor->instance = "EU7";
  EXPECT_NE(PlanStart(facts).lost.find("EU7"), std::string::npos);
  facts.cursor = Cursor("p9", 9);
  facts.cursor->org_id = "00D2";
  EXPECT_FALSE(PlanStart(facts).lost.empty());
  // An instance that the user may not see is not compared.
  facts.cursor = Cursor("p9", 9);
  facts.instance.clear();
  EXPECT_TRUE(PlanStart(facts).lost.empty());
  // The tables' word counts as well.
  StartFacts tables = Facts();
  tables.instance = "EU7";
  tables.marks = {Mark("p6", "e7", 7)};
  EXPECT_FALSE(PlanStart(tables).lost.empty());
}

TEST(Start, Issue4768_1061_APositionOlderThanTheEventsKeptIsLostAndNotTried) {
  constexpr int64_t kHourMs = 3'600'000;
  StartFacts facts = Facts();
  facts.cursor = Cursor("p9", 9);
  facts.cursor->alive_ms = facts.cursor->event_ms = 1'000 * kHourMs;
  facts.now_ms = facts.cursor->alive_ms + 72 * kHourMs;
  EXPECT_TRUE(PlanStart(facts).lost.empty());
  facts.now_ms += kHourMs;
  EXPECT_EQ(PlanStart(facts).lost,
            "the stream was last alive 73 hours ago, events are kept for 72");
  facts.now_ms = 0;
  EXPECT_TRUE(PlanStart(facts).lost.empty()) << "a clock that is not trusted judges nothing";
}

TEST(Order, AChangeBehindALaterOneOfItsRecordIsTold) {
  RecentCommits commits;
  EXPECT_FALSE(commits.IsLate("a", 5));
  EXPECT_FALSE(commits.IsLate("a", 5)) << "of the same transaction";
  EXPECT_TRUE(commits.IsLate("a", 4));
  EXPECT_FALSE(commits.IsLate("b", 4)) << "another record";
  EXPECT_FALSE(commits.IsLate("a", 6));
  EXPECT_FALSE(commits.IsLate("a", 0)) << "it tells no number";
  commits.Clear();
  EXPECT_FALSE(commits.IsLate("a", 1)) << "the stream went back";
  for (size_t i = 0; i <= RecentCommits::kRecordsMax; ++i) {
    EXPECT_FALSE(commits.IsLate("r" + std::to_string(i), 9));
  }
  EXPECT_FALSE(commits.IsLate("a", 1)) << "bounded: the oldest are forgotten";
}

TEST(Cursors, AreReadAsTheyWereWrittenWhateverBytesTheIdsHave) {
  StreamCursor cursor = Cursor(std::string("\0\xff\n\"", 4), 7);
  cursor.event_ms = 1;
  cursor.alive_ms = 2;
  cursor.known_ms = 5;
  cursor.events_total = 3;
  cursor.events_since_ms = 4;
  cursor.lost = "gone";
  EXPECT_EQ(ParseCursor(CursorText(cursor)), cursor);
  EXPECT_EQ(ParseCursor(R"({"cycle":1,"event_ms":7})")->known_ms, 7) << "of an older version";
  const TableMark mark = Mark(std::string("\0\x80", 2), "", 3);
  EXPECT_EQ(ParseMark(MarkText(mark)), mark);
  for (const char* text : {"", "[]", "{}", R"({"cycle":1,"replay_id":"%"})"}) {
    EXPECT_EQ(ParseCursor(text), std::nullopt) << text;
  }
}

TEST(Ids, OfFifteenCharactersAreTheSameAsOfEighteen) {
  EXPECT_EQ(CanonicalId("001D000000IqhSL"), "001D000000IqhSLIAZ");
  EXPECT_EQ(CanonicalId("001D000000IqhSLIAZ"), "001D000000IqhSLIAZ");
  for (const char* id : {"", "001", "001D000000Iqh'L", "001D000000IqhSLIA"}) {
    EXPECT_EQ(CanonicalId(id), std::nullopt) << id;
  }
}

TEST(Topics, AreNamedByTheirObjects) {
  EXPECT_EQ(TopicOfObject("Account"), "/data/AccountChangeEvent");
  EXPECT_EQ(TopicOfObject("Widget__c"), "/data/Widget__ChangeEvent");
}

class Rows : public ::testing::Test {
 protected:
  static constexpr const char* kDescribe =
      R"({"name":"Account","fields":[{"name":"Id","type":"id","nillable":false},)"
      R"({"name":"IsDeleted","type":"boolean"},{"name":"Name","type":"string"},)"
      R"({"name":"BillingStreet","type":"textarea","compoundFieldName":"BillingAddress"},)"
      R"({"name":"BillingCity","type":"string","compoundFieldName":"BillingAddress"},)"
      R"({"name":"BillingAddress","type":"address"},{"name":"Phone","type":"phone"},)"
      R"({"name":"AnnualRevenue","type":"currency","precision":18,"scale":2},)"
      R"({"name":"NumberOfEmployees","type":"int","digits":8},)"
      R"({"name":"Birthdate","type":"date"},{"name":"LastModifiedDate","type":"datetime"},)"
      R"({"name":"SystemModstamp","type":"datetime"},{"name":"IsPartner","type":"boolean"},)"
      R"({"name":"Formula__c","type":"string","calculated":true}]})";
  Rows()
      : plan_(*ChangePlan::Compile(TestAccountSchema())),
        layout_(*record::LayoutFromDescribe(kDescribe, {})),
        map_(MapFields(plan_, layout_)),
        page_(*RowPage::New(layout_)) {}

  std::vector<std::string> Names(const std::vector<int>& fields) const {
    std::vector<std::string> names;
    for (const int field : fields) {
      names.push_back(layout_.schema.fields[static_cast<size_t>(field)].name);
    }
    return names;
  }
  std::string Text(const arrow::RecordBatch& batch, const char* name, int64_t row = 0) const {
    const auto scalar = *batch.GetColumnByName(name)->GetScalar(row);
    return scalar->is_valid ? scalar->ToString() : "null";
  }

  ChangePlan plan_;
  record::Layout layout_;
  FieldMap map_;
  std::unique_ptr<RowPage> page_;
  ChangeRecord record_;
};

TEST_F(Rows, AWholeRecordTellsItsFieldsAndNotThoseThatItsSchemaLacks) {
  TestPayload payload;
  payload.Header({.type = 0}).Some("Ac,\"me\"\n2").Whole(1).Some("Storgata 1").Some("Oslo").Null();
  payload.Null().Some("12").Whole(1).Real(1234.5).SomeWhole(7).Null().SomeWhole(86'400'000);
  payload.SomeWhole(1'795'488'962'000).Whole(1).Boolean(true);
  ASSERT_TRUE(plan_.Decode(payload.bytes(), record_));
  page_->Add(map_, record_, "001D000000IqhSL", {}, nullptr);
  const auto decoded = page_->Take();
  ASSERT_TRUE(decoded) << decoded.error().OneLine();
  ASSERT_EQ(decoded->rejected.size(), 0U);
  const arrow::RecordBatch& row = *decoded->batch;
  EXPECT_EQ(Text(row, "Id"), "001D000000IqhSLIAZ");
  EXPECT_EQ(Text(row, "Name"), "Ac,\"me\"\n2");
  EXPECT_EQ(Text(row, "AnnualRevenue"), "1234.50");
  EXPECT_EQ(Text(row, "Birthdate"), "1970-01-02");
  EXPECT_EQ(Text(row, "SystemModstamp"), Text(row, "LastModifiedDate"));
  EXPECT_EQ(Text(row, "IsDeleted"), "false");
  EXPECT_NE(Text(row, "BillingAddress").find("Oslo"), std::string::npos);
  const auto told = Names(map_.told);
  EXPECT_EQ(std::find(told.begin(), told.end(), "Formula__c"), told.end());
  EXPECT_NE(std::find(told.begin(), told.end(), "BillingAddress"), told.end());
}

TEST_F(Rows, APartialRecordNamesTheFieldsThatItChanges) {
  TestPayload payload;
  payload.Header({.nulled = {"0x10"}, .changed = {"0x210", "2-0x2"}}).Null().Whole(1).Null();
  payload.Some("Bergen").Null().Null().Null().Null().Null().Null().Null().SomeWhole(0).Null();
  ASSERT_TRUE(plan_.Decode(payload.bytes(), record_));
  std::vector<int> changed;
  page_->Add(map_, record_, "001D000000IqhSLIAZ", {}, &changed);
  EXPECT_EQ(Names(changed), (std::vector<std::string>{"BillingCity", "Phone", "LastModifiedDate",
                                                      "SystemModstamp"}));
  const auto decoded = page_->Take();
  ASSERT_TRUE(decoded) << decoded.error().OneLine();
  EXPECT_EQ(Text(*decoded->batch, "BillingCity"), "Bergen");
  EXPECT_EQ(Text(*decoded->batch, "Phone"), "null");
}

TEST_F(Rows, AValueThatDoesNotFitRejectsItsRowAndTheOthersKeepTheirPlaces) {
  for (int i = 0; i < 3; ++i) {
    TestPayload payload;
    // Row 1 has more digits than the column holds.
    payload.Header({.changed = {"0x20"}}).Null().Null().Null().Null();
    payload.Whole(1).Real(i == 1 ? 1e30 : 1.5).Null().Null().Null().Null().Null();
    ASSERT_TRUE(plan_.Decode(payload.bytes(), record_));
    std::vector<int> changed;
    page_->Add(map_, record_, "00100000000000" + std::to_string(i), {}, &changed);
  }
  const auto decoded = page_->Take();
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->kept, (std::vector<uint32_t>{0, 2}));
  ASSERT_EQ(decoded->rejected.size(), 1U);
  EXPECT_EQ(decoded->rejected[0].row, 1U);
  EXPECT_EQ(decoded->rejected[0].field, "AnnualRevenue");
  EXPECT_EQ(page_->rows(), 0);
}

TEST(Names, TheirOrderIsTakenFromRecordsThatTellIt) {
  const auto told = [](const char* name, const char* first, const char* last) {
    return NameOrderOf(std::string(R"({"Name":")") + name + R"(","FirstName":)" + first +
                       R"(,"LastName":)" + last + "}");
  };
  EXPECT_EQ(told("Ada King Lovelace Jr.", R"("Ada")", R"("Lovelace")"), NameOrder::kWestern);
  EXPECT_EQ(told("Yamada Taro", R"("Taro")", R"("Yamada")"), NameOrder::kEastern);
  EXPECT_EQ(told("Taro Taro", R"("Taro")", R"("Taro")"), std::nullopt);
  EXPECT_EQ(told("Yamada", "null", R"("Yamada")"), std::nullopt);
  EXPECT_EQ(told("Somebody Else", R"("Taro")", R"("Yamada")"), std::nullopt);
  EXPECT_EQ(NameOrderOf("[]"), std::nullopt);
}

TEST(Names, AreMadeOfTheirPartsInTheOrdersOrderAndWithoutTheSalutation) {
  const std::string part = R"(","type":"string","compoundFieldName":"Name"},)";
  const std::string describe =
      R"({"name":"Contact","fields":[{"name":"Id","type":"id","nillable":false},{"name":"Salutation)" +
      part + R"({"name":"FirstName)" + part + R"({"name":"LastName)" + part +
      R"({"name":"MiddleName)" + part + R"({"name":"Suffix)" + part +
      R"({"name":"Name","type":"string"},{"name":"SystemModstamp","type":"datetime"}]})";
  const auto layout = record::LayoutFromDescribe(describe, {});
  ASSERT_TRUE(layout) << layout.error().OneLine();
  EXPECT_TRUE(HasPersonNames(*layout, describe));
  using Words = std::vector<std::string>;
  EXPECT_EQ(FollowingColumns(*layout, describe, NameOrder::kWestern).back().sources,
            (Words{"FirstName", "MiddleName", "LastName", "Suffix"}));
  EXPECT_EQ(FollowingColumns(*layout, describe, NameOrder::kEastern).back().sources,
            (Words{"LastName", "FirstName", "MiddleName", "Suffix"}));
}

TEST_F(Rows, ABusinessHasNoPersonsName) { EXPECT_FALSE(HasPersonNames(layout_, kDescribe)); }

TEST(QuarantineFolder, KeepsEventsForTheirOwnerOnlyAndAnEventOnce) {
  const TestFolder folder;
  Quarantine quarantine(folder.path() + "/q");
  EXPECT_TRUE(quarantine.List()->empty());
  QuarantinedEvent event;
  event.topic = "/data/X";
  event.event_id = "../../x";
  event.reason = "EVENT-DECODE-001";
  event.received = "2026-11-26T02:00:00.000Z";
  event.payload = std::string("\0\xff", 2);
  ASSERT_TRUE(quarantine.Keep(event));
  ASSERT_TRUE(quarantine.Keep(event));
  const auto listed = quarantine.List();
  ASSERT_TRUE(listed && listed->size() == 1);
  const std::string file = listed->front().file;
  EXPECT_EQ(quarantine.Show(file)->payload, event.payload);
  struct stat facts{};
  ASSERT_EQ(stat((folder.path() + "/q/" + file).c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0600U);
  EXPECT_EQ(quarantine.Show("../" + file).error().code(), "EVENT-QUARANTINE-001");
  EXPECT_EQ(quarantine.Remove("nothing.event.json").error().code(), "EVENT-QUARANTINE-001");
  EXPECT_EQ(*quarantine.RemoveBefore(UtcMicros{}), 0);
  EXPECT_EQ(*quarantine.RemoveBefore(UtcMicros(std::chrono::days(30'000))), 1);
  EXPECT_TRUE(quarantine.List()->empty());
}

}  // namespace
}  // namespace firn::events
