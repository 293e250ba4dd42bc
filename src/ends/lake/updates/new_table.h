// The first metadata of a table out of a create request. Private to updates/.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "ends/lake/updates/table_updates.h"

namespace firn::lake::internal {

// The request's JSON members, parsed; null: not there.
struct TableForms {
  const nlohmann::ordered_json& schema;
  const nlohmann::ordered_json& partition_spec;
  const nlohmann::ordered_json& write_order;
};
[[nodiscard]] Result<TableMetadata> NewTable(const TableRequest& request, const TableForms& forms);

}  // namespace firn::lake::internal
