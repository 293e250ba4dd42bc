// What could go wrong in production: a filter that loses an event it cannot judge, an enriched
// field that hides a change or shows on a channel that did not ask for it, a record of a merged
// event that a reconnecting subscriber never sees.
#include "sandbox/events/channel_shape.h"

#include <gtest/gtest.h>

#include "sandbox/events/change_capture.h"
#include "sandbox/pubsub/subscription.h"
#include "sandbox/test_org.h"

namespace firn::sandbox {
namespace {

constexpr const char* kChannel = "/data/Sales__chn";

class ChannelShapeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    db_ = ApiDb::Open(org_.folder()).value();
    usage_ = UsageMeter::Open(*db_, org_.clock()).value();
    bus_ = EventBus::Open({*org_, *db_, org_.clock()}).value();
    capture_ = std::make_unique<ChangeCapture>(*bus_, *usage_);
    ASSERT_TRUE(org_->AddSink(capture_.get()));
  }
  void TearDown() override { org_->RemoveSink(capture_.get()); }

  Result<void> Set(const std::string& json) {
    FIRN_TRY(EventSettings settings, ChangedBy(bus_->settings(), json));
    return bus_->SetSettings(std::move(settings));
  }
  // Options of Account on the channel.
  void Shape(const std::string& fields, const std::string& filter) {
    const auto done = Set(R"({"channels":{"Sales__chn":["Account","Contact"]},"members":{)"
                          R"("Sales__chn":{"Account":{"enriched_fields":[)" +
                          fields + R"(],"filter":")" + filter + R"("}}}})");
    ASSERT_TRUE(done) << done.error().OneLine();
  }
  std::string Refused(const std::string& fields, const std::string& filter,
                      const std::string& object = "Account") {
    MemberOptions options;
    if (!fields.empty()) options.enriched_fields = {fields};
    options.filter = filter;
    const auto done = CheckMember(org_->catalogue(), object, options);
    return done ? "" : PartsOf(done.error()).message;
  }
  int64_t Account(const std::vector<FieldText>& fields) {
    const auto id = org_->Insert("Account", fields, {});
    EXPECT_TRUE(id) << id.error().OneLine();
    return id.value_or(0);
  }
  void Update(const std::vector<int64_t>& ids, std::string_view field, std::string_view text) {
    const Cell cell{field, text};
    std::vector<Mutation> mutations;
    for (const int64_t id : ids) {
      mutations.push_back({.kind = Mutation::Kind::kUpdate, .id = id, .cells = {&cell, 1}});
    }
    ASSERT_TRUE(org_->Mutate(mutations, {}));
  }
  // What a subscriber gets, each event as `UPDATE <records> Field=value ..`; nulls are left out.
  std::vector<std::string> Lines(const std::string& topic,
                                 const std::vector<std::string>& fields = {}) {
    std::vector<std::string> lines;
    for (const LogEvent& event : Deliver(topic, 100)) lines.push_back(Line(event, fields));
    return lines;
  }
  std::vector<LogEvent> Deliver(const std::string& topic, int32_t requested,
                                const std::string& replay_id = "") {
    Subscription subscription(*bus_, *usage_);
    const ReplayPreset preset = replay_id.empty() ? ReplayPreset::kEarliest : ReplayPreset::kCustom;
    const auto refused = subscription.Begin({topic, preset, replay_id, requested}, {}, now_);
    EXPECT_FALSE(refused) << refused->message;
    auto step = subscription.Next(now_);
    EXPECT_FALSE(step.end) << step.end->message;
    return step.send ? std::move(step.send->events) : std::vector<LogEvent>();
  }
  std::string Line(const LogEvent& event, const std::vector<std::string>& fields) {
    const auto json = bus_->SchemaJson(event.schema_id).value().value_or("");
    const auto reader = EventReader::Make(json).value();
    const auto bytes = reader.Read(event.payload);
    EXPECT_TRUE(bytes) << bytes.error().OneLine();
    if (!bytes) return "";
    std::string line =
        std::to_string(static_cast<int>(bytes->type)) + " " + std::to_string(bytes->records.size());
    const ObjectInfo* object = org_->catalogue()->Object(bytes->entity);
    for (const std::string& name : fields) {
      const EventPiece* piece = bytes->Find(name);
      if (piece == nullptr || piece->null) continue;
      line += " " + name + "=";
      for (const EventPiece& part : piece->parts) {
        if (!part.null) AppendPlain(ValueOf(part, *object->Field("Name")), line);
      }
      if (piece->parts.empty()) AppendPlain(ValueOf(*piece, *object->Field(name)), line);
    }
    return line;
  }

