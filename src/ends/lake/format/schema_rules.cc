#include <map>
#include <set>

#include "ends/lake/format/schema_json.h"
#include "ends/lake/format/single_value.h"

namespace firn::lake {
namespace {

using record::Field;
using record::Schema;
using record::Type;
using record::TypeId;

tl::unexpected<Error> Bad(std::string what) {
  return Fail(Error(Kind::kBadInput, "LAKE-SCHEMA-002", std::move(what)));
}

tl::unexpected<Error> Incompatible(const Field& field, std::string why) {
  return Fail(
      Error(Kind::kBadInput, "LAKE-SCHEMA-001", "field `" + field.name + "` cannot change this way")
          .Because(std::move(why))
          .Hint("give the changed field a new name, so that it gets a new id"));
}

size_t ChildrenOf(TypeId id) { return id == TypeId::kList ? 1 : id == TypeId::kMap ? 2 : 0; }

Result<void> CheckFields(const std::vector<Field>& fields, std::set<int>& ids, int depth) {
  if (depth > 64) return Bad("the schema is nested too deeply");
  std::set<std::string_view> names;
  for (const Field& field : fields) {
    if (field.name.empty()) return Bad("a field has no name");
    if (!names.insert(field.name).second) return Bad("two fields are named `" + field.name + "`");
    if (field.id < 1 || !ids.insert(field.id).second)
      return Bad("field `" + field.name + "` has id " + std::to_string(field.id) +
                 ", which is not positive or not its own");
    const Type& type = field.type;
    if (type.id == TypeId::kDecimal && (type.precision < 1 || type.precision > 38 ||
                                        type.scale < 0 || type.scale > type.precision))
      return Bad("field `" + field.name + "` has an impossible decimal type");
    const size_t expected = ChildrenOf(type.id);
    if (expected != 0 && type.children.size() != expected)
      return Bad("field `" + field.name + "` has an incomplete type");
    FIRN_CHECK(CheckFields(type.children, ids, depth + 1));
  }
  return {};
}

void Collect(const std::vector<Field>& fields, int parent,
             std::map<int, std::pair<const Field*, int>>& out) {
  for (const Field& field : fields) {
    out[field.id] = {&field, parent};
    Collect(field.type.children, field.id, out);
  }
}

// Whether values written as `from` are read rightly as `to`; nested types compare their own kind
// only, their children are fields of their own.
bool Widens(const Type& from, const Type& to) {
  if (from.id == to.id) {
    if (from.id == TypeId::kDecimal)
      return from.scale == to.scale && from.precision <= to.precision;
    // A timestamp's unit is part of its type: neither becomes the other.
    return from.length == to.length && from.precision == to.precision;
  }
  return (from.id == TypeId::kInt && to.id == TypeId::kLong) ||
         (from.id == TypeId::kFloat && to.id == TypeId::kDouble);
}

}  // namespace

Result<void> CheckSchema(const Schema& schema) {
  std::set<int> ids;
  FIRN_CHECK(CheckFields(schema.fields, ids, 0));
  for (const int id : schema.identifier_field_ids) {
    if (!ids.contains(id))
      return Bad("identifier field id " + std::to_string(id) + " is not in the schema");
  }
  return {};
}

Result<void> CheckVersion(const Schema& schema, int format_version) {
  if (format_version > 2) return {};
  std::map<int, std::pair<const Field*, int>> fields;
  Collect(schema.fields, 0, fields);
  for (const auto& [id, entry] : fields) {
    if (InNanoseconds(entry.first->type))
      return Bad("field `" + entry.first->name + "` is " + record::TypeText(entry.first->type) +
                 ", which tables of format version " + std::to_string(format_version) +
                 " cannot have: version 3 can");
  }
  return {};
}

Result<void> CheckEvolution(const Schema& present, const Schema& next,
                            const EvolutionOptions& options) {
  FIRN_CHECK(CheckSchema(next));
  std::map<int, std::pair<const Field*, int>> before;
  std::map<int, std::pair<const Field*, int>> after;
  Collect(present.fields, 0, before);
  Collect(next.fields, 0, after);
  for (const auto& [id, entry] : after) {
    const auto& [field, parent] = entry;
    const auto old = before.find(id);
    if (old == before.end()) {
      if (id <= options.last_column_id)
        return Incompatible(*field, "its id " + std::to_string(id) +
                                        " was used before; new ids start above " +
                                        std::to_string(options.last_column_id));
      const bool whole_new_parent = parent != 0 && !before.contains(parent);
      if (field->required && !whole_new_parent && !options.rows_replaced)
        return Incompatible(
            *field,
            "no row that is there has it, and it must not be null; if another program renamed its "
            "column, give that its old name back");
      continue;
    }
    const auto& [was, was_parent] = old->second;
    if (parent != was_parent) return Incompatible(*field, "it moved to another parent");
    if (field->required && !was->required && !options.rows_replaced)
      return Incompatible(*field, "it was optional and rows may lack it");
    if (!Widens(was->type, field->type))
      return Incompatible(*field, "`" + record::TypeText(was->type) + "` does not widen to `" +
                                      record::TypeText(field->type) + "`");
  }
  return {};
}

}  // namespace firn::lake
