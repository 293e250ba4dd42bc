// `where` and `orderBy` of GraphQL as SOQL.
// Source: GraphQL API Developer Guide, "Filter Results", "Filter by Dates", "Order Results", read
// 2026-11.
#include <nlohmann/json.hpp>

#include "sandbox/api_error.h"
#include "sandbox/graphql/record_query.h"

namespace firn::sandbox::graphql {
namespace {

using nlohmann::json;

constexpr int kDepthMax = 16;

std::string Quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else {
      out += c;
    }
  }
  return out + "'";
}

bool IsDateType(FieldType type) {
  return type == FieldType::kDate || type == FieldType::kDateTime || type == FieldType::kTime;
}

bool IsWord(std::string_view text) {
  return !text.empty() && text.find_first_not_of(
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvw"
                              "xyz0123456789_") == std::string_view::npos;
}

// Dates, numbers and booleans stand bare in SOQL; what could end the literal is none.
Result<std::string> Bare(const json& value) {
  std::string text = value.is_string() ? value.get<std::string>() : value.dump();
  if (text.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                             "+-.:") != std::string::npos) {
    return Fail(ValidationError({}, "Invalid value '" + text + "'"));
  }
  return text;
}

// `{value: ".."}`, `{literal: TODAY}`, `{range: {last_n_days: 3}}`.
Result<std::string> DateText(const json& value) {
  if (!value.is_object()) return Bare(value);
  if (const auto plain = value.find("value"); plain != value.end()) return Bare(*plain);
  if (const auto word = value.find("literal"); word != value.end() && word->is_string()) {
    if (IsWord(word->get<std::string>())) return word->get<std::string>();
  }
  if (const auto range = value.find("range");
      range != value.end() && range->is_object() && range->size() == 1) {
    const std::string& name = range->begin().key();
    const json& count = range->begin().value();
    if (IsWord(name) && count.is_number_integer()) {
      std::string word = name;
      for (char& c : word) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
      return word + ":" + count.dump();
    }
  }
  return Fail(ValidationError({}, "Invalid date value " + value.dump()));
}

Result<std::string> LiteralText(const FieldInfo& field, const json& value) {
  if (value.is_null()) return std::string("null");
  if (IsDateType(field.type)) return DateText(value);
  const bool bare = field.type == FieldType::kBoolean || IsDecimal(field.type) ||
                    field.type == FieldType::kInt || field.type == FieldType::kLong;
  if (bare) return Bare(value);
  return Quoted(value.is_string() ? value.get<std::string>() : value.dump());
}

Result<std::string> ListText(const FieldInfo& field, const json& values) {
  if (!values.is_array() || values.empty()) {
    return Fail(ValidationError({}, "A list of values is needed for field '" + field.name + "'"));
  }
  std::string list;
  for (const json& value : values) {
    // Of INCLUDES: each entry is a list of its own, joined by AND.
    std::string joined;
    if (value.is_array()) {
      for (const json& part : value) {
        joined += (joined.empty() ? "" : ";") + (part.is_string() ? part.get<std::string>() : "");
      }
    }
    FIRN_TRY(const std::string text,
             value.is_array() ? Result<std::string>(Quoted(joined)) : LiteralText(field, value));
    list += (list.empty() ? "" : ", ") + text;
  }
  return "(" + list + ")";
}

Result<std::string> CompareText(const FieldInfo& field, const std::string& path,
                                const std::string& op, const json& value) {
  constexpr std::pair<std::string_view, std::string_view> kOne[] = {
      {"eq", " = "},   {"ne", " != "}, {"like", " LIKE "}, {"gt", " > "},
      {"gte", " >= "}, {"lt", " < "},  {"lte", " <= "}};
  constexpr std::pair<std::string_view, std::string_view> kMany[] = {
      {"in", " IN "}, {"nin", " NOT IN "}, {"includes", " INCLUDES "}, {"excludes", " EXCLUDES "}};
  for (const auto& [name, symbol] : kOne) {
    if (op != name) continue;
    FIRN_TRY(const std::string text, LiteralText(field, value));
    return path + std::string(symbol) + text;
  }
  for (const auto& [name, symbol] : kMany) {
    if (op != name) continue;
    FIRN_TRY(const std::string text, ListText(field, value));
    return path + std::string(symbol) + text;
  }
  return Fail(ValidationError({}, "Unknown operator '" + op + "' of field '" + field.name + "'"));
}

