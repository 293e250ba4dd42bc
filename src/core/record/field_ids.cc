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

}  // namespace

void AssignFieldIds(const Schema* existing, int last_column_id, Layout& layout) {
  const int last =
      existing == nullptr ? last_column_id : std::max(last_column_id, existing->HighestFieldId());
  Assigner(last, layout.warnings)
      .Assign(existing == nullptr ? nullptr : &existing->fields, layout.schema.fields);
}

}  // namespace firn::record
