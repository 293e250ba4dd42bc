// What apps with pages ask of the REST API beside records: tabs, themes, list views, quick actions,
// passwords of users. Stateless; any thread.
#pragma once

#include "sandbox/api_request.h"

namespace firn::sandbox {

// `/tabs`, `/theme`.
[[nodiscard]] Answer Tabs(ApiParts& parts, const ApiRequest& request);
[[nodiscard]] Answer Theme(ApiParts& parts, const ApiRequest& request);
// `/sobjects/X/listviews` and below.
[[nodiscard]] Answer ListViews(ApiParts& parts, const ApiRequest& request);
// The query of the list view of that id; empty when there is none.
[[nodiscard]] std::string ListViewSoql(const Catalogue& catalogue, std::string_view id,
                                       int version);
// `/quickActions` and `/sobjects/X/quickActions`, and below.
[[nodiscard]] Answer QuickActions(ApiParts& parts, const ApiRequest& request);
// `/process/rules`, `/process/approvals`.
[[nodiscard]] Answer Processes(ApiParts& parts, const ApiRequest& request);
// `/sobjects/User/{id}/password`.
[[nodiscard]] Answer UserPassword(ApiParts& parts, const ApiRequest& request);

}  // namespace firn::sandbox
