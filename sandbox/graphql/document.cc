#include "sandbox/graphql/document.h"

#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "sandbox/api_error.h"
#include "sandbox/graphql/lexer.h"

namespace firn::sandbox::graphql {
namespace {

using nlohmann::json;

constexpr int kDepthMax = 48;
constexpr size_t kSelectionsMax = 20'000;  // with fragments in their places

// A selection as written: a field, or `...Name`, or `... on Type { .. }`.
struct Written {
  Selection field;
  std::string spread;
  bool inline_fragment = false;
  std::vector<Written> children;
};

struct Fragment {
  std::string on_type;
  std::vector<Written> selections;
};

struct WrittenOperation {
  std::string kind = "query";
  std::string name;
  std::map<std::string, json> defaults;
  std::vector<Written> selections;
};

class Parser {
 public:
  explicit Parser(std::string_view text) : lexer_(text) {}

  Result<void> Read() {
    FIRN_CHECK(Take());
    while (token_.kind != Token::Kind::kEnd) {
      if (IsName("fragment")) {
        FIRN_CHECK(ReadFragment());
      } else {
        FIRN_CHECK(ReadOperation());
      }
    }
    return {};
  }

  std::vector<WrittenOperation> operations;
  std::map<std::string, Fragment> fragments;

 private:
  Result<void> Take() {
    FIRN_TRY(token_, lexer_.Next());
    return {};
  }
  [[nodiscard]] bool IsName(std::string_view name) const {
    return token_.kind == Token::Kind::kName && token_.text == name;
  }
  [[nodiscard]] bool IsSymbol(std::string_view symbol) const {
    return token_.kind == Token::Kind::kSymbol && token_.text == symbol;
  }
  [[nodiscard]] tl::unexpected<Error> Unexpected() const {
    const bool end = token_.kind == Token::Kind::kEnd;
    return Fail(SyntaxError(
        token_.place, end ? "offending token '<EOF>'" : "offending token '" + token_.text + "'"));
  }
  Result<void> Expect(std::string_view symbol) {
    if (!IsSymbol(symbol)) return Unexpected();
    return Take();
  }
  Result<std::string> Name() {
    if (token_.kind != Token::Kind::kName) return Unexpected();
    std::string name = token_.text;
    FIRN_CHECK(Take());
    return name;
  }

  Result<void> ReadFragment() {
    FIRN_CHECK(Take());
    FIRN_TRY(const std::string name, Name());
    if (!IsName("on")) return Unexpected();
    FIRN_CHECK(Take());
    Fragment fragment;
    FIRN_TRY(fragment.on_type, Name());
    FIRN_CHECK(Directives());
    FIRN_TRY(fragment.selections, Selections(0));
    fragments[name] = std::move(fragment);
    return {};
  }

  Result<void> ReadOperation() {
    WrittenOperation operation;
    if (!IsSymbol("{")) {
      FIRN_TRY(operation.kind, Name());
      const bool known = operation.kind == "query" || operation.kind == "mutation" ||
                         operation.kind == "subscription";
      if (!known) return Unexpected();
      if (token_.kind == Token::Kind::kName) {
        FIRN_TRY(operation.name, Name());
      }
      if (IsSymbol("(")) FIRN_CHECK(VariableDefinitions(operation));
      FIRN_CHECK(Directives());
    }
    FIRN_TRY(operation.selections, Selections(0));
    operations.push_back(std::move(operation));
    return {};
  }

  Result<void> VariableDefinitions(WrittenOperation& operation) {
    FIRN_CHECK(Take());
    while (!IsSymbol(")")) {
      FIRN_CHECK(Expect("$"));
      FIRN_TRY(const std::string name, Name());
      FIRN_CHECK(Expect(":"));
      FIRN_CHECK(Type(0));
      operation.defaults[name] = nullptr;
      if (IsSymbol("=")) {
        FIRN_CHECK(Take());
        FIRN_TRY(operation.defaults[name], Value(0));
      }
    }
    return Take();
  }

  // `[String!]!`: what is given is checked where it is used.
  Result<void> Type(int depth) {
    if (depth > kDepthMax) return Unexpected();
    if (IsSymbol("[")) {
      FIRN_CHECK(Take());
      FIRN_CHECK(Type(depth + 1));
      FIRN_CHECK(Expect("]"));
    } else {
      FIRN_TRY(const std::string name, Name());
      (void)name;
    }
    if (IsSymbol("!")) return Take();
    return {};
  }

