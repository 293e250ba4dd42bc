// What could go wrong in production: a described field gets the wrong type or a new id, and every
// reader of the table breaks or, worse, reads something else.
#include "core/record/layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/record/glob.h"

namespace firn::record {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kDescribe = R"({
  "name": "Contact", "keyPrefix": "003", "fields": [
  {"name":"Id","type":"id","length":18,"nillable":false},
  {"name":"Amount__c","type":"currency","precision":18,"scale":2},
  {"name":"Big__c","type":"double","precision":0,"scale":0},
  {"name":"Count__c","type":"int","digits":9},
  {"name":"Long__c","type":"int","digits":18},
  {"name":"Born","type":"date"},
  {"name":"At","type":"datetime"},
  {"name":"Opens","type":"time"},
  {"name":"Active","type":"boolean"},
  {"name":"Tags","type":"multipicklist"},
  {"name":"WhoId","type":"reference","referenceTo":["Contact","Lead"]},
  {"name":"MailingAddress","type":"address"},
  {"name":"MailingStreet","type":"textarea","compoundFieldName":"MailingAddress"},
  {"name":"MailingState","type":"string","compoundFieldName":"MailingAddress"},
  {"name":"MailingStateCode","type":"picklist","compoundFieldName":"MailingAddress"},
  {"name":"MailingLatitude","type":"double","precision":18,"scale":15,"compoundFieldName":"MailingAddress"},
  {"name":"Spot__c","type":"location"},
  {"name":"Spot__Latitude__s","type":"double","precision":5,"scale":3},
  {"name":"Spot__Longitude__s","type":"double","precision":6,"scale":3},
  {"name":"Body","type":"base64"},
  {"name":"BodyLength","type":"int","digits":9},
  {"name":"Strange","type":"hologram"}
  ]})";

Layout Describe(const LayoutOptions& options = {}) {
  auto layout = LayoutFromDescribe(kDescribe, options);
  EXPECT_TRUE(layout.has_value());
  return *layout;
}

std::string TypeOf(const Layout& layout, std::string_view name) {
  const Field* field = layout.schema.Find(name);
  return field == nullptr ? "absent" : TypeText(field->type);
}

TEST(Layout, ADescribeThatSfPrintedIsTheSame) {
  const auto wrapped = LayoutFromDescribe(
      R"({"status":0,"result":)" + std::string(kDescribe) + R"(,"warnings":[]})", {});
  ASSERT_TRUE(wrapped) << wrapped.error().OneLine();
  EXPECT_EQ(wrapped->schema.fields, Describe().schema.fields);
}

TEST(Layout, EachDescribedTypeHasItsTableType) {
  const Layout layout = Describe();
  EXPECT_EQ(TypeOf(layout, "Id"), "string");
  EXPECT_TRUE(layout.schema.Find("Id")->required);
  EXPECT_EQ(TypeOf(layout, "Amount__c"), "decimal(18, 2)");
  EXPECT_EQ(TypeOf(layout, "Big__c"), "double");
  EXPECT_EQ(TypeOf(layout, "Count__c"), "int");
  EXPECT_EQ(TypeOf(layout, "Long__c"), "long");
  EXPECT_EQ(TypeOf(layout, "Born"), "date");
  EXPECT_EQ(TypeOf(layout, "At"), "timestamptz");
  EXPECT_EQ(TypeOf(layout, "Opens"), "time");
  EXPECT_EQ(TypeOf(layout, "Active"), "boolean");
  EXPECT_EQ(TypeOf(layout, "Tags"), "list<string>");
  EXPECT_EQ(TypeOf(layout, "WhoId__type"), "string");
  EXPECT_EQ(TypeOf(layout, "Body"), "string");
  EXPECT_EQ(TypeOf(layout, "Body__length"), "long");
}

TEST(Layout, AnUnknownTypeBecomesTextWithAWarning) {
  const Layout layout = Describe();
  EXPECT_EQ(TypeOf(layout, "Strange"), "string");
  EXPECT_THAT(layout.warnings, ElementsAre(HasSubstr("hologram")));
}

TEST(Layout, CompoundFieldsAreRebuiltAndNeverSelected) {
  const Layout layout = Describe();
  EXPECT_THAT(layout.Soql(), testing::Not(HasSubstr("MailingAddress")));
  EXPECT_THAT(layout.Soql(), testing::Not(HasSubstr("Body,")));
  EXPECT_THAT(TypeOf(layout, "MailingAddress"), HasSubstr("latitude: decimal(18, 15)"));
  EXPECT_EQ(TypeOf(layout, "Spot__c"), "struct<latitude: decimal(5, 3), longitude: decimal(6, 3)>");
  const DerivedField* address = nullptr;
  for (const DerivedField& derived : layout.derived) {
    if (layout.schema.fields[static_cast<size_t>(derived.field_index)].name == "MailingAddress") {
      address = &derived;
    }
  }
  ASSERT_NE(address, nullptr);
  EXPECT_THAT(address->sources, ElementsAre(layout.ColumnIndex("MailingStreet"), -1,
                                            layout.ColumnIndex("MailingState"), -1, -1,
                                            layout.ColumnIndex("MailingStateCode"), -1,
                                            layout.ColumnIndex("MailingLatitude"), -1, -1));
}

