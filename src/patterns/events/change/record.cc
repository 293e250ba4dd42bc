#include "patterns/events/change/record.h"

#include <array>
#include <utility>

namespace firn::events {
namespace {

constexpr std::array<std::pair<std::string_view, ChangeType>, 10> kNames = {{
    {"CREATE", ChangeType::kCreate},
    {"UPDATE", ChangeType::kUpdate},
    {"DELETE", ChangeType::kDelete},
    {"UNDELETE", ChangeType::kUndelete},
    {"GAP_CREATE", ChangeType::kGapCreate},
    {"GAP_UPDATE", ChangeType::kGapUpdate},
    {"GAP_DELETE", ChangeType::kGapDelete},
    {"GAP_UNDELETE", ChangeType::kGapUndelete},
    {"GAP_OVERFLOW", ChangeType::kGapOverflow},
    {"SNAPSHOT", ChangeType::kSnapshot},
}};

}  // namespace

ChangeType ChangeTypeOf(std::string_view name) {
  for (const auto& [known, value] : kNames) {
    if (known == name) return value;
  }
  return ChangeType::kOther;
}

bool IsGap(ChangeType type) {
  return type == ChangeType::kGapCreate || type == ChangeType::kGapUpdate ||
         type == ChangeType::kGapDelete || type == ChangeType::kGapUndelete ||
         type == ChangeType::kGapOverflow || type == ChangeType::kOther;
}

}  // namespace firn::events
