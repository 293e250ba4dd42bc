// What could go wrong in production: an object of one table is taken for another's, a new table is
// put into the folder of one that is there or being made, or what another process did to the
// catalog goes unseen.
#include "patterns/federation/storage/table_places.h"

#include <gtest/gtest.h>

#include <atomic>

#include "tests/support/test_folder.h"

namespace firn::federation {
namespace {

using lake::EntryKind;
using lake::TableIdent;

class TablePlacesTest : public ::testing::Test {
 protected:
  TablePlacesTest() {
    catalog_ = Open();
    EXPECT_TRUE(catalog_->CreateNamespace("sales"));
    places_ = std::make_unique<TablePlaces>(
        *catalog_, [this](const Call&, const TableIdent& ident) { return Read(ident); });
  }

  std::unique_ptr<lake::ServedCatalog> Open() {
    lake::SqlCatalogOptions options;
    options.path = folder_ + "/catalog.db";
    options.serving = true;
    auto opened = lake::OpenSqlCatalog(options);
    EXPECT_TRUE(opened);
    return *std::move(opened);
  }

  Result<std::vector<S3Place>> Read(const TableIdent& ident) {
    ++reads_;
    const auto found = folders_.find(ident.name);
    if (found == folders_.end()) return Fail(Kind::kCorrupt, "LAKE-META-001", "damaged");
    return std::vector{S3Place{"b", found->second}};
  }

  void Make(const std::string& name, const std::string& key) {
    folders_[name] = key;
    EXPECT_TRUE(catalog_->Insert({"sales", name}, "s3://b/" + key + "/metadata/1.json").value());
  }

  // The names of the tables that hold an object, by what was known and then by what is.
  std::string Holders(const std::string& key) {
    EXPECT_TRUE(places_->Refresh(call_));
    std::string out;
    for (const TableIdent& ident : places_->Holders({"b", key})) out += ident.name + " ";
    return out;
  }

  std::string Rival(const std::string& name, const std::string& key, bool apart = false) {
    const auto rival = places_->Rival(call_, {{"sales", name}, {{"b", key}}, apart});
    EXPECT_TRUE(rival);
    return *rival ? (*rival)->name : "none";
  }

