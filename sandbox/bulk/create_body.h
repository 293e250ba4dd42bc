// The JSON body that creates a Bulk API 2.0 job, and the multipart form of it. Pure.
// Source: Bulk API 2.0 and Bulk API Developer Guide, 'Create a Job', 'Create a Query Job', 'Walk
// Through a Multipart Request', read 2026-11.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/answer.h"

namespace firn::sandbox {

// A text of the create request that must be one of a few.
struct Choice {
  std::string key;
  std::vector<std::string> values;
  std::string value;  // default, then what the client chose
};

// Reads it from the body. An answer: it refuses.
[[nodiscard]] std::optional<Answer> ReadChoice(const nlohmann::json& body, Choice& choice);
[[nodiscard]] Choice DelimiterChoice();
[[nodiscard]] Choice LineEndingChoice();
// Refuses keys that are not among `known`.
[[nodiscard]] std::optional<Answer> RefuseUnknownKeys(const nlohmann::json& body,
                                                      const std::vector<std::string_view>& known);

// The parts of a multipart/form-data body by their names.
struct FormPart {
  std::string name;
  std::string content_type;
  std::string_view body;
};
// Nothing when it is not well-formed (RFC 7578).
[[nodiscard]] std::optional<std::vector<FormPart>> ParseMultipart(std::string_view content_type,
                                                                  std::string_view body);

}  // namespace firn::sandbox
