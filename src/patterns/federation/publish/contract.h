// Contract: what a published data set promises to those who read it: columns, types, which of them
// always hold a value, and the key. A file that people review; immutable values, any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/config/field.h"
#include "ends/lake/publish/conform.h"
#include "ends/lake/table.h"

namespace firn::federation {

struct Contract {
  std::string name;
  int64_t version = 1;
  lake::RowContract rows;  // without field ids
  std::string digest;      // SHA-256 of what is promised, in hex: not of the docs
  std::string where;       // the file
};

// Errors: those of config; BadConfig (PUB-CONTRACT-001) with file:line:col.
[[nodiscard]] Result<Contract> ReadContract(const std::string& path);
[[nodiscard]] std::span<const config::Field> ContractFields();

// What was published last, as far as a contract is concerned.
struct ContractInForce {
  std::string name;
  int64_t version = 0;
  std::string digest;
  std::vector<std::string> key;
};

// The table's schema under the contract: columns keep their field ids, new ones get ids above
// `last_column_id`. Errors: BadInput (PUB-CONTRACT-002) naming every promise that would be taken
// back: a column that goes, narrows, changes its type, or may be null from now on.
[[nodiscard]] Result<record::Schema> SchemaUnder(const Contract& contract,
                                                 const record::Schema* present, int last_column_id);
// Errors: BadInput (PUB-CONTRACT-003): an older version than the one in force, the same one with
// other promises, another contract, another key.
[[nodiscard]] Result<void> CheckSucceeds(const Contract& contract, const ContractInForce& before);

}  // namespace firn::federation
