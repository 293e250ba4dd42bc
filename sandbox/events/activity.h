// The org's own event streams (LoginEventStream, LogoutEventStream, ApiEventStream), from what
// clients really do.
//
// Noting is cheap and never waits: events are kept in a bounded list and published by Flush(),
// which the server calls about once a second. What comes faster than the list holds is counted and
// lost, as is the last second before a crash. Thread-safe. Source: Platform Events Developer Guide,
// 'LoginEventStream', 'LogoutEventStream' (of the user interface only), 'ApiEventStream' (queries
// only), read 2026-11.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "sandbox/events/event_bus.h"
#include "sandbox/life/request_log.h"
#include "sandbox/sign_in/sign_in_parts.h"

namespace firn::sandbox {

class Activity {
 public:
  explicit Activity(EventBus& bus) : bus_(bus) {}
  void NoteSignIn(const SignInAttempt& attempt, const std::string& user_agent);
  // Of a person who left a browser's session.
  void NoteSignOut(const SignOutNote& note, const UserDirectory& users);
  // Of every request; those that are no query are passed over.
  void NoteRequest(const RequestLine& line);
  [[nodiscard]] Result<void> Flush();

 private:
  static constexpr size_t kWaitingMax = 20'000;
  using Values = std::map<std::string, std::string, std::less<>>;
  void Note(const char* stream, std::string user_id, Values values);
  struct Waiting {
    const EventSchema* schema;
    std::string payload;
  };
  EventBus& bus_;
  std::mutex mutex_;
  std::vector<Waiting> waiting_;
  uint64_t lost_ = 0;
};

}  // namespace firn::sandbox
