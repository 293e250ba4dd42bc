// JSON records into the org: lists, trees, plans.
#include <map>
#include <nlohmann/json.hpp>

#include "sandbox/api_error.h"
#include "sandbox/life/load.h"

namespace firn::sandbox {
namespace {

using nlohmann::json;

constexpr size_t kErrorsMax = 20;
constexpr int kDepthMax = 5;  // of nested children, as the vendor's tree requests

tl::unexpected<Error> NotUnderstood(const std::string& why) {
  return Fail(
      Error(Kind::kBadInput, "SBX-LOAD-002", "the JSON is not a list of records").Because(why));
}

std::string TextOf(const json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

class TreeLoader {
 public:
  explicit TreeLoader(Org& org) : org_(org), schema_(org.catalogue()) {}

  // `parent` is a field and an id that every record gets.
  Result<void> Load(const std::string& object, const json& records,
                    const std::vector<FieldText>& parent, int depth) {
    if (!records.is_array()) return NotUnderstood("`records` is no list");
    if (depth > kDepthMax) return NotUnderstood("children are nested deeper than five levels");
    for (const json& record : records) {
      if (!record.is_object()) return NotUnderstood("a record is no object");
      FIRN_CHECK(LoadOne(object, record, parent, depth));
    }
    return {};
  }
  LoadReport report;

 private:
  Result<void> LoadOne(const std::string& object, const json& record,
                       const std::vector<FieldText>& parent, int depth) {
    const json attributes = record.value("attributes", json::object());
    const std::string type = attributes.value("type", object);
    if (type.empty()) return NotUnderstood("no object is named, here or by `--object`");
    std::vector<FieldText> fields = parent;
    std::vector<std::pair<std::string, const json*>> children;
    for (const auto& [name, value] : record.items()) {
      if (name == "attributes" || name == "Id") continue;
      if (value.is_object()) {
        if (value.contains("records")) children.emplace_back(name, &value["records"]);
        continue;  // a parent's fields, as a query answers them
      }
      fields.push_back({name, ValueOf(value)});
    }
    const auto id = org_.Insert(type, fields, {.user_id = "", .set_audit_fields = true});
    ++row_;
    if (!id) {
      ++report.failed;
      const ApiErrorParts parts = PartsOf(id.error());
      if (report.errors.size() < kErrorsMax) {
        report.errors.push_back("record " + std::to_string(row_) + " (" + type +
                                "): " + parts.code + ": " + parts.message);
      }
      return {};
    }
    ++report.loaded;
    const std::string reference = attributes.value("referenceId", "");
    if (!reference.empty()) references_["@" + reference] = IdText(*id);
    for (const auto& [name, list] : children) {
      const ObjectInfo* of = schema_->Object(type);
      const ChildRelationship* child = of == nullptr ? nullptr : of->Child(name);
      if (child == nullptr) return NotUnderstood("`" + type + "` has no children `" + name + "`");
      FIRN_CHECK(Load(child->child_object, *list, {{child->field, IdText(*id)}}, depth + 1));
    }
    return {};
  }

  std::optional<std::string> ValueOf(const json& value) const {
    if (value.is_null()) return std::nullopt;
    std::string text = TextOf(value);
    const auto found = references_.find(text);
    return found == references_.end() ? text : found->second;
  }

  Org& org_;
  const std::shared_ptr<const Catalogue> schema_;
  std::map<std::string, std::string> references_;  // `@AccountRef1` -> id
  size_t row_ = 0;
};

}  // namespace

Result<LoadReport> LoadJson(Org& org, const std::string& object, std::string_view text) {
  const json data = json::parse(text, nullptr, false);
  if (data.is_discarded()) return NotUnderstood("it is not JSON");
  TreeLoader loader(org);
  try {
    if (data.is_object() && data.contains("plan")) {
      for (const json& step : data.at("plan")) {
        FIRN_CHECK(loader.Load(step.at("sobject").get<std::string>(), step.at("records"), {}, 1));
      }
    } else {
      FIRN_CHECK(loader.Load(object, data.is_array() ? data : data.at("records"), {}, 1));
    }
  } catch (const json::exception&) {
    return NotUnderstood("give a list, `records`, or a `plan` of `sobject` and `records`");
  }
  return loader.report;
}

}  // namespace firn::sandbox
