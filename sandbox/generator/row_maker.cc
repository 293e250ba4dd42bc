#include "sandbox/generator/row_maker.h"

#include <algorithm>
#include <cmath>

#include "sandbox/generator/words.h"
#include "sandbox/store/org_impl.h"

namespace firn::sandbox {
namespace {

constexpr int64_t kSecond = 1000;
constexpr int64_t kDay = 86'400 * kSecond;
constexpr int64_t kHistory = 4 * 365 * kDay;  // how far back the made-up world reaches

uint64_t Mix(uint64_t a, uint64_t b) { return Draws(a ^ (b * 0x9e3779b97f4a7c15ULL)).Next(); }

uint64_t Hash(std::string_view text) {
  uint64_t hash = 1469598103934665603ULL;
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 1099511628211ULL;
  return hash;
}

size_t PeopleOf(Draws& draws) {
  const double unit = draws.Unit();
  if (unit < 0.66) return 0;
  if (unit < 0.84) return 1;
  return 2 + draws.Below(Peoples().size() - 2);
}

}  // namespace

bool IsDeletedByGenerator(const GeneratorSettings& settings, const ObjectInfo& object,
                          uint64_t number) {
  if (!object.deletable || !object.undeletable || settings.deleted_share <= 0) return false;
  // A document goes with its version.
  std::string_view name = object.name;
  if (name == "ContentVersion") name = "ContentDocument";
  Draws draws(Mix(settings.seed ^ 0xde1e7edULL, Mix(Hash(name), number)));
  return draws.Chance(settings.deleted_share);
}

int RowMaker::Slot(std::string_view field) const {
  const FieldInfo* found = object_->Field(field);
  return found == nullptr ? -1 : found->slot;
}

RowMaker::RowMaker(const ObjectInfo& object, const GeneratorSettings& settings,
                   std::vector<std::vector<ParentRange>> parents)
    : object_(&object),
      settings_(settings),
      deriver_(object),
      values_(object.slots.size()),
      texts_(object.slots.size()),
      created_slot_(Slot("CreatedDate")),
      created_by_slot_(Slot("CreatedById")),
      modified_slot_(Slot("LastModifiedDate")),
      modified_by_slot_(Slot("LastModifiedById")) {
  for (size_t i = 0; i < object.fields.size(); ++i) {
    const FieldInfo& field = object.fields[i];
    if (field.name == "CreatedById") users_ = parents[i];
    if (field.slot < kFirstStoredSlot) continue;
    FieldRule rule = CompileRule(field);
    if (rule.rule == Rule::kNothing || rule.rule == Rule::kSystem) continue;
    rule.parents = std::move(parents[i]);
    rules_.push_back(std::move(rule));
  }
}

// Created along the object's history, changed later: some never, some in bulk loads that share one
// instant, the rest at any time since.
void RowMaker::Stamps(uint64_t number, double place, Draws& draws, MadeRow& row) {
  const int64_t begin = settings_.anchor_millis - kHistory;
  const auto along = static_cast<int64_t>(std::pow(place, 0.8) * static_cast<double>(kHistory));
  const int64_t jitter = static_cast<int64_t>(draws.Below(2 * kDay)) - kDay;
  const int64_t latest = settings_.anchor_millis - 60 * kSecond;
  row.created = std::clamp(begin + along + jitter, begin, latest) / kSecond * kSecond;
  int64_t modified = row.created;
  const double kind = draws.Unit();
  if (kind > 0.88) {
    Draws burst(Mix(settings_.seed, Hash(object_->name) + draws.Below(24)));
    const auto at = begin + static_cast<int64_t>(burst.Unit() * static_cast<double>(kHistory));
    modified = std::max(modified, std::min(at, latest) / kSecond * kSecond);
  } else if (kind > 0.4) {
    const double since = draws.Unit();
    const auto span = static_cast<double>(latest - row.created);
    modified += static_cast<int64_t>(since * since * since * span) / kSecond * kSecond;
  }
  int64_t stamp = modified;
  if (draws.Chance(0.05)) stamp = std::min(latest, stamp + 3600 * kSecond) / kSecond * kSecond;
  values_[kIdSlot] = Value::Id(MakeId(object_->key_prefix, number));
  values_[kDeletedSlot] = Value::Bool(IsDeletedByGenerator(settings_, *object_, number));
  values_[kModstampSlot] = Value::DateTime(stamp);
  const auto user = [&] {
    if (users_.empty() || users_[0].end <= users_[0].first) return Value::Id(settings_.admin_id);
    return Value::Id(MakeId(users_[0].object->key_prefix,
                            users_[0].first + draws.Below(users_[0].end - users_[0].first)));
  };
  if (created_slot_ >= 0) values_[created_slot_] = Value::DateTime(row.created);
  if (modified_slot_ >= 0) values_[modified_slot_] = Value::DateTime(modified);
  if (created_by_slot_ >= 0) values_[created_by_slot_] = user();
  if (modified_by_slot_ >= 0) values_[modified_by_slot_] = user();
}

const std::vector<Value>& RowMaker::Make(uint64_t number, double place) {
  Draws draws(Mix(settings_.seed, Mix(Hash(object_->name), number)));
  MadeRow row;
  row.number = number;
  row.first = number == kFirstRecordNumber;
  row.people = PeopleOf(draws);
  const People& people = Peoples()[row.people];
  row.first_name = draws.Below(people.first.size());
  row.last_name = draws.Below(people.last.size());
  Stamps(number, place, draws, row);
  row.event_start = (row.created + static_cast<int64_t>(draws.Below(60)) * kDay) / (900 * kSecond) *
                    (900 * kSecond);
  row.event_minutes = 15 * static_cast<int64_t>(1 + draws.Below(12));
  for (const auto& rule : rules_) Fill(rule, draws, row);
  derived_texts_.clear();
  deriver_.Apply(values_, derived_texts_);
  return values_;
}

void RowMaker::Fill(const FieldRule& rule, Draws& draws, const MadeRow& row) {
  Value& value = values_[rule.slot];
  value = Value{};
  if (rule.null_share > 0 && draws.Chance(rule.null_share)) return;
  switch (rule.rule) {
    case Rule::kNull:
      return;
    case Rule::kShare:
    case Rule::kLeadConverted:
      value = Value::Bool(draws.Chance(rule.low));
      return;
    case Rule::kFirst:
      value = Value::Bool(row.first);
      return;
    case Rule::kProfilePermission:
      value = Value::Bool(draws.Chance(0.3));
      return;
    case Rule::kParent:
      value = FillParent(rule, draws, row);
      return;
    case Rule::kTwin:  // the record of the same number of another object
      value = Value::Id(MakeId(rule.text, row.number));
      return;
    case Rule::kDate:
    case Rule::kDateTime:
    case Rule::kTime:
    case Rule::kBirthdate:
    case Rule::kEventStart:
    case Rule::kEventEnd:
    case Rule::kEventDate:
      value = FillTime(rule, draws, row);
      return;
    case Rule::kEventMinutes:
      value = Value::Int(row.event_minutes);
      return;
    case Rule::kDocumentSize:
      value = Value::Int(static_cast<int64_t>(16 + row.number % 97));
      return;
    case Rule::kMoney:
    case Rule::kMagnitude:
    case Rule::kNumber:
    case Rule::kLatitude:
    case Rule::kLongitude:
      value = FillNumber(rule, draws);
      return;
    default:
      break;
  }
  std::string& text = texts_[rule.slot];
  text.clear();
  AppendRuleText(rule, draws, row, text);
  if (text.empty()) return;
  if (IsText(rule.type)) {
    value = Value::Text(text);
    return;
  }
  std::string storage;  // a constant for a typed field
  const auto parsed = ParseFieldText(*rule.field, text, storage);
  if (parsed) value = *parsed;
}

Value RowMaker::FillNumber(const FieldRule& rule, Draws& draws) const {
  double number = 0;
  switch (rule.rule) {
    case Rule::kLatitude:
      number = draws.Unit() * 130 - 60;
      break;
    case Rule::kLongitude:
      number = draws.Unit() * 360 - 180;
      break;
    case Rule::kMoney:
    case Rule::kMagnitude:  // many small, few large
      number =
          rule.low * std::pow(rule.high / std::max(rule.low, 1.0), draws.Unit() * draws.Unit());
      break;
    default:
      number = rule.low + draws.Unit() * (rule.high - rule.low);
  }
  if (!IsDecimal(rule.type)) return Value::Int(static_cast<int64_t>(number));
  double factor = 1;
  for (int i = 0; i < rule.scale; ++i) factor *= 10;
  auto unscaled = static_cast<int64_t>(number * factor);
  // Fewer digits than the field could hold, as people type them.
  if (rule.scale > 0 && draws.Chance(0.5)) {
    const int64_t whole = static_cast<int64_t>(factor);
    unscaled = unscaled / whole * whole;
  }
  // No more digits than a double of the vendor's carries.
  int64_t unit = 1;
  while (std::abs(unscaled) / unit >= 1'000'000'000'000'000) unit *= 10;
  return Value::Decimal(unscaled / unit * unit, rule.scale);
}

Value RowMaker::FillTime(const FieldRule& rule, Draws& draws, const MadeRow& row) const {
  const int64_t today = settings_.anchor_millis / kDay;
  switch (rule.rule) {
    case Rule::kDate: {
      const auto span = static_cast<uint64_t>(rule.high - rule.low) + 1;
      return Value::Date(today + static_cast<int64_t>(rule.low) +
                         static_cast<int64_t>(draws.Below(span)));
    }
    case Rule::kBirthdate:
      return Value::Date(today - 365 * 18 - static_cast<int64_t>(draws.Below(365 * 60)));
    case Rule::kTime:
      return Value::Time(static_cast<int64_t>(draws.Below(86'400)) * kSecond);
    case Rule::kEventStart:
      return Value::DateTime(row.event_start);
    case Rule::kEventEnd:
      return Value::DateTime(row.event_start + row.event_minutes * 60 * kSecond);
    case Rule::kEventDate:
      return Value::Date(row.event_start / kDay);
    default:
      return Value::DateTime(row.created +
                             static_cast<int64_t>(draws.Below(30 * kDay)) / kSecond * kSecond);
  }
}

// Early records have more children. Records in the recycle bin have none.
Value RowMaker::FillParent(const FieldRule& rule, Draws& draws, const MadeRow& row) const {
  if (rule.low < 1 && rule.rule == Rule::kParent && !draws.Chance(rule.low)) return {};
  if (rule.parents.empty()) return {};
  const ParentRange& range = rule.parents[draws.Below(rule.parents.size())];
  uint64_t end = range.end;
  if (range.object->name == object_->name) end = std::min(end, row.number);  // no circles
  if (end <= range.first) return {};
  for (int attempt = 0; attempt < 8; ++attempt) {
    const double unit = draws.Unit();
    const auto offset =
        static_cast<uint64_t>(std::pow(unit, 1.5) * static_cast<double>(end - range.first));
    const uint64_t number = range.first + std::min(offset, end - range.first - 1);
    if (!IsDeletedByGenerator(settings_, *range.object, number)) {
      return Value::Id(MakeId(range.object->key_prefix, number));
    }
  }
  return {};
}

}  // namespace firn::sandbox
