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
constexpr Comparison kComparisons[] = {
    {"eq", "="}, {"not-eq", "!="}, {"lt", "<"},         {"lt-eq", "<="},
    {"gt", ">"}, {"gt-eq", ">="},  {"starts-with", ""}, {"not-starts-with", ""},
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

// Nothing for values that lake's filter has no words for.
std::optional<std::string> Literal(const Json& value) {
  if (value.is_string()) return Quoted(value.get<std::string>(), '\'');
  if (value.is_number() || value.is_boolean()) return value.dump();
  return {};
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
    if (!json.contains("term")) return Bad("`" + type.substr(0, 64) + "` has no `term`");
    FIRN_TRY(const record::Field* field, Term(json["term"]));
    const std::string column = field == nullptr ? "" : Quoted(field->name, '"');
    std::optional<std::string> text;
    if (type == "is-null" || type == "not-null") {
      text = column + (type == "is-null" ? " IS NULL" : " IS NOT NULL");
    } else if (type == "in" || type == "not-in") {
      FIRN_TRY(text, List(json, type, column));
    } else if (type != "is-nan" && type != "not-nan") {
      const auto known =
          std::find_if(std::begin(kComparisons), std::end(kComparisons),
                       [&](const Comparison& comparison) { return comparison.type == type; });
      if (known == std::end(kComparisons))
        return Bad("`" + type.substr(0, 64) + "` is no expression");
      if (!json.contains("value")) return Bad("`" + type + "` has no `value`");
      const auto literal = Literal(json["value"]);
      if (literal && !known->sign.empty())
        text = column + " " + std::string(known->sign) + " " + *literal;
    }
    if (!counts || !text || field == nullptr) return {};
    // What lake's filter does not take leaves out nothing: the client looks at the rows.
    if (auto filter = lake::Filter::Parse(*text, schema_))
      out.conjuncts.push_back(*std::move(filter));
    return {};
  }

  Result<std::optional<std::string>> List(const Json& json, const std::string& type,
                                          const std::string& column) {
    if (!json.contains("values") || !json["values"].is_array())
      return Bad("`" + type + "` has no list of `values`");
    if (json["values"].size() > kValuesMax) return Bad("`" + type + "` has too many values");
    std::string list;
    for (const Json& value : json["values"]) {
      const auto literal = Literal(value);
      if (!literal) return std::optional<std::string>();
      list += (list.empty() ? "" : ", ") + *literal;
    }
    if (type == "not-in" || list.empty()) return std::optional<std::string>();
    return std::optional(column + " IN (" + list + ")");
  }

  // nullptr for a term that is no plain top-level column.
  Result<const record::Field*> Term(const Json& term) {
    if (term.is_object()) {
      if (!term.contains("term")) return Bad("a transform has no `term`");
      FIRN_CHECK(Term(term["term"]));
      return nullptr;
    }
    if (!term.is_string()) return Bad("a `term` is no name");
    const std::string name = term.get<std::string>();
    const record::Field* field = FindField(schema_, name, options_);
    if (field == nullptr) return Bad("there is no column `" + name.substr(0, 200) + "`");
    return schema_.Find(field->name) == field ? field : nullptr;
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