TEST(Layout, FieldIdsStayWithTheirNamesAndNewFieldsGetNewOnes) {
  const Layout before = Describe({.include = {"Amount__c", "MailingStreet", "MailingAddress"}});
  LayoutOptions options;
  options.existing = &before.schema;
  options.last_column_id = 100;
  const Layout after = Describe(options);
  EXPECT_EQ(after.schema.Find("Amount__c")->id, before.schema.Find("Amount__c")->id);
  EXPECT_EQ(after.schema.Find("MailingAddress")->type.children[0].id,
            before.schema.Find("MailingAddress")->type.children[0].id);
  EXPECT_GT(after.schema.Find("Count__c")->id, 100);
  EXPECT_EQ(after.schema.identifier_field_ids, std::vector<int>{after.schema.Find("Id")->id});
}

TEST(Layout, AFieldWhoseTypeCannotEvolveStartsAnew) {
  Schema old;
  old.fields = {Field{.id = 3, .name = "Count__c", .type = {.id = TypeId::kString}},
                Field{.id = 4, .name = "Long__c", .type = {.id = TypeId::kInt}}};
  LayoutOptions options;
  options.existing = &old;
  options.last_column_id = 9;
  const Layout layout = Describe(options);
  EXPECT_GT(layout.schema.Find("Count__c")->id, 9);
  EXPECT_EQ(layout.schema.Find("Long__c")->id, 4);
  EXPECT_THAT(layout.warnings, testing::Contains(HasSubstr("Count__c")));
}

TEST(Layout, WhatIsNoDescribeIsAnError) {
  for (const std::string_view text :
       {"", "[]", "{}", R"({"name":"A"})", "{\"name\":\"A\",\"fields\":[1]}"}) {
    const auto layout = LayoutFromDescribe(text, {});
    ASSERT_FALSE(layout.has_value()) << text;
    EXPECT_EQ(layout.error().code(), "REC-LAYOUT-001");
  }
  EXPECT_EQ(LayoutFromDescribe(R"({"name":"A","fields":[]})", {}).error().code(), "REC-LAYOUT-002");
}

TEST(Layout, ExcludeLeavesOutAndGlobsIgnoreCase) {
  const Layout layout = Describe({.include = {"*"}, .exclude = {"mailing*", "*__C"}});
  EXPECT_EQ(layout.schema.Find("MailingStreet"), nullptr);
  EXPECT_EQ(layout.schema.Find("Amount__c"), nullptr);
  EXPECT_NE(layout.schema.Find("Born"), nullptr);
  EXPECT_TRUE(MatchesGlob("a*c?e", "AbbcDe"));
  EXPECT_FALSE(MatchesGlob("a*c", "ab"));
}

Layout ThingLayout(const std::string& amount_type, const Schema* existing) {
  LayoutOptions options;
  options.existing = existing;
  options.last_column_id = existing == nullptr ? 0 : existing->HighestFieldId();
  options.version_columns = true;
  auto layout = LayoutFromDescribe(
      R"({"name":"Thing","fields":[{"name":"Id","type":"id"},{"name":"Amount","type":")" +
          amount_type + R"(","precision":18,"scale":2,"digits":0}]})",
      options);
  EXPECT_TRUE(layout);
  return layout ? *std::move(layout) : Layout();
}

TEST(VersionedColumns, AnIncompatibleFieldGoesOnInANewColumnAndStaysThere) {
  const Schema first = ThingLayout("currency", nullptr).schema;
  const Layout changed = ThingLayout("string", &first);
  ASSERT_EQ(changed.schema.fields[1].name, "Amount__v2");
  EXPECT_GT(changed.schema.fields[1].id, first.HighestFieldId());
  EXPECT_EQ(changed.columns[1].name, "Amount");
  EXPECT_EQ(changed.columns[1].field_index, 1);
  EXPECT_EQ(changed.warnings.size(), 1U);

  Schema table = first;
  table.fields.push_back(changed.schema.fields[1]);
  const Layout again = ThingLayout("string", &table);
  EXPECT_EQ(again.schema.fields[1].name, "Amount__v2");
  EXPECT_EQ(again.schema.fields[1].id, changed.schema.fields[1].id);
  EXPECT_TRUE(again.warnings.empty());
  // The highest version is in use, even where an older one would fit.
  EXPECT_EQ(ThingLayout("currency", &table).schema.fields[1].name, "Amount__v3");
}

TEST(VersionedColumns, NamesOfVersionsAreTold) {
  EXPECT_EQ(VersionedColumnBase("Amount__v2"), "Amount");
  EXPECT_EQ(VersionedColumnBase("Fee__c__v12"), "Fee__c");
  EXPECT_EQ(VersionedColumnBase("Amount"), "");
  EXPECT_EQ(VersionedColumnBase("Has__value"), "");
  EXPECT_EQ(VersionedColumnBase("__v2"), "");
}

}  // namespace
}  // namespace firn::record
