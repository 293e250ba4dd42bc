// A whole record with everything computed: formulas and compounds. Private to the data half.
#pragma once

#include "sandbox/org.h"
#include "sandbox/store/tables.h"

namespace firn::sandbox {

// Fills `values` of a record whose object, catalogue and id are set, from its stored row.
[[nodiscard]] Result<void> FillRecord(Record& record, const StoredRow& row,
                                      std::shared_ptr<Reader> reader);

// The visible fields as a REST read answers them: `{"attributes":{..},"Id":..}`.
[[nodiscard]] Result<std::string> RenderRecord(std::shared_ptr<const Catalogue> catalogue,
                                               const ObjectInfo& object, int64_t id,
                                               const StoredRow& row, std::shared_ptr<Reader> reader,
                                               const QueryOptions& options);

}  // namespace firn::sandbox
