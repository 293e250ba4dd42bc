#include "ends/lake/catalog/rest_names.h"

#include <fmt/format.h>

#include <chrono>

namespace firn::lake {
namespace {

constexpr std::string_view kDot = "%2E";

}  // namespace

std::vector<std::string> NamespaceLevels(const std::string& ns) {
  std::vector<std::string> levels;
  for (size_t at = 0; at <= ns.size();) {
    const size_t end = std::min(ns.find('.', at), ns.size());
    std::string level = ns.substr(at, end - at);
    for (size_t dot = level.find(kDot); dot != std::string::npos; dot = level.find(kDot, dot + 1))
      level.replace(dot, kDot.size(), ".");
    levels.push_back(std::move(level));
    at = end + 1;
  }
  return levels;
}

std::string NamespaceOfLevels(const std::vector<std::string>& levels) {
  std::string ns;
  for (size_t i = 0; i < levels.size(); ++i) {
    if (i > 0) ns += ".";
    for (const char c : levels[i]) {
      if (c == '.') {
        ns += kDot;
      } else {
        ns += c;
      }
    }
  }
  return ns;
}

std::string NewTimedUuid(const Call& call) {
  const auto ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(call.clock->Now().time_since_epoch())
          .count();
  const auto time = static_cast<uint64_t>(ms) & 0xFFFF'FFFF'FFFFULL;
  const uint64_t a = call.random->Next();
  const uint64_t b = call.random->Next();
  return fmt::format("{:08x}-{:04x}-7{:03x}-{:04x}-{:012x}", time >> 16U, time & 0xFFFFU,
                     a & 0xFFFU, 0x8000U | (b >> 50U), b & 0xFFFF'FFFF'FFFFULL);
}

}  // namespace firn::lake
