// What could go wrong in production: two different namespaces meet in one row of the catalog, or a
// location leads out of the warehouse.
#include "patterns/federation/names.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "patterns/federation/locations.h"
#include "patterns/federation/routes.h"

namespace firn::federation {
namespace {

TEST(Names, LevelsComeBackFromTheCatalogAsTheyWere) {
  for (const Levels& levels : {Levels{"a"}, Levels{"a", "b"}, Levels{"a.b"}, Levels{"100%", "b"},
                               Levels{"%2E"}, Levels{"é世", "x/y"}, Levels{"a.b", "c%.d"}}) {
    EXPECT_EQ(LevelsFromCatalog(CatalogText(levels)), levels) << CatalogText(levels);
  }
  EXPECT_EQ(CatalogText({"a", "b"}), "a.b");
  EXPECT_NE(CatalogText({"a.b"}), CatalogText({"a", "b"}));
}

TEST(Names, UnusableNamesAreRefused) {
  EXPECT_FALSE(LevelsFromPath(""));
  EXPECT_FALSE(LevelsFromPath("a\x1f"));
  EXPECT_FALSE(LevelsFromPath(std::string("a\0b", 3)));
  EXPECT_FALSE(LevelsFromPath(std::string(300, 'a')));
  EXPECT_FALSE(LevelsFromJson(nlohmann::ordered_json::parse(R"(["a",7])")));
  EXPECT_FALSE(CheckEntryName(""));
  EXPECT_FALSE(CheckEntryName("a\nb"));
  EXPECT_TRUE(
      LevelsFromPath("a\x1f"
                     "b.c"));
}

TEST(Routes, NamesInAPathAreDecodedOneByOne) {
  const auto match = MatchRoute("GET", "/v1/namespaces/a%1Fb%2Fc/tables/x%2Fy+z%2B");
  ASSERT_NE(match.route, nullptr);
  EXPECT_EQ(match.vars.at("namespace"),
            "a\x1f"
            "b/c");
  EXPECT_EQ(match.vars.at("table"), "x/y z+");
  EXPECT_EQ(MatchRoute("GET", "/v1/namespaces/a/b/tables/x").route, nullptr);
  const auto wrong = MatchRoute("PUT", "/v1/namespaces/a");
  EXPECT_EQ(wrong.route, nullptr);
  EXPECT_TRUE(wrong.path_known);
}

TEST(Locations, NothingOutsideTheAllowedFoldersIsTaken) {
  const Locations locations({"/w/lake", "/tmp"});
  EXPECT_TRUE(locations.Check("file:///w/lake/a/b"));
  EXPECT_TRUE(locations.Check("file:/tmp/ns/table"));
  EXPECT_TRUE(locations.Check("/w/lake/a/"));
  for (const char* bad :
       {"file:///w/lake/../secret", "file:///w/lake", "file:///w/lakeside/a", "file:///etc/passwd",
        "s3://bucket/a", "file://host/w/lake/a", "relative/a", "file:///w/lake/a%2e%2e/b",
        "file:///w/lake/a?b", "file:///tmp/./x"}) {
    const auto checked = locations.Check(bad);
    ASSERT_FALSE(checked) << bad;
    EXPECT_EQ(checked.error().code(), "CAT-LOCATION-001");
  }
}

TEST(Locations, AnOwnerWithoutChoiceStaysInTheTablesFolder) {
  const Locations locations({"/w"});
  const EntryName name{{"sales"}, "Deal"};
  EXPECT_TRUE(locations.CheckOwn("file:///w/sales/Deal", name));
  EXPECT_TRUE(locations.CheckOwn("file:///w/sales/Deal-0a1b2c3d", name));
  EXPECT_TRUE(locations.CheckOwn("file:///w/sales/Deal/metadata", name));
  EXPECT_FALSE(locations.CheckOwn("file:///w/sales/Deal2", name));
  EXPECT_FALSE(locations.CheckOwn("file:///w/sales/Other", name));
  EXPECT_FALSE(locations.CheckOwn("file:///w/sales", name));
}

}  // namespace
}  // namespace firn::federation
