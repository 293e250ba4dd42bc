// The catalogue as rows: EntityDefinition and FieldDefinition.
//
// Pure but for the org it writes to. Source: Tooling API reference, 'EntityDefinition',
// 'FieldDefinition', read 2026-11.
#pragma once

#include "sandbox/org.h"

namespace firn::sandbox {

// Fills `tooling`, an org that has the two objects and no rows of them, with those of `catalogue`.
[[nodiscard]] Result<void> WriteDefinitions(const Catalogue& catalogue, Org& tooling);

// The data type in Setup's words: `Text(255)`, `Lookup(User,Group)`.
[[nodiscard]] std::string SetupTypeOf(const FieldInfo& field);

}  // namespace firn::sandbox
