// A decoded event as the `detail` of an envelope. Pure.
#pragma once

#include <string>
#include <string_view>

#include "patterns/events/change/plan.h"
#include "patterns/events/change/record.h"

namespace firn::events {

struct DetailIds {
  std::string_view event_id;
  std::string_view schema_id;
  std::string_view record_id;  // of a merged event: the one this envelope is about; may be empty
};
// `{"payload":{..},"schemaId":"..","id":".."}`. Of a change event the header comes first, its
// bitmaps as names (`BillingAddress.City`), then the fields that were touched: their values, or
// null where they were emptied. A field sent as a difference holds the difference's text. Dates and
// times are ISO 8601 by the field's described kind. Bytes that are not UTF-8 become U+FFFD.
void AppendDetail(const ChangePlan& plan, const ChangeRecord& record, const DetailIds& ids,
                  std::string& json);

}  // namespace firn::events
