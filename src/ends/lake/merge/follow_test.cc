// What could go wrong in production: the street of an address changes and the address that readers
// see as a whole keeps the old one; a difference is put onto a text that the row no longer has.
#include "ends/lake/merge/follow.h"

#include <arrow/array/array_binary.h>
#include <arrow/record_batch.h>

#include "ends/lake/merge/test_desk.h"

namespace firn::lake {
namespace {

class FollowTest : public MergeDesk {
 protected:
  // Name is made of Stage and Place's parts; Place is a struct of Stage and a part nobody has.
  static record::Schema WithPlace() {
    record::Schema schema = TestSchema();
    record::Field place{6, "Place", false, {.id = record::TypeId::kStruct}, ""};
    place.type.children = {{7, "stage", false, {}, ""}, {8, "country", false, {}, ""}};
    schema.fields.push_back(place);
    return schema;
  }
  static MergeOptions Following() {
    MergeOptions options;
    options.following = {
        {FollowingColumn::Kind::kStruct, "Place", {"Stage", ""}},
        {FollowingColumn::Kind::kWords, "Name", {"Stage", "Missing"}},
    };
    return options;
  }
};

TEST_F(FollowTest, AStructFollowsThePartThatChangedAndWholeRowsStayAsTheyCame) {
  ASSERT_TRUE(lake_->EvolveSchema(call_, ident_, WithPlace(), Now().shape()));
  const auto merger = Open(Following());
  Upsert(*merger, {{TestId(1), Row("one", 1, "new")}, {TestId(2), Row("two", 2, "new")}});
  Commit(*merger);
  EXPECT_EQ(Read()[TestId(1)]["Name"], "one");
  Update(*merger, TestId(1), {{"Stage", "won"}});
  Commit(*merger);
  auto rows = Read();
  EXPECT_EQ(rows[TestId(1)]["Name"], "won");
  EXPECT_NE(rows[TestId(1)]["Place"]->find("won"), std::string::npos);
  EXPECT_EQ(rows[TestId(2)]["Name"], "two");
  Update(*merger, TestId(1), {{"Stage", std::nullopt}});
  Commit(*merger);
  rows = Read();
  EXPECT_EQ(rows[TestId(1)]["Place"], std::nullopt);
  EXPECT_EQ(rows[TestId(1)]["Name"], "won");  // nothing to make another one of
}

TEST_F(FollowTest, CurrentRowsAreThoseCommittedAndUnknownKeysHaveNone) {
  const auto merger = Open();
  Upsert(*merger, {{TestId(1), Row("one", 1)}, {TestId(2), Row("two", 2)}});
  Commit(*merger);
  Update(*merger, TestId(1), {{"Name", "waits"}});
  const std::vector<std::string> keys = {TestId(2), TestId(9), TestId(1)};
  const auto current = merger->Current(call_, keys);
  ASSERT_TRUE(current) << current.error().OneLine();
  ASSERT_EQ(current->at.size(), 3U);
  EXPECT_EQ(current->at[1], -1);
  const auto& names =
      static_cast<const arrow::StringArray&>(*current->rows->GetColumnByName("Name"));
  EXPECT_EQ(names.GetString(current->at[0]), "two");
  EXPECT_EQ(names.GetString(current->at[2]), "one");
}

}  // namespace
}  // namespace firn::lake
