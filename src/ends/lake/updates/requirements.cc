#include "ends/lake/updates/requirements.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "ends/lake/internal/json.h"
#include "ends/lake/updates/builder_errors.h"

namespace firn::lake::internal {
namespace {

bool SameUuid(const std::string& one, const std::string& other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(), [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  });
}

tl::unexpected<Error> Changed(const std::string& what, const std::string& expected,
                              const std::string& is) {
  return StaleUpdate("Requirement failed: " + what + " changed: expected id " + expected +
                     " != " + is);
}

Result<void> CheckRef(const Json& requirement, const TableMetadata& base) {
  FIRN_TRY(const std::string name, GetString(requirement, "ref"));
  FIRN_TRY(const auto expected, FindLong(requirement, "snapshot-id"));
  const auto ref = base.refs.find(name);
  if (ref == base.refs.end()) {
    if (!expected) return {};
    return StaleUpdate("Requirement failed: branch or tag " + name + " is missing, expected " +
                       std::to_string(*expected));
  }
  const std::string what = ref->second.type + " " + name;
  if (!expected) return StaleUpdate("Requirement failed: " + what + " was created concurrently");
  if (*expected == ref->second.snapshot_id) return {};
  return StaleUpdate("Requirement failed: " + what + " has changed: expected id " +
                     std::to_string(*expected) + " != " + std::to_string(ref->second.snapshot_id));
}

struct IdCheck {
  const char* type;
  const char* key;
  const char* what;
  int (*of)(const TableMetadata&);
};

constexpr IdCheck kIdChecks[] = {
    {"assert-last-assigned-field-id", "last-assigned-field-id", "last assigned field id",
     [](const TableMetadata& base) { return base.last_column_id; }},
    {"assert-current-schema-id", "current-schema-id", "current schema",
     [](const TableMetadata& base) { return base.current_schema_id; }},
    {"assert-last-assigned-partition-id", "last-assigned-partition-id",
     "last assigned partition id",
     [](const TableMetadata& base) { return base.last_partition_id; }},
    {"assert-default-spec-id", "default-spec-id", "default partition spec",
     [](const TableMetadata& base) { return base.default_spec_id; }},
    {"assert-default-sort-order-id", "default-sort-order-id", "default sort order",
     [](const TableMetadata& base) { return base.default_sort_order_id; }},
};

Result<void> CheckOne(const Json& requirement, const TableMetadata* base) {
  FIRN_TRY(const std::string type, GetString(requirement, "type"));
  if (type == "assert-create")
    return base == nullptr ? Result<void>()
                           : StaleUpdate("Requirement failed: table already exists");
  if (base == nullptr) return StaleUpdate("Requirement failed: the table does not exist");
  if (type == "assert-table-uuid") {
    FIRN_TRY(const std::string uuid, GetString(requirement, "uuid"));
    if (SameUuid(uuid, base->table_uuid)) return {};
    return StaleUpdate("Requirement failed: UUID does not match: expected " + base->table_uuid +
                       " != " + uuid);
  }
  if (type == "assert-ref-snapshot-id") return CheckRef(requirement, *base);
  for (const IdCheck& check : kIdChecks) {
    if (type != check.type) continue;
    FIRN_TRY(const int expected, GetInt(requirement, check.key));
    const int is = check.of(*base);
    if (is == expected) return {};
    return Changed(check.what, std::to_string(expected), std::to_string(is));
  }
  return BadUpdate("Invalid requirement: `" + type.substr(0, 64) + "`");
}

}  // namespace

Result<bool> RequiresNoTable(const Json& requirements) {
  bool creates = false;
  for (const Json& requirement : requirements) {
    const auto type = requirement.is_object() ? GetString(requirement, "type")
                                              : Result<std::string>(BadJson("it is no object"));
    if (!type) return BadUpdate("a requirement cannot be read: " + type.error().why());
    creates = creates || *type == "assert-create";
  }
  if (creates && requirements.size() != 1)
    return BadUpdate(
        "Invalid create requirements: a table that is not there has nothing to assert");
  return creates;
}

Result<void> CheckRequirements(const Json& requirements, const TableMetadata* base) {
  for (const Json& requirement : requirements) {
    auto held = CheckOne(requirement, base);
    if (held) continue;
    if (held.error().code() == "LAKE-META-001")
      return BadUpdate("a requirement cannot be read: " + held.error().why());
    return held;
  }
  return {};
}

}  // namespace firn::lake::internal
