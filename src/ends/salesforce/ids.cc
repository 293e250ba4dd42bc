#include "ends/salesforce/internal/ids.h"

namespace firn::salesforce {
namespace {

constexpr std::string_view kChecksumLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

bool IsAlphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

}  // namespace

std::optional<std::string> ToId18(std::string_view id) {
  if (id.size() != 15 && id.size() != 18) return std::nullopt;
  for (const char c : id) {
    if (!IsAlphanumeric(c)) return std::nullopt;
  }
  std::string full(id);
  if (full.size() == 18) return full;
  // Each added letter says which of five characters are upper case.
  for (size_t part = 0; part < 3; ++part) {
    size_t bits = 0;
    for (size_t i = 0; i < 5; ++i) {
      const char c = id[part * 5 + i];
      if (c >= 'A' && c <= 'Z') bits |= size_t{1} << i;
    }
    full += kChecksumLetters[bits];
  }
  return full;
}

IdentityIds IdsOfIdentityUrl(std::string_view url) {
  const size_t at = url.rfind("/id/");
  if (at == std::string_view::npos) return {};
  const std::string_view rest = url.substr(at + 4);
  const size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return {};
  const auto org = ToId18(rest.substr(0, slash));
  const auto user = ToId18(rest.substr(slash + 1));
  if (!org || !user) return {};
  return {*org, *user};
}

}  // namespace firn::salesforce
