#include "sandbox/store/event_times.h"

#include "sandbox/api_error.h"

namespace firn::sandbox {
namespace {

constexpr int64_t kMinuteMillis = 60'000;
constexpr int64_t kDayMinutes = 1440;
constexpr int64_t kDayMillis = kDayMinutes * kMinuteMillis;

tl::unexpected<Error> Missing(const std::vector<std::string>& fields) {
  std::string names;
  for (const std::string& name : fields) names += (names.empty() ? "" : ", ") + name;
  return Fail(ApiError(400, "REQUIRED_FIELD_MISSING",
                       "Required fields are missing: [" + names + "]", fields));
}

tl::unexpected<Error> Disagrees(std::string message, const char* field) {
  return Fail(ApiError(400, "FIELD_INTEGRITY_EXCEPTION", std::move(message), {field}));
}

int64_t DayOf(int64_t millis) {
  const int64_t day = millis / kDayMillis;
  return millis % kDayMillis < 0 ? day - 1 : day;
}

class Times {
 public:
  Times(const ObjectInfo& object, const std::vector<Value>& before, std::vector<Value>& values)
      : object_(object), before_(before), values_(values) {}

  Result<void> Fill() {
    FIRN_CHECK(Begin());
    FIRN_CHECK(Length());
    Put("StartDateTime", Value::DateTime(start_));
    Put("ActivityDateTime", whole_day_ ? Value{} : Value::DateTime(start_));
    Put("ActivityDate", Value::Date(DayOf(start_)));
    Put("DurationInMinutes", Value::Int(minutes_));
    const int64_t end = start_ + minutes_ * kMinuteMillis;
    Put("EndDateTime", Value::DateTime(whole_day_ ? end - kDayMillis : end));
    Put("EndDate", Value::Date(DayOf(whole_day_ ? end - 1 : end)));
    return {};
  }

 private:
  [[nodiscard]] const FieldInfo* Stored(const char* name) const {
    const FieldInfo* field = object_.Field(name);
    return field == nullptr || field->slot < 0 ? nullptr : field;
  }
  [[nodiscard]] Value At(const char* name) const {
    const FieldInfo* field = Stored(name);
    return field == nullptr ? Value{} : values_[static_cast<size_t>(field->slot)];
  }
  // Told now: of a new record whatever it has, of a known one what differs.
  [[nodiscard]] bool Told(const char* name) const {
    const FieldInfo* field = Stored(name);
    if (field == nullptr) return false;
    const auto slot = static_cast<size_t>(field->slot);
    if (before_.empty()) return !values_[slot].null();
    return !SameValue(values_[slot], before_[slot]);
  }
  void Put(const char* name, const Value& value) {
    if (const FieldInfo* field = Stored(name)) values_[static_cast<size_t>(field->slot)] = value;
  }

  // Three fields tell the beginning; those that are told must agree.
  Result<void> Begin() {
    whole_day_ = At("IsAllDayEvent").number != 0;
    const char* by = nullptr;
    for (const char* name : {"StartDateTime", "ActivityDateTime"}) {
      if (!Told(name) || At(name).null()) continue;
      if (by != nullptr && At(name).number != start_) {
        return Disagrees(std::string(by) + " and " + name + " must match, or one must be null",
                         name);
      }
      by = name;
      start_ = At(name).number;
    }
    if (by == nullptr && Told("ActivityDate") && whole_day_ && !At("ActivityDate").null()) {
      by = "ActivityDate";
      start_ = At(by).number * kDayMillis;
    }
    if (by == nullptr && !before_.empty() && !At("StartDateTime").null()) {
      by = "StartDateTime";
      start_ = At(by).number;
    }
    if (whole_day_) start_ = DayOf(start_) * kDayMillis;
    if (by != nullptr) return {};
    std::vector<std::string> missing;
    if (!whole_day_ && At("DurationInMinutes").null() && At("EndDateTime").null()) {
      missing.emplace_back("DurationInMinutes");
    }
    missing.emplace_back(whole_day_ ? "ActivityDate" : "ActivityDateTime");
    return Missing(missing);
  }

  Result<void> Length() {
    const bool minutes = Told("DurationInMinutes") && !At("DurationInMinutes").null();
    const bool end = Told("EndDateTime") && !At("EndDateTime").null();
    minutes_ = kDayMinutes;
    if (end) {
      minutes_ = (At("EndDateTime").number - start_) / kMinuteMillis;
      if (whole_day_) minutes_ = (minutes_ / kDayMinutes + 1) * kDayMinutes;
    }
    if (minutes && end && At("DurationInMinutes").number != minutes_) {
      return Disagrees("DurationInMinutes and EndDateTime must match, or one must be null",
                       "DurationInMinutes");
    }
    // A record that only moves keeps its length.
    const bool kept = !minutes && !end && !before_.empty() && !At("DurationInMinutes").null();
    if (minutes || kept) minutes_ = At("DurationInMinutes").number;
    if (!minutes && !end && !kept && !whole_day_) return Missing({"DurationInMinutes"});
    if (minutes_ < 0) {
      return Disagrees("Event duration can not be negative: Duration", "DurationInMinutes");
    }
    return {};
  }

  const ObjectInfo& object_;
  const std::vector<Value>& before_;
  std::vector<Value>& values_;
  bool whole_day_ = false;
  int64_t start_ = 0;
  int64_t minutes_ = 0;
};

}  // namespace

Result<void> FillEventTimes(const ObjectInfo& object, const std::vector<Value>& before,
                            std::vector<Value>& values) {
  if (object.name != "Event") return {};
  return Times(object, before, values).Fill();
}

}  // namespace firn::sandbox
