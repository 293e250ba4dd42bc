#include "patterns/events/stream/envelopes.h"

#include <algorithm>

#include "patterns/events/change/json.h"
#include "patterns/events/change/record_id.h"

namespace firn::events {
namespace {

int64_t TimeOf(const ChangePlan& plan, const ChangeRecord& record) {
  if (plan.is_change_event()) return record.commit_timestamp_ms;
  const int created = plan.Find("", "CreatedDate");
  return created < 0 ? 0 : record.cells[static_cast<size_t>(created)].whole;
}

}  // namespace

void MakeEnvelopes(const EnvelopeFrame& frame, const salesforce::EventView& event,
                   const ChangePlan& plan, const ChangeRecord& record, std::vector<Envelope>& out) {
  // Times past every calendar are damage; the envelope still needs one that can be written.
  constexpr int64_t kMillisMax = 253'402'300'799'999;
  out.resize(std::max<size_t>(1, record.record_ids.size()));
  const int64_t when = std::clamp<int64_t>(TimeOf(plan, record), 0, kMillisMax);
  for (size_t i = 0; i < out.size(); ++i) {
    Envelope& envelope = out[i];
    const std::string_view told =
        record.record_ids.empty() ? std::string_view() : record.record_ids[i];
    envelope.record_id = CanonicalId(told).value_or(std::string(told));
    envelope.id = event.id;
    envelope.topic = frame.topic;
    envelope.source = EventSource(frame.org_id, frame.topic);
    envelope.detail_type = plan.name();
    envelope.account = frame.account;
    envelope.region = frame.region;
    envelope.event_type = plan.is_change_event() ? std::string(record.type_name) : plan.name();
    envelope.entity = record.entity;
    envelope.replay_id = event.replay_id;
    envelope.transaction_key = record.transaction_key;
    envelope.sequence_number = record.sequence_number;
    envelope.event_timestamp_ms = when;
    envelope.time = UtcMicros(std::chrono::milliseconds(when));
    envelope.detail.clear();
    AppendDetail(plan, record, {event.id, event.schema_id, envelope.record_id}, envelope.detail);
  }
}

}  // namespace firn::events
