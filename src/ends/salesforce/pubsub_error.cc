// Ends of Pub/Sub calls in Firn's words.
// Source: Pub/Sub API Developer Guide, "Handle Errors", read 2026-11; codes seen in public clients.
#include <array>

#include "ends/salesforce/internal/pubsub_stream.h"

namespace firn::salesforce {
namespace {

constexpr std::string_view kPrefix = "sfdc.platform.eventbus.grpc.";
constexpr size_t kMessageBytesMax = 300;

// gRPC's status codes (grpc/grpc doc/statuscodes.md).
enum Status : int {
  kOk = 0,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kUnimplemented = 12,
  kUnauthenticated = 16,
};

enum class Meaning {
  kBroken,
  kSession,
  kReplayLost,
  kNoTopic,
  kNoSchema,
  kDenied,
  kLimit,
  kWrong,
  kTaken,
  kStopped,
  kNoManaged,
};

struct Known {
  std::string_view code;  // without the prefix; a prefix of it is enough
  Meaning meaning;
};
constexpr std::array kKnown = {
    Known{"service.auth.", Meaning::kSession},
    Known{"service.tenant.license", Meaning::kDenied},
    Known{"topic.api.unavailable", Meaning::kBroken},
    Known{"schema.api.unavailable", Meaning::kBroken},
    Known{"concurrent.client.limit.exceeded", Meaning::kBroken},
    Known{"service.protection.", Meaning::kBroken},
    Known{"publish.stream.sweeper.timeout", Meaning::kBroken},
    Known{"publish.", Meaning::kWrong},
    Known{"subscription.internal.error", Meaning::kBroken},
    Known{"subscription.topic.cannot.subscribe", Meaning::kDenied},
    Known{"subscription.fetch.replayid.", Meaning::kReplayLost},
    Known{"subscription.limit.exceeded", Meaning::kLimit},
    Known{"subscription.fetch.", Meaning::kWrong},
    Known{"topic.not.found", Meaning::kNoTopic},
    Known{"topic.", Meaning::kDenied},
    Known{"schema.", Meaning::kNoSchema},
    Known{"service.unavailable", Meaning::kBroken},
    Known{"managed.subscription.already.active", Meaning::kTaken},
    Known{"managed.subscription.config.stopped", Meaning::kStopped},
    Known{"managed.subscription.config.deleted", Meaning::kNoManaged},
    Known{"managed.subscription.developer.name.not.found", Meaning::kNoManaged},
    Known{"managed.subscription.subscription.id.", Meaning::kNoManaged},
    Known{"managed.subscription.", Meaning::kWrong},
};

std::string OneLine(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  if (text.size() > kMessageBytesMax) text.resize(kMessageBytesMax);
  return text;
}

// The vendor's code inside a message, without its prefix.
std::string CodeInMessage(const std::string& message) {
  const size_t at = message.find(kPrefix);
  if (at == std::string::npos) return "";
  const size_t begin = at + kPrefix.size();
  size_t end = begin;
  while (end < message.size() &&
         (std::isalnum(static_cast<unsigned char>(message[end])) != 0 || message[end] == '.')) {
    ++end;
  }
  return message.substr(begin, end - begin);
}

Meaning MeaningOf(int status, const std::string& code) {
  for (const Known& known : kKnown) {
    if (code.starts_with(known.code)) return known.meaning;
  }
  switch (status) {
    case kUnauthenticated:
      return Meaning::kSession;
    case kNotFound:
      return Meaning::kNoTopic;
    case kPermissionDenied:
      return Meaning::kDenied;
    case kResourceExhausted:
      return Meaning::kLimit;
    case kAlreadyExists:
      return Meaning::kTaken;
    case kInvalidArgument:
    case kUnimplemented:
      return Meaning::kWrong;
    default:
      return Meaning::kBroken;
  }
}

Error ErrorOf(Meaning meaning, const std::string& topic) {
  switch (meaning) {
    case Meaning::kSession:
      return Error(Kind::kExpired, "SF-STREAM-002", "the session of an event stream is over");
    case Meaning::kReplayLost:
      return Error(Kind::kExpired, "SF-STREAM-003",
                   "the org does not accept the replay id of `" + topic + "`")
          .Hint("see `firn explain SF-STREAM-003` for the ways to go on");
    case Meaning::kNoTopic:
      return Error(Kind::kNotFound, "SF-STREAM-004", "the org has no topic `" + topic + "`")
          .Hint("`firn events topics` lists them; select objects in Setup > Change Data Capture");
    case Meaning::kNoSchema:
      return Error(Kind::kNotFound, "SF-STREAM-010",
                   "the org does not know the schema of an event");
    case Meaning::kDenied:
      return Error(Kind::kDenied, "SF-STREAM-005", "the user has no access to `" + topic + "`");
    case Meaning::kLimit:
      return Error(Kind::kLimitReached, "SF-STREAM-006",
                   "the org's event deliveries of 24 hours are used up");
    case Meaning::kTaken:
      return Error(Kind::kConflict, "SF-STREAM-015",
                   "the " + topic + " has another subscriber already")
          .RetryWithBackoff()
          .Hint("stop the other one; after a connection that broke the org needs some minutes");
    case Meaning::kStopped:
      return Error(Kind::kBadConfig, "SF-STREAM-016", "the " + topic + " is stopped")
          .Hint("set its state to RUN: Setup, or the Tooling API's ManagedEventSubscription");
    case Meaning::kNoManaged:
      return Error(Kind::kNotFound, "SF-STREAM-017", "the org has no " + topic)
          .Hint("make one in Setup > Managed Event Subscriptions, or name another");
    case Meaning::kWrong:
      return Error(Kind::kInternal, "SF-STREAM-007", "the org refuses a request for events");
    case Meaning::kBroken:
      break;
  }
  return Error(Kind::kUnreachable, "SF-STREAM-001", "an event stream ended").RetryWithBackoff();
}

}  // namespace

Error ErrorOfEnd(const StreamEnd& end, const std::string& org, const std::string& topic) {
  std::string code = end.error_code;
  if (code.starts_with(kPrefix)) code.erase(0, kPrefix.size());
  if (code.empty()) code = CodeInMessage(end.message);
  const std::string why = end.status == kOk ? "the org closed it" : OneLine(end.message);
  return ErrorOf(MeaningOf(end.status, code), topic)
      .At("the Pub/Sub API of org `" + org + "`")
      .Because(code.empty() ? why : code + ": " + why)
      .From({.system = org, .status = end.status, .api_code = code, .request_id = end.rpc_id});
}

}  // namespace firn::salesforce
