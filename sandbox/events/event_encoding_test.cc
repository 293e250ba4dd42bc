// What could go wrong in production: a schema whose positions differ from the vendor's makes every
// client read bitmaps wrongly; a diff that cannot be applied loses a customer's text.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "core/base/encoding.h"
#include "sandbox/crypto.h"
#include "sandbox/events/avro_check.h"
#include "sandbox/events/avro_writer.h"
#include "sandbox/events/bitmap.h"
#include "sandbox/events/change_encoder.h"
#include "sandbox/events/change_origin.h"
#include "sandbox/events/replay_id.h"
#include "sandbox/events/text_diff.h"
#include "sandbox/test_org.h"

namespace firn::sandbox {
namespace {

using nlohmann::json;

std::shared_ptr<const EventSchema> SchemaOf(TestOrg& org, const char* object) {
  return MakeChangeSchema(*org->catalogue()->Object(object));
}

int PositionOf(const EventSchema& schema, std::string_view field) {
  for (size_t i = 0; i < schema.fields.size(); ++i) {
    if (schema.fields[i].name == field) return static_cast<int>(i) + 1;
  }
  return -1;
}

TEST(EventSchema, AccountFieldsStandWhereTheVendorsExampleHasThem) {
  // The guide's enriched event: changedFields 0x400080 are Fax and LastModifiedDate.
  TestOrg org;
  const auto schema = SchemaOf(org, "Account");
  EXPECT_EQ(PositionOf(*schema, "Name"), 1);
  EXPECT_EQ(PositionOf(*schema, "BillingAddress"), 4);
  EXPECT_EQ(PositionOf(*schema, "Fax"), 7);
  EXPECT_EQ(PositionOf(*schema, "LastModifiedDate"), 22);
  for (const char* left_out : {"Id", "IsDeleted", "SystemModstamp", "RevenuePerEmployee__c"}) {
    EXPECT_EQ(PositionOf(*schema, left_out), -1) << left_out;
  }
}

TEST(EventSchema, HeaderComesFirstAndFieldsAreUnionsWithNull) {
  TestOrg org;
  const json avro = json::parse(SchemaOf(org, "Contact")->json);
  EXPECT_EQ(avro["name"], "ContactChangeEvent");
  EXPECT_EQ(avro["fields"][0]["name"], "ChangeEventHeader");
  bool addresses = false;
  for (size_t i = 1; i < avro["fields"].size(); ++i) {
    EXPECT_EQ(avro["fields"][i]["type"][0], "null");
    addresses = addresses || avro["fields"][i]["type"][1] == "Address";
  }
  EXPECT_TRUE(addresses) << "the second address names the type that the first spells out";
}

TEST(EventSchema, IdIsOfTheContent) {
  TestOrg org;
  const std::string before = SchemaOf(org, "Account")->id;
  EXPECT_EQ(before.size(), 22U);
  EXPECT_EQ(SchemaOf(org, "Account")->id, before);
  ASSERT_TRUE(org->RemoveField("Account", "Site", true));
  EXPECT_NE(SchemaOf(org, "Account")->id, before);
  ASSERT_TRUE(org->RemoveField("Account", "Site", false));
  EXPECT_EQ(SchemaOf(org, "Account")->id, before);
}

TEST(FieldBitmap, IsUpperCaseHexByBytesWithNestedElementsBehind) {
  FieldBitmap bitmap;
  for (const int16_t bit : {7, 22}) bitmap.Set({bit, -1});
  EXPECT_EQ(bitmap.Texts(), std::vector<std::string>{"0x400080"});
  bitmap.Set({4, 4});
  bitmap.Set({7, 1});
  bitmap.Set({7, 2});
  EXPECT_EQ(bitmap.Texts(), (std::vector<std::string>{"0x400080", "4-0x10", "7-0x06"}));
  FieldBitmap nested;
  nested.Set({11, 3});
  EXPECT_EQ(nested.Texts(), std::vector<std::string>{"11-0x08"}) << "no empty top element";
}

std::string LongText(int lines, const char* word) {
  std::string text;
  for (int i = 0; i < lines; ++i) {
    text += "line " + std::to_string(i) + " of a long description with " + word + "\n";
  }
  return text;
}

TEST(UnifiedDiff, NamesTheHashAndTheChangedLines) {
  const std::string before = LongText(40, "words");
  std::string after = before;
  after.replace(after.find("line 7 of"), 9, "line seven");
  const auto diff = UnifiedDiff(before, after);
  ASSERT_TRUE(diff);
  EXPECT_EQ(*diff, "--- \n+++ " + Hex(Sha256(after)) +
                       "\n@@ -8,1 +8,1 @@\n-line 7 of a long description with words"
                       "\n+line seven a long description with words");
}

TEST(UnifiedDiff, IsNotMadeWhereTheGuideSendsTheValue) {
  const std::string text = LongText(40, "words");
  EXPECT_FALSE(UnifiedDiff("short", "shorter")) << "under 1,000 characters";
  EXPECT_FALSE(UnifiedDiff(text, text + text + text)) << "lengths differ by more than half";
  EXPECT_FALSE(UnifiedDiff(text, LongText(40, "terms"))) << "every line changed";
  const std::string one_line(2000, 'a');
  EXPECT_FALSE(UnifiedDiff(one_line, one_line + "b")) << "the diff is longer than the value";
}

// Applies what UnifiedDiff makes, by the format's own rules.
std::string Apply(const std::string& before, const std::string& diff) {
  std::vector<std::string> old_lines;
  for (std::istringstream lines(before); lines.good();) {
    std::string line;
    if (std::getline(lines, line)) old_lines.push_back(line);
  }
  std::istringstream in(diff);
  std::string line;
  std::getline(in, line);
  std::getline(in, line);
  std::string after;
  size_t at = 0;
  while (std::getline(in, line)) {
    if (line.starts_with("@@")) {
      size_t start = 0;
      size_t count = 0;
      std::sscanf(line.c_str(), "@@ -%zu,%zu", &start, &count);
      const size_t until = count == 0 ? start : start - 1;
      while (at < until) after += old_lines[at++] + "\n";
    } else if (line.starts_with("-")) {
      EXPECT_EQ(line.substr(1), old_lines[at++]);
    } else {
      after += line.substr(1) + "\n";
    }
  }
  while (at < old_lines.size()) after += old_lines[at++] + "\n";
  return after;
}

RC_GTEST_PROP(UnifiedDiff, AppliedToTheOldTextMakesTheNewOne, ()) {
  const std::string before = LongText(60, "words");
  std::vector<std::string> lines;
  for (std::istringstream in(before); in.good();) {
    std::string line;
    if (std::getline(in, line)) lines.push_back(line);
  }
  for (int i = 0; i < 4; ++i) {
    const auto at = *rc::gen::inRange<size_t>(0, lines.size());
    switch (*rc::gen::inRange(0, 3)) {
      case 0:
        lines.erase(lines.begin() + static_cast<int64_t>(at));
        break;
      case 1:
        lines.insert(lines.begin() + static_cast<int64_t>(at), "a new line");
        break;
      default:
        lines[at] = "another line";
    }
  }
  std::string after;
  for (const std::string& line : lines) after += line + "\n";
  const auto diff = UnifiedDiff(before, after);
  if (diff) RC_ASSERT(Apply(before, *diff) == after);
}

TEST(ReplayId, IsEightBytesBigEndianAndGrowsWithGaps) {
  EXPECT_EQ(ReplayIdBytes(0x0102030405), std::string("\0\0\0\1\2\3\4\5", 8));
  int64_t id = 4'870'000;
  bool gap = false;
  for (int i = 0; i < 1000; ++i) {
    const int64_t next = NextReplayId(id);
    ASSERT_GT(next, id);
    gap = gap || next > id + 1;
    id = next;
  }
  EXPECT_TRUE(gap);
  EXPECT_EQ(ParseReplayId(ReplayIdBytes(id)), id);
  EXPECT_FALSE(ParseReplayId("short"));
  EXPECT_FALSE(ParseReplayId(std::string(8, '\xFF'))) << "no client could hold it in a double";
}

TEST(ChangeBody, UpdateShowsChangedFieldsOnly) {
  TestOrg org;
  const ObjectInfo& object = *org->catalogue()->Object("Account");
  const auto schema = SchemaOf(org, "Account");
  std::vector<Value> before(object.slots.size());
  before[object.Field("Name")->slot] = Value::Text("Acme");
  before[object.Field("BillingCity")->slot] = Value::Text("Oslo");
  std::vector<Value> after = before;
  after[object.Field("Fax")->slot] = Value::Text("1");
  after[object.Field("BillingCity")->slot] = Value{};
  const int slots[] = {object.Field("Fax")->slot, object.Field("BillingCity")->slot,
                       object.Field("SystemModstamp")->slot};
  const ChangeBody body = UpdateBody(*schema, before, after, slots);
  EXPECT_EQ(body.changed, (std::vector<std::string>{"0x80", "4-0x02"}));
  EXPECT_EQ(body.nulled, std::vector<std::string>{"4-0x02"});
  EXPECT_TRUE(body.differing.empty());
  EXPECT_EQ(body.fields.find("Acme"), std::string::npos) << "an unchanged value is not told";
  std::string payload;
  const int64_t ids[] = {MakeId("001", 7), MakeId("001", 8)};
  AppendChange({.entity = "Account", .records = ids, .type = ChangeType::kUpdate}, body, payload);
  const auto fits = CheckAvro(schema->json, payload);
  EXPECT_TRUE(fits) << fits.error().OneLine();
}

TEST(ChangeBody, NumbersAreTheDoublesThatOtherAnswersPrint) {
  TestOrg org;
  const ObjectInfo& object = *org->catalogue()->Object("Account");
  const auto schema = SchemaOf(org, "Account");
  for (const char* text : {"237.631", "0.30000000000000004", "-1234567.0000000001", "1e-24"}) {
    std::vector<Value> row(object.slots.size());
    const FieldInfo& revenue = *object.Field("AnnualRevenue");
    row[revenue.slot] = ParseFieldView(revenue, text).value();
    const double sent = std::strtod(text, nullptr);
    const std::string bytes(reinterpret_cast<const char*>(&sent), sizeof sent);
    EXPECT_NE(WholeBody(*schema, row).fields.find(bytes), std::string::npos) << text;
  }
}

TEST(ChangeBody, EveryObjectsEventsFitTheirSchemas) {
  TestOrg org;
  const auto catalogue = org->catalogue();
  for (const ObjectInfo& object : catalogue->objects()) {
    const auto schema = MakeChangeSchema(object);
    const std::vector<Value> none(object.slots.size());
    for (const ChangeBody& body : {EmptyBody(*schema), WholeBody(*schema, none)}) {
      std::string payload;
      AppendChange({.entity = object.name}, body, payload);
      const auto fits = CheckAvro(schema->json, payload);
      EXPECT_TRUE(fits) << object.name << ": " << fits.error().OneLine();
    }
  }
}

TEST(CheckAvro, SaysWhereTheBytesLeaveTheSchema) {
  TestOrg org;
  const auto schema = MakePlatformSchema(*org->catalogue()->Object("Order_Event__e"));
  std::string payload;
  AvroLong(1'795'488'962'000, payload);
  AvroText("005000000000001", payload);
  const size_t fields = schema->fields.size() - 2;
  EXPECT_TRUE(CheckAvro(schema->json, payload + std::string(fields, '\0')));
  const auto cut = CheckAvro(schema->json, payload);
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code(), "SBX-EVENTS-003");
  EXPECT_NE(cut.error().why().find("Order_Number__c"), std::string::npos);
  EXPECT_FALSE(CheckAvro(schema->json, payload + std::string(fields + 1, '\0')))
      << "bytes behind the record";
}

TEST(ChangeOrigin, NamesApiVersionAndClient) {
  EXPECT_EQ(ChangeOrigin("rest", 67, "client=Astro, defaultNamespace=x"),
            "com/salesforce/api/rest/67.0;client=Astro");
  EXPECT_EQ(ChangeOrigin("bulkapi", 60, ""), "com/salesforce/api/bulkapi/60.0");
}

}  // namespace
}  // namespace firn::sandbox
