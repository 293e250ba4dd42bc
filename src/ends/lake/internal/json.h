// Reading and writing JSON inside lake: checked getters whose errors name the key, and text pieces
// for writing without building a tree (metadata is written once per commit).
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.h"

namespace firn::lake::internal {

using Json = nlohmann::ordered_json;

// Errors of this file: Corrupt (LAKE-META-001), the reason naming the key.
[[nodiscard]] tl::unexpected<Error> BadJson(std::string why);
[[nodiscard]] Result<Json> ParseJson(std::string_view text);

[[nodiscard]] Result<int64_t> GetLong(const Json& object, const char* key);
[[nodiscard]] Result<int> GetInt(const Json& object, const char* key);
[[nodiscard]] Result<std::string> GetString(const Json& object, const char* key);
[[nodiscard]] Result<bool> GetBool(const Json& object, const char* key);
// Missing and null are nothing; another type is an error.
[[nodiscard]] Result<std::optional<int64_t>> FindLong(const Json& object, const char* key);
[[nodiscard]] Result<std::optional<int>> FindInt(const Json& object, const char* key);
[[nodiscard]] Result<std::optional<std::string>> FindString(const Json& object, const char* key);
// nullptr when missing or null. Errors: it is there and no array or object.
[[nodiscard]] Result<const Json*> FindArray(const Json& object, const char* key);
[[nodiscard]] Result<const Json*> FindObject(const Json& object, const char* key);

// Compact text of a tree that came from ParseJson.
[[nodiscard]] std::string Dump(const Json& json);
// Appends `text` as a JSON string, escaped.
void AppendQuoted(std::string& out, std::string_view text);
[[nodiscard]] std::string Quoted(std::string_view text);

}  // namespace firn::lake::internal
