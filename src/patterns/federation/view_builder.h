// A view's metadata: its document as JSON, and the updates of a commit applied to it.
//
// Pure functions over values, any thread. Errors: BadInput (CAT-VIEW-003) for an update that breaks
// a rule. Source: Iceberg view spec; REST catalog spec, "ViewUpdate" and "ViewRequirement";
// apache/iceberg 1.11 ViewMetadata.Builder, read 2026-11.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>

#include "core/base/error.h"

namespace firn::federation {

// Form and references of a view's metadata file. Errors: Corrupt (CAT-VIEW-003).
[[nodiscard]] Result<nlohmann::ordered_json> ParseViewMetadata(std::string_view bytes);

class ViewBuilder {
 public:
  // A view that is not there yet.
  explicit ViewBuilder(int64_t now_ms);
  ViewBuilder(const nlohmann::ordered_json& base, int64_t now_ms);
  ~ViewBuilder();
  ViewBuilder(const ViewBuilder&) = delete;
  ViewBuilder& operator=(const ViewBuilder&) = delete;

  // `update`: an object with `action`.
  [[nodiscard]] Result<void> Apply(const nlohmann::ordered_json& update);
  [[nodiscard]] bool changed() const { return changed_; }
  [[nodiscard]] Result<nlohmann::ordered_json> Build() &&;

 private:
  using Json = nlohmann::ordered_json;
  Result<void> ApplyKnown(const std::string& action, const Json& update);
  Result<void> AddSchema(const Json& schema);
  Result<void> AddVersion(const Json& version);
  Result<void> SetCurrent(int version_id);
  Result<void> CheckDialects() const;
  Result<void> Trim();
  [[nodiscard]] const Json* Version(int version_id) const;

  std::unique_ptr<Json> view_;
  int64_t now_ms_;
  bool changed_ = false;
  std::optional<int> last_schema_;
  std::optional<int> last_version_;
  std::set<int> added_versions_;
  std::optional<int> version_before_;
  std::unique_ptr<Json> history_entry_;
};

}  // namespace firn::federation
