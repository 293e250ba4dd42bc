#include "patterns/federation/planning/scan_filter.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

namespace firn::federation {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kDepthMax = 100;
constexpr size_t kValuesMax = 10'000;

struct Comparison {
  std::string_view type;
  std::string_view sign;  // lake's; empty: not used for leaving out files
};
// Rows without a value are not equal to any: lake's `!=`, which is SQL's, would lose them.
constexpr Comparison kComparisons[] = {
    {"eq", "="}, {"not-eq", ""},  {"lt", "<"},         {"lt-eq", "<="},
    {"gt", ">"}, {"gt-eq", ">="}, {"starts-with", ""}, {"not-starts-with", ""},
};

tl::unexpected<Error> Bad(const std::string& why) {
  return Fail(Error(Kind::kBadInput, "CAT-PLAN-001", "the scan cannot be planned").Because(why));
}

std::string Quoted(const std::string& text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    if (c == quote) out.push_back(c);
    out.push_back(c);
  }
  return out + quote;
}

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// The value of a literal, bare or as an object.
const Json& Unwrapped(const Json& value) {
  const bool wrapped =
      value.is_object() && value.contains("value") && value.value("type", Json()) == "literal";
  return wrapped ? value["value"] : value;
}

// Nothing for values that lake's filter has no words for.
std::optional<std::string> Literal(const Json& given) {
  const Json& value = Unwrapped(given);
  if (value.is_string()) return Quoted(value.get<std::string>(), '\'');
  if (value.is_number() || value.is_boolean()) return value.dump();
  return {};
}

const record::Field* FieldById(const std::vector<record::Field>& fields, int64_t id) {
  for (const record::Field& field : fields) {
    if (field.id == id) return &field;
    if (const auto* found = FieldById(field.type.children, id)) return found;
  }
  return nullptr;
}

class Reader {
 public:
  Reader(const record::Schema& schema, const ScanFilterOptions& options)
      : schema_(schema), options_(options) {}

  // `counts`: whether what is read here holds for every wanted row.
  Result<void> Read(const Json& json, bool counts, int depth) {
    if (depth > kDepthMax) return Bad("the filter is nested too deeply");
    if (json.is_boolean()) return Constant(json.get<bool>(), counts);
    if (!json.is_object() || !json.contains("type") || !json["type"].is_string())
      return Bad("an expression has no `type`");
    const std::string type = json["type"].get<std::string>();
    if (type == "true" || type == "false") return Constant(type == "true", counts);
    if (type == "and" || type == "or") {
      for (const char* side : {"left", "right"}) {
        if (!json.contains(side)) return Bad("`" + type + "` has no `" + side + "`");
        FIRN_CHECK(Read(json[side], counts && type == "and", depth + 1));
      }
      return {};
    }
    if (type == "not") {
      if (!json.contains("child")) return Bad("`not` has no `child`");
      return Read(json["child"], false, depth + 1);
    }
    return Predicate(json, type, counts);
  }

  ScanFilter out;

 private:
  Result<void> Constant(bool value, bool counts) {
    if (!value && counts) out.nothing = true;
    return {};
  }

  Result<void> Predicate(const Json& json, const std::string& type, bool counts) {
    const bool unary = type == "is-null" || type == "not-null" || type == "is-nan" ||
                       type == "not-nan" || type == "in" || type == "not-in";
    FIRN_TRY(const record::Field* field, Operand(json, type, unary ? "child" : "left"));
    const std::string column = field == nullptr ? "" : Quoted(field->name, '"');
    std::optional<std::string> text;
    if (type == "is-null" || type == "not-null") {
      text = column + (type == "is-null" ? " IS NULL" : " IS NOT NULL");
    } else if (type == "in" || type == "not-in") {
      FIRN_TRY(text, List(json, type, column));
    } else if (type != "is-nan" && type != "not-nan") {
      FIRN_TRY(text, Compared(json, type, column));
    }
    if (!counts || !text || field == nullptr) return {};
    // What lake's filter does not take leaves out nothing: the client looks at the rows.
    if (auto filter = lake::Filter::Parse(*text, schema_))
      out.conjuncts.push_back(*std::move(filter));
    return {};
  }

  // What a predicate is about: `key`, or `term` as written before there were value expressions.
  Result<const record::Field*> Operand(const Json& json, const std::string& type, const char* key) {
    if (json.contains(key)) return Value(json[key], 0);
    if (!json.contains("term"))
      return Bad("`" + type.substr(0, 64) + "` has neither `" + key + "` nor `term`");
    return Term(json["term"]);
  }

  Result<std::optional<std::string>> Compared(const Json& json, const std::string& type,
                                              const std::string& column) {
    const auto known =
        std::find_if(std::begin(kComparisons), std::end(kComparisons),
                     [&](const Comparison& comparison) { return comparison.type == type; });
    if (known == std::end(kComparisons))
      return Bad("`" + type.substr(0, 64) + "` is no expression");
    const char* key = json.contains("right") ? "right" : "value";
    if (!json.contains(key)) return Bad("`" + type + "` has neither `right` nor `value`");
    FIRN_CHECK(Value(json[key], 0));
    const auto literal = Literal(json[key]);
    if (!literal || known->sign.empty()) return std::optional<std::string>();
    return std::optional(column + " " + std::string(known->sign) + " " + *literal);
  }

