// What could go wrong: a record that cannot be found again after a restart, a schema change that
// shifts other fields' values, an id that is not the one a client knows.
#include "sandbox/org.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "sandbox/api_error.h"
#include "sandbox/test_org.h"

namespace firn::sandbox {
namespace {

TEST(OrgTest, StartsWithUsersThatCanSignIn) {
  TestOrg org;
  EXPECT_EQ(org.One("SELECT Name FROM User WHERE Username = 'ADMIN@firn.sandbox'"), "Ada Admin");
  EXPECT_EQ(org.One("SELECT Profile.Name FROM User WHERE Username = 'integration@firn.sandbox'"),
            "Minimum Access - API Only Integrations");
}

TEST(OrgTest, OrganizationRecordIsTheOrgItself) {
  TestOrg org;
  EXPECT_EQ(org.One("SELECT Id, IsSandbox, OrganizationType, NamespacePrefix FROM Organization"),
            org->org_id() + "|true|Enterprise Edition|");
}

TEST(OrgTest, RecordSurvivesRestart) {
  TestOrg org;
  const auto id = org->Insert("Account", {{"Name", "Öl & Co"}, {"AnnualRevenue", "12345678"}}, {});
  ASSERT_TRUE(id) << id.error().OneLine();
  org.Reopen();
  EXPECT_EQ(org.One("SELECT Name, AnnualRevenue FROM Account"), "Öl & Co|1.2345678E7");
  const auto second = org->Insert("Account", {{"Name", "B"}}, {});
  ASSERT_TRUE(second);
  EXPECT_EQ(*second, *id + 1);
}

TEST(OrgTest, IdsHaveTheVendorsCheckSuffix) {
  // 0018000000abcDE was published as an example of the suffix in the vendor's help.
  EXPECT_EQ(IdText(MakeId("001", 0)).size(), 18U);
  const std::string id = IdText(MakeId("001", 123456789));
  EXPECT_EQ(ParseId(id), MakeId("001", 123456789));
  EXPECT_EQ(ParseId(id.substr(0, 15)), MakeId("001", 123456789));
  std::string wrong = id;
  wrong[17] = wrong[17] == 'A' ? 'B' : 'A';
  EXPECT_FALSE(ParseId(wrong));
}

TEST(OrgTest, MissingRequiredFieldIsRefusedWithItsName) {
  TestOrg org;
  const auto id = org->Insert("Contact", {{"FirstName", "Ann"}}, {});
  ASSERT_FALSE(id);
  EXPECT_EQ(PartsOf(id.error()).code, "REQUIRED_FIELD_MISSING");
  EXPECT_EQ(PartsOf(id.error()).fields, std::vector<std::string>{"LastName"});
}

TEST(OrgTest, DuplicateExternalIdIsRefused) {
  TestOrg org;
  ASSERT_TRUE(org->Insert("Account", {{"Name", "A"}, {"ExternalKey__c", "k1"}}, {}));
  const auto again = org->Insert("Account", {{"Name", "B"}, {"ExternalKey__c", "K1"}}, {});
  ASSERT_FALSE(again);
  EXPECT_EQ(PartsOf(again.error()).code, "DUPLICATE_VALUE");
  const auto found = org->FindByExternalId("account", "externalkey__c", "K1");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->size(), 1U);
}

TEST(OrgTest, LookupToNothingIsRefused) {
  TestOrg org;
  const auto id =
      org->Insert("Contact", {{"LastName", "X"}, {"AccountId", IdText(MakeId("001", 7))}}, {});
  ASSERT_FALSE(id);
  EXPECT_EQ(PartsOf(id.error()).code, "INVALID_CROSS_REFERENCE_KEY");
}

TEST(OrgTest, DeletedRecordIsSeenOnlyByQueryAll) {
  TestOrg org;
  const auto id = org->Insert("Account", {{"Name", "A"}}, {});
  ASSERT_TRUE(org->Delete(*id, {}));
  EXPECT_EQ(org.One("SELECT Name FROM Account"), "");
  EXPECT_EQ(org.One("SELECT Name, IsDeleted FROM Account ALL ROWS"), "A|true");
  EXPECT_EQ(*org->Count("Account", false), 0U);
  EXPECT_EQ(*org->Count("Account", true), 1U);
  ASSERT_TRUE(org->Undelete(*id, {}));
  EXPECT_EQ(org.One("SELECT Name FROM Account"), "A");
}

TEST(OrgTest, ObjectWithoutRecycleBinLosesRecordsAtOnce) {
  TestOrg org;
  const auto campaign = org->Insert("Campaign", {{"Name", "C"}}, {});
  const auto member = org->Insert("CampaignMember", {{"CampaignId", IdText(*campaign)}}, {});
  ASSERT_TRUE(member) << member.error().OneLine();
  ASSERT_TRUE(org->Delete(*member, {}));
  EXPECT_EQ(org.One("SELECT Id FROM CampaignMember ALL ROWS"), "");
}

TEST(OrgTest, HiddenFieldIsUnknownToClients) {
  TestOrg org;
  ASSERT_TRUE(org->Insert("Account", {{"Name", "A"}, {"Site", "x"}}, {}));
  ASSERT_TRUE(org->HideField("Account", "Site", true));
  EXPECT_EQ(org.Failure("SELECT Site FROM Account"), "INVALID_FIELD");
  ASSERT_TRUE(org->HideField("Account", "Site", false));
  EXPECT_EQ(org.One("SELECT Site FROM Account"), "x");
}

TEST(OrgTest, RemovedAndAddedFieldsLeaveOtherValuesAlone) {
  TestOrg org;
  ASSERT_TRUE(org->Insert("Account", {{"Name", "A"}, {"Site", "x"}, {"Sic", "9"}}, {}));
  ASSERT_TRUE(org->RemoveField("Account", "Site", true));
  EXPECT_EQ(org.Failure("SELECT Site FROM Account"), "INVALID_FIELD");
  const auto defined =
      org->DefineYaml("object: Account\nfields:\n  - {name: Extra__c, type: string, length: 20}\n");
  ASSERT_TRUE(defined) << defined.error().OneLine();
  org.Reopen();
  EXPECT_EQ(org.One("SELECT Name, Sic, Extra__c FROM Account"), "A|9|");
  ASSERT_TRUE(org->RemoveField("Account", "Site", false));
  EXPECT_EQ(org.One("SELECT Site FROM Account"), "x");
}

TEST(OrgTest, ARemovedObjectGoesWithItsLookupsAndComesBackWithItsRecords) {
  TestOrg org;
  const auto widget = org->Insert("Widget__c", {}, {});
  ASSERT_TRUE(widget) << widget.error().OneLine();
  ASSERT_TRUE(org->Insert("Reading__c", {{"Name", "R"}, {"Widget__c", IdText(*widget)}}, {}));
  ASSERT_TRUE(org->RemoveObject("Widget__c", true));
  EXPECT_EQ(org.Failure("SELECT Name FROM Widget__c"), "INVALID_TYPE");
  EXPECT_EQ(org.Failure("SELECT Widget__c FROM Reading__c"), "INVALID_FIELD");
  org.Reopen();
  EXPECT_EQ(org.One("SELECT Name FROM Reading__c"), "R");
  EXPECT_EQ(org.Failure("SELECT Name FROM Widget__c"), "INVALID_TYPE");
  ASSERT_TRUE(org->RemoveObject("Widget__c", false));
  EXPECT_EQ(org.One("SELECT Widget__r.Id FROM Reading__c"), IdText(*widget));
  EXPECT_FALSE(org->RemoveObject("Account", true));
}

TEST(OrgTest, ObjectFileWithUnknownKeyNamesTheNearest) {
  TestOrg org;
  const auto defined = org->DefineYaml("object: X__c\nfieldz: []\n");
  ASSERT_FALSE(defined);
  EXPECT_EQ(defined.error().code(), "SBX-SCHEMA-001");
  EXPECT_NE(defined.error().what().find("`fields`"), std::string::npos);
  EXPECT_EQ(defined.error().where(), "object file:2:1");
}

TEST(OrgTest, FormulaFollowsItsInputsWithoutTouchingModstamp) {
  TestOrg org;
  const auto account = org->Insert("Account", {{"Name", "Old"}}, {});
  ASSERT_TRUE(account);
  const auto deal = org->Insert("Opportunity",
                                {{"Name", "Deal"},
                                 {"AccountId", IdText(*account)},
                                 {"StageName", "Value Proposition"},
                                 {"Amount", "200"},
                                 {"CloseDate", "2026-05-06"}},
                                {});
  ASSERT_TRUE(deal) << deal.error().OneLine();
  const std::string soql =
      "SELECT AccountName__c, WeightedAmount__c, ExpectedRevenue, Fiscal FROM Opportunity";
  EXPECT_EQ(org.One(soql), "Old|100.0|100.0|2026 2");
  const std::string stamp = org.One("SELECT SystemModstamp FROM Opportunity");
  org.clock().Advance(std::chrono::hours(5));
  ASSERT_TRUE(org->Update(*account, {{"Name", "New"}}, {}));
  EXPECT_EQ(org.One(soql), "New|100.0|100.0|2026 2");
  EXPECT_EQ(org.One("SELECT SystemModstamp FROM Opportunity"), stamp);
}

TEST(OrgTest, EveryBuiltInObjectIsWholeAndHasTheFieldsPromised) {
  TestOrg org;
  const auto catalogue = org->catalogue();
  for (const char* name : {"Account",
                           "Contact",
                           "Lead",
                           "Opportunity",
                           "Case",
                           "User",
                           "Profile",
                           "Task",
                           "Event",
                           "Campaign",
                           "CampaignMember",
                           "Product2",
                           "PricebookEntry",
                           "ContentVersion",
                           "Asset",
                           "BusinessHours",
                           "ContentDocument",
                           "Contract",
                           "EmailMessage",
                           "EmailTemplate",
                           "Entitlement",
                           "Knowledge__kav",
                           "LoginHistory",
                           "Order",
                           "OrderItem",
                           "PermissionSet",
                           "Quote",
                           "QuoteLineItem",
                           "ServiceContract",
                           "VoiceCall",
                           "WorkOrder",
                           "OpportunityLineItem"}) {
    const ObjectInfo* object = catalogue->Object(name);
    ASSERT_NE(object, nullptr) << name;
    EXPECT_GE(object->fields.size(), 20U) << name;
  }
  size_t standard = 0;
  std::set<std::string> prefixes;
  for (const ObjectInfo& each : catalogue->objects()) {
    const ObjectInfo* object = &each;
    const std::string& name = each.name;
    if (!each.custom) ++standard;
    EXPECT_TRUE(prefixes.insert(each.key_prefix).second) << name;
    for (const auto& field : object->fields) {
      if (IsText(field.type) && field.type != FieldType::kBase64) {
        EXPECT_GT(field.length, 0) << name << '.' << field.name;
      }
      if (IsDecimal(field.type)) {
        EXPECT_GT(field.precision, 0) << name << '.' << field.name;
      }
      const bool structured =
          field.type == FieldType::kAddress || field.type == FieldType::kLocation;
      if (structured) {
        EXPECT_GE(field.components.size(), 2U) << name << '.' << field.name;
      }
      if (!field.compound_field_name.empty()) {
        EXPECT_NE(object->Field(field.compound_field_name), nullptr) << name << '.' << field.name;
      }
    }
  }
  EXPECT_GE(standard, 60U);
}

TEST(OrgTest, EveryFieldTypeOccursInTheDemoOrg) {
  TestOrg org;
  const auto catalogue = org->catalogue();
  for (const char* type :
       {"id",       "reference", "boolean",  "string", "textarea", "picklist", "multipicklist",
        "combobox", "email",     "phone",    "url",    "int",      "double",   "currency",
        "percent",  "date",      "datetime", "time",   "base64",   "address",  "location"}) {
    bool found = false;
    for (const auto& object : catalogue->objects()) {
      for (const auto& field : object.fields) found = found || TypeName(field.type) == type;
    }
    EXPECT_TRUE(found) << type;
  }
}

}  // namespace
}  // namespace firn::sandbox