  using Strings = std::vector<std::string>;
  TestOrg org_;
  std::unique_ptr<ApiDb> db_;
  std::unique_ptr<UsageMeter> usage_;
  std::unique_ptr<EventBus> bus_;
  std::unique_ptr<ChangeCapture> capture_;
  SteadyTime now_{std::chrono::hours(1)};
};

TEST_F(ChannelShapeTest, UpdatesAndDeletesCarryEnrichedFieldsOfThatChannelOnly) {
  Shape(R"("Industry")", "");
  const int64_t id = Account({{"Name", "Acme"}, {"Industry", "Energy"}});
  Update({id}, "Site", "North");
  ASSERT_TRUE(org_->Delete(id, {}));
  EXPECT_EQ(
      Lines(kChannel, {"Industry", "Site"}),
      (Strings{"0 1 Industry=Energy", "1 1 Industry=Energy Site=North", "2 1 Industry=Energy"}));
  EXPECT_EQ(Lines("/data/ChangeEvents", {"Industry", "Site"}),
            (Strings{"0 1 Industry=Energy", "1 1 Site=North", "2 1"}));
  EXPECT_EQ(Lines("/data/AccountChangeEvent", {"Industry", "Site"}).back(), "2 1");
}

TEST_F(ChannelShapeTest, AnEnrichedFieldIsNoChangedField) {
  Shape(R"("Industry")", "");
  const int64_t id = Account({{"Name", "Acme"}, {"Industry", "Energy"}});
  Update({id}, "Site", "North");
  const auto shaped = Deliver(kChannel, 100);
  const auto plain = Deliver("/data/ChangeEvents", 100);
  const auto json = bus_->SchemaJson(shaped[1].schema_id).value().value_or("");
  const auto reader = EventReader::Make(json).value();
  EXPECT_EQ(shaped[1].schema_id, plain[1].schema_id);
  EXPECT_EQ(shaped[1].replay_id, plain[1].replay_id);
  EXPECT_EQ(reader.Read(shaped[1].payload)->changed, reader.Read(plain[1].payload)->changed);
}

TEST_F(ChannelShapeTest, AChangedValueStaysWhatItWasWhenTheEventIsReplayed) {
  Shape(R"("Industry","Site")", "");
  const int64_t id = Account({{"Name", "Acme"}, {"Industry", "Energy"}});
  Update({id}, "Site", "North");
  Update({id}, "Industry", "Retail");
  EXPECT_EQ(Lines(kChannel, {"Industry", "Site"}),
            (Strings{"0 1 Industry=Energy", "1 1 Industry=Retail Site=North",
                     "1 1 Industry=Retail Site=North"}));
  Update({id}, "Site", "");
  EXPECT_EQ(Lines(kChannel, {"Site"}).back(), "1 1") << "updated to null: told as changed";
}

TEST_F(ChannelShapeTest, CompoundFieldsAreEnrichedAsAWhole) {
  Shape(R"("BillingAddress")", "");
  const int64_t id =
      Account({{"Name", "Acme"}, {"BillingCity", "Kiel"}, {"BillingCountry", "Germany"}});
  Update({id}, "BillingCity", "Bonn");
  Update({id}, "Site", "North");
  EXPECT_EQ(Lines(kChannel, {"BillingAddress"}),
            (Strings{"0 1 BillingAddress=KielGermany", "1 1 BillingAddress=BonnGermany",
                     "1 1 BillingAddress=BonnGermany"}));
}

TEST_F(ChannelShapeTest, MergedEventsAreToldApartUnderOneReplayId) {
  Shape(R"("Industry")", "");
  const int64_t a = Account({{"Name", "A"}, {"Industry", "Energy"}});
  const int64_t b = Account({{"Name", "B"}, {"Industry", "Retail"}});
  Update({a, b}, "Site", "North");
  const auto events = Deliver(kChannel, 100);
  ASSERT_EQ(events.size(), 4U);
  EXPECT_EQ(events[2].replay_id, events[3].replay_id);
  EXPECT_EQ(Line(events[2], {"Industry"}), "1 1 Industry=Energy");
  EXPECT_EQ(Line(events[3], {"Industry"}), "1 1 Industry=Retail");
  EXPECT_EQ(Lines("/data/ChangeEvents").back(), "1 2") << "not enriched: one event for both";
}

