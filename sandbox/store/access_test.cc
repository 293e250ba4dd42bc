// What could go wrong in production: an integration user is shown a field or a record that its
// permissions withhold, or a client that must cope with that never meets it.
#include <gtest/gtest.h>

#include "sandbox/api_error.h"
#include "sandbox/store/access_view.h"
#include "sandbox/test_org.h"

namespace firn::sandbox {
namespace {

class AccessTest : public ::testing::Test {
 protected:
  void SetUp() override {
    user_ = IdOf("SELECT Id FROM User WHERE Username = 'restricted@firn.sandbox'");
    other_ = IdOf("SELECT Id FROM User WHERE Username = 'integration@firn.sandbox'");
  }
  std::string IdOf(const std::string& soql) {
    auto cursor = org_->Query(soql, {.see_hidden = true}).value();
    EXPECT_TRUE(cursor->Next().value());
    return IdText(cursor->row()[0].number);
  }
  std::string Made(const std::string& object, const std::vector<FieldText>& fields) {
    const auto id = org_->Insert(object, fields, {});
    EXPECT_TRUE(id) << id.error().OneLine();
    return IdText(id.value_or(0));
  }
  // The permission set of the restricted user.
  std::string Granted() {
    const auto set = Made("PermissionSet", {{"Name", "Reads"}, {"Label", "Reads"}});
    Made("PermissionSetAssignment", {{"PermissionSetId", set}, {"AssigneeId", user_}});
    return set;
  }
  size_t Rows(const std::string& soql) {
    auto cursor = org_->Query(soql, {.user_id = user_});
    if (!cursor) return 9999;
    size_t rows = 0;
    while ((*cursor)->Next().value()) ++rows;
    return rows;
  }
  std::string Refusal(const std::string& soql) {
    const auto cursor = org_->Query(soql, {.user_id = user_});
    return cursor ? "none" : PartsOf(cursor.error()).code;
  }

