#include "sandbox/events/avro_check.h"

#include <map>
#include <nlohmann/json.hpp>

#include "core/base/encoding.h"

namespace firn::sandbox {
namespace {

using nlohmann::json;
constexpr int kDepthMax = 32;

class Checker {
 public:
  explicit Checker(std::string_view bytes) : rest_(bytes) {}

  // False: the bytes leave the schema; `where()` says at which field.
  bool Check(const json& type, int depth = 0) {
    if (depth > kDepthMax) return false;
    if (type.is_string()) return Named(type.get_ref<const std::string&>(), depth);
    if (type.is_array()) {
      const auto branch = Long();
      return branch && *branch >= 0 && *branch < static_cast<int64_t>(type.size()) &&
             Check(type[static_cast<size_t>(*branch)], depth + 1);
    }
    if (!type.is_object() || !type.contains("type")) return false;
    const json& inner = type["type"];
    if (!inner.is_string()) return Check(inner, depth + 1);
    const auto& name = inner.get_ref<const std::string&>();
    if (name == "record") return Record(type, depth);
    if (name == "array") return Array(type, depth);
    if (name == "enum") return Enum(type);
    return Named(name, depth);
  }
  [[nodiscard]] const std::string& where() const { return where_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  std::optional<int64_t> Long() {
    uint64_t bits = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) return std::nullopt;
      const auto byte = static_cast<uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      bits |= static_cast<uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) {
        return static_cast<int64_t>(bits >> 1) ^ -static_cast<int64_t>(bits & 1);
      }
    }
    return std::nullopt;
  }
  bool Skip(size_t count) {
    if (rest_.size() < count) return false;
    rest_.remove_prefix(count);
    return true;
  }
  bool Text(bool utf8) {
    const auto size = Long();
    if (!size || *size < 0 || static_cast<uint64_t>(*size) > rest_.size()) return false;
    const std::string_view text = rest_.substr(0, static_cast<size_t>(*size));
    return (!utf8 || IsUtf8(text)) && Skip(text.size());
  }
  bool Named(const std::string& name, int depth) {
    if (name == "null") return true;
    if (name == "int" || name == "long") return Long().has_value();
    if (name == "string") return Text(true);
    if (name == "bytes") return Text(false);
    if (name == "double") return Skip(8);
    if (name == "float") return Skip(4);
    if (name == "boolean") {
      return !rest_.empty() && (rest_.front() == 0 || rest_.front() == 1) && Skip(1);
    }
    const auto known = types_.find(name);
    return known != types_.end() && Check(*known->second, depth + 1);
  }
  bool Record(const json& type, int depth) {
    types_[NameOf(type)] = &type;
    if (!type.contains("fields") || !type["fields"].is_array()) return false;
    for (const json& field : type["fields"]) {
      where_ = NameOf(field);
      if (!field.is_object() || !field.contains("type") || !Check(field["type"], depth + 1))
        return false;
    }
    return true;
  }
  bool Enum(const json& type) {
    const auto symbol = Long();
    return symbol && *symbol >= 0 && type.contains("symbols") &&
           *symbol < static_cast<int64_t>(type["symbols"].size());
  }
  bool Array(const json& type, int depth) {
    if (!type.contains("items")) return false;
    while (true) {
      auto count = Long();
      if (!count) return false;
      if (*count == 0) return true;
      if (*count < 0) {
        if (!Long() || *count == INT64_MIN) return false;
        count = -*count;
      }
      // Items of no bytes would make a count a loop without end.
      if (static_cast<uint64_t>(*count) > rest_.size()) return false;
      for (int64_t i = 0; i < *count; ++i) {
        if (!Check(type["items"], depth + 1)) return false;
      }
    }
  }

  std::string_view rest_;
  std::string where_;
  std::map<std::string, const json*> types_;
};

}  // namespace

std::string NameOf(const json& part) {
  const auto name = part.is_object() ? part.find("name") : part.end();
  return name == part.end() || !name->is_string() ? "" : name->get<std::string>();
}

Result<void> CheckAvro(std::string_view schema_json, std::string_view bytes) {
  const json schema = json::parse(schema_json, nullptr, false);
  if (!schema.is_object()) {
    return Fail(Kind::kCorrupt, "SBX-EVENTS-002", "a schema of the org's event log is damaged");
  }
  const auto bad = [](std::string why) {
    return Fail(Error(Kind::kBadInput, "SBX-EVENTS-003", "the event does not fit its schema")
                    .Because(std::move(why)));
  };
  Checker checker(bytes);
  if (!checker.Check(schema)) return bad("the bytes leave the schema at `" + checker.where() + "`");
  if (!checker.at_end()) return bad("bytes remain behind the record");
  return {};
}

}  // namespace firn::sandbox
