// IPv4 and IPv6 literals as numbers, for `cidr` patterns. Never asks a name server.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace firn::expr {

__extension__ using Uint128 = unsigned __int128;

struct IpAddress {
  bool v6 = false;
  Uint128 number = 0;
  bool operator==(const IpAddress&) const = default;
};

// Nothing when the text is no literal. An IPv4 address mapped into IPv6 is the IPv4 address.
[[nodiscard]] std::optional<IpAddress> ParseIpAddress(std::string_view text);
// The same, but an address with colons stays IPv6: for the bounds of blocks.
[[nodiscard]] std::optional<IpAddress> ParseIpBound(std::string_view text);
// A literal that ParseIpBound reads back.
[[nodiscard]] std::string IpText(const IpAddress& address);

}  // namespace firn::expr
