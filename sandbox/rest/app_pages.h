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
// `/quickActions` and `/sobjects/X/quickActions`, and below.
[[nodiscard]] Answer QuickActions(ApiParts& parts, const ApiRequest& request);
// `/sobjects/User/{id}/password`.
[[nodiscard]] Answer UserPassword(ApiParts& parts, const ApiRequest& request);

}  // namespace firn::sandbox