  // A variable is `{"$": name}` until it is known what it stands for.
  Result<json> Value(int depth) {
    if (depth > kDepthMax) return Unexpected();
    if (IsSymbol("$")) {
      FIRN_CHECK(Take());
      FIRN_TRY(std::string name, Name());
      return json{{"$", std::move(name)}};
    }
    if (IsSymbol("[")) {
      FIRN_CHECK(Take());
      json list = json::array();
      while (!IsSymbol("]")) {
        FIRN_TRY(json one, Value(depth + 1));
        list.push_back(std::move(one));
      }
      FIRN_CHECK(Take());
      return list;
    }
    if (IsSymbol("{")) {
      FIRN_CHECK(Take());
      json object = json::object();
      while (!IsSymbol("}")) {
        FIRN_TRY(const std::string name, Name());
        FIRN_CHECK(Expect(":"));
        FIRN_TRY(object[name], Value(depth + 1));
      }
      FIRN_CHECK(Take());
      return object;
    }
    return Scalar();
  }

  Result<json> Scalar() {
    json value;
    if (token_.kind == Token::Kind::kNumber) {
      value = json::parse(token_.text, nullptr, false);
      if (value.is_discarded()) return Unexpected();
    } else if (token_.kind == Token::Kind::kText) {
      value = token_.text;
    } else if (token_.kind != Token::Kind::kName) {
      return Unexpected();
    } else if (token_.text == "true" || token_.text == "false") {
      value = token_.text == "true";
    } else if (token_.text != "null") {
      value = token_.text;  // of an enum
    }
    FIRN_CHECK(Take());
    return value;
  }

  Result<std::vector<std::pair<std::string, json>>> Arguments() {
    std::vector<std::pair<std::string, json>> arguments;
    if (!IsSymbol("(")) return arguments;
    FIRN_CHECK(Take());
    while (!IsSymbol(")")) {
      FIRN_TRY(std::string name, Name());
      FIRN_CHECK(Expect(":"));
      FIRN_TRY(json value, Value(0));
      arguments.emplace_back(std::move(name), std::move(value));
    }
    FIRN_CHECK(Take());
    return arguments;
  }

  using Conditions = std::vector<std::pair<bool, json>>;  // `@include` or `@skip`, and its `if`

  // Others than those two (`@optional`, `@category`) change nothing here.
  Result<Conditions> Directives() {
    Conditions conditions;
    while (IsSymbol("@")) {
      FIRN_CHECK(Take());
      FIRN_TRY(const std::string name, Name());
      FIRN_TRY(auto arguments, Arguments());
      if (name != "skip" && name != "include") continue;
      for (auto& [argument, value] : arguments) {
        if (argument == "if") conditions.emplace_back(name == "include", std::move(value));
      }
    }
    return conditions;
  }

  Result<std::vector<Written>> Selections(int depth) {
    if (depth > kDepthMax) return Unexpected();
    FIRN_CHECK(Expect("{"));
    std::vector<Written> selections;
    while (!IsSymbol("}")) {
      FIRN_TRY(auto one, Select(depth));
      selections.push_back(std::move(one));
    }
    FIRN_CHECK(Take());
    if (selections.empty()) return Unexpected();
    return selections;
  }

  Result<Written> Select(int depth) {
    Written one;
    one.field.place = token_.place;
    FIRN_CHECK(IsSymbol("...") ? Spread(one) : Field(one));
    FIRN_TRY(Conditions conditions, Directives());
    // Told as arguments of names no field has, until variables are known.
    for (auto& [include, value] : conditions) {
      one.field.arguments.emplace_back(include ? "@include" : "@skip",
                                       std::make_shared<const json>(std::move(value)));
    }
    if (one.inline_fragment || (one.spread.empty() && IsSymbol("{"))) {
      FIRN_TRY(one.children, Selections(depth + 1));
    }
    return one;
  }

  Result<void> Spread(Written& one) {
    FIRN_CHECK(Take());
    if (token_.kind == Token::Kind::kName && !IsName("on")) {
      FIRN_TRY(one.spread, Name());
      return {};
    }
    one.inline_fragment = true;
    if (!IsName("on")) return {};
    FIRN_CHECK(Take());
    FIRN_TRY(one.field.on_type, Name());
    return {};
  }

