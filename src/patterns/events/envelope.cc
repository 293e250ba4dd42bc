#include "patterns/events/envelope.h"

#include <fmt/format.h>

#include "core/base/time_text.h"

namespace firn::events {
namespace {

void AppendJsonText(std::string_view text, std::string& out) {
  out.push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

}  // namespace

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
