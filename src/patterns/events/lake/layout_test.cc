// What could go wrong: a name is misspelt in firn.yaml between two exports, and the stream brings
// the field that was to be kept back.
#include "patterns/events/lake/layout.h"

#include <gtest/gtest.h>

namespace firn::events {
namespace {

record::Schema SchemaOf(const std::vector<std::string>& names) {
  record::Schema schema;
  for (const std::string& name : names) {
    record::Field field;
    field.name = name;
    schema.fields.push_back(std::move(field));
  }
  return schema;
}

std::string CodeOf(const std::vector<std::string>& exclude,
                   const std::vector<std::string>& layout) {
  const std::string describe =
      R"({"name":"Account","fields":[{"name":"Id"},{"name":"Name"},{"name":"SSN__c"},{"name":"SSM__c"}]})";
  record::Layout wanted;
  wanted.object = "Account";
  wanted.schema = SchemaOf(layout);
  const auto checked = RefuseNearMiss(describe, exclude, SchemaOf({"Id", "Name"}), wanted);
  return checked ? "none" : checked.error().code();
}

TEST(NearMiss, ColumnThatWasToBeLeftOutIsNotAdded) {
  EXPECT_EQ(CodeOf({"SSN_c"}, {"Id", "Name", "SSN__c"}), "EVENT-TABLE-004");
}

TEST(NearMiss, FieldThatIsNamedRightlyMayHaveANeighbour) {
  EXPECT_EQ(CodeOf({"SSN__c"}, {"Id", "Name", "SSM__c"}), "none");
}

TEST(NearMiss, DroppedFieldsAndPatternsPass) {
  EXPECT_EQ(CodeOf({"SSN_c"}, {"Id", "Name"}), "none");  // nothing new
  EXPECT_EQ(CodeOf({"Gone__c"}, {"Id", "Name", "SSN__c"}), "none");
  EXPECT_EQ(CodeOf({"SSN_c*"}, {"Id", "Name", "SSN__c"}), "none");
}

}  // namespace
}  // namespace firn::events
