// What could go wrong in production: a change without its event or an event without its change, a
// replay id that leads elsewhere after a restart, an old event that never dies.
#include "sandbox/events/event_bus.h"

#include <gtest/gtest.h>

#include "sandbox/events/activity.h"
#include "sandbox/events/change_capture.h"
#include "sandbox/test_org.h"

namespace firn::sandbox {
namespace {

class EventBusTest : public ::testing::Test {
 protected:
  void SetUp() override { Open(); }
  void TearDown() override { Close(); }
  void Open() {
    db_ = ApiDb::Open(org_.folder()).value();
    usage_ = UsageMeter::Open(*db_, org_.clock()).value();
    bus_ = EventBus::Open({*org_, *db_, org_.clock()}).value();
    capture_ = std::make_unique<ChangeCapture>(*bus_, *usage_);
    ASSERT_TRUE(org_->AddSink(capture_.get()));
  }
  void Close() {
    org_->RemoveSink(capture_.get());
    capture_.reset();
    bus_.reset();
    usage_.reset();
    db_.reset();
  }
  int64_t Account(const std::string& name) {
    const auto id = org_->Insert("Account", {{"Name", name}}, {});
    EXPECT_TRUE(id) << id.error().OneLine();
    return id.value_or(0);
  }
  // Updates all of them in one transaction.
  void Rename(const std::vector<int64_t>& ids, std::string_view site) {
    const Cell cell{"Site", site};
    std::vector<Mutation> mutations;
    for (const int64_t id : ids) {
      mutations.push_back({.kind = Mutation::Kind::kUpdate, .id = id, .cells = {&cell, 1}});
    }
    ASSERT_TRUE(org_->Mutate(mutations, {}));
  }
  std::vector<LogEvent> Events(const char* topic = "/data/AccountChangeEvent", int64_t after = 0) {
    const auto found = bus_->FindTopic(topic);
    if (!found) return {};
    return bus_->log().Read(found->streams, after, 1000, 1 << 20).value().events;
  }
  // The change type is the byte behind entity name and record ids.
  static int TypeOf(const LogEvent& event, int records) {
    const size_t ids = records == 0 ? 1 : 2 + 19 * static_cast<size_t>(records);
    return event.payload[1 + 7 + ids] / 2;
  }

