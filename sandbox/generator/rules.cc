#include "sandbox/generator/rules.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "core/base/encoding.h"
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

std::string_view Any(std::span<const std::string_view> words, Draws& draws) {
  return words[draws.Below(words.size())];
}

void AppendUnsigned(uint64_t value, std::string& out) {
  char digits[24];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr - digits);
}

void AppendPadded(uint64_t value, int width, std::string& out) {
  char digits[24];
  const auto size = std::to_chars(digits, digits + sizeof digits, value).ptr - digits;
  for (long i = size; i < width; ++i) out += '0';
  out.append(digits, size);
}

void AppendWords(size_t count, Draws& draws, std::string& out) {
  for (size_t i = 0; i < count; ++i) {
    if (i > 0) out += i % 9 == 0 ? ", " : " ";
    out += Any(CommonWords(), draws);
  }
}

// Shortens to at most `characters` without cutting one in half.
void Cut(std::string& text, size_t characters) {
  if (text.size() <= characters) return;
  size_t seen = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<uint8_t>(text[i]) & 0xc0) == 0x80) continue;
    if (seen++ == characters) {
      text.resize(i);
      return;
    }
  }
}

size_t PeopleOf(Draws& draws) {
  const double unit = draws.Unit();
  if (unit < 0.66) return 0;
  if (unit < 0.84) return 1;
  return 2 + draws.Below(Peoples().size() - 2);
}

// `"say ""hello"""` and friends stay rare in ordinary texts.
void AppendOrdinaryText(size_t length_max, Draws& draws, std::string& out) {
  const size_t sentences = 1 + draws.Below(6);
  for (size_t i = 0; i < sentences; ++i) {
    if (i > 0) out += draws.Chance(0.3) ? "\n" : draws.Chance(0.1) ? "\r\n" : " ";
    AppendWords(4 + draws.Below(14), draws, out);
    if (draws.Chance(0.08)) {
      out += ": ";
      out += Any(AwkwardTexts(), draws);
    }
    out += '.';
  }
  Cut(out, length_max);
}

}  // namespace

bool IsDeletedByGenerator(const GeneratorSettings& settings, const ObjectInfo& object,
                          uint64_t number) {
  if (!object.deletable || !object.undeletable || settings.deleted_share <= 0) return false;
  Draws draws(Mix(settings.seed ^ 0xde1e7edULL, Mix(Hash(object.name), number)));
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
    FieldRule rule = Compile(field);
    if (rule.rule == Rule::kNothing || rule.rule == Rule::kSystem) continue;
    rule.parents = std::move(parents[i]);
    rules_.push_back(std::move(rule));
  }
}

