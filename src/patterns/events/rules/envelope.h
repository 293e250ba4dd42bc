// Envelope: an event of an org as Amazon EventBridge carries events of a partner, and the keys by
// which consumers tell events apart. Plain values; free to move between threads.
//
// Source: Amazon EventBridge User Guide, "Events and event structure" and "Receiving events from
// SaaS partners"; Salesforce Event Relay, "Event Relay message format"; read 2026-11.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/error.h"

namespace firn::events {

struct Envelope {
  std::string id;           // EventUuid of the event; the same when it is delivered again
  std::string source;       // `aws.partner/salesforce.com/00D../AccountChangeEvent`
  std::string detail_type;  // `AccountChangeEvent`, `Order_Placed__e`
  UtcMicros time;           // commit of the change, or publication of the platform event
  std::string account;      // of AWS; twelve digits
  std::string region;
  // JSON object: `{"payload":{..},"schemaId":"..","id":".."}`. A change event's payload has the
  // members `ChangeEventHeader` (bitmaps expanded to names, one record id) and the fields that the
  // change set; fields that it left alone are absent, fields that it emptied are null.
  std::string detail;

  // Not in the event's text: what consumers need without reading it.
  std::string topic;       // `/data/AccountChangeEvent`
  std::string event_type;  // `UPDATE`, `GAP_UPDATE`; of a platform event its topic's name
  std::string entity;      // `Account`; empty for platform events
  std::string record_id;   // 18 characters; empty for platform events and overflows
  std::string transaction_key;
  int32_t sequence_number = 0;     // in the transaction
  int64_t event_timestamp_ms = 0;  // commitTimestamp or CreatedDate
  std::string replay_id;           // opaque bytes

  // The whole event as EventBridge would show it to a rule: version, id, detail-type, source,
  // account, time, region, resources, detail.
  [[nodiscard]] std::string Json() const;
};

// `aws.partner/salesforce.com/<org id>/<topic's last part>`.
[[nodiscard]] std::string EventSource(std::string_view org_id, std::string_view topic);
// `/data/AccountChangeEvent` -> `AccountChangeEvent`.
[[nodiscard]] std::string_view TopicName(std::string_view topic);

}  // namespace firn::events
