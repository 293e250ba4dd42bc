// Amazon DynamoDB: items put, updated and deleted by their key, so that doing it twice is doing it
// once. JSON protocol.
//
// Items are JSON objects; numbers keep their digits. Any thread may call. Source: DynamoDB API
// Reference (2012-08-10), "PutItem", "UpdateItem", "DeleteItem", "AttributeValue", read 2026-11.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "ends/aws/client.h"

namespace firn::aws {

inline constexpr size_t kItemBytesMax = 409'600;

struct ItemCall {
  std::string table;                        // name or ARN
  std::string item;                         // a JSON object's text
  std::vector<std::string> key_attributes;  // update and delete: those of the item that are its key
};
// Errors: BadInput (AWS-DYNAMODB-001) when `item` is no JSON object or lacks a key; of AwsClient.
[[nodiscard]] Result<void> PutItem(const Call& call, AwsClient& client, const ItemCall& put);
// Sets the members of `item` that are not its key; others of the item stay.
[[nodiscard]] Result<void> UpdateItem(const Call& call, AwsClient& client, const ItemCall& update);
[[nodiscard]] Result<void> DeleteItem(const Call& call, AwsClient& client, const ItemCall& gone);

// A JSON object as DynamoDB's typed attributes: `{"a":1.50}` -> `{"a":{"N":"1.50"}}`. Errors:
// BadInput (AWS-DYNAMODB-001).
[[nodiscard]] Result<std::string> AttributesOf(std::string_view json_object);

}  // namespace firn::aws
