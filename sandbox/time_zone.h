// Time zones of users, by their IANA names, from the system's zone files.
//
// A TimeZone is immutable; any thread. Source of the format: RFC 8536 (TZif).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace firn::sandbox {

class TimeZone {
 public:
  // `America/Los_Angeles`. A name that the system has no file for is UTC.
  [[nodiscard]] static std::shared_ptr<const TimeZone> Find(std::string_view name);
  // Of a zone file's bytes; UTC when they cannot be read.
  [[nodiscard]] static TimeZone Parse(std::string_view bytes);

  // Milliseconds to add to UTC.
  [[nodiscard]] int64_t OffsetAt(int64_t utc_millis) const;
  // Of a local clock's reading: the earlier instant where there are two, the later reading's where
  // the clock skips it.
  [[nodiscard]] int64_t ToUtc(int64_t local_millis) const;

 private:
  // `M3.2.0/2`: the second Sunday of March at 2 o'clock.
  struct Turn {
    int month = 0;
    int week = 0;
    int weekday = 0;
    int64_t seconds = 7200;
  };
  struct Rule {  // what goes on after the last transition
    bool known = false;
    bool has_summer = false;
    int64_t winter_seconds = 0;
    int64_t summer_seconds = 0;
    Turn begin;
    Turn end;
  };
  [[nodiscard]] static bool ParseRule(std::string_view text, Rule& rule);
  [[nodiscard]] int64_t RuleSeconds(int64_t utc_seconds) const;

  std::vector<int64_t> at_;       // of each transition, seconds UTC, ascending
  std::vector<int64_t> seconds_;  // the offset from then on
  int64_t first_seconds_ = 0;     // before the first transition
  Rule rule_;
};

}  // namespace firn::sandbox
