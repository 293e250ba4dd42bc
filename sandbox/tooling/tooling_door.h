// The Tooling API below `/services/data/vNN.0/tooling`, and the definitions where the REST API has
// them too.
//
// Queries and describes run on an org of its own (`tooling` in the org folder) that holds nothing
// but what the catalogue and the event settings say; it is made when it is first asked for, and
// again after they changed. Thread-safe. Source: Tooling API reference, 'REST Resources', read
// 2026-11.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "sandbox/api_request.h"
#include "sandbox/tooling/tooling_book.h"

namespace firn::sandbox {

class ToolingDoor {
 public:
  explicit ToolingDoor(ApiParts& parts);

  // Nothing: the request is not one of the Tooling API.
  [[nodiscard]] std::optional<Answer> Serve(ApiRequest& request);

 private:
  // The org of definitions and settings as they are now.
  [[nodiscard]] Result<std::shared_ptr<Org>> Current();
  [[nodiscard]] Result<std::shared_ptr<Org>> Make(const std::vector<ToolingRecord>& records);
  // Below `tooling`.
  [[nodiscard]] Answer Handle(ApiRequest& request);
  [[nodiscard]] Answer Query(ApiRequest& request);
  [[nodiscard]] Answer Sobjects(ApiRequest& request);
  [[nodiscard]] Answer Record(ApiRequest& request);
  [[nodiscard]] Answer Definition(ApiRequest& request);
  // Runs a handler of the REST API on the org of definitions.
  [[nodiscard]] Answer OnTooling(ApiRequest& request,
                                 const std::function<Answer(ApiParts&, ApiRequest&)>& handler);

  ApiParts& parts_;
  ToolingBook book_;
  const std::string folder_;
  std::mutex mutex_;  // what stands below
  uint64_t made_ = 0;
  std::shared_ptr<const Catalogue> catalogue_;
  std::string settings_;  // that `org_` was made of
  std::shared_ptr<Org> org_;
};

}  // namespace firn::sandbox
