#include "patterns/events/rules/envelope.h"

#include <fmt/format.h>

#include "core/base/time_text.h"
#include "patterns/events/json_text.h"

namespace firn::events {
std::string Envelope::Json() const {
  std::string json = R"({"version":"0","id":)";
  json.reserve(detail.size() + 512);
  AppendJsonText(id, json);
  json += R"(,"detail-type":)";
  AppendJsonText(detail_type, json);
  json += R"(,"source":)";
  AppendJsonText(source, json);
  json += R"(,"account":)";
  AppendJsonText(account, json);
  json += R"(,"time":")" + FormatUtc(time, 0) + R"(","region":)";
  AppendJsonText(region, json);
  json += R"(,"resources":[],"detail":)" + detail + "}";
  return json;
}

std::string_view TopicName(std::string_view topic) { return topic.substr(topic.rfind('/') + 1); }

std::string EventSource(std::string_view org_id, std::string_view topic) {
  return fmt::format("aws.partner/salesforce.com/{}/{}", org_id, TopicName(topic));
}

}  // namespace firn::events
