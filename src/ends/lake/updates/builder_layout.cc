// Schemas, partition specs and sort orders.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "ends/lake/internal/json.h"
#include "ends/lake/internal/schema_json.h"
#include "ends/lake/updates/builder_errors.h"
#include "ends/lake/updates/metadata_builder.h"

namespace firn::lake::internal {

namespace {

constexpr int kLastAdded = -1;

bool SameFields(const PartitionSpec& one, const PartitionSpec& other) {
  return std::equal(one.fields.begin(), one.fields.end(), other.fields.begin(), other.fields.end(),
                    [](const PartitionField& a, const PartitionField& b) {
                      return a.source_id == b.source_id && a.transform == b.transform &&
                             a.name == b.name;
                    });
}

// The id asked for, or the one added last for -1.
Result<int> Chosen(const nlohmann::ordered_json& update, const char* key,
                   const std::optional<int>& last, const char* what) {
  FIRN_TRY(const int id, GetInt(update, key));
  if (id != kLastAdded) return id;
  if (!last)
    return BadUpdate(std::string("Cannot set last added ") + what + ": none has been added");
  return *last;
}

Result<std::set<int>> Ids(const nlohmann::ordered_json& update, const char* key) {
  FIRN_TRY(const auto* list, FindArray(update, key));
  if (list == nullptr) return BadUpdate("`" + std::string(key) + "` is missing");
  std::set<int> ids;
  for (const auto& id : *list) {
    if (!id.is_number_integer()) return BadUpdate("`" + std::string(key) + "` holds no numbers");
    ids.insert(id.get<int>());
  }
  return ids;
}

}  // namespace

Result<void> MetadataBuilder::ApplyLayout(const std::string& action, const Json& update,
                                          bool& known) {
  known = true;
  if (action == "add-schema") return AddSchema(update);
  if (action == "set-current-schema") return SetCurrentSchema(update);
  if (action == "remove-schemas") return RemoveSchemas(update);
  if (action == "add-spec") return AddSpec(update);
  if (action == "set-default-spec") return SetDefaultSpec(update);
  if (action == "remove-partition-specs") return RemoveSpecs(update);
  if (action == "add-sort-order") return AddSortOrder(update);
  if (action == "set-default-sort-order") return SetDefaultSortOrder(update);
  known = false;
  return {};
}

Result<void> MetadataBuilder::AddSchema(const Json& update) {
  FIRN_TRY(const Json* json, FindObject(update, "schema"));
  if (json == nullptr) return BadUpdate("`schema` is missing");
  FIRN_TRY(const SchemaFacts facts, ReadSchemaFacts(*json));
  FIRN_CHECK(CheckFormatAllows(facts, metadata_.format_version));
  int id = std::max(metadata_.current_schema_id, 0);
  bool found = false;
  for (const auto& present : metadata_.schemas) {
    FIRN_TRY(const Json known, ParseJson(present->json));
    if (SameSchema(known, *json)) {
      id = present->schema.schema_id;
      found = true;
      break;
    }
    id = std::max(id, present->schema.schema_id + 1);
  }
  last_schema_ = id;
  if (found && facts.highest_id <= metadata_.last_column_id) return {};
  metadata_.last_column_id = std::max(metadata_.last_column_id, facts.highest_id);
  changed_ = true;
  if (found) return {};
  Json own = *json;
  own["schema-id"] = id;
  if (!own.contains("type")) own["type"] = "struct";
  auto added = std::make_shared<TableSchema>();
  added->json = Dump(own);
  auto schema = SchemaFromJson(own);
  if (schema) {
    added->schema = *std::move(schema);
  } else if (schema.error().kind() == Kind::kUnsupported) {
    added->schema.schema_id = id;
    added->understood = false;
  } else {
    return BadUpdate("the schema cannot be read: " + schema.error().why());
  }
  metadata_.schemas.push_back(std::move(added));
  return {};
}

Result<void> MetadataBuilder::SetCurrentSchema(const Json& update) {
  FIRN_TRY(const int id, Chosen(update, "schema-id", last_schema_, "schema"));
  if (id == metadata_.current_schema_id) return {};
  if (metadata_.FindSchema(id) == nullptr)
    return BadUpdate("Cannot set current schema to unknown schema: " + std::to_string(id));
  metadata_.current_schema_id = id;
  changed_ = true;
  return {};
}

Result<void> MetadataBuilder::RemoveSchemas(const Json& update) {
  FIRN_TRY(const std::set<int> ids, Ids(update, "schema-ids"));
  if (ids.contains(metadata_.current_schema_id))
    return BadUpdate("Cannot remove the current schema");
  const auto gone = std::erase_if(metadata_.schemas, [&](const auto& schema) {
    return ids.contains(schema->schema.schema_id);
  });
  changed_ = gone > 0 || changed_;
  return {};
}

Result<SchemaFacts> MetadataBuilder::CurrentFacts() const {
  const TableSchema* current = metadata_.FindSchema(metadata_.current_schema_id);
  // DuckDB makes a new table's schema the current one after it has added spec and sort order.
  if (current == nullptr && last_schema_) current = metadata_.FindSchema(*last_schema_);
  if (current == nullptr) return BadUpdate("the table has no current schema");
  FIRN_TRY(const Json json, ParseJson(current->json));
  return ReadSchemaFacts(json);
}

int MetadataBuilder::FieldIdFor(const PartitionField& field, int next) const {
  for (const PartitionSpec& spec : metadata_.partition_specs) {
    for (const PartitionField& known : spec.fields) {
      if (known.source_id == field.source_id && known.transform == field.transform)
        return known.field_id;
    }
  }
  return next;
}

Result<PartitionSpec> MetadataBuilder::BindSpec(const Json& json, const SchemaFacts& facts) const {
  PartitionSpec spec;
  FIRN_TRY(const Json* fields, FindArray(json, "fields"));
  if (fields == nullptr) return BadUpdate("a partition spec has no `fields`");
  int next = std::max(metadata_.last_partition_id, kPartitionIdsBelow) + 1;
  std::set<std::string> names;
  std::set<int> ids;
  for (const Json& item : *fields) {
    PartitionField field;
    FIRN_TRY(field.name, GetString(item, "name"));
    FIRN_TRY(field.transform, GetString(item, "transform"));
    FIRN_TRY(field.source_id, GetInt(item, "source-id"));
    FIRN_TRY(const auto id, FindInt(item, "field-id"));
    field.field_id = id ? *id : FieldIdFor(field, next);
    next = std::max(next, field.field_id + 1);
    if (field.name.empty() || !names.insert(field.name).second)
      return BadUpdate("Cannot use partition name more than once: " + field.name);
    if (!ids.insert(field.field_id).second)
      return BadUpdate("Cannot use partition field id more than once: " +
                       std::to_string(field.field_id));
    const auto column = facts.by_path.find(field.name);
    if (column != facts.by_path.end() &&
        (field.transform != "identity" || column->second != field.source_id) &&
        field.transform != "void")
      return BadUpdate("Cannot create partition from name that exists in schema: " + field.name);
    spec.fields.push_back(std::move(field));
  }
  FIRN_CHECK(CheckSpec(spec, facts));
  return spec;
}

Result<void> MetadataBuilder::CheckSpec(const PartitionSpec& spec, const SchemaFacts& facts) const {
  for (const PartitionField& field : spec.fields) {
    if (field.transform == "void") continue;
    const auto source = facts.fields.find(field.source_id);
    if (source == facts.fields.end())
      return BadUpdate("Cannot find source column for partition field: " + field.name);
    if (!source->second.primitive() || !TransformTakes(field.transform, source->second.type))
      return BadUpdate("Invalid source type " + source->second.type +
                       " for transform: " + field.transform);
  }
  return {};
}

Result<void> MetadataBuilder::AddSpec(const Json& update) {
  FIRN_TRY(const Json* json, FindObject(update, "spec"));
  if (json == nullptr) return BadUpdate("`spec` is missing");
  FIRN_TRY(const SchemaFacts facts, CurrentFacts());
  FIRN_TRY(PartitionSpec spec, BindSpec(*json, facts));
  for (const PartitionSpec& known : metadata_.partition_specs) {
    if (SameFields(known, spec)) {
      last_spec_ = known.spec_id;
      return {};
    }
    spec.spec_id = std::max(spec.spec_id, known.spec_id + 1);
  }
  for (size_t i = 0; metadata_.format_version == 1 && i < spec.fields.size(); ++i) {
    if (spec.fields[i].field_id != kPartitionIdsBelow + 1 + static_cast<int>(i))
      return BadUpdate("Spec does not use sequential IDs that are required in v1");
  }
  for (const PartitionField& field : spec.fields)
    metadata_.last_partition_id = std::max(metadata_.last_partition_id, field.field_id);
  last_spec_ = spec.spec_id;
  metadata_.partition_specs.push_back(std::move(spec));
  changed_ = true;
  return {};
}

Result<void> MetadataBuilder::SetDefaultSpec(const Json& update) {
  FIRN_TRY(const int id, Chosen(update, "spec-id", last_spec_, "spec"));
  if (id == metadata_.default_spec_id) return {};
  if (metadata_.FindSpec(id) == nullptr)
    return BadUpdate("Cannot set default partition spec to unknown spec: " + std::to_string(id));
  metadata_.default_spec_id = id;
  changed_ = true;
  return {};
}

Result<void> MetadataBuilder::RemoveSpecs(const Json& update) {
  FIRN_TRY(const std::set<int> ids, Ids(update, "spec-ids"));
  if (ids.contains(metadata_.default_spec_id))
    return BadUpdate("Cannot remove the default partition spec");
  const auto gone = std::erase_if(metadata_.partition_specs, [&](const PartitionSpec& spec) {
    return ids.contains(spec.spec_id);
  });
  changed_ = gone > 0 || changed_;
  return {};
}

Result<SortOrder> MetadataBuilder::BindOrder(const Json& json, const SchemaFacts& facts) const {
  SortOrder order;
  FIRN_TRY(const Json* fields, FindArray(json, "fields"));
  if (fields == nullptr) return BadUpdate("a sort order has no `fields`");
  for (const Json& item : *fields) {
    SortField field;
    FIRN_TRY(field.transform, GetString(item, "transform"));
    FIRN_TRY(field.source_id, GetInt(item, "source-id"));
    FIRN_TRY(field.direction, GetString(item, "direction"));
    FIRN_TRY(field.null_order, GetString(item, "null-order"));
    if ((field.direction != "asc" && field.direction != "desc") ||
        (field.null_order != "nulls-first" && field.null_order != "nulls-last"))
      return BadUpdate("a sort field has an unknown direction or null order");
    order.fields.push_back(std::move(field));
  }
  FIRN_CHECK(CheckOrder(order, facts));
  return order;
}

Result<void> MetadataBuilder::CheckOrder(const SortOrder& order, const SchemaFacts& facts) const {
  for (const SortField& field : order.fields) {
    if (field.transform == "void") continue;
    const auto source = facts.fields.find(field.source_id);
    if (source == facts.fields.end())
      return BadUpdate("Cannot find source column for sort field: " +
                       std::to_string(field.source_id));
    if (!source->second.primitive() || !TransformTakes(field.transform, source->second.type))
      return BadUpdate("Invalid source type " + source->second.type +
                       " for transform: " + field.transform);
  }
  return {};
}

Result<void> MetadataBuilder::AddSortOrder(const Json& update) {
  FIRN_TRY(const Json* json, FindObject(update, "sort-order"));
  if (json == nullptr) return BadUpdate("`sort-order` is missing");
  FIRN_TRY(const SchemaFacts facts, CurrentFacts());
  FIRN_TRY(SortOrder order, BindOrder(*json, facts));
  // Id 0 is the unsorted order's for ever.
  order.order_id = order.fields.empty() ? 0 : 1;
  for (const SortOrder& known : metadata_.sort_orders) {
    if (known.fields == order.fields) {
      last_order_ = known.order_id;
      return {};
    }
    if (!order.fields.empty()) order.order_id = std::max(order.order_id, known.order_id + 1);
  }
  last_order_ = order.order_id;
  metadata_.sort_orders.push_back(std::move(order));
  changed_ = true;
  return {};
}

Result<void> MetadataBuilder::SetDefaultSortOrder(const Json& update) {
  FIRN_TRY(const int id, Chosen(update, "sort-order-id", last_order_, "sort order"));
  if (id == metadata_.default_sort_order_id) return {};
  const bool known = std::any_of(metadata_.sort_orders.begin(), metadata_.sort_orders.end(),
                                 [&](const SortOrder& order) { return order.order_id == id; });
  if (!known)
    return BadUpdate("Cannot set default sort order to unknown order: " + std::to_string(id));
  metadata_.default_sort_order_id = id;
  changed_ = true;
  return {};
}

}  // namespace firn::lake::internal
