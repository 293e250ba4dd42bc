#include <gtest/gtest.h>

#include "sandbox/test_org.h"

namespace firn::sandbox {
namespace {

class EventTimesTest : public ::testing::Test {
 protected:
  // The new event's id, or the vendor's code and the message.
  std::string Make(const std::vector<FieldText>& fields) {
    const auto id = org_->Insert("Event", fields, Org::Change{});
    if (id) return IdText(*id);
    const ApiErrorParts error = PartsOf(id.error());
    return error.code + " " + error.message;
  }
  std::string Times(const std::string& id) {
    return org_.One(
        "SELECT StartDateTime, ActivityDateTime, ActivityDate, DurationInMinutes, EndDateTime, "
        "EndDate FROM Event WHERE Id = '" +
        id + "'");
  }
  TestOrg org_;
};

TEST_F(EventTimesTest, EventsWithoutTimesAreRefused) {
  EXPECT_EQ(Make({{"Subject", "a"}}),
            "REQUIRED_FIELD_MISSING Required fields are missing: [DurationInMinutes, "
            "ActivityDateTime]");
  EXPECT_EQ(Make({{"DurationInMinutes", "5"}}),
            "REQUIRED_FIELD_MISSING Required fields are missing: [ActivityDateTime]");
  EXPECT_EQ(Make({{"StartDateTime", "2026-11-26T10:00:00Z"}}),
            "REQUIRED_FIELD_MISSING Required fields are missing: [DurationInMinutes]");
  EXPECT_EQ(Make({{"IsAllDayEvent", "true"}}),
            "REQUIRED_FIELD_MISSING Required fields are missing: [ActivityDate]");
}

TEST_F(EventTimesTest, TimesFollowFromOneAnother) {
  const std::string want =
      "2026-11-26T10:00:00.000Z|2026-11-26T10:00:00.000Z|2026-11-26|90|2026-11-26T11:30:00.000Z|"
      "2026-11-26";
  EXPECT_EQ(Times(Make({{"StartDateTime", "2026-11-26T10:00:00Z"},
                        {"EndDateTime", "2026-11-26T11:30:00Z"}})),
            want);
  const std::string id =
      Make({{"ActivityDateTime", "2026-11-26T10:00:00Z"}, {"DurationInMinutes", "90"}});
  EXPECT_EQ(Times(id), want);
  ASSERT_TRUE(
      org_->Update(*ParseId(id), {{"StartDateTime", "2026-11-27T08:00:00Z"}}, Org::Change{}));
  EXPECT_EQ(Times(id),
            "2026-11-27T08:00:00.000Z|2026-11-27T08:00:00.000Z|2026-11-27|90|"
            "2026-11-27T09:30:00.000Z|2026-11-27")
      << "a moved event keeps its length";
  ASSERT_TRUE(org_->Update(*ParseId(id), {{"Subject", "renamed"}}, Org::Change{}));
  EXPECT_EQ(Times(Make({{"IsAllDayEvent", "true"}, {"ActivityDate", "2026-11-26"}})),
            "2026-11-26T00:00:00.000Z||2026-11-26|1440|2026-11-26T00:00:00.000Z|2026-11-26");
}

TEST_F(EventTimesTest, TimesThatDisagreeAreRefused) {
  EXPECT_TRUE(Make({{"StartDateTime", "2026-11-26T10:00:00Z"},
                    {"ActivityDateTime", "2026-11-26T11:00:00Z"},
                    {"DurationInMinutes", "5"}})
                  .starts_with("FIELD_INTEGRITY_EXCEPTION"));
  EXPECT_TRUE(Make({{"StartDateTime", "2026-11-26T10:00:00Z"},
                    {"EndDateTime", "2026-11-26T11:00:00Z"},
                    {"DurationInMinutes", "5"}})
                  .starts_with("FIELD_INTEGRITY_EXCEPTION"));
  EXPECT_EQ(
      Make({{"StartDateTime", "2026-11-26T10:00:00Z"}, {"EndDateTime", "2026-11-26T09:00:00Z"}}),
      "FIELD_INTEGRITY_EXCEPTION Event duration can not be negative: Duration");
}

}  // namespace
}  // namespace firn::sandbox