  Result<void> Field(Written& one) {
    FIRN_TRY(one.field.name, Name());
    one.field.alias = one.field.name;
    if (IsSymbol(":")) {
      FIRN_CHECK(Take());
      FIRN_TRY(one.field.name, Name());
    }
    FIRN_TRY(auto arguments, Arguments());
    for (auto& [name, value] : arguments) {
      one.field.arguments.emplace_back(std::move(name),
                                       std::make_shared<const json>(std::move(value)));
    }
    return {};
  }

  Lexer lexer_;
  Token token_;
};

// Puts fragments and variables in their places.
class Expander {
 public:
  Expander(const std::map<std::string, Fragment>& fragments, const WrittenOperation& operation,
           const json& variables)
      : fragments_(fragments), operation_(operation), variables_(variables) {}

  Result<void> Expand(const std::vector<Written>& from, const std::string& on_type, int depth,
                      std::vector<Selection>& into) {
    if (depth > kDepthMax) return Fail(SyntaxError({}, "selections are nested too deeply"));
    for (const Written& one : from) {
      if (++count_ > kSelectionsMax) return Fail(SyntaxError(one.field.place, "too many fields"));
      if (!Kept(one)) continue;
      if (one.inline_fragment) {
        const std::string& type = one.field.on_type.empty() ? on_type : one.field.on_type;
        FIRN_CHECK(Expand(one.children, type, depth + 1, into));
        continue;
      }
      if (!one.spread.empty()) {
        const auto found = fragments_.find(one.spread);
        if (found == fragments_.end()) {
          return Fail(SyntaxError(one.field.place, "undefined fragment " + one.spread));
        }
        FIRN_CHECK(Expand(found->second.selections, found->second.on_type, depth + 1, into));
        continue;
      }
      Selection selection = one.field;
      selection.on_type = on_type;
      selection.arguments.clear();
      for (const auto& [name, value] : one.field.arguments) {
        if (name.starts_with('@')) continue;
        selection.arguments.emplace_back(name, std::make_shared<const json>(Resolve(*value)));
      }
      FIRN_CHECK(Expand(one.children, "", depth + 1, selection.children));
      into.push_back(std::move(selection));
    }
    return {};
  }

 private:
  [[nodiscard]] bool Kept(const Written& one) const {
    for (const auto& [name, value] : one.field.arguments) {
      if (!name.starts_with('@')) continue;
      const json given = Resolve(*value);
      const bool holds = given.is_boolean() && given.get<bool>();
      if (holds != (name == "@include")) return false;
    }
    return true;
  }

  [[nodiscard]] json Resolve(const json& value) const {
    if (value.is_object() && value.size() == 1 && value.contains("$")) {
      const auto name = value["$"].get<std::string>();
      if (variables_.is_object() && variables_.contains(name)) return variables_[name];
      const auto known = operation_.defaults.find(name);
      return known == operation_.defaults.end() ? json(nullptr) : known->second;
    }
    if (!value.is_structured()) return value;
    json copy = value;
    for (auto& each : copy) each = Resolve(each);
    return copy;
  }

  const std::map<std::string, Fragment>& fragments_;
  const WrittenOperation& operation_;
  const json& variables_;
  size_t count_ = 0;
};

}  // namespace

const json* Selection::Argument(std::string_view wanted) const {
  for (const auto& [argument, value] : arguments) {
    if (argument == wanted && !value->is_null()) return value.get();
  }
  return nullptr;
}

Result<Operation> ParseDocument(std::string_view text, const std::string& name,
                                const json& variables) {
  Parser parser(text);
  FIRN_CHECK(parser.Read());
  const WrittenOperation* chosen = nullptr;
  for (const WrittenOperation& one : parser.operations) {
    if (name.empty() ? parser.operations.size() == 1 : one.name == name) chosen = &one;
  }
  if (chosen == nullptr) {
    return Fail(ApiError(400, "INVALID_SYNTAX",
                         name.empty() ? "Must provide operation name if query contains multiple "
                                        "operations."
                                      : "Unknown operation named '" + name + "'."));
  }
  Operation operation;
  operation.kind = chosen->kind;
  operation.name = chosen->name;
  FIRN_CHECK(Expander(parser.fragments, *chosen, variables)
                 .Expand(chosen->selections, "", 0, operation.selections));
  return operation;
}

}  // namespace firn::sandbox::graphql
