// What describe says of how a field's values come about. An administrator who retypes a field, cuts
// its length or edits its formula changes values of records whose stamps do not move: the column is
// then read again as a whole. Kept in the shared state of the project; internal to exports.
// Source: Salesforce Help, "Notes on Changing Custom Field Types"; SOAP API Developer Guide,
// "describeSObjects(): Field"; read 2026-11.
#pragma once

#include <string>
#include <vector>

#include "core/record/layout.h"
#include "core/state/shared_state.h"

namespace firn::exports {

// Whose definitions: of an org, by its id, and one of its tables.
struct DefinitionsOwner {
  state::SharedState* shared = nullptr;  // null: nothing is remembered, so nothing has changed
  std::string org_id;
  std::string table;
};

// API names of the fields that are defined so that they may have other values than when the
// definitions were kept. None the first time. Errors: of the state.
[[nodiscard]] Result<std::vector<std::string>> RedefinedFields(const DefinitionsOwner& owner,
                                                               const std::string& describe);

// From now on these count. To be called when the columns of the redefined fields were read, or are
// noted to be. Fields that are away keep the definition they had.
[[nodiscard]] Result<void> KeepDefinitions(const DefinitionsOwner& owner,
                                           const std::string& describe);

// The columns that hold these fields or are derived from them.
[[nodiscard]] std::vector<std::string> ColumnsOfFields(const record::Layout& layout,
                                                       const std::vector<std::string>& fields);

}  // namespace firn::exports