TEST_F(ChannelShapeTest, ASubscriberCutOffInsideAMergedEventGetsItAgain) {
  Shape(R"("Industry")", "");
  const int64_t a = Account({{"Name", "A"}});
  const int64_t b = Account({{"Name", "B"}});
  Update({a, b}, "Site", "North");
  Subscription subscription(*bus_, *usage_);
  ASSERT_FALSE(subscription.Begin({kChannel, ReplayPreset::kEarliest, "", 3}, {}, now_));
  auto step = subscription.Next(now_);
  ASSERT_TRUE(step.send);
  ASSERT_EQ(step.send->events.size(), 3U);
  EXPECT_EQ(step.send->latest, step.send->events[1].replay_id) << "the third's record has a twin";
  ASSERT_FALSE(subscription.Fetch("", 5));
  step = subscription.Next(now_);
  ASSERT_TRUE(step.send);
  EXPECT_EQ(step.send->events.size(), 1U);
  EXPECT_EQ(step.send->latest, step.send->events[0].replay_id);
}

TEST_F(ChannelShapeTest, OnlyMatchingEventsComeAndCarryTheFilteredField) {
  Shape("", "Industry = 'energy' AND NumberOfEmployees > 10");
  const int64_t a = Account({{"Name", "A"}, {"Industry", "Energy"}, {"NumberOfEmployees", "50"}});
  const int64_t b = Account({{"Name", "B"}, {"Industry", "Retail"}, {"NumberOfEmployees", "50"}});
  ASSERT_TRUE(org_->Insert("Contact", {{"LastName", "Not filtered"}}, {}));
  Update({a, b}, "Site", "North");
  EXPECT_EQ(Lines(kChannel, {"Industry", "Site"}),
            (Strings{"0 1 Industry=Energy", "0 1", "1 1 Industry=Energy Site=North"}));
  EXPECT_EQ(Lines("/data/ChangeEvents").size(), 4U);
}

TEST_F(ChannelShapeTest, HeaderFieldsFilterWithoutTellingMergedEventsApart) {
  Shape("", "ChangeEventHeader.changeType = 'UPDATE'");
  const int64_t a = Account({{"Name", "A"}});
  const int64_t b = Account({{"Name", "B"}});
  Update({a, b}, "Site", "North");
  EXPECT_EQ(Lines(kChannel), Strings{"1 2"});
}

TEST_F(ChannelShapeTest, PartsOfCompoundsAreFilteredByTheirDottedNames) {
  Shape("", "BillingAddress.City IN ('Kiel', 'Bonn')");
  const int64_t a = Account({{"Name", "A"}, {"BillingCity", "Kiel"}});
  Account({{"Name", "B"}, {"BillingCity", "Rome"}});
  Update({a}, "Site", "North");
  EXPECT_EQ(Lines(kChannel, {"BillingAddress"}),
            (Strings{"0 1 BillingAddress=Kiel", "1 1 BillingAddress=Kiel"}));
}

TEST_F(ChannelShapeTest, AnEventThatTellsNoFieldsIsNotLostToAFilter) {
  Shape("", "Industry = 'Energy'");
  const int64_t a = Account({{"Name", "A"}, {"Industry", "Retail"}});
  capture_->ForceGaps("Account", 1);
  Update({a}, "Site", "North");
  ASSERT_TRUE(org_->Purge(a, {}));
  EXPECT_EQ(Lines(kChannel), (Strings{"5 1", "2 1"})) << "the gap, and a record that is gone";
}

TEST_F(ChannelShapeTest, PlatformEventsOfAChannelAreFiltered) {
  ASSERT_TRUE(Set(R"({"channels":{"Orders__chn":["Order_Event__e"]},"members":{"Orders__chn":{)"
                  R"("Order_Event__e":{"filter":"Order_Number__c LIKE 'A%'"}}}})"));
  for (const char* number : {"A-1", "B-1", "A-2"}) {
    ASSERT_TRUE(org_->Insert("Order_Event__e", {{"Order_Number__c", number}}, {}));
  }
  EXPECT_EQ(Deliver("/event/Orders__chn", 100).size(), 2U);
  EXPECT_EQ(Deliver("/event/Order_Event__e", 100).size(), 3U);
}

