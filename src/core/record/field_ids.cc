#include "core/record/field_ids.h"

#include <algorithm>

namespace firn::record {
namespace {

// Spec, "Schema Evolution": int -> long, float -> double, decimal to more precision. A table type
// that is wider than the described one is not narrowed; the field starts anew.
bool MayBecome(const Type& from, const Type& to) {
  if (from.id == TypeId::kInt && to.id == TypeId::kLong) return true;
  if (from.id == TypeId::kFloat && to.id == TypeId::kDouble) return true;
  if (from.id != to.id) return false;
  if (from.id == TypeId::kDecimal) {
    return from.scale == to.scale && from.precision <= to.precision;
  }
  if (from.id == TypeId::kList) {
    return MayBecome(from.children.front().type, to.children.front().type);
  }
  return from.length == to.length;
}

const Field* FindByName(const std::vector<Field>& fields, const std::string& name) {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [&](const Field& field) { return field.name == name; });
  return found == fields.end() ? nullptr : &*found;
}

class Assigner {
 public:
  Assigner(int last, std::vector<std::string>& warnings) : last_(last), warnings_(warnings) {}

  void Assign(const std::vector<Field>* existing, std::vector<Field>& fields) {
    std::vector<const Field*> kept(fields.size(), nullptr);
    for (size_t i = 0; i < fields.size(); ++i) {
      const Field* old = existing == nullptr ? nullptr : FindByName(*existing, fields[i].name);
      if (old != nullptr && !MayBecome(old->type, fields[i].type)) {
        warnings_.push_back("field `" + fields[i].name + "` changed from " + TypeText(old->type) +
                            " to " + TypeText(fields[i].type) + ": it starts anew");
        old = nullptr;
      }
      kept[i] = old;
      fields[i].id = old != nullptr ? old->id : ++last_;
    }
    for (size_t i = 0; i < fields.size(); ++i) {
      Assign(kept[i] == nullptr ? nullptr : &kept[i]->type.children, fields[i].type.children);
    }
  }

 private:
  int last_;
  std::vector<std::string>& warnings_;
};

constexpr std::string_view kVersionMark = "__v";

std::string VersionName(const std::string& base, int version) {
  return base + std::string(kVersionMark) + std::to_string(version);
}

// Gives each field whose column cannot hold its type the name of the version that can.
void NameVersions(const Schema& existing, Layout& layout) {
  for (Field& field : layout.schema.fields) {
    const Field* newest = existing.Find(field.name);
    if (newest == nullptr) continue;
    std::string name = field.name;
    int version = 1;
    while (const Field* next = existing.Find(VersionName(field.name, version + 1))) {
      newest = next;
      name = VersionName(field.name, ++version);
    }
    if (!MayBecome(newest->type, field.type)) {
      name = VersionName(field.name, version + 1);
      layout.warnings.push_back("field `" + field.name + "` changed from " +
                                TypeText(newest->type) + " to " + TypeText(field.type) +
                                ": it goes on in column `" + name + "`");
    }
    field.name = std::move(name);
  }
}

}  // namespace

std::string_view VersionedColumnBase(std::string_view column) {
  const size_t mark = column.rfind(kVersionMark);
  if (mark == std::string_view::npos || mark == 0) return {};
  const std::string_view number = column.substr(mark + kVersionMark.size());
  const bool digits = !number.empty() && std::all_of(number.begin(), number.end(),
                                                     [](char c) { return c >= '0' && c <= '9'; });
  return digits ? column.substr(0, mark) : std::string_view{};
}

void AssignFieldIds(const LayoutOptions& options, Layout& layout) {
  const Schema* existing = options.existing;
  const int last = existing == nullptr
                       ? options.last_column_id
                       : std::max(options.last_column_id, existing->HighestFieldId());
  if (existing != nullptr && options.version_columns) NameVersions(*existing, layout);
  Assigner(last, layout.warnings)
      .Assign(existing == nullptr ? nullptr : &existing->fields, layout.schema.fields);
}

}  // namespace firn::record
