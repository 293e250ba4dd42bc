// What could go wrong: a failing row that takes others with it or leaves half of itself, an event
// without its change, a parent deleted under its children, an undelete that brings back too little.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>
#include <thread>

#include "sandbox/test_org.h"

namespace firn::sandbox {
namespace {

using Kind = Mutation::Kind;

// An object for each thing that deleting a parent can do.
constexpr const char* kBox = R"(object: Box__c
fields:
  - {name: Id, type: id}
  - {name: Name, type: string, length: 80, nameField: true, required: true}
  - {name: Code__c, type: string, length: 20, externalId: true, unique: true}
  - {name: IsDeleted, type: boolean}
  - {name: SystemModstamp, type: datetime}
)";
std::string ChildOf(const std::string& name, const std::string& more) {
  return "object: " + name +
         "\nfields:\n  - {name: Id, type: id}\n  - {name: Name, type: string, length: 80, "
         "nameField: true}\n  - {name: IsDeleted, type: boolean}\n  - {name: SystemModstamp, type: "
         "datetime}\n  - {name: Box__c, type: reference, referenceTo: [Box__c], relationship: "
         "Box__r" +
         more + "}\n";
}

constexpr const char* kSpare =
    "  - {name: Spare__c, type: reference, referenceTo: [Box__c], relationship: Spare__r}\n";

// Notes what it hears, in a table of its own too.
class NotingSink final : public ChangeSink {
 public:
  Result<void> Attach(Database& db) override {
    return db.Execute("CREATE TABLE IF NOT EXISTS noted(id INTEGER, key TEXT, seq INTEGER)");
  }
  Result<void> Write(Database& db, const ChangeBatch& batch) override {
    if (refuse) return Fail(firn::Kind::kLimitReached, "SBX-STORE-001", "no room");
    FIRN_TRY(Statement put, db.Prepare("INSERT INTO noted VALUES (?, ?, ?)"));
    for (const RecordChange& change : batch.changes) {
      put.Bind(1, change.id).Bind(2, change.transaction_key).Bind(3, change.sequence);
      FIRN_CHECK(put.Run());
      std::string line(1, "CUDR"[static_cast<int>(change.kind)]);
      line += ' ' + change.object->name;
      for (const FieldInfo* field : change.changed) line += ' ' + field->name;
      lines.push_back(line);
      const FieldInfo* name = change.object->Field("Name");
      if (name != nullptr) names.emplace_back(change.values[name->slot].text);
      keys[std::string(change.transaction_key)].push_back(change.sequence);
    }
    return {};
  }
  void Committed(const ChangeBatch& batch) override { committed += batch.changes.size(); }
  void RolledBack() override { ++rolled_back; }

  bool refuse = false;
  std::vector<std::string> lines;
  std::vector<std::string> names;  // values of `Name`
  std::map<std::string, std::vector<uint32_t>> keys;
  size_t committed = 0;
  int rolled_back = 0;
};

class MutateTest : public ::testing::Test {
 protected:
  MutateTest()
      : org_({kBox, ChildOf("Part__c", ", cascadeDelete: true"),
              ChildOf("Label__c", ", restrictedDelete: true"), ChildOf("Note__c", "") + kSpare}) {}

  std::vector<RowOutcome> Run(const std::vector<Mutation>& mutations, MutateOptions options = {}) {
    auto outcomes = org_->Mutate(mutations, options);
    EXPECT_TRUE(outcomes) << outcomes.error().OneLine();
    return outcomes ? *std::move(outcomes) : std::vector<RowOutcome>(mutations.size());
  }
  static std::string CodeOf(const RowOutcome& outcome) {
    return outcome.error ? PartsOf(*outcome.error).code : "";
  }
  int64_t Make(const std::string& object, const std::vector<FieldText>& fields) {
    const auto id = org_->Insert(object, fields, {});
    EXPECT_TRUE(id) << id.error().OneLine();
    return id.value_or(0);
  }
  std::string DeleteCode(int64_t id) {
    const auto done = org_->Delete(id, {});
    return done ? "" : PartsOf(done.error()).code;
  }

