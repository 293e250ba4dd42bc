// Writes Avro's binary form, for tests: what an org would send for a schema. It shares no code with
// the decoder.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace firn::events {

class TestPayload {
 public:
  TestPayload& Whole(int64_t value) {
    auto raw = static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63);
    while (raw >= 0x80) {
      bytes_.push_back(static_cast<char>(raw | 0x80));
      raw >>= 7;
    }
    bytes_.push_back(static_cast<char>(raw));
    return *this;
  }
  TestPayload& Text(std::string_view text) {
    Whole(static_cast<int64_t>(text.size()));
    bytes_ += text;
    return *this;
  }
  TestPayload& Real(double value) {
    char raw[8];
    std::memcpy(raw, &value, 8);
    bytes_.append(raw, 8);
    return *this;
  }
  TestPayload& Boolean(bool value) {
    bytes_.push_back(value ? 1 : 0);
    return *this;
  }
  TestPayload& Texts(const std::vector<std::string>& texts) {
    if (!texts.empty()) Whole(static_cast<int64_t>(texts.size()));
    for (const std::string& text : texts) Text(text);
    return Whole(0);
  }
  TestPayload& Null() { return Whole(0); }  // branch 0 of a union
  TestPayload& Some(std::string_view text) { return Whole(1).Text(text); }
  TestPayload& SomeWhole(int64_t value) { return Whole(1).Whole(value); }

  struct HeaderParts {
    std::string entity = "Account";
    std::vector<std::string> ids = {"001000000000001AAA"};
    int type = 1;  // UPDATE
    int sequence = 1;
    int64_t number = 7;
    int64_t timestamp_ms = 1'795'488'962'000;
    std::vector<std::string> nulled;
    std::vector<std::string> diff;
    std::vector<std::string> changed;
    std::string key = "0000-key";
  };
  TestPayload& Header(const HeaderParts& parts) {
    Text(parts.entity).Texts(parts.ids).Whole(parts.type).Text("com/salesforce/api/rest/66.0");
    Text(parts.key).Whole(parts.sequence).Whole(parts.timestamp_ms).Whole(parts.number);
    return Text("005000000000001AAA").Texts(parts.nulled).Texts(parts.diff).Texts(parts.changed);
  }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

inline constexpr std::string_view kTestHeaderSchema =
    R"({"name":"ChangeEventHeader","type":{"type":"record","name":"ChangeEventHeader","fields":[)"
    R"({"name":"entityName","type":"string"},)"
    R"({"name":"recordIds","type":{"type":"array","items":"string"}},)"
    R"({"name":"changeType","type":{"type":"enum","name":"ChangeType","symbols":["CREATE",)"
    R"("UPDATE","DELETE","UNDELETE","GAP_CREATE","GAP_UPDATE","GAP_DELETE","GAP_UNDELETE",)"
    R"("GAP_OVERFLOW","SNAPSHOT"]}},)"
    R"({"name":"changeOrigin","type":"string"},{"name":"transactionKey","type":"string"},)"
    R"({"name":"sequenceNumber","type":"int"},{"name":"commitTimestamp","type":"long"},)"
    R"({"name":"commitNumber","type":"long"},{"name":"commitUser","type":"string"},)"
    R"({"name":"nulledFields","type":{"type":"array","items":"string"}},)"
    R"({"name":"diffFields","type":{"type":"array","items":"string"}},)"
    R"({"name":"changedFields","type":{"type":"array","items":"string"}}]}})";

// ChangeEventHeader, Name (text or person name), BillingAddress and ShippingAddress (street, city,
// latitude), Phone, AnnualRevenue, NumberOfEmployees, Description, Birthdate, LastModifiedDate,
// IsPartner: positions 0 to 10.
inline std::string TestAccountSchema() {
  return R"({"type":"record","name":"AccountChangeEvent","namespace":"com.sforce.eventbus","fields":[)" +
         std::string(kTestHeaderSchema) +
         R"(,{"name":"Name","type":["null","string",{"type":"record","name":"Switchable_PersonName",)"
         R"("fields":[{"name":"FirstName","type":["null","string"]},)"
         R"({"name":"LastName","type":["null","string"]}]}]},)"
         R"({"name":"BillingAddress","type":["null",{"type":"record","name":"Address","fields":[)"
         R"({"name":"Street","type":["null","string"]},{"name":"City","type":["null","string"]},)"
         R"({"name":"Latitude","type":["null","double"]}]}],"doc":"Data:Address"},)"
         R"({"name":"ShippingAddress","type":["null","Address"],"doc":"Data:Address"},)"
         R"({"name":"Phone","type":["null","string"]},)"
         R"({"name":"AnnualRevenue","type":["null","double"],"doc":"Data:Currency"},)"
         R"({"name":"NumberOfEmployees","type":["null","int"]},)"
         R"({"name":"Description","type":["null","string"],"doc":"Data:MultiLineText"},)"
         R"({"name":"Birthdate","type":["null","long"],"doc":"Data:DateOnly"},)"
         R"({"name":"LastModifiedDate","type":["null","long"],"doc":"ModifiedDate:DateTime"},)"
         R"({"name":"IsPartner","type":["null","boolean"]}]})";
}

}  // namespace firn::events
