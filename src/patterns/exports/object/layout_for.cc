#include "patterns/exports/object/layout_for.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "core/project/project.h"
#include "ends/lake/merge/merge.h"

namespace firn::exports {
namespace {

bool HasVersion(const record::Schema& schema, std::string_view base) {
  for (const record::Field& field : schema.fields) {
    if (field.name == base || record::VersionedColumnBase(field.name) == base) return true;
  }
  return false;
}

nlohmann::json FieldsOf(const std::string& describe) {
  auto json = nlohmann::json::parse(describe, nullptr, false);
  const bool usable = json.is_object() && json.contains("fields") && json["fields"].is_array();
  return usable ? std::move(json["fields"]) : nlohmann::json::array();
}

}  // namespace

Result<record::Layout> LayoutFor(const LayoutRequest& request) {
  record::LayoutOptions options;
  options.include = request.only.empty() ? request.spec.include : request.only;
  options.exclude = request.only.empty() ? request.spec.exclude : std::vector<std::string>();
  options.key_prefixes = request.key_prefixes;
  options.api_version = "v" + request.api_version;
  if (request.spec.mode == ExportMode::kIncremental && request.only.empty()) {
    // A window needs to know when a row changed, and whether it is deleted.
    options.always = {CursorFieldOf(request.describe), "IsDeleted"};
  }
  options.version_columns = request.spec.mode == ExportMode::kIncremental;
  if (request.table != nullptr) {
    options.existing = &request.table->schema();
    options.last_column_id = request.table->last_column_id();
  }
  FIRN_TRY(auto layout, record::LayoutFromDescribe(request.describe, options));
  for (record::DerivedField& derived : layout.derived) {
    const bool is_blob = derived.kind == record::DerivedField::Kind::kBlobUri;
    if (!request.spec.fetch_blobs || !is_blob || request.table == nullptr) continue;
    const auto& field = layout.schema.fields[static_cast<size_t>(derived.field_index)];
    derived.uri_before = BlobFolder(request.table->location(), field.name) + "/";
    derived.uri_after.clear();
  }
  return layout;
}

std::string CursorFieldOf(const std::string& describe) {
  const auto fields = FieldsOf(describe);
  for (const char* wanted : {"SystemModstamp", "LastModifiedDate", "CreatedDate", "LoginTime"}) {
    for (const auto& field : fields) {
      if (!field.is_object() || field.value("name", "") != wanted) continue;
      if (field.value("type", "") == "datetime" && field.value("filterable", true)) return wanted;
    }
  }
  return "";
}

std::vector<std::string> SilentFieldsOf(const std::string& describe, const ObjectSpec& spec) {
  std::vector<std::string> silent;
  const auto fits = [](const std::vector<std::string>& globs, const std::string& name) {
    return std::any_of(globs.begin(), globs.end(),
                       [&](const auto& glob) { return project::GlobMatches(glob, name); });
  };
  for (const auto& field : FieldsOf(describe)) {
    if (!field.is_object()) continue;
    const std::string name = field.value("name", "");
    const bool selected =
        (spec.include.empty() || fits(spec.include, name)) && !fits(spec.exclude, name);
    const bool changes_silently =
        field.value("calculated", false) || fits(spec.incremental.refresh_fields, name);
    if (selected && changes_silently && name != "Id") silent.push_back(name);
  }
  return silent;
}

std::vector<std::string> DescribedFields(const std::string& describe) {
  std::vector<std::string> names;
  for (const auto& field : FieldsOf(describe)) {
    if (field.is_object()) names.push_back(field.value("name", ""));
  }
  return names;
}

SplitColumns SplitUnfilled(const std::vector<std::string>& unfilled, const std::string& describe) {
  std::set<std::string> described;
  for (const auto& field : FieldsOf(describe)) {
    if (field.is_object()) described.insert(field.value("name", ""));
  }
  SplitColumns split;
  for (const std::string& name : unfilled) {
    (described.contains(name) ? split.left_out : split.vanished).push_back(name);
  }
  return split;
}

std::string LeftOutWarning(const std::vector<std::string>& names, ExportMode mode) {
  constexpr size_t kNamed = 5;
  std::string text = "left out, as asked: ";
  for (size_t i = 0; i < names.size() && i < kNamed; ++i) text += (i > 0 ? ", " : "") + names[i];
  if (names.size() > kNamed) text += " and " + std::to_string(names.size() - kNamed) + " more";
  return text + (mode == ExportMode::kIncremental ? "; their columns keep what they hold"
                                                  : "; their columns are empty after it");
}

UnfilledColumns CompareColumns(const record::Schema& table, const record::Schema& layout) {
  UnfilledColumns unfilled;
  for (const record::Field& field : table.fields) {
    if (layout.Find(field.name) != nullptr) continue;
    if (field.name == lake::kDeletedColumn || field.name == lake::kDeletedAtColumn) continue;
    const std::string_view base = record::VersionedColumnBase(field.name);
    const bool goes_on = HasVersion(layout, base.empty() ? field.name : base);
    (goes_on ? unfilled.superseded : unfilled.vanished).push_back(field.name);
  }
  return unfilled;
}

}  // namespace firn::exports
