#include "core/record/record_id.h"

#include "core/record/values.h"

namespace firn::record {

std::optional<std::string> CanonicalRecordId(std::string_view text) {
  if (!IsIdText(text)) return std::nullopt;
  char suffix[3];
  IdSuffix(text.data(), suffix);
  std::string id(text.substr(0, 15));
  id.append(suffix, sizeof suffix);
  if (text.size() == id.size() && text != id) return std::nullopt;
  return id;
}

}  // namespace firn::record
