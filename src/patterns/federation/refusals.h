// The errors that several calls share, worded as clients of the Java reference know them.
#pragma once

#include "core/base/error.h"
#include "ends/lake/catalog/catalog.h"
#include "patterns/federation/names.h"

namespace firn::federation {

[[nodiscard]] tl::unexpected<Error> BadRequest(std::string what);
[[nodiscard]] tl::unexpected<Error> NoNamespace(const Levels& levels);
[[nodiscard]] tl::unexpected<Error> NoEntry(const EntryName& name, lake::EntryKind kind);
// The name is wanted for a `wanted`, and `taken_by` has it.
[[nodiscard]] tl::unexpected<Error> Taken(const EntryName& name, lake::EntryKind wanted,
                                          lake::EntryKind taken_by);
[[nodiscard]] tl::unexpected<Error> LostCommit(const EntryName& name);
// `refusal` of a change of `name`.
[[nodiscard]] tl::unexpected<Error> Refused(const lake::CatalogRefusal& refusal,
                                            const EntryName& name, lake::EntryKind wanted);

}  // namespace firn::federation
