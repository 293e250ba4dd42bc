#include "patterns/events/rules/rule_event.h"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "core/base/encoding.h"
#include "core/base/time_text.h"
#include "core/expr/json_path.h"
#include "patterns/events/json_text.h"

namespace firn::events {
namespace {

using nlohmann::json;

// What identifies a change beside its id; empty when the event is of no record.
struct ChangeFacts {
  std::string type;
  std::string record_id;
  std::string timestamp;
  std::string transaction;
  std::string sequence;
};

void AddKeys(RuleEvent* event, const ChangeFacts& change) {
  // A merged change has one id and several records; each is an event of its own.
  event->keys.push_back("id|" + event->id + "|" + change.record_id);
  if (change.record_id.empty() || change.timestamp.empty()) return;
  const char* const end = change.timestamp.data() + change.timestamp.size();
  if (std::from_chars(change.timestamp.data(), end, event->commit_ms).ptr != end) {
    event->commit_ms = 0;
  }
  event->keys.push_back(fmt::format("at|{}|{}|{}|{}|{}|{}", event->detail_type, change.type,
                                    change.record_id, change.timestamp, change.transaction,
                                    change.sequence));
}

std::string TextAt(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) return "";
  if (found->is_string()) return found->get<std::string>();
  return found->is_number() ? found->dump() : "";
}

const json& MemberOf(const json& object, const char* name) {
  static const json kNothing;
  if (!object.is_object()) return kNothing;
  const auto found = object.find(name);
  return found == object.end() ? kNothing : *found;
}

ChangeFacts FactsOf(const json& detail) {
  const json& header = MemberOf(MemberOf(detail, "payload"), "ChangeEventHeader");
  ChangeFacts change;
  if (!header.is_object()) return change;
  change.type = TextAt(header, "changeType");
  change.timestamp = TextAt(header, "commitTimestamp");
  // As JSON texts, which is what RuleEventOf writes.
  change.transaction = header.contains("transactionKey") ? header["transactionKey"].dump() : "";
  change.sequence = header.contains("sequenceNumber") ? header["sequenceNumber"].dump() : "";
  const json& ids = MemberOf(header, "recordIds");
  if (ids.is_array() && ids.size() == 1 && ids[0].is_string()) {
    change.record_id = ids[0].get<std::string>();
  }
  return change;
}

std::string HashOf(std::string_view text) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  return Hex({reinterpret_cast<const char*>(digest), 16});
}

Error NoEvent(std::string why) {
  return Error(Kind::kBadInput, "EVENT-RULE-001", "this is no event for rules")
      .Because(std::move(why));
}

}  // namespace

RuleEvent RuleEventOf(const Envelope& envelope) {
  RuleEvent event;
  event.json = envelope.Json();
  event.id = envelope.id;
  event.source = envelope.source;
  event.detail_type = envelope.detail_type;
  event.record_id = envelope.record_id;
  event.account = envelope.account;
  event.region = envelope.region;
  event.time = envelope.time;
  ChangeFacts change;
  change.record_id = envelope.record_id;
  if (!change.record_id.empty()) {
    change.type = envelope.event_type;
    change.timestamp = std::to_string(envelope.event_timestamp_ms);
    AppendJsonText(envelope.transaction_key, change.transaction);
    change.sequence = std::to_string(envelope.sequence_number);
  }
  AddKeys(&event, change);
  return event;
}

Result<RuleEvent> ParseRuleEvent(std::string_view text) {
  const json parsed = json::parse(text, nullptr, false);
  if (!parsed.is_object()) return Fail(NoEvent("it is no JSON object"));
  RuleEvent event;
  FIRN_TRY(event.json, expr::Minified(text));
  event.source = TextAt(parsed, "source");
  event.detail_type = TextAt(parsed, "detail-type");
  if (event.source.empty()) return Fail(NoEvent("`source` is missing"));
  if (event.detail_type.empty()) return Fail(NoEvent("`detail-type` is missing"));
  const json& detail = MemberOf(parsed, "detail");
  if (!detail.is_object()) return Fail(NoEvent("`detail` is missing or no object"));
  event.id = TextAt(parsed, "id");
  if (event.id.empty()) event.id = HashOf(event.json);
  event.account = TextAt(parsed, "account");
  event.region = TextAt(parsed, "region");
  if (const auto time = ParseInstant(TextAt(parsed, "time"))) event.time = *time;
  const ChangeFacts change = FactsOf(detail);
  event.record_id = change.record_id;
  AddKeys(&event, change);
  return event;
}

}  // namespace firn::events