class WhereWriter {
 public:
  explicit WhereWriter(const Catalogue& catalogue) : catalogue_(catalogue) {}

  Result<std::string> Write(const ObjectInfo& object, const json& where, const std::string& prefix,
                            int depth) {
    if (!where.is_object() || depth > kDepthMax) {
      return Fail(ValidationError({}, "where must be an input object"));
    }
    std::string text;
    for (const auto& [name, value] : where.items()) {
      FIRN_TRY(const std::string one, Member(object, name, value, prefix, depth));
      if (!one.empty()) text += (text.empty() ? "" : " AND ") + one;
    }
    return text;
  }

 private:
  Result<std::string> Member(const ObjectInfo& object, const std::string& name, const json& value,
                             const std::string& prefix, int depth) {
    if (name == "and" || name == "or") return Group(object, name, value, prefix, depth);
    if (name == "not") {
      FIRN_TRY(const std::string inner, Write(object, value, prefix, depth + 1));
      return inner.empty() ? inner : "(NOT (" + inner + "))";
    }
    const FieldInfo* field = object.Field(name);
    if (field != nullptr && !field->hidden && value.is_object()) {
      std::string text;
      for (const auto& [op, operand] : value.items()) {
        FIRN_TRY(const std::string one, CompareText(*field, prefix + field->name, op, operand));
        text += (text.empty() ? "" : " AND ") + one;
      }
      return text;
    }
    const FieldInfo* way = object.Relationship(name);
    const ObjectInfo* parent = way == nullptr || way->reference_to.empty()
                                   ? nullptr
                                   : catalogue_.Object(way->reference_to.back());
    if (parent != nullptr) {
      return Write(*parent, value, prefix + way->relationship_name + ".", depth + 1);
    }
    return Fail(ValidationError(
        {}, "Field '" + name + "' in type '" + object.name + "_Filter' is undefined"));
  }

  Result<std::string> Group(const ObjectInfo& object, const std::string& word, const json& list,
                            const std::string& prefix, int depth) {
    std::string text;
    const json wrapped = list.is_array() ? list : json::array({list});
    for (const json& one : wrapped) {
      FIRN_TRY(const std::string part, Write(object, one, prefix, depth + 1));
      if (part.empty()) continue;
      text += (text.empty() ? "(" : word == "or" ? " OR (" : " AND (") + part + ")";
    }
    return text.empty() ? text : "(" + text + ")";
  }

  const Catalogue& catalogue_;
};

}  // namespace

Error ValidationError(const Place& place, const std::string& what) {
  return ApiError(
      400, "VALIDATION_ERROR",
      what + " at line " + std::to_string(place.line) + " column " + std::to_string(place.column));
}

Result<std::string> WhereText(const Catalogue& catalogue, const ObjectInfo& object,
                              const json& where, const std::string& prefix) {
  return WhereWriter(catalogue).Write(object, where, prefix, 0);
}

Result<std::string> OrderText(const ObjectInfo& object, const json& order,
                              const std::string& prefix, const Catalogue& catalogue) {
  std::string text;
  const json list = order.is_array() ? order : json::array({order});
  for (const json& one : list) {
    if (!one.is_object()) return Fail(ValidationError({}, "orderBy must be an input object"));
    for (const auto& [name, how] : one.items()) {
      std::string part;
      const FieldInfo* field = object.Field(name);
      const FieldInfo* way = object.Relationship(name);
      const ObjectInfo* parent = way == nullptr || way->reference_to.empty()
                                     ? nullptr
                                     : catalogue.Object(way->reference_to.back());
      if (field != nullptr && !field->hidden && how.is_object()) {
        part = prefix + field->name;
        part += how.value("order", "ASC") == "DESC" ? " DESC" : " ASC";
        part += how.value("nulls", "FIRST") == "LAST" ? " NULLS LAST" : " NULLS FIRST";
      } else if (parent != nullptr && prefix.size() < 200) {
        FIRN_TRY(part, OrderText(*parent, how, prefix + way->relationship_name + ".", catalogue));
      } else {
        return Fail(ValidationError(
            {}, "Field '" + name + "' in type '" + object.name + "_OrderBy' is undefined"));
      }
      text += (text.empty() ? "" : ", ") + part;
    }
  }
  return text;
}

}  // namespace firn::sandbox::graphql
