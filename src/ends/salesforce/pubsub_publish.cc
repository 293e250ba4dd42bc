// What the org says of events that were published.
#include "ends/salesforce/pubsub_publish.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace firn::salesforce {
namespace {

constexpr size_t kMessageBytesMax = 300;
constexpr auto kLimitWait = std::chrono::minutes(1);  // the allotment is one of an hour

// Status codes of refused events that stand in the text; the rest of it is for people.
// Source: Platform Events Developer Guide, "Platform Event Error Status Codes", read 2026-11.
constexpr std::array<std::string_view, 2> kLimits = {"limit_exceeded", "hourly publishing limit"};
constexpr std::array<std::string_view, 5> kPassing = {"publishing_unavailable", "publish_failed",
                                                      "unavailable", "try again", "internal error"};

template <size_t N>
bool HasOneOf(const std::string& text, const std::array<std::string_view, N>& words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return text.find(word) != std::string::npos; });
}

}  // namespace

Error ErrorOfPublishing(const PublishedTo& place, const std::string& message) {
  std::string line = message.substr(0, kMessageBytesMax);
  std::string lower;
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
    lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  const Remote remote = {place.org, 400, "PUBLISH", ""};
  if (HasOneOf(lower, kLimits)) {
    return Error(Kind::kLimitReached, "SF-STREAM-013",
                 "the org's event publishing of an hour is used up")
        .At("`" + place.topic + "` of org `" + place.org + "`")
        .Because(line)
        .From(remote)
        .RetryAfter(kLimitWait);
  }
  if (HasOneOf(lower, kPassing)) {
    return Error(Kind::kUnreachable, "SF-STREAM-001", "an event was not published")
        .At("`" + place.topic + "` of org `" + place.org + "`")
        .Because(line)
        .From(remote)
        .RetryWithBackoff();
  }
  return Error(Kind::kBadInput, "SF-STREAM-012", "the org refuses to publish an event")
      .At("`" + place.topic + "` of org `" + place.org + "`")
      .Because(line.empty() ? "it does not say why" : line)
      .From(remote);
}

}  // namespace firn::salesforce