  TestOrg org_;
  NotingSink sink_;
};

TEST_F(MutateTest, FailingRowLeavesNoTraceAndOthersStand) {
  const std::vector<Cell> good{{"Name", "A"}};
  const std::vector<Cell> bad{{"Name", "B"}, {"NumberOfEmployees", "many"}};
  const auto outcomes = Run({{.object = "Account", .cells = good},
                             {.object = "Account", .cells = bad},
                             {.object = "Account", .cells = good}});
  EXPECT_EQ(CodeOf(outcomes[0]), "");
  EXPECT_EQ(CodeOf(outcomes[1]), "JSON_PARSER_ERROR");
  EXPECT_EQ(outcomes[2].id, outcomes[0].id + 1);
  EXPECT_EQ(org_.One("SELECT COUNT() FROM Account"), "2");
  EXPECT_EQ(*org_->Count("Account", true), 2U);
}

TEST_F(MutateTest, AllOrNoneRollsEveryRowBack) {
  const std::vector<Cell> good{{"Name", "A"}};
  const auto outcomes =
      Run({{.object = "Account", .cells = good}, {.object = "Account"}}, {.all_or_none = true});
  EXPECT_EQ(CodeOf(outcomes[0]), "ALL_OR_NONE_OPERATION_ROLLED_BACK");
  EXPECT_EQ(CodeOf(outcomes[1]), "REQUIRED_FIELD_MISSING");
  EXPECT_EQ(org_.One("SELECT COUNT() FROM Account"), "0");
  EXPECT_EQ(*org_->Count("Account", true), 0U);
}

TEST_F(MutateTest, UpsertFindsItsRecordByExternalIdAndSaysWhichItWas) {
  const std::vector<Cell> first{{"Code__c", "k1"}, {"Name", "One"}};
  const std::vector<Cell> second{{"Code__c", "K1"}, {"Name", "Uno"}};
  const std::vector<Cell> keyless{{"Name", "No"}};
  const auto outcomes =
      Run({{.kind = Kind::kUpsert, .object = "Box__c", .key_field = "Code__c", .cells = first},
           {.kind = Kind::kUpsert, .object = "Box__c", .key_field = "Code__c", .cells = second},
           {.kind = Kind::kUpsert, .object = "Box__c", .key_field = "Code__c", .cells = keyless}});
  EXPECT_TRUE(outcomes[0].created);
  EXPECT_FALSE(outcomes[1].created);
  EXPECT_EQ(outcomes[1].id, outcomes[0].id);
  EXPECT_EQ(CodeOf(outcomes[2]), "MISSING_ARGUMENT");
  EXPECT_EQ(org_.One("SELECT Name, Code__c FROM Box__c"), "Uno|k1");
}

TEST_F(MutateTest, ParentIsFoundByItsExternalIdAlsoInTheSameCall) {
  const std::vector<Cell> box{{"Code__c", "b"}, {"Name", "Box"}};
  const std::vector<Cell> part{{"Name", "P"}, {"Box__r.Code__c", "b"}};
  const std::vector<Cell> lost{{"Name", "L"}, {"Box__r.Code__c", "nowhere"}};
  const std::vector<Cell> owned{{"Name", "A"}, {"User:Owner.Username", "restricted@firn.sandbox"}};
  const auto outcomes = Run({{.object = "Box__c", .cells = box},
                             {.object = "Part__c", .cells = part},
                             {.object = "Part__c", .cells = lost},
                             {.object = "Account", .cells = owned}});
  EXPECT_EQ(org_.One("SELECT Name, Box__r.Name FROM Part__c"), "P|Box");
  EXPECT_EQ(CodeOf(outcomes[2]), "INVALID_FIELD");
  EXPECT_EQ(PartsOf(*outcomes[2].error).message,
            "Foreign key external ID: nowhere not found for field Code__c in entity Box__c");
  EXPECT_EQ(org_.One("SELECT Owner.Name FROM Account"), "Rosa Restricted");
}

TEST_F(MutateTest, SinkHearsOfEveryChangeWithTheFieldsThatChanged) {
  ASSERT_TRUE(org_->AddSink(&sink_));
  const int64_t id = Make("Account", {{"Name", "A"}, {"Site", "x"}});
  org_.clock().Advance(std::chrono::seconds(5));
  ASSERT_TRUE(org_->Update(id, {{"Site", "y"}, {"Name", "A"}}, {}));
  ASSERT_TRUE(org_->Delete(id, {}));
  ASSERT_TRUE(org_->Undelete(id, {}));
  ASSERT_TRUE(org_->Purge(id, {}));
  EXPECT_EQ(sink_.lines,
            (std::vector<std::string>{"C Account", "U Account Site LastModifiedDate SystemModstamp",
                                      "D Account IsDeleted", "R Account IsDeleted", "D Account"}));
  EXPECT_EQ(sink_.committed, 5U);
  EXPECT_EQ(sink_.keys.size(), 5U);
  org_->RemoveSink(&sink_);
}

TEST_F(MutateTest, SinkThatFailsTakesTheChangeWithIt) {
  ASSERT_TRUE(org_->AddSink(&sink_));
  sink_.refuse = true;
  EXPECT_FALSE(org_->Insert("Account", {{"Name", "A"}}, {}));
  EXPECT_EQ(sink_.rolled_back, 1);
  sink_.refuse = false;
  Make("Account", {{"Name", "B"}});
  EXPECT_EQ(org_.One("SELECT Name FROM Account"), "B");
  EXPECT_EQ(*org_->Count("Account", true), 1U);
  org_->RemoveSink(&sink_);
}

TEST_F(MutateTest, ChunksOfRowsHaveTheirOwnTransactionKeysAndSequences) {
  ASSERT_TRUE(org_->AddSink(&sink_));
  const std::vector<Cell> cells{{"Name", "A"}};
  const std::vector<Mutation> rows(5, {.object = "Account", .cells = cells});
  Run(rows, {.rows_per_key = 2});
  std::vector<size_t> sizes;
  for (const auto& [key, sequences] : sink_.keys) {
    EXPECT_EQ(key.size(), 36U);
    EXPECT_EQ(sequences.front(), 1U);
    sizes.push_back(sequences.size());
  }
  std::sort(sizes.begin(), sizes.end());
  EXPECT_EQ(sizes, (std::vector<size_t>{1, 2, 2}));
  org_->RemoveSink(&sink_);
}

TEST_F(MutateTest, TransactionKeysGoOnAfterARestart) {
  ASSERT_TRUE(org_->AddSink(&sink_));
  Make("Account", {{"Name", "A"}});
  org_.Reopen();
  ASSERT_TRUE(org_->AddSink(&sink_));
  Make("Account", {{"Name", "B"}});
  EXPECT_EQ(sink_.keys.size(), 2U);
  org_->RemoveSink(&sink_);
}

TEST_F(MutateTest, DetailsGoWithTheirMasterAndComeBackWithIt) {
  const int64_t box = Make("Box__c", {{"Name", "B"}});
  Make("Part__c", {{"Name", "P1"}, {"Box__c", IdText(box)}});
  const int64_t early = Make("Part__c", {{"Name", "P2"}, {"Box__c", IdText(box)}});
  ASSERT_TRUE(org_->Delete(early, {}));
  EXPECT_EQ(DeleteCode(box), "");
  EXPECT_EQ(org_.One("SELECT Name, IsDeleted FROM Part__c ALL ROWS"), "P1|true\nP2|true");
  ASSERT_TRUE(org_->Undelete(box, {}));
  EXPECT_EQ(org_.One("SELECT Name, IsDeleted FROM Part__c ALL ROWS"), "P1|false\nP2|true");
}

TEST_F(MutateTest, DetailCannotComeBackWithoutItsMaster) {
  const int64_t box = Make("Box__c", {{"Name", "B"}});
  const int64_t part = Make("Part__c", {{"Name", "P"}, {"Box__c", IdText(box)}});
  EXPECT_EQ(DeleteCode(box), "");
  const auto back = org_->Undelete(part, {});
  ASSERT_FALSE(back);
  EXPECT_EQ(PartsOf(back.error()).code, "UNDELETE_FAILED");
}

TEST_F(MutateTest, RestrictedLookupKeepsItsParent) {
  const int64_t box = Make("Box__c", {{"Name", "B"}});
  const int64_t label = Make("Label__c", {{"Name", "L"}, {"Box__c", IdText(box)}});
  Make("Part__c", {{"Name", "P"}, {"Box__c", IdText(box)}});
  EXPECT_EQ(DeleteCode(box), "DELETE_FAILED");
  EXPECT_EQ(org_.One("SELECT COUNT() FROM Part__c"), "1");
  EXPECT_EQ(DeleteCode(label), "");
  EXPECT_EQ(DeleteCode(box), "");
}

TEST_F(MutateTest, AccountTakesItsContactsOpportunitiesAndTasksAlong) {
  const std::string account = IdText(Make("Account", {{"Name", "A"}}));
  Make("Contact", {{"LastName", "C"}, {"AccountId", account}});
  Make("Opportunity", {{"Name", "O"},
                       {"AccountId", account},
                       {"StageName", "Prospecting"},
                       {"CloseDate", "2027-01-01"}});
  Make("Task",
       {{"Subject", "T"}, {"WhatId", account}, {"Status", "Not Started"}, {"Priority", "Normal"}});
  EXPECT_EQ(DeleteCode(*ParseId(account)), "");
  for (const char* object : {"Contact", "Opportunity", "Task"}) {
    EXPECT_EQ(org_.One(std::string("SELECT COUNT() FROM ") + object), "0") << object;
  }
  ASSERT_TRUE(org_->Undelete(*ParseId(account), {}));
  EXPECT_EQ(org_.One("SELECT COUNT() FROM Opportunity"), "1");
}

TEST_F(MutateTest, AccountOrContactOfACaseCannotBeDeleted) {
  const int64_t account = Make("Account", {{"Name", "A"}});
  const int64_t contact = Make("Contact", {{"LastName", "C"}});
  Make("Case", {{"AccountId", IdText(account)}, {"ContactId", IdText(contact)}});
  EXPECT_EQ(DeleteCode(account), "DELETE_FAILED");
  EXPECT_EQ(DeleteCode(contact), "DELETE_FAILED");
}

TEST_F(MutateTest, OrderGoesWithItsAccountUnlessItIsActivated) {
  const int64_t account = Make("Account", {{"Name", "A"}});
  const std::vector<FieldText> fields = {
      {"AccountId", IdText(account)}, {"EffectiveDate", "2026-01-01"}, {"Status", "Draft"}};
  const auto order = org_->Insert("Order", fields, {.set_audit_fields = true});
  ASSERT_TRUE(order) << order.error().OneLine();
  ASSERT_TRUE(org_->Update(*order, {{"StatusCode", "Activated"}}, {.set_audit_fields = true}));
  EXPECT_EQ(DeleteCode(account), "DELETE_FAILED");
  ASSERT_TRUE(org_->Update(*order, {{"StatusCode", "Draft"}}, {.set_audit_fields = true}));
  EXPECT_EQ(DeleteCode(account), "");
  EXPECT_EQ(org_.One("SELECT COUNT() FROM Order"), "0");
}

TEST_F(MutateTest, TransactionIsSeenOnlyByItsThreadUntilItIsCommitted) {
  ASSERT_TRUE(org_->AddSink(&sink_));
  const auto done = org_->Transact({.origin = "rest"}, [&]() -> Result<bool> {
    FIRN_TRY(const int64_t box, org_->Insert("Box__c", {{"Name", "B"}}, {}));
    FIRN_CHECK(org_->Insert("Part__c", {{"Name", "P"}, {"Box__c", IdText(box)}}, {}));
    EXPECT_EQ(org_.One("SELECT Name, Box__r.Name FROM Part__c"), "P|B");
    EXPECT_EQ(org_.One("SELECT COUNT() FROM Box__c"), "1");
    std::string other;
    std::thread([&] { other = org_.One("SELECT COUNT() FROM Box__c"); }).join();
    EXPECT_EQ(other, "0");
    EXPECT_TRUE(sink_.lines.empty());
    return true;
  });
  ASSERT_TRUE(done) << done.error().OneLine();
  EXPECT_EQ(org_.One("SELECT COUNT() FROM Part__c"), "1");
  EXPECT_EQ(sink_.committed, 2u);
  ASSERT_EQ(sink_.keys.size(), 1u);
  EXPECT_EQ(sink_.keys.begin()->second, (std::vector<uint32_t>{1, 2}));
  org_->RemoveSink(&sink_);
}

TEST_F(MutateTest, TransactionNeedsNoTextsOfTheCallsMadeInIt) {
  ASSERT_TRUE(org_->AddSink(&sink_));
  std::string field = "Phone";
  std::string text = "one that fits no small string";
  const std::string told = text;
  const auto insert = [&](std::string_view object, std::string_view name) {
    const std::vector<Cell> cells = {{name, text}, {"LastName", "L"}};
    const Mutation mutation{.object = object,
                            .cells = std::span(cells).first(name == field ? 2 : 1)};
    const auto done = org_->Mutate({&mutation, 1}, {});
    ASSERT_TRUE(done && !done->front().error);
  };
  ASSERT_TRUE(org_->Transact({}, [&]() -> Result<bool> {
    insert("Box__c", "Name");
    text = "+1 555 0100";
    insert("Contact", field);
    // Another field's name at the same address.
    field.replace(0, field.size(), "Title");
    text = "Engineer at heart";
    insert("Contact", field);
    text.assign(text.size(), '?');
    return true;
  }));
  EXPECT_EQ(sink_.names.front(), told);
  EXPECT_EQ(org_.One("SELECT Phone, Title FROM Contact WHERE Title = 'Engineer at heart'"),
            "|Engineer at heart");
  org_->RemoveSink(&sink_);
}

TEST_F(MutateTest, TransactionThatIsGivenUpLeavesNoRecordNoEventAndNoCount) {
  ASSERT_TRUE(org_->AddSink(&sink_));
  const int64_t kept = Make("Box__c", {{"Name", "kept"}});
  ASSERT_TRUE(org_->Transact({}, [&]() -> Result<bool> {
    FIRN_CHECK(org_->Insert("Box__c", {{"Name", "gone"}}, {}));
    FIRN_CHECK(org_->Update(kept, {{"Name", "changed"}}, {}));
    return false;
  }));
  EXPECT_EQ(org_.One("SELECT Name FROM Box__c"), "kept");
  EXPECT_EQ(org_.One("SELECT COUNT() FROM Box__c"), "1");
  EXPECT_EQ(sink_.committed, 1u);
  org_->RemoveSink(&sink_);
}

TEST_F(MutateTest, PartOfATransactionCanBeTakenBackAlone) {
  ASSERT_TRUE(org_->AddSink(&sink_));
  ASSERT_TRUE(org_->Transact({}, [&]() -> Result<bool> {
    FIRN_CHECK(org_->Insert("Box__c", {{"Name", "stays"}}, {}));
    const auto part = org_->Transact({}, [&]() -> Result<bool> {
      return org_->Insert("Box__c", {{"Name", "goes"}}, {}).transform([](int64_t) {
        return false;
      });
    });
    EXPECT_TRUE(part);
    EXPECT_FALSE(org_->Insert("Box__c", {}, {}));  // without a name
    return true;
  }));
  EXPECT_EQ(org_.One("SELECT Name FROM Box__c"), "stays");
  EXPECT_EQ(sink_.lines.size(), 1u);
  org_->RemoveSink(&sink_);
}

TEST_F(MutateTest, OptionalLookupIsClearedAndRestoredUnlessSetElsewhere) {
  const int64_t box = Make("Box__c", {{"Name", "B"}});
  const int64_t other = Make("Box__c", {{"Name", "O"}});
  Make("Note__c", {{"Name", "N1"}, {"Box__c", IdText(box)}});
  const int64_t moved = Make("Note__c", {{"Name", "N2"}, {"Box__c", IdText(box)}});
  ASSERT_TRUE(org_->Delete(box, {}));
  EXPECT_EQ(org_.One("SELECT Name FROM Note__c WHERE Box__c = NULL ORDER BY Name"), "N1\nN2");
  ASSERT_TRUE(org_->Update(moved, {{"Box__c", IdText(other)}}, {}));
  ASSERT_TRUE(org_->Undelete(box, {}));
  EXPECT_EQ(org_.One("SELECT Name, Box__r.Name FROM Note__c ORDER BY Name"), "N1|B\nN2|O");
}

TEST_F(MutateTest, RecordThatPointsTwiceToTheDeletedOneIsClearedAndRestoredInBoth) {
  const int64_t box = Make("Box__c", {{"Name", "B"}});
  Make("Note__c", {{"Name", "N"}, {"Box__c", IdText(box)}, {"Spare__c", IdText(box)}});
  ASSERT_TRUE(org_->Delete(box, {}));
  EXPECT_EQ(org_.One("SELECT Name FROM Note__c WHERE Box__c = NULL AND Spare__c = NULL"), "N");
  ASSERT_TRUE(org_->Undelete(box, {}));
  EXPECT_EQ(org_.One("SELECT Box__r.Name, Spare__r.Name FROM Note__c"), "B|B");
}

TEST_F(MutateTest, UniqueValueOfADeletedRecordMayBeTakenAndThenBlocksItsUndelete) {
  const int64_t first = Make("Box__c", {{"Name", "A"}, {"Code__c", "k"}});
  ASSERT_TRUE(org_->Delete(first, {}));
  Make("Box__c", {{"Name", "B"}, {"Code__c", "k"}});
  const auto back = org_->Undelete(first, {});
  ASSERT_FALSE(back);
  EXPECT_EQ(PartsOf(back.error()).code, "DUPLICATE_VALUE");
}

TEST_F(MutateTest, EmptiedRecycleBinLeavesNothingForQueryAllOrUndelete) {
  const int64_t box = Make("Box__c", {{"Name", "B"}});
  Make("Part__c", {{"Name", "P"}, {"Box__c", IdText(box)}});
  ASSERT_TRUE(org_->Delete(box, {}));
  EXPECT_EQ(*org_->EmptyRecycleBin(org_.clock().Now() - std::chrono::hours(1)), 0U);
  EXPECT_GE(*org_->EmptyRecycleBin(org_.clock().Now() + std::chrono::hours(1)), 1U);
  EXPECT_EQ(org_.One("SELECT Id FROM Box__c ALL ROWS"), "");
  EXPECT_EQ(org_.One("SELECT Id FROM Part__c ALL ROWS"), "");
  EXPECT_EQ(*org_->Count("Part__c", true), 0U);
  EXPECT_FALSE(org_->Undelete(box, {}));
}

TEST_F(MutateTest, LockedRowIsRefusedAndSoIsAChildOfALockedParent) {
  const int64_t account = Make("Account", {{"Name", "A"}});
  org_->OnLock([&](const ObjectInfo&, int64_t id) { return id == account; });
  const auto updated = org_->Update(account, {{"Site", "x"}}, {});
  ASSERT_FALSE(updated);
  EXPECT_EQ(PartsOf(updated.error()).code, "UNABLE_TO_LOCK_ROW");
  const auto child =
      org_->Insert("Contact", {{"LastName", "C"}, {"AccountId", IdText(account)}}, {});
  ASSERT_FALSE(child);
  EXPECT_EQ(PartsOf(child.error()).message,
            "unable to obtain exclusive access to this record or 1 records: " + IdText(account));
  org_->OnLock({});
  EXPECT_TRUE(org_->Update(account, {{"Site", "x"}}, {}));
}

TEST_F(MutateTest, RequiredFieldCannotBeEmptiedByAnUpdate) {
  const int64_t id = Make("Account", {{"Name", "A"}});
  const auto emptied = org_->Update(id, {{"Name", std::nullopt}}, {});
  ASSERT_FALSE(emptied);
  EXPECT_EQ(PartsOf(emptied.error()).code, "REQUIRED_FIELD_MISSING");
}

TEST_F(MutateTest, BlanksAroundATextAreNotKept) {
  Make("Account", {{"Name", "  A b "}, {"Site", " \n "}});
  EXPECT_EQ(org_.One("SELECT Name FROM Account WHERE Site = NULL"), "A b");
}

TEST_F(MutateTest, UpdateByAnIdOfAnotherObjectOrOfNoneIsRefusedRowByRow) {
  const int64_t account = Make("Account", {{"Name", "A"}});
  const std::string id = IdText(account);
  const auto outcomes = Run({{.kind = Kind::kUpdate, .object = "Contact", .id_text = id},
                             {.kind = Kind::kUpdate, .object = "Account", .id_text = "nonsense"},
                             {.kind = Kind::kUpdate, .object = "Account"},
                             {.kind = Kind::kDelete, .id = account + 1}});
  EXPECT_EQ(CodeOf(outcomes[0]), "MALFORMED_ID");
  EXPECT_EQ(CodeOf(outcomes[1]), "MALFORMED_ID");
  EXPECT_EQ(CodeOf(outcomes[2]), "MISSING_ARGUMENT");
  EXPECT_EQ(CodeOf(outcomes[3]), "INVALID_CROSS_REFERENCE_KEY");
}

// Any run of inserts, deletes, undeletes and purges leaves counters that a scan confirms and no
// live detail without its live master.
TEST_F(MutateTest, AnyRunOfDeletesAndUndeletesKeepsDetailsWithTheirMasters) {
  std::vector<int64_t> boxes;
  std::vector<int64_t> parts;
  const auto pick = [](const std::vector<int64_t>& from, uint32_t number) {
    return from[number % from.size()];
  };
  const auto run = rc::check([&](const std::vector<std::pair<uint8_t, uint16_t>>& steps) {
    for (const auto& [what, number] : steps) {
      const bool of_part = number % 3 != 0 && !parts.empty();
      if (boxes.empty() || what % 6 == 0) {
        boxes.push_back(*org_->Insert("Box__c", {{"Name", "B"}}, {}));
      } else if (what % 6 == 1) {
        const auto part =
            org_->Insert("Part__c", {{"Name", "P"}, {"Box__c", IdText(pick(boxes, number))}}, {});
        if (part) parts.push_back(*part);  // refused where the master is deleted
      } else {
        const int64_t id = of_part ? pick(parts, number) : pick(boxes, number);
        if (what % 6 <= 3) static_cast<void>(org_->Delete(id, {}));
        if (what % 6 == 4) static_cast<void>(org_->Undelete(id, {}));
        if (what % 6 == 5 && number % 4 == 0) static_cast<void>(org_->Purge(id, {}));
      }
    }
    for (const char* object : {"Box__c", "Part__c"}) {
      RC_ASSERT(org_.One("SELECT COUNT() FROM " + std::string(object)) ==
                std::to_string(*org_->Count(object, false)));
      RC_ASSERT(org_.One("SELECT COUNT() FROM " + std::string(object) + " ALL ROWS") ==
                std::to_string(*org_->Count(object, true)));
    }
    const std::string masters = "(SELECT Id FROM Box__c WHERE Id != NULL)";
    RC_ASSERT(org_.One("SELECT COUNT() FROM Part__c WHERE Box__c IN " + masters) ==
              std::to_string(*org_->Count("Part__c", false)));
  });
  EXPECT_TRUE(run);
}

}  // namespace
}  // namespace firn::sandbox