  TestFolder temporary_;
  std::string folder_ = temporary_.path();
  Call call_;
  std::map<std::string, std::string> folders_;
  std::atomic<int> reads_ = 0;
  std::unique_ptr<lake::ServedCatalog> catalog_;
  std::unique_ptr<TablePlaces> places_;
};

TEST_F(TablePlacesTest, AnObjectIsThatOfTheTableWhoseFolderItLiesIn) {
  Make("Deal", "t/Deal");
  Make("Deal2", "t/Deal2");
  EXPECT_EQ(Holders("t/Deal/data/x"), "Deal ");
  EXPECT_EQ(Holders("t/Deal2/x"), "Deal2 ");
  EXPECT_EQ(Holders("t/Dea"), "");
  EXPECT_EQ(Holders("t"), "");
  EXPECT_TRUE(places_->Holders({"c", "t/Deal/data/x"}).empty());
}

TEST_F(TablePlacesTest, TheInnermostOfSeveralComesFirst) {
  Make("Outer", "t");
  Make("Inner", "t/Inner");
  EXPECT_EQ(Holders("t/Inner/x"), "Inner Outer ");
}

TEST_F(TablePlacesTest, ATableOfTheWholeBucketHoldsEveryObject) {
  Make("All", "");
  EXPECT_EQ(Holders("t/x"), "All ");
  EXPECT_EQ(Rival("New", "anything"), "All");
}

TEST_F(TablePlacesTest, OnlyTheMetadataOfTablesThatChangedIsRead) {
  for (int n = 0; n < 50; ++n) Make("T" + std::to_string(n), "t/" + std::to_string(n));
  EXPECT_EQ(Holders("t/7/x"), "T7 ");
  EXPECT_EQ(reads_, 50);
  EXPECT_EQ(Holders("t/8/x"), "T8 ");
  EXPECT_EQ(reads_, 50);
  folders_["T8"] = "moved/8";
  EXPECT_TRUE(catalog_->Swap({"sales", "T8"}, {"s3://b/t/8/metadata/1.json", "2.json"}).value());
  EXPECT_EQ(Holders("t/8/x"), "");
  EXPECT_EQ(Holders("moved/8/x"), "T8 ");
  EXPECT_EQ(reads_, 51);
}

TEST_F(TablePlacesTest, WhatAnotherProcessChangesIsSeen) {
  EXPECT_EQ(Holders("t/Deal/x"), "");
  const auto other = Open();
  folders_["Deal"] = "t/Deal";
  EXPECT_TRUE(other->Insert({"sales", "Deal"}, "s3://b/t/Deal/metadata/1.json").value());
  EXPECT_EQ(Holders("t/Deal/x"), "Deal ");
  EXPECT_TRUE(other->Delete({"sales", "Deal"}).value());
  EXPECT_EQ(Holders("t/Deal/x"), "");
}

TEST_F(TablePlacesTest, ATableWhoseMetadataIsDamagedStillHoldsItsFolder) {
  EXPECT_TRUE(catalog_->Insert({"sales", "Bad"}, "s3://b/t/Bad/metadata/1.json").value());
  EXPECT_EQ(Holders("t/Bad/data/x"), "Bad ");
  EXPECT_EQ(Rival("New", "t/Bad"), "Bad");
}

TEST_F(TablePlacesTest, APlaceIsTakenByWhatLiesAtAboveOrBelowIt) {
  Make("Deal", "t/Deal");
  EXPECT_EQ(Rival("New", "t/Deal"), "Deal");
  EXPECT_EQ(Rival("New", "t/Deal/inside"), "Deal");
  EXPECT_EQ(Rival("New", "t"), "Deal");
  EXPECT_EQ(Rival("New", "t/Dea"), "none");
  EXPECT_EQ(Rival("New", "t/Deal2"), "none");
  EXPECT_EQ(Rival("Deal", "t/Deal"), "none");
}

TEST_F(TablePlacesTest, AStagedTableKeepsItsPlacesFromOthersUntilItIsMade) {
  const TableIdent ident{"sales", "New"};
  ASSERT_TRUE(places_->Keep(call_, {ident, {{"b", "t/New"}}}));
  EXPECT_EQ(Rival("Other", "t/New/x"), "New");
  EXPECT_EQ(Rival("New", "t/New"), "none");
  EXPECT_EQ(Rival("New", "t/New", true), "New");
  EXPECT_EQ(places_->StagedAs(call_, ident)->size(), 1U);
  folders_["New"] = "t/New";
  const lake::CatalogStep step{ident, EntryKind::kTable, {}, "s3://b/t/New/metadata/1.json"};
  EXPECT_FALSE(catalog_->Apply({step}, {}).value());
  EXPECT_TRUE(places_->StagedAs(call_, ident)->empty());
  EXPECT_EQ(Rival("Other", "t/New/x"), "New");
}

TEST_F(TablePlacesTest, StagedTablesOutliveTheServerAndEndWithTheirTime) {
  const TableIdent ident{"sales", "New"};
  ManualClock clock{UtcMicros(std::chrono::hours(500'000))};
  call_.clock = &clock;
  ASSERT_TRUE(places_->Keep(call_, {ident, {{"b", "t/New"}, {"b", "data/New"}}}));
  catalog_ = Open();
  TablePlaces after(*catalog_, [this](const Call&, const TableIdent& each) { return Read(each); });
  const auto staged = after.StagedAs(call_, ident);
  ASSERT_TRUE(staged);
  ASSERT_EQ(staged->size(), 1U);
  EXPECT_EQ(staged->front().places.size(), 2U);
  clock.Advance(kStagedLife);
  EXPECT_TRUE(after.StagedAs(call_, ident)->empty());
}

TEST_F(TablePlacesTest, OneNameCanBeStagedInSeveralPlaces) {
  const TableIdent ident{"sales", "New"};
  ASSERT_TRUE(places_->Keep(call_, {ident, {{"b", "t/New"}}}));
  ASSERT_TRUE(places_->Keep(call_, {ident, {{"b", "t/New-2"}}}));
  EXPECT_EQ(places_->StagedAs(call_, ident)->size(), 2U);
  EXPECT_TRUE(places_->StagedAs(call_, TableIdent{"sales", "Else"})->empty());
}

}  // namespace
}  // namespace firn::federation
