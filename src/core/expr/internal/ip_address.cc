#include "core/expr/internal/ip_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

namespace firn::expr {
namespace {

constexpr size_t kLiteralMax = 45;  // the longest IPv6 literal
constexpr size_t kIpv4Max = 15;

// Four decimal parts; leading zeros do not make them octal, unlike inet_aton's.
std::optional<IpAddress> ParseIpv4(std::string_view text) {
  if (text.size() > kIpv4Max) return std::nullopt;
  uint32_t number = 0;
  int parts = 0;
  size_t at = 0;
  while (parts < 4) {
    uint32_t part = 0;
    const size_t begin = at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
      part = part * 10 + static_cast<uint32_t>(text[at] - '0');
    }
    if (at == begin || part > 255) return std::nullopt;
    number = number << 8 | part;
    if (++parts == 4) break;
    if (at >= text.size() || text[at] != '.') return std::nullopt;
    ++at;
  }
  if (at != text.size()) return std::nullopt;
  return IpAddress{false, number};
}

}  // namespace

std::optional<IpAddress> ParseIpBound(std::string_view text) {
  if (text.find(':') == std::string_view::npos) return ParseIpv4(text);
  if (text.size() > kLiteralMax ||
      text.find_first_not_of("0123456789abcdefABCDEF:") != std::string_view::npos) {
    return std::nullopt;
  }
  in6_addr address{};
  if (inet_pton(AF_INET6, std::string(text).c_str(), &address) != 1) return std::nullopt;
  Uint128 number = 0;
  for (const uint8_t byte : address.s6_addr) number = number << 8 | byte;
  return IpAddress{true, number};
}

std::optional<IpAddress> ParseIpAddress(std::string_view text) {
  const auto address = ParseIpBound(text);
  const bool mapped = address && address->v6 && address->number >> 32 == 0xFFFF;
  return mapped ? IpAddress{false, address->number & 0xFFFFFFFF} : address;
}

std::string IpText(const IpAddress& address) {
  char text[INET6_ADDRSTRLEN];
  unsigned char bytes[16];
  for (int i = 0; i < 16; ++i) {
    bytes[i] = static_cast<unsigned char>(address.number >> (8 * (15 - i)) & 0xFF);
  }
  if (!address.v6) return inet_ntop(AF_INET, bytes + 12, text, sizeof text);
  std::string out;
  // Eight full groups: inet_ntop would write some IPv6 addresses with an IPv4 tail.
  for (int i = 0; i < 16; i += 2) {
    out += fmt::format("{}{:x}", i == 0 ? "" : ":", bytes[i] << 8 | bytes[i + 1]);
  }
  return out;
}

}  // namespace firn::expr
