#include "ends/lake/internal/json.h"

#include "core/base/json_depth.h"

namespace firn::lake::internal {
namespace {

tl::unexpected<Error> Wrong(const char* key, const char* expected) {
  return BadJson("`" + std::string(key) + "` is missing or not " + expected);
}

const Json* Find(const Json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

bool IsInt(int64_t value) { return value >= INT32_MIN && value <= INT32_MAX; }

bool AsLong(const Json& json, int64_t& value) {
  if (json.is_number_unsigned()) {
    const auto raw = json.get<uint64_t>();
    if (raw > static_cast<uint64_t>(INT64_MAX)) return false;
    value = static_cast<int64_t>(raw);
    return true;
  }
  if (!json.is_number_integer()) return false;
  value = json.get<int64_t>();
  return true;
}

}  // namespace

tl::unexpected<Error> BadJson(std::string why) {
  return Fail(Error(Kind::kCorrupt, "LAKE-META-001", "the table metadata cannot be read")
                  .Because(std::move(why)));
}

Result<Json> ParseJson(std::string_view text) {
  if (NestsDeeperThan(text, kJsonDepthMax)) return BadJson("it is nested too deeply");
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return BadJson("it is not whole JSON");
  return json;
}

Result<int64_t> GetLong(const Json& object, const char* key) {
  int64_t value = 0;
  const Json* found = Find(object, key);
  if (found == nullptr || !AsLong(*found, value)) return Wrong(key, "a whole number");
  return value;
}

Result<int> GetInt(const Json& object, const char* key) {
  FIRN_TRY(const int64_t value, GetLong(object, key));
  if (!IsInt(value)) return Wrong(key, "a 32-bit number");
  return static_cast<int>(value);
}

Result<std::string> GetString(const Json& object, const char* key) {
  const Json* found = Find(object, key);
  if (found == nullptr || !found->is_string()) return Wrong(key, "text");
  return found->get<std::string>();
}

Result<bool> GetBool(const Json& object, const char* key) {
  const Json* found = Find(object, key);
  if (found == nullptr || !found->is_boolean()) return Wrong(key, "true or false");
  return found->get<bool>();
}

Result<std::optional<int64_t>> FindLong(const Json& object, const char* key) {
  if (Find(object, key) == nullptr) return std::optional<int64_t>();
  FIRN_TRY(const int64_t value, GetLong(object, key));
  return std::optional<int64_t>(value);
}

Result<std::optional<int>> FindInt(const Json& object, const char* key) {
  if (Find(object, key) == nullptr) return std::optional<int>();
  FIRN_TRY(const int value, GetInt(object, key));
  return std::optional<int>(value);
}

Result<std::optional<std::string>> FindString(const Json& object, const char* key) {
  if (Find(object, key) == nullptr) return std::optional<std::string>();
  FIRN_TRY(std::string value, GetString(object, key));
  return std::optional<std::string>(std::move(value));
}

Result<const Json*> FindArray(const Json& object, const char* key) {
  const Json* found = Find(object, key);
  if (found != nullptr && !found->is_array()) return Wrong(key, "a list");
  return found;
}

Result<const Json*> FindObject(const Json& object, const char* key) {
  const Json* found = Find(object, key);
  if (found != nullptr && !found->is_object()) return Wrong(key, "an object");
  return found;
}

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void AppendQuoted(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out.push_back('"');
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += "\\u00";
          out.push_back(kHex[(c >> 4) & 0xf]);
          out.push_back(kHex[c & 0xf]);
        } else {
          out.push_back(c);
        }
    }
  }
  out.push_back('"');
}

std::string Quoted(std::string_view text) {
  std::string out;
  AppendQuoted(out, text);
  return out;
}

}  // namespace firn::lake::internal
