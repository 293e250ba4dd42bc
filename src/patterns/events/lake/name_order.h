// In which order an org tells the parts of a person's name. Internal to events.
//
// `Name` of a contact, lead or user is put together by the locale of the user who reads it: first
// names first, or family names first in the Eastern style; change events tell the parts alone. So
// the order is taken from records that the same user reads, not from a list of locales: those
// differ between the org's two sets of locale formats. Sources: Object Reference, "Contact" (Name);
// Lightning Aura Components Developer Guide, "$Locale" (isEasternNameStyle); Salesforce Help, "Go
// Global with New International Locale Formats"; read 2026-11.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/call.h"
#include "core/base/error.h"
#include "ends/salesforce/rest.h"

namespace firn::events {

enum class NameOrder { kWestern, kEastern };

// The parts that a whole name is made of, as they follow each other. The salutation is none.
[[nodiscard]] std::span<const char* const> NameParts(NameOrder order);
// What a record tells of it: JSON with Name, FirstName and LastName. Nothing: it fits both, or
// neither.
[[nodiscard]] std::optional<NameOrder> NameOrderOf(std::string_view record);
// Reads some records of the object; western when none of them tells. Errors: those of the query.
[[nodiscard]] Result<NameOrder> AskNameOrder(const Call& call, salesforce::RestClient& rest,
                                             const std::string& object);

}  // namespace firn::events