TEST_F(ChannelShapeTest, ALongRunOfFilteredEventsIsReadOnWithoutWaiting) {
  Shape("", "Industry = 'Energy'");
  for (int i = 0; i < 130; ++i) Account({{"Name", "A"}});
  Account({{"Name", "B"}, {"Industry", "Energy"}});
  Subscription subscription(*bus_, *usage_);
  ASSERT_FALSE(subscription.Begin({kChannel, ReplayPreset::kEarliest, "", 2}, {}, now_));
  auto step = subscription.Next(now_);
  for (int i = 0; i < 10 && !step.send; ++i) {
    EXPECT_EQ(step.due, now_) << "there is more to read";
    step = subscription.Next(now_);
  }
  ASSERT_TRUE(step.send);
  EXPECT_EQ(step.send->events.size(), 1U);
  EXPECT_EQ(usage_->Used(Allotment::kDeliveredEvents), 1) << "what is held back costs nothing";
}

TEST_F(ChannelShapeTest, RefusesFieldsThatCannotBeEnriched) {
  EXPECT_EQ(Refused("Industry", ""), "");
  EXPECT_EQ(Refused("BillingAddress", ""), "");
  EXPECT_EQ(Refused("ParentId", ""), "");
  for (const char* bad : {"Owner.Name", "BillingCity", "Nope", "Description", "Id", "IsDeleted"}) {
    EXPECT_EQ(Refused(bad, ""), "The selected field, " + std::string(bad) + ", isn't valid.");
  }
  EXPECT_EQ(Refused("Order_Number__c", "", "Order_Event__e"),
            "Enriched fields aren't supported for platform events.");
}

TEST_F(ChannelShapeTest, RefusesFilterExpressionsAsTheVendorDoes) {
  const auto invalid = [](const std::string& name) {
    return "The " + name + " field in the filter expression is invalid.";
  };
  const std::string equality =
      "Only equality operators are supported for this field type or value.";
  const std::string syntax = "The filter expression has syntax errors: unexpected token: ";
  EXPECT_EQ(Refused("", "WHERE Industry = 'Tech'"), syntax + "'WHERE'");
  EXPECT_EQ(Refused("", "Industry = 'Tech' LIMIT 5"), syntax + "'LIMIT'");
  EXPECT_EQ(Refused("", "NumberOfEmployees > AnnualRevenue"), syntax + "'AnnualRevenue'");
  EXPECT_EQ(Refused("", "IsDeleted = false"), invalid("IsDeleted"));
  EXPECT_EQ(Refused("", "Owner.Username = 'a@b.c'"), invalid("Owner.Username"));
  EXPECT_EQ(Refused("", "BillingCity = 'Kiel'"), invalid("BillingCity"));
  EXPECT_EQ(Refused("", "Description LIKE 'a%'"), invalid("Description"));
  EXPECT_EQ(Refused("", "ChangeEventHeader.recordIds = '001'"),
            invalid("ChangeEventHeader.recordIds"));
  EXPECT_EQ(Refused("", "BillingAddress = null"),
            "Compound field BillingAddress has to be used with a component field in a filter "
            "expression");
  EXPECT_EQ(Refused("", "LastModifiedDate > LAST_N_DAYS:30"), equality);
  EXPECT_EQ(Refused("", "OwnerId > '005000000000000AAA'"), equality);
  EXPECT_NE(Refused("", "Industry = Energy"), "");
  EXPECT_NE(Refused("", "Industry INCLUDES ('Energy')"), "");
  EXPECT_NE(Refused("", "Id IN (SELECT AccountId FROM Contact)"), "");
  for (const char* good :
       {"Industry = 'Tech'", "Industry LIKE 'A%'", "CreatedDate > 2021-11-03T09:30:11-08:00",
        "LastModifiedDate = TODAY", "Phone != null",
        "NumberOfEmployees > 1000 AND (Industry = 'Agriculture' OR Industry = 'Banking')",
        "ChangeEventHeader.commitUser = '005000000000000AAA'", "BillingAddress.City != null",
        "OwnerId IN ('005000000000000AAA')"}) {
    EXPECT_EQ(Refused("", good), "") << good;
  }
}

TEST_F(ChannelShapeTest, OptionsGoWithTheirMember) {
  Shape(R"("Industry")", "");
  ASSERT_TRUE(Set(R"({"channels":{"Sales__chn":["Contact"]}})"));
  EXPECT_TRUE(bus_->settings().members.empty());
}

}  // namespace
}  // namespace firn::sandbox
