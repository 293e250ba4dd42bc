#include "core/net/http.h"

#include <algorithm>

#include "core/net/internal/ascii.h"

namespace firn::net {
void Headers::Set(std::string_view name, std::string value) {
  const auto found = std::find_if(fields_.begin(), fields_.end(),
                                  [&](const auto& field) { return SameText(field.first, name); });
  if (found == fields_.end()) {
    fields_.emplace_back(std::string(name), std::move(value));
    return;
  }
  found->second = std::move(value);
  fields_.erase(std::remove_if(found + 1, fields_.end(),
                               [&](const auto& field) { return SameText(field.first, name); }),
                fields_.end());
}

void Headers::Remove(std::string_view name) {
  std::erase_if(fields_, [&](const auto& field) { return SameText(field.first, name); });
}

std::optional<std::string_view> Headers::Get(std::string_view name) const {
  for (const auto& [field, value] : fields_) {
    if (SameText(field, name)) return value;
  }
  return std::nullopt;
}

std::string Headers::GetOr(std::string_view name, std::string_view otherwise) const {
  return std::string(Get(name).value_or(otherwise));
}

}  // namespace firn::net