  TestOrg org_;
  std::string user_;
  std::string other_;
};

TEST_F(AccessTest, OpenOrgWithholdsNothing) {
  EXPECT_EQ(org_->CatalogueFor(user_), org_->catalogue());
  EXPECT_EQ(Refusal("SELECT Id, Phone FROM Account"), "none");
}

TEST_F(AccessTest, ClosedProfileSeesWhatPermissionSetsGrant) {
  ASSERT_TRUE(org_->SetAccessRules({{"Read Only"}, {}}));
  EXPECT_EQ(Refusal("SELECT Id FROM Account"), "INVALID_TYPE");
  const auto set = Granted();
  Made("ObjectPermissions",
       {{"ParentId", set}, {"SobjectType", "Account"}, {"PermissionsRead", "true"}});
  EXPECT_EQ(Refusal("SELECT Id, Name FROM Account"), "none");
  EXPECT_EQ(Refusal("SELECT Phone FROM Account"), "INVALID_FIELD");
  Made("FieldPermissions", {{"ParentId", set},
                            {"SobjectType", "Account"},
                            {"Field", "Account.Phone"},
                            {"PermissionsRead", "true"}});
  EXPECT_EQ(Refusal("SELECT Phone FROM Account"), "none");
  EXPECT_EQ(Refusal("SELECT Fax FROM Account"), "INVALID_FIELD");
  const ObjectInfo* account = org_->CatalogueFor(user_)->Object("Account");
  ASSERT_NE(account, nullptr);
  EXPECT_FALSE(account->createable);
  // Others are not touched.
  EXPECT_NE(org_->CatalogueFor(other_)->Object("Contact"), nullptr);
  EXPECT_EQ(org_->CatalogueFor(user_)->Object("Contact"), nullptr);
}

TEST_F(AccessTest, ClosedProfileChangesWhatItMayEdit) {
  const auto account = Made("Account", {{"Name", "One"}});
  ASSERT_TRUE(org_->SetAccessRules({{"Read Only"}, {}}));
  const auto set = Granted();
  Made("ObjectPermissions", {{"ParentId", set},
                             {"SobjectType", "Account"},
                             {"PermissionsRead", "true"},
                             {"PermissionsEdit", "true"}});
  Made("FieldPermissions", {{"ParentId", set},
                            {"SobjectType", "Account"},
                            {"Field", "Account.Phone"},
                            {"PermissionsRead", "true"}});
  const auto id = *ParseId(account);
  EXPECT_TRUE(org_->Update(id, {{"Name", "Two"}}, {.user_id = user_}));
  const auto phone = org_->Update(id, {{"Phone", "1"}}, {.user_id = user_});
  ASSERT_FALSE(phone);
  EXPECT_EQ(PartsOf(phone.error()).code, "INVALID_FIELD_FOR_INSERT_UPDATE");
  const auto made = org_->Insert("Account", {{"Name", "New"}}, {.user_id = user_});
  ASSERT_FALSE(made);
  EXPECT_EQ(PartsOf(made.error()).code, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY");
  const auto removed = org_->Delete(id, {.user_id = user_});
  ASSERT_FALSE(removed);
  EXPECT_EQ(PartsOf(removed.error()).code, "INSUFFICIENT_ACCESS_OR_READONLY");
}

TEST_F(AccessTest, PrivateObjectShowsAUserOnlyOwnRecords) {
  const auto mine = Made("Account", {{"Name", "Mine"}, {"OwnerId", user_}});
  const auto theirs = Made("Account", {{"Name", "Theirs"}, {"OwnerId", other_}});
  ASSERT_TRUE(org_->SetAccessRules({{}, {"account"}}));
  EXPECT_EQ(Rows("SELECT Id FROM Account"), 1U);
  EXPECT_EQ(Rows("SELECT Id FROM Account WHERE Name = 'Theirs' OR Name = 'Mine'"), 1U);
  EXPECT_EQ(org_->Query("SELECT COUNT() FROM Account", {.user_id = user_}).value()->count(), 1U);
  EXPECT_TRUE(org_->Read("Account", mine, {.user_id = user_}));
  const auto read = org_->Read("Account", theirs, {.user_id = user_});
  ASSERT_FALSE(read);
  EXPECT_EQ(PartsOf(read.error()).code, "NOT_FOUND");
  EXPECT_FALSE(org_->Update(*ParseId(theirs), {{"Name", "X"}}, {.user_id = user_}));
  EXPECT_TRUE(org_->Update(*ParseId(mine), {{"Name", "X"}}, {.user_id = user_}));
  EXPECT_EQ(org_->Query("SELECT COUNT() FROM Account", {}).value()->count(), 2U);
}

TEST_F(AccessTest, ViewAllRecordsLiftsPrivateSharingAtOnce) {
  Made("Account", {{"Name", "Theirs"}, {"OwnerId", other_}});
  ASSERT_TRUE(org_->SetAccessRules({{"Read Only"}, {"Account"}}));
  const auto set = Granted();
  const auto grant =
      Made("ObjectPermissions",
           {{"ParentId", set}, {"SobjectType", "Account"}, {"PermissionsRead", "true"}});
  EXPECT_EQ(Rows("SELECT Id FROM Account"), 0U);
  ASSERT_TRUE(org_->Update(*ParseId(grant), {{"PermissionsViewAllRecords", "true"}}, {}));
  EXPECT_EQ(Rows("SELECT Id FROM Account"), 1U);
}

TEST_F(AccessTest, RulesSurviveARestartAndNameOnlyWhatIsThere) {
  EXPECT_FALSE(org_->SetAccessRules({{"No Such Profile"}, {}}));
  EXPECT_FALSE(org_->SetAccessRules({{}, {"CaseComment"}}));
  ASSERT_TRUE(org_->SetAccessRules({{"Read Only"}, {"Account"}}));
  org_.Reopen();
  EXPECT_EQ(org_->access_rules().closed_profiles.count("Read Only"), 1U);
  EXPECT_EQ(Refusal("SELECT Id FROM Account"), "INVALID_TYPE");
}

}  // namespace
}  // namespace firn::sandbox
