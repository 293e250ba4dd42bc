// What could go wrong in production: a replaced view loses the dialect another engine reads it by,
// or its history grows without end.
#include "patterns/federation/view_builder.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace firn::federation {
namespace {

using Json = nlohmann::ordered_json;

Json VersionOf(int id, const std::string& sql, const std::string& dialect = "spark") {
  return {{"version-id", id},
          {"timestamp-ms", 1'780'000'000'000 + id},
          {"schema-id", -1},
          {"summary", {{"engine", "test"}}},
          {"representations", Json::array({{{"type", "sql"}, {"sql", sql}, {"dialect", dialect}}})},
          {"default-namespace", Json::array({"ns"})}};
}

Json SchemaOf(const std::string& column) {
  return {{"type", "struct"},
          {"fields",
           Json::array({{{"id", 1}, {"name", column}, {"required", false}, {"type", "long"}}})}};
}

Json NewView() {
  ViewBuilder builder(1);
  EXPECT_TRUE(builder.Apply({{"action", "assign-uuid"}, {"uuid", "u"}}));
  EXPECT_TRUE(builder.Apply({{"action", "set-location"}, {"location", "file:///w/v/"}}));
  EXPECT_TRUE(builder.Apply({{"action", "add-schema"}, {"schema", SchemaOf("a")}}));
  EXPECT_TRUE(
      builder.Apply({{"action", "add-view-version"}, {"view-version", VersionOf(1, "select 1")}}));
  EXPECT_TRUE(builder.Apply({{"action", "set-current-view-version"}, {"view-version-id", -1}}));
  auto built = std::move(builder).Build();
  EXPECT_TRUE(built) << built.error().OneLine();
  return *std::move(built);
}

Result<Json> Replaced(const Json& base, const Json& version) {
  ViewBuilder builder(base, 99);
  FIRN_CHECK(builder.Apply({{"action", "add-schema"}, {"schema", SchemaOf("a")}}));
  FIRN_CHECK(builder.Apply({{"action", "add-view-version"}, {"view-version", version}}));
  FIRN_CHECK(builder.Apply({{"action", "set-current-view-version"}, {"view-version-id", -1}}));
  return std::move(builder).Build();
}

TEST(ViewBuilder, NewViewIsWhatTheParserTakes) {
  const Json view = NewView();
  EXPECT_EQ(view["location"], "file:///w/v");
  EXPECT_EQ(view["versions"][0]["schema-id"], 0);
  EXPECT_EQ(view["version-log"].size(), 1U);
  EXPECT_TRUE(ParseViewMetadata(view.dump()));
}

TEST(ViewBuilder, SameVersionIsTakenAgain) {
  const Json view = NewView();
  const auto same = Replaced(view, VersionOf(7, "select 1"));
  ASSERT_TRUE(same) << same.error().OneLine();
  EXPECT_EQ((*same)["versions"].size(), 1U);
  const auto next = Replaced(view, VersionOf(1, "select 2"));
  ASSERT_TRUE(next);
  EXPECT_EQ((*next)["current-version-id"], 2);
  EXPECT_EQ((*next)["version-log"].size(), 2U);
}

TEST(ViewBuilder, DialectIsNotLostUnlessThatIsAllowed) {
  Json view = NewView();
  const auto lost = Replaced(view, VersionOf(2, "select 2", "Trino"));
  ASSERT_FALSE(lost);
  EXPECT_NE(lost.error().what().find("loss of view dialects"), std::string::npos);
  view["properties"]["replace.drop-dialect.allowed"] = "true";
  EXPECT_TRUE(Replaced(view, VersionOf(2, "select 2", "Trino")));
}

TEST(ViewBuilder, OldVersionsGoAndTheLogIsCutAfterThem) {
  Json view = NewView();
  view["properties"]["version.history.num-entries"] = "2";
  for (int id = 2; id <= 5; ++id) {
    auto next = Replaced(view, VersionOf(id, "select " + std::to_string(id)));
    ASSERT_TRUE(next) << next.error().OneLine();
    view = *std::move(next);
  }
  EXPECT_EQ(view["versions"].size(), 2U);
  EXPECT_EQ(view["version-log"].size(), 2U);
  EXPECT_EQ(view["current-version-id"], 5);
}

TEST(ViewBuilder, TwoQueriesOfOneDialectAreRefused) {
  Json version = VersionOf(2, "select 2", "trino");
  version["representations"].push_back(version["representations"][0]);
  const auto twice = Replaced(NewView(), version);
  ASSERT_FALSE(twice);
  EXPECT_NE(twice.error().what().find("Cannot add multiple queries for dialect trino"),
            std::string::npos);
}

TEST(ViewBuilder, DamagedMetadataIsRefusedAndNeverThrows) {
  Json view = NewView();
  EXPECT_FALSE(ParseViewMetadata("[]"));
  EXPECT_FALSE(ParseViewMetadata("{"));
  for (const char* key : {"view-uuid", "location", "versions", "schemas", "current-version-id"}) {
    Json damaged = view;
    damaged[key] = 7.5;
    EXPECT_FALSE(ParseViewMetadata(damaged.dump())) << key;
  }
}

}  // namespace
}  // namespace firn::federation