  TestOrg org_;
  std::unique_ptr<ApiDb> db_;
  std::unique_ptr<UsageMeter> usage_;
  std::unique_ptr<EventBus> bus_;
  std::unique_ptr<ChangeCapture> capture_;
};

TEST_F(EventBusTest, EveryChangeOfASelectedObjectHasItsEvent) {
  const int64_t id = Account("Acme");
  Rename({id}, "North");
  ASSERT_TRUE(org_->Delete(id, {}));
  ASSERT_TRUE(org_->Undelete(id, {}));
  ASSERT_TRUE(org_->Insert("Product2", {{"Name", "not selected"}}, {}));
  const auto events = Events("/data/ChangeEvents");
  ASSERT_EQ(events.size(), 4U);
  for (int type = 0; type < 4; ++type) EXPECT_EQ(TypeOf(events[type], 1), type);
  EXPECT_TRUE(Events("/data/Product2ChangeEvent").empty());
  EXPECT_FALSE(bus_->FindTopic("/data/Product2ChangeEvent")) << "not selected: no such topic";
}

TEST_F(EventBusTest, PeopleWhoLeaveAreTold) {
  class Nobody final : public UserDirectory {
    std::optional<User> ByUsername(std::string_view) const override { return std::nullopt; }
    std::optional<User> ById(std::string_view) const override { return std::nullopt; }
  };
  Activity activity(*bus_);
  activity.NoteSignOut({"005000000000001AAA", true}, Nobody());
  ASSERT_TRUE(activity.Flush());
  EXPECT_EQ(Events("/event/LogoutEventStream").size(), 1U);
}

TEST_F(EventBusTest, RestartLosesNoEventAndKeepsReplayIds) {
  const int64_t id = Account("Acme");
  const auto before = Events();
  Close();
  org_.Reopen();
  Open();
  const auto after = Events();
  ASSERT_EQ(after.size(), 1U);
  EXPECT_EQ(after[0].replay_id, before[0].replay_id);
  EXPECT_EQ(after[0].id, before[0].id);
  EXPECT_EQ(after[0].payload, before[0].payload);
  Rename({id}, "North");
  EXPECT_GT(Events()[1].replay_id, before[0].replay_id);
}

TEST_F(EventBusTest, EqualChangesOfOneTransactionAreOneEvent) {
  const std::vector<int64_t> ids = {Account("a"), Account("b"), Account("c")};
  const int64_t tip = bus_->log().Tip().value();
  Rename(ids, "North");
  const auto events = Events("/data/AccountChangeEvent", tip);
  ASSERT_EQ(events.size(), 1U);
  for (const int64_t id : ids) {
    EXPECT_NE(events[0].payload.find(IdText(id)), std::string::npos) << IdText(id);
  }
}

TEST_F(EventBusTest, TooManyChangesOfATransactionAreOneOverflowEvent) {
  const std::vector<int64_t> ids = {Account("a"), Account("b"), Account("c")};
  const int64_t tip = bus_->log().Tip().value();
  auto settings = bus_->settings();
  settings.overflow_changes = 2;
  ASSERT_TRUE(bus_->SetSettings(settings));
  Rename(ids, "North");
  const auto events = Events("/data/AccountChangeEvent", tip);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(TypeOf(events[0], 0), static_cast<int>(ChangeType::kGapOverflow));
}

TEST_F(EventBusTest, WhatIsTooLargeOrAskedForIsAGapEvent) {
  auto settings = bus_->settings();
  settings.event_bytes_max = 200;
  ASSERT_TRUE(bus_->SetSettings(settings));
  const auto id =
      org_->Insert("Account", {{"Name", "x"}, {"Description", std::string(500, 'x')}}, {});
  ASSERT_TRUE(id);
  EXPECT_EQ(TypeOf(Events()[0], 1), static_cast<int>(ChangeType::kGapCreate));
  capture_->ForceGaps("Account", 1);
  Rename({*id}, "North");
  Rename({*id}, "South");
  EXPECT_EQ(TypeOf(Events()[1], 1), static_cast<int>(ChangeType::kGapUpdate));
  EXPECT_EQ(TypeOf(Events()[2], 1), static_cast<int>(ChangeType::kUpdate));
}

TEST_F(EventBusTest, EventsDieAfterSeventyTwoHoursOfTheOrgsClock) {
  Account("old");
  const int64_t old = Events()[0].replay_id;
  org_.clock().Advance(std::chrono::hours(71));
  Account("young");
  EXPECT_TRUE(bus_->log().IsKnown(old, bus_->OldestMillis()).value());
  org_.clock().Advance(std::chrono::hours(2));
  EXPECT_FALSE(bus_->log().IsKnown(old, bus_->OldestMillis()).value());
  const int64_t earliest = bus_->log().Earliest(bus_->OldestMillis()).value();
  EXPECT_EQ(Events("/data/AccountChangeEvent", earliest).size(), 1U);
  ASSERT_TRUE(bus_->DropOld());
  EXPECT_EQ(Events().size(), 1U);
}

TEST_F(EventBusTest, ReplayIdsOfGapsAreUnknownAndThoseOfBeforeAMigrationToo) {
  int64_t gap = 0;
  for (int i = 0; i < 60; ++i) Account("a" + std::to_string(i));
  const auto events = Events();
  for (size_t i = 1; i < events.size(); ++i) {
    EXPECT_TRUE(bus_->log().IsKnown(events[i].replay_id, 0).value());
    if (events[i].replay_id > events[i - 1].replay_id + 1) gap = events[i].replay_id - 1;
  }
  ASSERT_GT(gap, 0);
  EXPECT_FALSE(bus_->log().IsKnown(gap, 0).value());
  ASSERT_TRUE(bus_->MigrateInstance());
  EXPECT_FALSE(bus_->log().IsKnown(events.back().replay_id, 0).value());
  EXPECT_TRUE(bus_->log().IsKnown(bus_->log().Tip().value(), 0).value());
}

TEST_F(EventBusTest, WhatAStreamWasToldBeforeTheFirstEventStaysAPosition) {
  for (const bool moved : {false, true}) {
    if (moved) {
      ASSERT_TRUE(bus_->MigrateInstance());
    }
    const int64_t told = bus_->log().Tip().value();
    Account("first");
    Account("second");
    EXPECT_TRUE(bus_->log().IsKnown(told, bus_->OldestMillis()).value()) << moved;
    EXPECT_EQ(Events("/data/AccountChangeEvent", told).size(), 2U);
  }
  const int64_t told = bus_->log().Earliest(0).value();
  org_.clock().Advance(std::chrono::hours(73));
  EXPECT_FALSE(bus_->log().IsKnown(told, bus_->OldestMillis()).value());
}

TEST_F(EventBusTest, CustomChannelsCarryTheirMembers) {
  auto settings = bus_->settings();
  settings.channels["Sales__chn"] = {"Account", "Widget__c"};
  ASSERT_TRUE(bus_->SetSettings(settings));
  Account("Acme");
  ASSERT_TRUE(org_->Insert("Widget__c", {}, {}));
  EXPECT_EQ(Events("/data/Sales__chn").size(), 2U);
  EXPECT_EQ(Events("/data/Widget__ChangeEvent").size(), 1U);
  EXPECT_EQ(Events("/data/ChangeEvents").size(), 1U) << "the widget is not in the default channel";
}

TEST_F(EventBusTest, SelectionIsCheckedAndBounded) {
  auto settings = bus_->settings();
  settings.selected = {"Acount"};
  const auto unknown = bus_->SetSettings(settings);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code(), "SBX-EVENTS-001");
  settings.selected = {"Account", "Contact"};
  settings.entities_max = 1;
  EXPECT_FALSE(bus_->SetSettings(settings));
  EXPECT_FALSE(ChangedBy(settings, R"({"selectd":[]})"));
}

TEST_F(EventBusTest, RecordOfAPlatformEventIsPublishedAndNotKept) {
  ASSERT_TRUE(org_->Insert("Order_Event__e", {{"Order_Number__c", "A-7"}}, {}));
  const auto events = Events("/event/Order_Event__e");
  ASSERT_EQ(events.size(), 1U);
  EXPECT_NE(events[0].payload.find("A-7"), std::string::npos);
  EXPECT_EQ(usage_->Used(Allotment::kPublishedEvents), 1);
}

TEST_F(EventBusTest, SchemaOfBeforeAChangeStaysReadable) {
  Account("Acme");
  const std::string old = Events()[0].schema_id;
  ASSERT_TRUE(org_->RemoveField("Account", "Site", true));
  Account("Bcme");
  EXPECT_NE(Events()[1].schema_id, old);
  ASSERT_TRUE(bus_->SchemaJson(old).value());
  EXPECT_NE(bus_->SchemaJson(old).value()->find("\"Site\""), std::string::npos);
}

}  // namespace
}  // namespace firn::sandbox
