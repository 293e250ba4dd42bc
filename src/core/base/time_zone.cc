#include "core/base/time_zone.h"

#include <algorithm>
#include <cstdlib>

#include "core/base/file.h"

namespace firn {
namespace {

using std::chrono::seconds;

constexpr uint64_t kFileBytesMax = 1U << 20;
constexpr size_t kHeaderBytes = 44;
constexpr seconds kDay{86'400};

Error Damaged(const std::string& name) {
  return Error(Kind::kCorrupt, "BASE-ZONE-002", "the file of time zone `" + name + "` is damaged")
      .Hint("install the system's package `tzdata` anew");
}

}  // namespace

// Reads a TZif file: the 64-bit block, and the rule behind it.
class ZoneReader {
 public:
  ZoneReader(std::string_view bytes, TimeZone* zone) : bytes_(bytes), zone_(zone) {}

  bool Read() {
    if (!Header()) return false;
    if (version_ >= 2) {
      // The first block has 32-bit times; the second says the same and more.
      if (!Skip(times_ * 5 + types_ * 6 + chars_ + leaps_ * 8 + standards_ + universals_))
        return false;
      time_bytes_ = 8;
      if (!Header()) return false;
    }
    return Block() && (version_ < 2 || Footer());
  }

 private:
  bool Skip(size_t count) {
    if (bytes_.size() < count) return false;
    bytes_.remove_prefix(count);
    return true;
  }
  int64_t Number(std::string_view text) const {
    uint64_t value = (static_cast<unsigned char>(text[0]) & 0x80U) != 0 ? ~uint64_t{0} : 0;
    for (const char c : text) value = value << 8 | static_cast<unsigned char>(c);
    return static_cast<int64_t>(value);
  }

  bool Header() {
    if (bytes_.size() < kHeaderBytes || !bytes_.starts_with("TZif")) return false;
    version_ = bytes_[4] == '\0' ? 1 : bytes_[4] - '0';
    const auto count = [&](size_t at) {
      return static_cast<size_t>(Number(bytes_.substr(at, 4)) & 0xFFFFFFFF);
    };
    universals_ = count(20);
    standards_ = count(24);
    leaps_ = count(28);
    times_ = count(32);
    types_ = count(36);
    chars_ = count(40);
    constexpr size_t kMost = 1U << 16;
    return std::max({universals_, standards_, leaps_, times_, types_, chars_}) < kMost &&
           Skip(kHeaderBytes);
  }

  bool Block() {
    const size_t size = times_ * (time_bytes_ + 1) + types_ * 6 + chars_ +
                        leaps_ * (time_bytes_ + 4) + standards_ + universals_;
    if (bytes_.size() < size || types_ == 0) return false;
    const std::string_view kinds = bytes_.substr(times_ * time_bytes_, times_);
    const std::string_view types = bytes_.substr(times_ * (time_bytes_ + 1), types_ * 6);
    const auto offset = [&](size_t type) { return seconds(Number(types.substr(type * 6, 4))); };
    zone_->first_offset_ = offset(0);
    for (size_t i = 0; i < times_; ++i) {
      const auto type = static_cast<unsigned char>(kinds[i]);
      if (type >= types_) return false;
      const UtcSeconds time{seconds(Number(bytes_.substr(i * time_bytes_, time_bytes_)))};
      if (!zone_->transitions_.empty() && time <= zone_->transitions_.back().first) return false;
      zone_->transitions_.emplace_back(time, offset(type));
    }
    return Skip(size);
  }

  // `\nCET-1CEST,M3.5.0,M10.5.0/3\n`; nothing between the line breaks: the last offset stays.
  bool Footer() {
    if (bytes_.size() < 2 || bytes_.front() != '\n') return false;
    const size_t end = bytes_.find('\n', 1);
    if (end == std::string_view::npos) return false;
    text_ = bytes_.substr(1, end - 1);
    if (text_.empty()) return true;
    TimeZone::Rule rule;
    if (!Name() || !Offset(&rule.standard)) return false;
    rule.standard = -rule.standard;  // POSIX counts west of Greenwich
    if (!text_.empty()) {
      rule.has_summer = true;
      rule.summer = rule.standard + seconds(3600);
      if (!Name()) return false;
      if (!text_.empty() && text_[0] != ',') {
        if (!Offset(&rule.summer)) return false;
        rule.summer = -rule.summer;
      }
      if (!Day(&rule.begin) || !Day(&rule.end)) return false;
    }
    zone_->rule_ = rule;
    return text_.empty();
  }

  bool Name() {
    if (text_.starts_with('<')) {
      const size_t close = text_.find('>');
      if (close == std::string_view::npos) return false;
      text_.remove_prefix(close + 1);
      return true;
    }
    size_t letters = 0;
    while (letters < text_.size() &&
           std::isalpha(static_cast<unsigned char>(text_[letters])) != 0) {
      ++letters;
    }
    text_.remove_prefix(letters);
    return letters >= 3;
  }

  bool Whole(int* value) {
    size_t digits = 0;
    *value = 0;
    while (digits < text_.size() && digits < 4 && text_[digits] >= '0' && text_[digits] <= '9') {
      *value = *value * 10 + (text_[digits++] - '0');
    }
    text_.remove_prefix(digits);
    return digits > 0;
  }
  bool Take(char c) {
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }

  // `-1`, `5:30`, `3:00:00`.
  bool Offset(seconds* offset) {
    const bool negative = Take('-');
    if (!negative) (void)Take('+');
    int hours = 0;
    int minutes = 0;
    int rest = 0;
    if (!Whole(&hours)) return false;
    if (Take(':') && !Whole(&minutes)) return false;
    if (Take(':') && !Whole(&rest)) return false;
    *offset = seconds(hours * 3600 + minutes * 60 + rest);
    if (negative) *offset = -*offset;
    return true;
  }

  bool Day(TimeZone::YearDay* day) {
    using Kind = TimeZone::YearDay::Kind;
    if (!Take(',')) return false;
    if (Take('M')) {
      if (!Whole(&day->month) || !Take('.') || !Whole(&day->week) || !Take('.') ||
          !Whole(&day->day)) {
        return false;
      }
      if (day->month < 1 || day->month > 12 || day->week < 1 || day->week > 5 || day->day > 6) {
        return false;
      }
    } else {
      day->kind = Take('J') ? Kind::kJulian : Kind::kZeroBased;
      if (!Whole(&day->day) || day->day > 365) return false;
    }
    return !Take('/') || Offset(&day->time);
  }

  std::string_view bytes_;
  std::string_view text_;
  TimeZone* zone_;
  int version_ = 1;
  size_t time_bytes_ = 4;
  size_t universals_ = 0, standards_ = 0, leaps_ = 0, times_ = 0, types_ = 0, chars_ = 0;
};

const TimeZone& TimeZone::Utc() {
  static const TimeZone kUtc;
  return kUtc;
}

Result<TimeZone> TimeZone::FromTzif(std::string_view bytes, std::string name) {
  TimeZone zone;
  zone.name_ = std::move(name);
  if (!ZoneReader(bytes, &zone).Read()) return Fail(Damaged(zone.name_));
  return zone;
}

LocalSeconds TimeZone::DayIn(const YearDay& day, std::chrono::year year) {
  using namespace std::chrono;
  local_days found;
  if (day.kind == YearDay::Kind::kMonthWeekDay) {
    const auto in_month = year / month(static_cast<unsigned>(day.month));
    const weekday which(static_cast<unsigned>(day.day));
    found = day.week == 5 ? local_days(in_month / which[last])
                          : local_days(in_month / which[static_cast<unsigned>(day.week)]);
  } else {
    int ordinal = day.day;
    // `J60` is March 1 in every year; `59` counts February 29.
    if (day.kind == YearDay::Kind::kJulian) ordinal -= year.is_leap() && day.day >= 60 ? 0 : 1;
    found = local_days(year / January / 1) + days(ordinal);
  }
  return found + day.time;
}

seconds TimeZone::RuleOffsetAt(UtcSeconds time) const {
  using namespace std::chrono;
  if (!rule_->has_summer) return rule_->standard;
  const year_month_day date(floor<days>(time + rule_->standard));
  const auto in_utc = [&](const YearDay& day, seconds offset) {
    return UtcSeconds((DayIn(day, date.year()) - offset).time_since_epoch());
  };
  const UtcSeconds begin = in_utc(rule_->begin, rule_->standard);
  const UtcSeconds end = in_utc(rule_->end, rule_->summer);
  // South of the equator summer spans the new year.
  const bool summer = begin < end ? time >= begin && time < end : time >= begin || time < end;
  return summer ? rule_->summer : rule_->standard;
}

seconds TimeZone::OffsetAt(UtcSeconds time) const {
  if (transitions_.empty()) return rule_ ? RuleOffsetAt(time) : first_offset_;
  if (time < transitions_.front().first) return first_offset_;
  if (rule_ && time >= transitions_.back().first) return RuleOffsetAt(time);
  const auto after = std::upper_bound(
      transitions_.begin(), transitions_.end(), time,
      [](UtcSeconds value, const auto& transition) { return value < transition.first; });
  return std::prev(after)->second;
}

std::vector<UtcSeconds> TimeZone::InstantsOf(LocalSeconds local) const {
  const UtcSeconds near(local.time_since_epoch());
  std::vector<UtcSeconds> instants;
  for (const seconds shift : {-kDay, seconds(0), kDay}) {
    const UtcSeconds candidate = near - OffsetAt(near + shift);
    if (LocalOf(candidate) != local) continue;
    if (std::find(instants.begin(), instants.end(), candidate) == instants.end()) {
      instants.push_back(candidate);
    }
  }
  std::sort(instants.begin(), instants.end());
  return instants;
}

Result<TimeZone> FindTimeZone(std::string_view name) {
  if (name == "UTC") return TimeZone::Utc();
  const bool plain = !name.empty() && name.size() < 100 && name[0] != '/' &&
                     std::all_of(
                         name.begin(), name.end(),
                         [](char c) {
                           return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '/' ||
                                  c == '_' || c == '-' || c == '+';
                         });
  const char* folder = std::getenv("TZDIR");
  const std::string path =
      std::string(folder == nullptr ? "/usr/share/zoneinfo" : folder) + "/" + std::string(name);
  auto bytes = plain ? ReadFile(path, kFileBytesMax) : Result<std::string>("");
  if (!plain || !bytes) {
    return Fail(
        Error(Kind::kNotFound, "BASE-ZONE-001",
              "there is no time zone `" + std::string(name) + "` here")
            .Hint("names are those of the IANA database, such as `Europe/Berlin`; they come "
                  "with the system's package `tzdata`"));
  }
  return TimeZone::FromTzif(*bytes, std::string(name));
}

}  // namespace firn