  Result<std::optional<std::string>> List(const Json& json, const std::string& type,
                                          const std::string& column) {
    if (!json.contains("values")) return Bad("`" + type + "` has no list of `values`");
    const Json& given = json["values"];
    const bool typed = given.is_object() && given.value("type", Json()) == "literals";
    const Json values = typed ? given.value("values", Json()) : given;
    if (!values.is_array()) return Bad("`" + type + "` has no list of `values`");
    if (values.size() > kValuesMax) return Bad("`" + type + "` has too many values");
    std::string list;
    for (const Json& value : values) {
      const auto literal = Literal(value);
      if (!literal) return std::optional<std::string>();
      list += (list.empty() ? "" : ", ") + *literal;
    }
    if (type == "not-in" || list.empty()) return std::optional<std::string>();
    return std::optional(column + " IN (" + list + ")");
  }

  // A literal, a reference to a field, or the application of a function; nullptr for what is no
  // plain top-level column.
  Result<const record::Field*> Value(const Json& json, int depth) {
    if (depth > kDepthMax) return Bad("the filter is nested too deeply");
    if (!json.is_object()) {
      if (json.is_array()) return Bad("a list is no value");
      return nullptr;
    }
    const Json type = json.value("type", Json());
    if (type == "reference") return Reference(json);
    if (type == "literal") {
      if (!json.contains("value")) return Bad("a literal has no `value`");
      return nullptr;
    }
    if (type != "apply") return Bad("a value has no known `type`");
    if (!json.contains("function") || !json.contains("arguments") || !json["arguments"].is_array())
      return Bad("`apply` needs `function` and a list of `arguments`");
    for (const Json& argument : json["arguments"]) {
      const bool predicate = argument.is_object() && !IsValueType(argument.value("type", Json()));
      if (predicate) {
        FIRN_CHECK(Read(argument, false, depth + 1));
      } else {
        FIRN_CHECK(Value(argument, depth + 1));
      }
    }
    return nullptr;
  }

  static bool IsValueType(const Json& type) {
    return type == "reference" || type == "literal" || type == "apply";
  }

  // By `name`, by `id`, or by `term` as the Java reference writes it.
  Result<const record::Field*> Reference(const Json& json) {
    for (const char* key : {"name", "term"}) {
      if (json.contains(key) && json[key].is_string()) return Named(json[key].get<std::string>());
    }
    if (!json.contains("id") || !json["id"].is_number_integer())
      return Bad("a reference has neither `name` nor `id`");
    const record::Field* field = FieldById(schema_.fields, json["id"].get<int64_t>());
    if (field == nullptr) return Bad("there is no column of id " + json["id"].dump());
    return TopLevel(field);
  }

  Result<const record::Field*> Named(const std::string& name) {
    const record::Field* field = FindField(schema_, name, options_);
    if (field == nullptr) return Bad("there is no column `" + name.substr(0, 200) + "`");
    return TopLevel(field);
  }

  const record::Field* TopLevel(const record::Field* field) const {
    return schema_.Find(field->name) == field ? field : nullptr;
  }

  Result<const record::Field*> Term(const Json& term) {
    if (term.is_string()) return Named(term.get<std::string>());
    if (!term.is_object()) return Bad("a `term` is no name");
    if (IsValueType(term.value("type", Json()))) return Value(term, 0);
    if (!term.contains("term")) return Bad("a transform has no `term`");
    FIRN_CHECK(Term(term["term"]));
    return nullptr;
  }

  const record::Schema& schema_;
  const ScanFilterOptions& options_;
};

const record::Field* FindIn(const std::vector<record::Field>& fields, const std::string& name,
                            const ScanFilterOptions& options) {
  for (const record::Field& field : fields) {
    const bool same =
        options.case_sensitive ? field.name == name : Lower(field.name) == Lower(name);
    if (same) return &field;
    // A name may hold dots itself: every field that the name begins with is tried.
    const std::string start = field.name + ".";
    if (field.type.children.empty() || name.size() <= start.size()) continue;
    const std::string head = name.substr(0, start.size());
    if (options.case_sensitive ? head != start : Lower(head) != Lower(start)) continue;
    const auto* found = FindIn(field.type.children, name.substr(start.size()), options);
    if (found != nullptr) return found;
  }
  return nullptr;
}

}  // namespace

const record::Field* FindField(const record::Schema& schema, const std::string& name,
                               const ScanFilterOptions& options) {
  return FindIn(schema.fields, name, options);
}

Result<ScanFilter> ReadScanFilter(const Json& filter, const record::Schema& schema,
                                  const ScanFilterOptions& options) {
  Reader reader(schema, options);
  FIRN_CHECK(reader.Read(filter, true, 0));
  return std::move(reader.out);
}

}  // namespace firn::federation
