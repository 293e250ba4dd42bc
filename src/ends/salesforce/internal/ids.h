// Salesforce ids. Private to the room; pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace firn::salesforce {

// The 18-character form of a 15-character id; an 18-character id as it is; nothing for other text.
[[nodiscard]] std::optional<std::string> ToId18(std::string_view id);
struct IdentityIds {
  std::string org_id;
  std::string user_id;
};
// From `https://login.salesforce.com/id/00D../005..`; empty texts when it is no identity URL.
[[nodiscard]] IdentityIds IdsOfIdentityUrl(std::string_view url);

}  // namespace firn::salesforce