RowMaker::FieldRule RowMaker::Compile(const FieldInfo& field) const {
  static const std::map<std::string_view, Rule> kRules = {
      {"system", Rule::kSystem},
      {"null", Rule::kNull},
      {"const", Rule::kConst},
      {"share", Rule::kShare},
      {"company", Rule::kCompany},
      {"street", Rule::kStreet},
      {"city", Rule::kCity},
      {"state", Rule::kState},
      {"postal", Rule::kPostal},
      {"country", Rule::kCountry},
      {"latitude", Rule::kLatitude},
      {"longitude", Rule::kLongitude},
      {"phone", Rule::kPhone},
      {"digits", Rule::kDigits},
      {"url", Rule::kUrl},
      {"money", Rule::kMoney},
      {"magnitude", Rule::kMagnitude},
      {"number", Rule::kNumber},
      {"ticker", Rule::kTicker},
      {"text", Rule::kText},
      {"long_text", Rule::kLongText},
      {"html", Rule::kHtml},
      {"words", Rule::kWords},
      {"date", Rule::kDate},
      {"year", Rule::kYear},
      {"birthdate", Rule::kBirthdate},
      {"sequence", Rule::kSequence},
      {"number_sequence", Rule::kNumberSequence},
      {"first_name", Rule::kFirstName},
      {"last_name", Rule::kLastName},
      {"full_name", Rule::kFullName},
      {"email", Rule::kEmail},
      {"title", Rule::kTitle},
      {"department", Rule::kDepartment},
      {"lead_status", Rule::kPick},
      {"stage", Rule::kPick},
      {"case_status", Rule::kPick},
      {"parent", Rule::kParent},
      {"lead_converted", Rule::kShare},
      {"deal", Rule::kDeal},
      {"subject", Rule::kSubject},
      {"username", Rule::kUsername},
      {"alias", Rule::kAlias},
      {"nickname", Rule::kAlias},
      {"product", Rule::kProduct},
      {"campaign", Rule::kCampaign},
      {"pricebook", Rule::kPricebook},
      {"code", Rule::kCode},
      {"first", Rule::kFirst},
      {"event_start", Rule::kEventStart},
      {"event_end", Rule::kEventEnd},
      {"event_date", Rule::kEventDate},
      {"event_minutes", Rule::kEventMinutes},
      {"document", Rule::kDocument},
      {"document_title", Rule::kDocumentTitle},
      {"document_path", Rule::kDocumentPath},
      {"document_type", Rule::kDocumentType},
      {"document_extension", Rule::kDocumentExtension},
      {"document_body", Rule::kDocumentBody},
      {"document_size", Rule::kDocumentSize},
      {"checksum", Rule::kChecksum},
      {"awkward", Rule::kAwkward},
      {"profile_name", Rule::kProfileName},
      {"profile_permission", Rule::kProfilePermission}};
  FieldRule rule;
  rule.slot = field.slot;
  rule.type = field.type;
  rule.scale = field.scale;
  rule.length_max = field.length > 0 ? field.length : 255;
  rule.field = &field;
  std::vector<std::string> words;
  for (size_t at = 0; at < field.generate.size();) {
    const size_t end = std::min(field.generate.find(' ', at), field.generate.size());
    words.push_back(field.generate.substr(at, end - at));
    at = end + 1;
  }
  const auto number = [&](size_t i) {
    return i < words.size() ? std::strtod(words[i].c_str(), nullptr) : 0.0;
  };
  const auto found = words.empty() ? kRules.end() : kRules.find(words[0]);
  if (found == kRules.end()) {
    CompileDefault(field, rule);
    return rule;
  }
  rule.rule = found->second;
  switch (rule.rule) {
    case Rule::kNull:
      rule.null_share = number(1);
      if (rule.null_share < 1) CompileDefault(field, rule);
      if (rule.rule != Rule::kNull) rule.null_share = number(1);
      break;
    case Rule::kConst:
    case Rule::kSequence:
    case Rule::kNumberSequence:
    case Rule::kCode:
      rule.text = field.generate.substr(std::min(words[0].size() + 1, field.generate.size()));
      break;
    case Rule::kShare:
    case Rule::kParent:
      rule.low = number(1);
      break;
    case Rule::kMoney:
    case Rule::kMagnitude:
    case Rule::kNumber:
    case Rule::kWords:
    case Rule::kDate:
      rule.low = number(1);
      rule.high = number(2);
      rule.null_share = number(3);
      break;
    case Rule::kDigits: {
      const bool prefixed =
          words.size() > 1 && std::isdigit(static_cast<uint8_t>(words[1][0])) == 0;
      if (prefixed) rule.text = words[1];
      rule.low = number(prefixed ? 2 : 1);
      rule.null_share = number(prefixed ? 3 : 2);
      break;
    }
    case Rule::kText:
    case Rule::kLongText:
    case Rule::kHtml:
    case Rule::kAwkward:
      rule.null_share = 0.25;
      break;
    default:
      rule.null_share = number(1);
  }
  return rule;
}

void RowMaker::CompileDefault(const FieldInfo& field, FieldRule& rule) const {
  rule.null_share = field.nillable ? 0.1 : 0;
  switch (field.type) {
    case FieldType::kBoolean:
      rule.rule = Rule::kShare;
      rule.low = field.default_value == "true" ? 1 : 0;
      rule.null_share = 0;
      return;
    case FieldType::kPicklist:
    case FieldType::kCombobox:
      rule.rule = field.picklist_values.empty() ? Rule::kWords : Rule::kPick;
      break;
    case FieldType::kMultiPicklist:
      rule.rule = Rule::kMultiPick;
      rule.null_share = 0.3;
      return;
    case FieldType::kReference:
      rule.rule = Rule::kParent;
      rule.low = field.nillable ? 0.5 : 1;
      rule.null_share = 0;
      return;
    case FieldType::kDate:
      rule.rule = Rule::kDate;
      rule.low = -1000;
      rule.high = 100;
      return;
    case FieldType::kDateTime:
      rule.rule = Rule::kDateTime;
      return;
    case FieldType::kTime:
      rule.rule = Rule::kTime;
      return;
    case FieldType::kEmail:
      rule.rule = Rule::kEmail;
      return;
    case FieldType::kPhone:
      rule.rule = Rule::kPhone;
      return;
    case FieldType::kUrl:
      rule.rule = Rule::kUrl;
      return;
    case FieldType::kInt:
    case FieldType::kLong:
    case FieldType::kDouble:
    case FieldType::kCurrency:
    case FieldType::kPercent:
      rule.rule = Rule::kNumber;
      rule.high = 1000;
      if (field.precision > 0) {
        rule.high = std::min(1000.0, std::pow(10.0, field.precision - field.scale) - 1);
      }
      return;
    default:
      rule.rule = field.length > 255 ? Rule::kText : Rule::kWords;
  }
  rule.low = 1;
  rule.high = 4;
}

