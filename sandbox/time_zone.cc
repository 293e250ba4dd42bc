#include "sandbox/time_zone.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>

#include "core/base/file.h"

namespace firn::sandbox {
namespace {

constexpr int64_t kDaySeconds = 86'400;
constexpr size_t kTransitionsMax = 10'000;
constexpr size_t kHeaderBytes = 44;

// A signed number of 4 or 8 bytes.
int64_t BigEndian(std::string_view bytes, size_t at, size_t size) {
  uint64_t value = (static_cast<uint8_t>(bytes[at]) & 0x80) != 0 ? ~0ULL : 0;
  for (size_t i = 0; i < size; ++i) value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
  return static_cast<int64_t>(value);
}

struct Header {
  size_t utc_marks, standard_marks, leaps, transitions, types, letters;
  [[nodiscard]] size_t Body(size_t time_bytes) const {
    return transitions * (time_bytes + 1) + types * 6 + letters + leaps * (time_bytes + 4) +
           standard_marks + utc_marks;
  }
};

bool ReadHeader(std::string_view bytes, size_t at, Header& header) {
  if (bytes.size() < at + kHeaderBytes || bytes.substr(at, 4) != "TZif") return false;
  size_t* const counts[] = {&header.utc_marks,   &header.standard_marks, &header.leaps,
                            &header.transitions, &header.types,          &header.letters};
  for (size_t i = 0; i < 6; ++i) {
    const int64_t count = BigEndian(bytes, at + 20 + i * 4, 4);
    if (count < 0 || count > static_cast<int64_t>(kTransitionsMax)) return false;
    *counts[i] = static_cast<size_t>(count);
  }
  return header.types > 0;
}

// Reads from the front of a POSIX rule.
class RuleText {
 public:
  explicit RuleText(std::string_view text) : text_(text) {}
  bool SkipName() {
    if (!text_.empty() && text_[0] == '<') {
      const size_t end = text_.find('>');
      if (end == std::string_view::npos) return false;
      text_.remove_prefix(end + 1);
      return true;
    }
    const size_t from = text_.size();
    while (!text_.empty() && std::isalpha(static_cast<uint8_t>(text_[0])) != 0) {
      text_.remove_prefix(1);
    }
    return from - text_.size() >= 3;
  }
  bool Number(int64_t& value) {
    size_t digits = 0;
    value = 0;
    while (digits < text_.size() && digits < 6 && text_[digits] >= '0' && text_[digits] <= '9') {
      value = value * 10 + (text_[digits++] - '0');
    }
    text_.remove_prefix(digits);
    return digits > 0;
  }
  // `-8:30`, in seconds.
  bool Clock(int64_t& seconds) {
    const bool negative = Take('-');
    if (!negative) Take('+');
    int64_t unit = 3600;
    seconds = 0;
    do {
      int64_t part = 0;
      if (!Number(part)) return false;
      seconds += part * unit;
      unit /= 60;
    } while (unit > 0 && Take(':'));
    if (negative) seconds = -seconds;
    return true;
  }
  bool Take(char c) {
    if (text_.empty() || text_[0] != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  [[nodiscard]] bool empty() const { return text_.empty(); }
  [[nodiscard]] bool IsNext(char c) const { return !text_.empty() && text_[0] == c; }

 private:
  std::string_view text_;
};

bool IsName(std::string_view name) {
  return !name.empty() && name[0] != '/' && name.find("..") == std::string_view::npos &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return std::isalnum(static_cast<uint8_t>(c)) != 0 || c == '/' || c == '_' || c == '-' ||
                  c == '+';
         });
}

}  // namespace

std::shared_ptr<const TimeZone> TimeZone::Find(std::string_view name) {
  static std::mutex mutex;
  static std::map<std::string, std::shared_ptr<const TimeZone>, std::less<>> known;
  const std::lock_guard lock(mutex);
  const auto found = known.find(name);
  if (found != known.end()) return found->second;
  auto zone = std::make_shared<TimeZone>();
  if (IsName(name)) {
    const auto bytes = ReadFile("/usr/share/zoneinfo/" + std::string(name));
    if (bytes) *zone = Parse(*bytes);
  }
  constexpr size_t kKeptMax = 1000;  // there are fewer zones; names from clients may be anything
  if (known.size() < kKeptMax) known.emplace(name, zone);
  return zone;
}

TimeZone TimeZone::Parse(std::string_view bytes) {
  TimeZone zone;
  Header first{};
  Header header{};
  if (!ReadHeader(bytes, 0, first)) return zone;
  const size_t second = kHeaderBytes + first.Body(4);
  if (!ReadHeader(bytes, second, header)) return zone;  // version 1 files are 25 years old
  const size_t body = second + kHeaderBytes;
  if (bytes.size() < body + header.Body(8)) return zone;
  const size_t indexes = body + header.transitions * 8;
  const size_t types = indexes + header.transitions;
  const auto offset_of = [&](size_t type) { return BigEndian(bytes, types + type * 6, 4); };
  zone.first_seconds_ = offset_of(0);
  for (size_t i = 0; i < header.transitions; ++i) {
    const auto type = static_cast<uint8_t>(bytes[indexes + i]);
    if (type >= header.types) return TimeZone();
    zone.at_.push_back(BigEndian(bytes, body + i * 8, 8));
    zone.seconds_.push_back(offset_of(type));
  }
  std::string_view footer = bytes.substr(body + header.Body(8));
  if (footer.size() > 2 && footer[0] == '\n') {
    footer = footer.substr(1, footer.find('\n', 1) - 1);
    zone.rule_.known = ParseRule(footer, zone.rule_);
  }
  return zone;
}

// `PST8PDT,M3.2.0,M11.1.0`, `<+0530>-5:30`.
bool TimeZone::ParseRule(std::string_view text, Rule& rule) {
  RuleText reader(text);
  int64_t west = 0;
  if (!reader.SkipName() || !reader.Clock(west)) return false;
  rule.winter_seconds = -west;
  if (reader.empty()) return true;
  rule.has_summer = true;
  rule.summer_seconds = rule.winter_seconds + 3600;
  if (!reader.SkipName()) return false;
  if (!reader.IsNext(',')) {
    if (!reader.Clock(west)) return false;
    rule.summer_seconds = -west;
  }
  for (Turn* turn : {&rule.begin, &rule.end}) {
    int64_t month = 0;
    int64_t week = 0;
    int64_t weekday = 0;
    if (!reader.Take(',') || !reader.Take('M') || !reader.Number(month) || !reader.Take('.') ||
        !reader.Number(week) || !reader.Take('.') || !reader.Number(weekday)) {
      return false;
    }
    if (month < 1 || month > 12 || week < 1 || week > 5 || weekday > 6) return false;
    *turn = {static_cast<int>(month), static_cast<int>(week), static_cast<int>(weekday), 7200};
    if (reader.Take('/') && !reader.Clock(turn->seconds)) return false;
  }
  return true;
}

int64_t TimeZone::RuleSeconds(int64_t utc_seconds) const {
  if (!rule_.has_summer) return rule_.winter_seconds;
  using std::chrono::sys_days;
  const int64_t local = utc_seconds + rule_.winter_seconds;
  const int64_t days = local / kDaySeconds - (local % kDaySeconds < 0);
  const std::chrono::year_month_day date{sys_days(std::chrono::days(days))};
  const auto instant = [&](const Turn& turn, int64_t offset) {
    const auto month = date.year() / turn.month;
    const std::chrono::weekday weekday(static_cast<unsigned>(turn.weekday));
    const sys_days day = turn.week == 5 ? sys_days(month / weekday[std::chrono::last])
                                        : sys_days(month / weekday[turn.week]);
    return day.time_since_epoch().count() * kDaySeconds + turn.seconds - offset;
  };
  const int64_t begin = instant(rule_.begin, rule_.winter_seconds);
  const int64_t end = instant(rule_.end, rule_.summer_seconds);
  const bool summer = begin < end ? utc_seconds >= begin && utc_seconds < end
                                  : utc_seconds >= begin || utc_seconds < end;
  return summer ? rule_.summer_seconds : rule_.winter_seconds;
}

int64_t TimeZone::OffsetAt(int64_t utc_millis) const {
  const int64_t seconds = utc_millis / 1000 - (utc_millis % 1000 < 0);
  if (rule_.known && (at_.empty() || seconds >= at_.back())) return RuleSeconds(seconds) * 1000;
  const auto after = std::upper_bound(at_.begin(), at_.end(), seconds);
  if (after == at_.begin()) return first_seconds_ * 1000;
  return seconds_[after - at_.begin() - 1] * 1000;
}

int64_t TimeZone::ToUtc(int64_t local_millis) const {
  // Of the two offsets around the reading, the larger gives the earlier instant.
  constexpr int64_t kDay = kDaySeconds * 1000;
  const int64_t before = OffsetAt(local_millis - kDay);
  const int64_t after = OffsetAt(local_millis + kDay);
  const int64_t early = local_millis - std::max(before, after);
  if (OffsetAt(early) == std::max(before, after)) return early;
  return local_millis - std::min(before, after);
}

}  // namespace firn::sandbox
