// Data and delete files in the REST catalog's JSON. Pure.
// Source: REST catalog spec, `ContentFile`, `DataFile`, `PositionDeleteFile`, `EqualityDeleteFile`,
// `PrimitiveTypeValue`, read 2026-11.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <set>

#include "ends/lake/data_file.h"
#include "ends/lake/format/metadata.h"

namespace firn::federation {

// `stats`: ids of the fields whose statistics are wanted.
[[nodiscard]] nlohmann::ordered_json ContentFileJson(const lake::DataFile& file,
                                                     const lake::TableMetadata& metadata,
                                                     const std::set<int>& stats);

// A single value in its JSON form (spec, appendix D "JSON single-value serialization").
[[nodiscard]] nlohmann::ordered_json ValueJson(const record::Type& type, const std::string& bytes);

}  // namespace firn::federation
