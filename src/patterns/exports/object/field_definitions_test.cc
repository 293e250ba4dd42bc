// What could go wrong: a formula is edited or a field retyped, no stamp moves, and the table keeps
// the old values for ever; or every run reads every column again.
#include "patterns/exports/object/field_definitions.h"

#include <gtest/gtest.h>

#include "patterns/exports/object/layout_for.h"

namespace firn::exports {
namespace {

std::string DescribeOf(const std::string& fields) {
  return R"({"name":"A__c","fields":[{"name":"Id","type":"id","length":18},)" + fields + "]}";
}

class FieldDefinitionsTest : public testing::Test {
 protected:
  FieldDefinitionsTest() : shared_(*state::SharedState::Open(":memory:")) {}

  void Keep(const std::string& fields) {
    ASSERT_TRUE(KeepDefinitions(Owner(), DescribeOf(fields)));
  }
  std::vector<std::string> Redefined(const std::string& fields) {
    return *RedefinedFields(Owner(), DescribeOf(fields));
  }
  DefinitionsOwner Owner() { return {shared_.get(), "00D1", "salesforce.A__c"}; }

  using Names = std::vector<std::string>;
  std::shared_ptr<state::SharedState> shared_;
};

constexpr const char* kText80 = R"({"name":"T__c","type":"string","length":80})";
constexpr const char* kText20 = R"({"name":"T__c","type":"string","length":20})";
constexpr const char* kEmail = R"({"name":"T__c","type":"email","length":80})";

TEST_F(FieldDefinitionsTest, TheFirstTimeNothingHasChanged) {
  EXPECT_EQ(Redefined(kText80), Names{});
  Keep(kText80);
  EXPECT_EQ(Redefined(kText80), Names{});
}

TEST_F(FieldDefinitionsTest, AnotherTypeAndLessRoomMayChangeValuesAndMoreRoomDoesNot) {
  Keep(kText80);
  EXPECT_EQ(Redefined(kEmail), Names{"T__c"});
  EXPECT_EQ(Redefined(kText20), Names{"T__c"});
  Keep(kText20);
  EXPECT_EQ(Redefined(kText80), Names{});
}

TEST_F(FieldDefinitionsTest, AnEditedFormulaChangesValues) {
  const auto formula = [](const std::string& text) {
    return R"({"name":"F__c","type":"double","calculatedFormula":")" + text + "\"}";
  };
  Keep(formula("Amount * 2"));
  EXPECT_EQ(Redefined(formula("Amount * 2")), Names{});
  EXPECT_EQ(Redefined(formula("Amount * 3")), Names{"F__c"});
}

TEST_F(FieldDefinitionsTest, AFieldThatIsAwayKeepsTheDefinitionItHad) {
  Keep(std::string(kText80) + R"(,{"name":"N__c","type":"int"})");
  Keep(R"({"name":"N__c","type":"int"})");
  EXPECT_EQ(Redefined(kEmail), Names{"T__c"});
}

TEST_F(FieldDefinitionsTest, WhatIsDerivedFromAFieldIsReadAgainWithIt) {
  const std::string describe = DescribeOf(
      R"({"name":"Who__c","type":"reference","referenceTo":["Lead","Contact"],"length":18})");
  const auto layout = record::LayoutFromDescribe(describe, {});
  ASSERT_TRUE(layout) << layout.error().OneLine();
  EXPECT_EQ(ColumnsOfFields(*layout, {"Who__c"}), (Names{"Who__c", "Who__c__type"}));
  EXPECT_EQ(ColumnsOfFields(*layout, {"Id", "Gone__c"}), Names{});
}

}  // namespace
}  // namespace firn::exports
