#include "patterns/events/change/plan.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

namespace firn::events {
namespace {

using Json = nlohmann::json;

// A custom object has at most 900 fields, a compound eight parts (Salesforce Features and Edition
// Allocations, read 2026-11); the bounds are only there for nonsense.
constexpr size_t kNodesMax = 50'000;
constexpr int kDepthMax = 16;
constexpr std::string_view kHeader = "ChangeEventHeader";

Error Unreadable(std::string why) {
  return Error(Kind::kCorrupt, "EVENT-SCHEMA-001", "the schema of an event cannot be read")
      .Because(std::move(why));
}

std::string TextOf(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

class PlanCompiler {
 public:
  Result<ChangePlan> Compile(std::string_view text) {
    const Json schema = Json::parse(text, nullptr, false);
    if (!schema.is_object() || TextOf(schema, "type") != "record") {
      return Fail(Unreadable("it is no Avro record"));
    }
    plan_.name_ = TextOf(schema, "name");
    const std::string space = TextOf(schema, "namespace");
    const auto fields = schema.find("fields");
    if (fields == schema.end() || !fields->is_array()) return Fail(Unreadable("it has no fields"));
    for (const Json& field : *fields) {
      if (!field.is_object() || !field.contains("type")) {
        return Fail(Unreadable("one of its fields has no name or type"));
      }
      FIRN_CHECK(TopField(field, space));
    }
    return std::move(plan_);
  }

 private:
  using Op = ChangePlan::Op;
  using Part = ChangePlan::HeaderPart;

  Result<void> TopField(const Json& field, const std::string& space) {
    const std::string name = TextOf(field, "name");
    const auto position = static_cast<int>(plan_.top_.size());
    FIRN_TRY(const int node, Build(field["type"], space, 0));
    plan_.top_.push_back(node);
    if (name == kHeader && plan_.nodes_[Index(node)].op == Op::kRecord) {
      plan_.header_ = position;
      plan_.top_field_.push_back(-1);
      NameHeaderParts(field["type"]);
      return {};
    }
    const auto own = static_cast<int>(plan_.fields_.size());
    plan_.fields_.push_back({.name = name, .parent = "", .doc = TextOf(field, "doc")});
    plan_.top_field_.push_back(own);
    return Place(node, own);
  }

  void NameHeaderParts(const Json& header) {
    static const std::map<std::string, Part, std::less<>> kParts = {
        {"entityName", Part::kEntity},
        {"recordIds", Part::kRecordIds},
        {"changeType", Part::kType},
        {"changeOrigin", Part::kOrigin},
        {"transactionKey", Part::kTransactionKey},
        {"sequenceNumber", Part::kSequence},
        {"commitTimestamp", Part::kTimestamp},
        {"commitNumber", Part::kNumber},
        {"commitUser", Part::kUser},
        {"nulledFields", Part::kNulled},
        {"diffFields", Part::kDiff},
        {"changedFields", Part::kChanged},
    };
    for (const Json& field : header["fields"]) {
      const auto found = kParts.find(TextOf(field, "name"));
      plan_.header_parts_.push_back(found == kParts.end() ? Part::kOther : found->second);
    }
  }

  // Gives the nodes of a top-level field their places: its own, and those of its parts. A type that
  // is used by name has one node for each use, so that each has its place.
  Result<void> Place(int node, int own) {
    ChangePlan::Node& at = plan_.nodes_[Index(node)];
    at.field = own;
    if (at.op == Op::kUnion || at.op == Op::kNullOr) {
      for (const int branch : std::vector<int>(at.below)) FIRN_CHECK(Place(branch, own));
      return {};
    }
    if (at.op != Op::kRecord) return {};
    const std::vector<int> members = at.below;
    const std::vector<std::pair<std::string, std::string>>& names = record_names_[node];
    if (plan_.fields_[Index(own)].compound) {
      return Fail(Unreadable("field `" + plan_.fields_[Index(own)].name + "` has two records"));
    }
    const auto first = static_cast<int>(plan_.fields_.size());
    plan_.fields_[Index(own)].compound = true;
    plan_.fields_[Index(own)].first_part = first;
    plan_.fields_[Index(own)].parts = static_cast<int>(members.size());
    const std::string parent = plan_.fields_[Index(own)].name;
    for (const auto& [name, doc] : names) {
      plan_.fields_.push_back({.name = name, .parent = parent, .doc = doc});
    }
    for (size_t i = 0; i < members.size(); ++i) {
      PlacePart(members[i], first + static_cast<int>(i));
    }
    return {};
  }

  // A part of a part is passed over: no event has one.
  void PlacePart(int node, int field) {
    ChangePlan::Node& at = plan_.nodes_[Index(node)];
    if (at.op == Op::kRecord) return;
    at.field = field;
    if (at.op == Op::kUnion || at.op == Op::kNullOr) {
      for (const int branch : std::vector<int>(at.below)) PlacePart(branch, field);
    }
  }

  static size_t Index(int at) { return static_cast<size_t>(at); }

  Result<int> Add(ChangePlan::Node node) {
    if (plan_.nodes_.size() >= kNodesMax) return Fail(Unreadable("it is too large"));
    plan_.nodes_.push_back(std::move(node));
    return static_cast<int>(plan_.nodes_.size()) - 1;
  }

  Result<int> Build(const Json& type, const std::string& space, int depth) {
    if (depth > kDepthMax) return Fail(Unreadable("its types nest too deeply"));
    if (type.is_array()) return BuildUnion(type, space, depth);
    if (type.is_string()) return BuildNamed(type.get<std::string>(), space, depth);
    if (!type.is_object()) return Fail(Unreadable("a type is neither text, list nor object"));
    const std::string word = TextOf(type, "type");
    if (word.empty() && type.contains("type")) return Build(type["type"], space, depth + 1);
    if (word == "record" || word == "enum" || word == "fixed") {
      const std::string own_space = TextOf(type, "namespace");
      const std::string& inner = own_space.empty() ? space : own_space;
      Remember(TextOf(type, "name"), inner, type);
      return BuildDefined(word, type, inner, depth);
    }
    if (word == "array" || word == "map") {
      const char* key = word == "array" ? "items" : "values";
      if (!type.contains(key)) return Fail(Unreadable("a list has no type of its items"));
      FIRN_TRY(const int below, Build(type[key], space, depth + 1));
      return Add({.op = word == "array" ? Op::kArray : Op::kMap, .below = {below}});
    }
    return BuildNamed(word, space, depth);
  }

  void Remember(const std::string& name, const std::string& space, const Json& type) {
    const bool full = name.find('.') != std::string::npos;
    known_[full || space.empty() ? name : space + "." + name] = {type, space};
  }

  Result<int> BuildNamed(const std::string& name, const std::string& space, int depth) {
    static const std::map<std::string, Op, std::less<>> kPlain = {
        {"null", Op::kNull},   {"boolean", Op::kBoolean}, {"int", Op::kWhole},
        {"long", Op::kWhole},  {"float", Op::kFloat},     {"double", Op::kDouble},
        {"string", Op::kText}, {"bytes", Op::kBytes}};
    if (const auto plain = kPlain.find(name); plain != kPlain.end()) {
      return Add({.op = plain->second});
    }
    auto known = known_.find(name);
    if (known == known_.end()) known = known_.find(space + "." + name);
    if (known == known_.end()) {
      return Fail(Unreadable("type `" + name.substr(0, 80) + "` is nowhere spelt out"));
    }
    const Known found = known->second;  // the map may grow below
    return BuildDefined(TextOf(found.type, "type"), found.type, found.space, depth + 1);
  }

  Result<int> BuildDefined(const std::string& word, const Json& type, const std::string& space,
                           int depth) {
    if (depth > kDepthMax) return Fail(Unreadable("its types nest too deeply"));
    ChangePlan::Node node;
    if (word == "fixed") {
      node.op = Op::kFixed;
      node.size = type.value("size", int64_t{-1});
      if (node.size < 0) return Fail(Unreadable("a fixed type has no size"));
      return Add(std::move(node));
    }
    if (word == "enum") {
      node.op = Op::kEnum;
      const auto symbols = type.find("symbols");
      if (symbols == type.end() || !symbols->is_array()) {
        return Fail(Unreadable("an enum has no symbols"));
      }
      for (const Json& symbol : *symbols) {
        node.symbols.push_back(symbol.is_string() ? symbol.get<std::string>() : "");
      }
      return Add(std::move(node));
    }
    node.op = Op::kRecord;
    const auto fields = type.find("fields");
    if (fields == type.end() || !fields->is_array()) {
      return Fail(Unreadable("a record has no fields"));
    }
    std::vector<std::pair<std::string, std::string>> names;
    for (const Json& field : *fields) {
      if (!field.is_object() || !field.contains("type")) {
        return Fail(Unreadable("one of its fields has no type"));
      }
      FIRN_TRY(const int below, Build(field["type"], space, depth + 1));
      node.below.push_back(below);
      names.emplace_back(TextOf(field, "name"), TextOf(field, "doc"));
    }
    FIRN_TRY(const int added, Add(std::move(node)));
    record_names_[added] = std::move(names);
    return added;
  }

  Result<int> BuildUnion(const Json& branches, const std::string& space, int depth) {
    ChangePlan::Node node;
    node.op = Op::kUnion;
    int null_branch = -1;
    for (const Json& branch : branches) {
      FIRN_TRY(const int below, Build(branch, space, depth + 1));
      if (plan_.nodes_[Index(below)].op == Op::kNull) {
        null_branch = static_cast<int>(node.below.size());
      }
      node.below.push_back(below);
    }
    if (node.below.size() == 2 && null_branch >= 0) {
      node.op = Op::kNullOr;
      node.null_branch = null_branch;
    }
    return Add(std::move(node));
  }

  struct Known {
    Json type;
    std::string space;
  };
  ChangePlan plan_;
  std::map<std::string, Known, std::less<>> known_;
  std::map<int, std::vector<std::pair<std::string, std::string>>> record_names_;
};

Result<ChangePlan> ChangePlan::Compile(std::string_view schema_json) {
  return PlanCompiler().Compile(schema_json);
}

int ChangePlan::Find(std::string_view parent, std::string_view name) const {
  for (size_t i = 0; i < fields_.size(); ++i) {
    if (fields_[i].name == name && fields_[i].parent == parent) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace firn::events
