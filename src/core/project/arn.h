// Amazon Resource Names, taken apart. Values. Source: AWS General Reference, "Amazon Resource Names
// (ARNs)", read 2026-11.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace firn::project {

struct Arn {
  std::string partition;  // `aws`
  std::string service;    // `sqs`
  std::string region;     // empty: of no region
  std::string account;    // empty: of no account
  std::string resource;   // what follows the fifth colon: `event-bus/orders`, `function:f:alias`
};

// Nothing when the text is not `arn:partition:service:region:account:resource`.
[[nodiscard]] std::optional<Arn> ParseArn(std::string_view text);

}  // namespace firn::project
