#include "ends/aws/dynamodb.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "ends/aws/internal/json_api.h"

namespace firn::aws {
namespace {

using nlohmann::json;

constexpr Service kDynamoDb{"DYNAMODB", "dynamodb", "dynamodb", "1.0"};
constexpr size_t kDepthMax = 32;  // of nested attributes, as the service has it

Error NoItem(std::string why) {
  return Error(Kind::kBadInput, "AWS-DYNAMODB-001", "the item cannot be written to DynamoDB")
      .At("dynamodb")
      .Because(std::move(why));
}

// Builds typed attributes from the events of a JSON reader, which tells numbers as they were
// written.
class AttributeBuilder final : public json::json_sax_t {
 public:
  json Take() { return std::move(root_); }

  bool null() override { return Put({{"NULL", true}}); }
  bool boolean(bool value) override { return Put({{"BOOL", value}}); }
  bool number_integer(int64_t value) override { return Put({{"N", std::to_string(value)}}); }
  bool number_unsigned(uint64_t value) override { return Put({{"N", std::to_string(value)}}); }
  bool number_float(double /*value*/, const std::string& text) override {
    return Put({{"N", text}});
  }
  bool string(std::string& value) override { return Put({{"S", value}}); }
  bool binary(json::binary_t& /*value*/) override { return false; }
  bool start_object(size_t /*members*/) override { return Open(json::object()); }
  bool start_array(size_t /*elements*/) override { return Open(json::array()); }
  bool key(std::string& name) override {
    names_.back() = name;
    return true;
  }
  bool end_object() override { return Close("M"); }
  bool end_array() override { return Close("L"); }
  bool parse_error(size_t /*at*/, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*error*/) override {
    return false;
  }

 private:
  bool Open(json container) {
    open_.push_back(std::move(container));
    names_.emplace_back();
    return open_.size() <= kDepthMax;
  }
  bool Close(const char* type) {
    json value = std::move(open_.back());
    open_.pop_back();
    names_.pop_back();
    if (open_.empty()) {
      root_ = std::move(value);
      return true;
    }
    json typed = json::object();
    typed[type] = std::move(value);
    return Put(std::move(typed));
  }
  bool Put(json value) {
    if (open_.empty()) return false;  // not an object
    if (open_.back().is_array()) {
      open_.back().push_back(std::move(value));
    } else {
      open_.back()[names_.back()] = std::move(value);
    }
    return true;
  }

  json root_;
  std::vector<json> open_;
  std::vector<std::string> names_;
};

Result<json> TypedItem(std::string_view text) {
  AttributeBuilder builder;
  if (!json::sax_parse(text, &builder)) return Fail(NoItem("its text is no JSON object"));
  json item = builder.Take();
  if (!item.is_object()) return Fail(NoItem("its text is no JSON object"));
  return item;
}

// The key's attributes, taken out of the item.
Result<json> TakeKey(const ItemCall& call, json* item) {
  json key = json::object();
  for (const std::string& name : call.key_attributes) {
    if (!item->contains(name)) return Fail(NoItem("the key attribute `" + name + "` is missing"));
    key[name] = (*item)[name];
    item->erase(name);
  }
  return key;
}

}  // namespace

Result<std::string> AttributesOf(std::string_view json_object) {
  FIRN_TRY(const json item, TypedItem(json_object));
  return JsonTextOf(item);
}

Result<void> PutItem(const Call& call, AwsClient& client, const ItemCall& put) {
  FIRN_TRY(const json item, TypedItem(put.item));
  FIRN_CHECK(AskJson(call, client, kDynamoDb, "DynamoDB_20120810.PutItem",
                     {{"TableName", put.table}, {"Item", item}}));
  return {};
}

Result<void> UpdateItem(const Call& call, AwsClient& client, const ItemCall& update) {
  FIRN_TRY(json item, TypedItem(update.item));
  FIRN_TRY(const json key, TakeKey(update, &item));
  json body = {{"TableName", update.table}, {"Key", key}};
  std::string expression;
  size_t number = 0;
  for (const auto& [name, value] : item.items()) {
    const std::string suffix = std::to_string(number++);
    expression += (expression.empty() ? "SET #a" : ", #a") + suffix + " = :v" + suffix;
    body["ExpressionAttributeNames"]["#a" + suffix] = name;
    body["ExpressionAttributeValues"][":v" + suffix] = value;
  }
  if (!expression.empty()) body["UpdateExpression"] = expression;
  FIRN_CHECK(AskJson(call, client, kDynamoDb, "DynamoDB_20120810.UpdateItem", body));
  return {};
}

Result<void> DeleteItem(const Call& call, AwsClient& client, const ItemCall& gone) {
  FIRN_TRY(json item, TypedItem(gone.item));
  FIRN_TRY(const json key, TakeKey(gone, &item));
  FIRN_CHECK(AskJson(call, client, kDynamoDb, "DynamoDB_20120810.DeleteItem",
                     {{"TableName", gone.table}, {"Key", key}}));
  return {};
}

}  // namespace firn::aws
