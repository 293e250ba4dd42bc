// Changes of a table's shape: schema, partition spec, sort order. Each says what it was derived
// from, since ids that are given away twice mix columns up for ever.
#include <algorithm>
#include <functional>
#include <set>

#include "ends/lake/commit/changes.h"
#include "ends/lake/format/schema_json.h"
#include "ends/lake/format/transform.h"

namespace firn::lake {
namespace {

using record::Field;

// Columns that a partition or sort field may name: not below lists and maps, of which a row has
// many values or none.
const Field* FindSource(const std::vector<Field>& fields, int id) {
  for (const Field& field : fields) {
    if (field.id == id) return &field;
    if (field.type.id != record::TypeId::kStruct) continue;
    if (const Field* inner = FindSource(field.type.children, id)) return inner;
  }
  return nullptr;
}

tl::unexpected<Error> Refused(const CommitBase& base, const std::string& what, std::string why) {
  return Fail(
      Error(Kind::kBadInput, "LAKE-SPEC-001", "table `" + base.ident.Text() + "` cannot be " + what)
          .Because(std::move(why))
          .Hint("`firn lake schema " + base.ident.Text() + "` lists columns and types"));
}

Result<void> CheckField(const CommitBase& base, const std::string& what, int source_id,
                        const std::string& transform) {
  const Field* source = FindSource(base.metadata->current_schema().schema.fields, source_id);
  if (source == nullptr)
    return Refused(base, what, "no column has the id " + std::to_string(source_id));
  if (AppliesTo(ParseTransform(transform), source->type)) return {};
  return Refused(base, what,
                 "column `" + source->name + "` is " + record::TypeText(source->type) +
                     ", which has no transform `" + transform + "`");
}

// A column that files are laid out by cannot go: what is written next could not be placed.
Result<void> CheckSourcesStay(const CommitBase& base, const record::Schema& next) {
  const TableMetadata& metadata = *base.metadata;
  std::vector<int> sources;
  for (const PartitionField& field : metadata.default_spec().fields) {
    if (ParseTransform(field.transform).kind != Transform::Kind::kVoid)
      sources.push_back(field.source_id);
  }
  for (const SortOrder& order : metadata.sort_orders) {
    if (order.order_id != metadata.default_sort_order_id) continue;
    for (const SortField& field : order.fields) sources.push_back(field.source_id);
  }
  for (const int id : sources) {
    if (FindSource(next.fields, id) != nullptr) continue;
    const Field* gone = FindSource(metadata.current_schema().schema.fields, id);
    return Fail(Error(Kind::kBadInput, "LAKE-SCHEMA-001",
                      "field `" + (gone != nullptr ? gone->name : std::to_string(id)) +
                          "` cannot be dropped")
                    .Because("table `" + base.ident.Text() + "` is partitioned or sorted by it")
                    .Hint("change the partition spec or sort order first"));
  }
  return {};
}

// A name that is a column's may only stand for that column as it is.
Result<void> CheckNames(const CommitBase& base, const std::vector<PartitionField>& fields) {
  std::set<std::string> names;
  std::set<std::pair<int, std::string>> seen;
  for (const PartitionField& field : fields) {
    FIRN_CHECK(CheckField(base, "partitioned this way", field.source_id, field.transform));
    if (field.name.empty() || !names.insert(field.name).second)
      return Refused(base, "partitioned this way",
                     "two partition fields are named `" + field.name + "`");
    if (!seen.emplace(field.source_id, field.transform).second)
      return Refused(base, "partitioned this way", "`" + field.name + "` is there already");
    const Field* column = base.metadata->current_schema().schema.Find(field.name);
    if (column != nullptr && (column->id != field.source_id || field.transform != "identity"))
      return Refused(base, "partitioned this way",
                     "`" + field.name + "` is the name of a column of its own");
  }
  return {};
}

// The id that an equal field of any older spec has (spec, "Partition Evolution").
int PartitionIdOf(const TableMetadata& metadata, const PartitionField& wanted) {
  for (const PartitionSpec& spec : metadata.partition_specs) {
    for (const PartitionField& field : spec.fields) {
      if (field.source_id == wanted.source_id && field.transform == wanted.transform)
        return field.field_id;
    }
  }
  return 0;
}

void SetCurrentSpec(TableMetadata& metadata, std::vector<PartitionField> fields) {
  PartitionSpec next;
  for (PartitionField& field : fields) {
    field.field_id = PartitionIdOf(metadata, field);
    if (field.field_id == 0) field.field_id = ++metadata.last_partition_id;
    next.fields.push_back(std::move(field));
  }
  for (const PartitionSpec& spec : metadata.partition_specs) {
    if (spec.fields == next.fields) {
      metadata.default_spec_id = spec.spec_id;
      return;
    }
    next.spec_id = std::max(next.spec_id, spec.spec_id + 1);
  }
  metadata.default_spec_id = next.spec_id;
  metadata.partition_specs.push_back(std::move(next));
}

void SetCurrentOrder(TableMetadata& metadata, const std::vector<SortField>& fields) {
  // Number 0 is kept for tables without an order (spec, "Sort Orders").
  SortOrder next{fields.empty() ? 0 : 1, fields};
  for (const SortOrder& order : metadata.sort_orders) {
    if (order.fields == fields) {
      metadata.default_sort_order_id = order.order_id;
      return;
    }
    next.order_id = std::max(next.order_id, order.order_id + 1);
  }
  metadata.default_sort_order_id = next.order_id;
  metadata.sort_orders.push_back(std::move(next));
}

}  // namespace

Result<void> CheckShape(const CommitBase& base, const TableShape& expected) {
  const TableMetadata& now = *base.metadata;
  const auto differs = [&](const char* what, const std::optional<int>& was,
                           int is) -> Result<void> {
    if (!was || *was == is) return {};
    return Fail(Error(Kind::kConflict, "LAKE-COMMIT-007",
                      "table `" + base.ident.Text() + "` changed its shape meanwhile")
                    .At(base.metadata_location)
                    .Because(std::string(what) + " is " + std::to_string(is) +
                             ", the change was derived from " + std::to_string(*was))
                    .Hint("read the table and derive the change again"));
  };
  FIRN_CHECK(differs("the current schema", expected.schema_id, now.current_schema_id));
  FIRN_CHECK(differs("the last column id", expected.last_column_id, now.last_column_id));
  FIRN_CHECK(differs("the partition spec", expected.spec_id, now.default_spec_id));
  FIRN_CHECK(differs("the last partition id", expected.last_partition_id, now.last_partition_id));
  return differs("the sort order", expected.sort_order_id, now.default_sort_order_id);
}

Result<CommitDraft> EvolveSchemaChange(const Call& call, const CommitBase& base,
                                       const record::Schema& schema,
                                       const TableShape& derived_from) {
  FIRN_CHECK(CheckWritable(base));
  CommitDraft draft;
  const record::Schema& present = base.metadata->current_schema().schema;
  if (schema.fields == present.fields &&
      schema.identifier_field_ids == present.identifier_field_ids) {
    draft.unchanged = true;
    return draft;
  }
  FIRN_CHECK(CheckShape(base, derived_from));
  FIRN_CHECK(CheckEvolution(present, schema, {base.metadata->last_column_id, false}));
  FIRN_CHECK(CheckVersion(schema, base.metadata->format_version));
  FIRN_CHECK(CheckSourcesStay(base, schema));
  draft.metadata = *base.metadata;
  SetCurrentSchema(draft.metadata, schema);
  draft.metadata.last_updated_ms = CommitTimeMs(call, draft.metadata.last_updated_ms);
  return draft;
}

Result<CommitDraft> EvolveSpecChange(const Call& call, const CommitBase& base,
                                     const std::vector<PartitionField>& fields,
                                     const TableShape& derived_from) {
  FIRN_CHECK(CheckWritable(base));
  FIRN_CHECK(CheckShape(base, derived_from));
  FIRN_CHECK(CheckNames(base, fields));
  CommitDraft draft;
  draft.metadata = *base.metadata;
  SetCurrentSpec(draft.metadata, fields);
  draft.unchanged = draft.metadata.default_spec_id == base.metadata->default_spec_id;
  draft.metadata.last_updated_ms = CommitTimeMs(call, draft.metadata.last_updated_ms);
  return draft;
}

Result<CommitDraft> EvolveSortOrderChange(const Call& call, const CommitBase& base,
                                          const std::vector<SortField>& fields,
                                          const TableShape& derived_from) {
  FIRN_CHECK(CheckWritable(base));
  FIRN_CHECK(CheckShape(base, derived_from));
  for (const SortField& field : fields) {
    FIRN_CHECK(CheckField(base, "sorted this way", field.source_id, field.transform));
    const bool direction = field.direction == "asc" || field.direction == "desc";
    const bool nulls = field.null_order == "nulls-first" || field.null_order == "nulls-last";
    if (!direction || !nulls)
      return Refused(base, "sorted this way",
                     "`" + field.direction + " " + field.null_order + "` is no direction");
  }
  CommitDraft draft;
  draft.metadata = *base.metadata;
  SetCurrentOrder(draft.metadata, fields);
  draft.unchanged = draft.metadata.default_sort_order_id == base.metadata->default_sort_order_id;
  draft.metadata.last_updated_ms = CommitTimeMs(call, draft.metadata.last_updated_ms);
  return draft;
}

}  // namespace firn::lake