// Created along the object's history, changed later: some never, some in bulk loads that share one
// instant, the rest at any time since.
void RowMaker::Stamps(uint64_t number, double place, Draws& draws, Row& row) {
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
  Row row;
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

void RowMaker::Fill(const FieldRule& rule, Draws& draws, const Row& row) {
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
    case Rule::kDocument:
      value = FillParent(rule, draws, row);
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
  FillText(rule, draws, row, text);
  if (text.empty()) return;
  if (IsText(rule.type)) {
    Cut(text, rule.length_max);
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

Value RowMaker::FillTime(const FieldRule& rule, Draws& draws, const Row& row) const {
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
Value RowMaker::FillParent(const FieldRule& rule, Draws& draws, const Row& row) const {
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

void RowMaker::FillText(const FieldRule& rule, Draws& draws, const Row& row,
                        std::string& out) const {
  const People& people = Peoples()[row.people];
  const uint64_t nth = row.number - kFirstRecordNumber;
  switch (rule.rule) {
    case Rule::kConst:
      out = rule.text;
      return;
    case Rule::kCompany:
      out += Any(CompanyHeads(), draws);
      out += ' ';
      out += Any(CompanyTails(), draws);
      if (draws.Chance(0.6)) (out += ' ') += Any(CompanyForms(), draws);
      if (draws.Chance(0.5)) AppendUnsigned(nth, out += ' ');
      return;
    case Rule::kStreet:
      AppendUnsigned(1 + draws.Below(2400), out);
      (out += ' ') += Any(Streets(), draws);
      if (draws.Chance(0.2)) AppendUnsigned(1 + draws.Below(40), out += "\nSuite ");
      return;
    case Rule::kCity:
      out += Any(people.cities, draws);
      return;
    case Rule::kState:
      out += Any(States(), draws);
      return;
    case Rule::kPostal:
      AppendPadded(draws.Below(100'000), 5, out);
      return;
    case Rule::kCountry:
      out += people.country;
      return;
    case Rule::kPhone:
      out += "+";
      AppendUnsigned(1 + draws.Below(99), out);
      AppendPadded(draws.Below(1000), 3, out += " (");
      AppendPadded(draws.Below(1000), 3, out += ") 555-");
      AppendPadded(draws.Below(100), 2, out);
      return;
    case Rule::kDigits:
      out += rule.text;
      for (int i = 0; i < static_cast<int>(rule.low); ++i)
        out += static_cast<char>('0' + draws.Below(10));
      return;
    case Rule::kUrl:
      AppendUnsigned(nth, out += "https://www.company-");
      out += ".example/?a=1&b=%20";
      return;
    case Rule::kTicker:
      for (size_t i = 0, n = 2 + draws.Below(3); i < n; ++i)
        out += static_cast<char>('A' + draws.Below(26));
      return;
    case Rule::kText:
      AppendOrdinaryText(std::min<size_t>(rule.length_max, 2000), draws, out);
      return;
    case Rule::kLongText:
      AppendOrdinaryText(2000, draws, out);
      if (draws.Chance(0.02)) {
        std::string more;
        while (out.size() < rule.length_max) {
          more.clear();
          AppendOrdinaryText(2000, draws, more);
          (out += '\n') += more;
        }
      }
      return;
    case Rule::kHtml:
      out += "<p>";
      AppendWords(3 + draws.Below(30), draws, out);
      out += "</p><ul><li class=\"a\">&lt;one&gt;</li></ul>";
      return;
    case Rule::kWords:
      AppendWords(static_cast<size_t>(rule.low) +
                      draws.Below(static_cast<uint64_t>(std::max(1.0, rule.high - rule.low + 1))),
                  draws, out);
      return;
    case Rule::kYear:
      AppendUnsigned(1900 + draws.Below(125), out);
      return;
    case Rule::kSequence:
      out += rule.text;
      AppendUnsigned(nth, out);
      return;
    case Rule::kNumberSequence: {
      size_t digits = rule.text.size();
      while (digits > 0 && std::isdigit(static_cast<uint8_t>(rule.text[digits - 1])) != 0) --digits;
      out.append(rule.text, 0, digits);
      const uint64_t first = std::strtoull(rule.text.c_str() + digits, nullptr, 10);
      AppendPadded(first + nth, static_cast<int>(rule.text.size() - digits), out);
      return;
    }
    case Rule::kFirstName:
      out += people.first[row.first_name];
      return;
    case Rule::kLastName:
      out += people.last[row.last_name];
      return;
    case Rule::kFullName:
      out += people.first[row.first_name];
      (out += ' ') += people.last[row.last_name];
      return;
    case Rule::kEmail:
      AppendUnsigned(nth, out += row.people == 0 ? "mail." : "contact.");
      AppendUnsigned(draws.Below(1000), out += "@company-");
      out += ".example";
      return;
    case Rule::kUsername:
      AppendUnsigned(nth, out += "user");
      out += "@firn.sandbox";
      return;
    case Rule::kAlias:
      AppendUnsigned(nth, out += "u");
      return;
    case Rule::kTitle:
      out += Any(Titles(), draws);
      return;
    case Rule::kDepartment:
      out += Any(Departments(), draws);
      return;
    case Rule::kPick: {
      const auto& values = rule.field->picklist_values;
      const double unit = draws.Unit();
      out += values[static_cast<size_t>(std::pow(unit, 1.4) * static_cast<double>(values.size()))]
                 .value;
      return;
    }
    case Rule::kMultiPick: {
      const auto& values = rule.field->picklist_values;
      for (const auto& each : values) {
        if (!draws.Chance(0.35)) continue;
        if (!out.empty()) out += ';';
        out += each.value;
      }
      return;
    }
    case Rule::kDeal:
      out += Any(CompanyHeads(), draws);
      (out += " - ") += Any(Products(), draws);
      if (draws.Chance(0.3)) AppendUnsigned(10 + draws.Below(990), out += ", ");
      return;
    case Rule::kSubject:
      if (draws.Chance(0.05)) {
        out += Any(AwkwardTexts(), draws);
      } else {
        AppendWords(2 + draws.Below(7), draws, out);
      }
      return;
    case Rule::kProduct:
      out += Any(Products(), draws);
      AppendUnsigned(nth, out += " Mk ");
      return;
    case Rule::kCampaign:
      AppendWords(2, draws, out += "Campaign ");
      AppendUnsigned(nth, out += ' ');
      return;
    case Rule::kPricebook:
      out += row.first ? "Standard Price Book" : "Regional Prices ";
      if (!row.first) AppendUnsigned(nth, out);
      return;
    case Rule::kProfileName:
      AppendUnsigned(nth, out += "Profile ");
      return;
    case Rule::kCode:
      out += rule.text;
      AppendPadded(draws.Below(100'000), 5, out);
      return;
    case Rule::kAwkward:
      if (draws.Chance(0.35)) {
        out += Any(AwkwardTexts(), draws);
      } else {
        AppendWords(1 + draws.Below(12), draws, out);
      }
      return;
    default:
      FillDocument(rule, row, out);
  }
}

void RowMaker::FillDocument(const FieldRule& rule, const Row& row, std::string& out) const {
  const uint64_t nth = row.number - kFirstRecordNumber;
  const bool text = nth % 3 != 0;
  switch (rule.rule) {
    case Rule::kDocumentTitle:
      AppendUnsigned(nth, out += text ? "Protokoll Nr. " : "Übersicht ");
      return;
    case Rule::kDocumentPath:
      AppendUnsigned(nth, out += "document-");
      out += text ? ".txt" : ".csv";
      return;
    case Rule::kDocumentType:
      out += text ? "TEXT" : "CSV";
      return;
    case Rule::kDocumentExtension:
      out += text ? "txt" : "csv";
      return;
    case Rule::kDocumentBody: {
      std::string body(16 + row.number % 97, 'x');
      for (size_t i = 0; i < body.size(); ++i)
        body[i] = static_cast<char>((row.number * 31 + i * 7) & 0xff);
      out += Base64(body);
      return;
    }
    case Rule::kChecksum: {
      static constexpr char kHex[] = "0123456789abcdef";
      Draws draws(row.number);
      for (int i = 0; i < 32; ++i) out += kHex[draws.Below(16)];
      return;
    }
    default:
      return;
  }
}

}  // namespace firn::sandbox
