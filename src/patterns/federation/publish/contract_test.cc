// What could go wrong in production: a contract that cannot be kept is taken, a column that people
// build on is gone or changes its type, or a changed contract goes by under the old version.
#include "patterns/federation/publish/contract.h"

#include <gtest/gtest.h>

#include "core/base/file.h"
#include "tests/support/test_folder.h"

namespace firn::federation {
namespace {

constexpr const char* kProfile = R"yaml(name: profile
version: 2
key: [Id]
columns:
  - {name: Id, type: string, required: true}
  - {name: Amount, type: "decimal(9, 2)"}
)yaml";

class ContractFile : public testing::Test {
 protected:
  Result<Contract> Read(const std::string& text) {
    const TestFolder folder;
    const std::string path = folder.path() + "/contract.yaml";
    EXPECT_TRUE(WriteFileDurably(path, text));
    return ReadContract(path);
  }
  Contract Good(const std::string& text) {
    auto contract = Read(text);
    EXPECT_TRUE(contract) << contract.error().OneLine();
    return *std::move(contract);
  }
  std::string WhyNot(const std::string& text) {
    const auto contract = Read(text);
    EXPECT_FALSE(contract);
    return contract.error().code() + " " + contract.error().why();
  }
};

TEST_F(ContractFile, DeclaresColumnsTypesNullsAndKey) {
  const Contract contract = Good(kProfile);
  EXPECT_EQ(contract.name, "profile");
  EXPECT_EQ(contract.version, 2);
  ASSERT_EQ(contract.rows.schema.fields.size(), 2u);
  EXPECT_TRUE(contract.rows.schema.fields[0].required);
  EXPECT_EQ(record::TypeText(contract.rows.schema.fields[1].type), "decimal(9, 2)");
  EXPECT_EQ(contract.rows.key, std::vector<std::string>{"Id"});
  EXPECT_EQ(contract.digest.size(), 64u);
}

TEST_F(ContractFile, SaysWhatCannotBeUsedAndWhere) {
  EXPECT_EQ(WhyNot("name: a\nkey: [Ib]\ncolumns:\n  - {name: Id, type: string, required: true}\n"),
            "PUB-CONTRACT-001 key column `Ib` is not declared (did you mean `Id`?)");
  EXPECT_EQ(WhyNot("name: a\nkey: [Id]\ncolumns:\n  - {name: Id, type: string}\n"),
            "PUB-CONTRACT-001 key column `Id` is not `required`");
  EXPECT_EQ(WhyNot("name: a\ncolumns:\n  - {name: Id, type: text}\n"),
            "PUB-CONTRACT-001 `text` is no type");
  EXPECT_EQ(WhyNot("name: a\ncolumns:\n  - {name: Id, type: int}\n  - {name: Id, type: int}\n"),
            "PUB-CONTRACT-001 column `Id` is declared twice");
}

TEST_F(ContractFile, TheDigestFollowsPromisesAndNotDocs) {
  const Contract contract = Good(kProfile);
  std::string text = kProfile;
  text.insert(text.find("required: true}"), "doc: who, ");
  EXPECT_NE(text, kProfile);
  EXPECT_EQ(Good(text).digest, contract.digest);
  text.replace(text.find("(9, 2)"), 6, "(11, 2)");
  EXPECT_NE(Good(text).digest, contract.digest);
}

TEST_F(ContractFile, ColumnsKeepTheirIdsAndNewOnesGetHigherOnes) {
  record::Schema present;
  present.fields.push_back({4, "Id", true, {record::TypeId::kString}, ""});
  const auto schema = SchemaUnder(Good(kProfile), &present, 7);
  ASSERT_TRUE(schema) << schema.error().OneLine();
  EXPECT_EQ(schema->fields[0].id, 4);
  EXPECT_EQ(schema->fields[1].id, 8);
  EXPECT_EQ(schema->identifier_field_ids, std::vector<int>{4});
}

TEST_F(ContractFile, EveryPromiseThatIsTakenBackIsNamed) {
  record::Schema present;
  present.fields.push_back({1, "Id", true, {record::TypeId::kLong}, ""});
  present.fields.push_back({2, "Amount", true, {record::TypeId::kDecimal, 11, 2}, ""});
  present.fields.push_back({3, "Email", false, {record::TypeId::kString}, ""});
  const auto schema = SchemaUnder(Good(kProfile), &present, 3);
  ASSERT_FALSE(schema);
  EXPECT_EQ(schema.error().code(), "PUB-CONTRACT-002");
  EXPECT_EQ(schema.error().why(),
            "column `Email` would be gone; column `Id` would turn from `long` into `string`; "
            "column `Amount` would turn from `decimal(11, 2)` into `decimal(9, 2)`; "
            "column `Amount` could be null from now on");
}

TEST_F(ContractFile, SucceedsTheOneInForceOnlyWithAHigherVersion) {
  const Contract contract = Good(kProfile);
  const ContractInForce same = {"profile", 2, contract.digest, {"Id"}};
  EXPECT_TRUE(CheckSucceeds(contract, same));
  EXPECT_TRUE(CheckSucceeds(contract, {"profile", 1, "another", {"Id"}}));
  for (const ContractInForce& other : {ContractInForce{"profile", 3, contract.digest, {"Id"}},
                                       ContractInForce{"profile", 2, "another", {"Id"}},
                                       ContractInForce{"profile", 1, "another", {"Name"}},
                                       ContractInForce{"orders", 1, contract.digest, {"Id"}}}) {
    const auto checked = CheckSucceeds(contract, other);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code(), "PUB-CONTRACT-003");
  }
}

}  // namespace
}  // namespace firn::federation
