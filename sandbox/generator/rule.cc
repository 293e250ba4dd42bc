#include "sandbox/generator/rule.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace firn::sandbox {
namespace {

constexpr std::pair<std::string_view, Rule> kRules[] = {
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
    {"one_of", Rule::kPick},
    {"twin", Rule::kTwin},
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

// What the type suggests.
void CompileDefault(const FieldInfo& field, FieldRule& rule) {
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

}  // namespace

FieldRule CompileRule(const FieldInfo& field) {
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
  const auto* const found =
      std::find_if(std::begin(kRules), std::end(kRules),
                   [&](const auto& each) { return !words.empty() && each.first == words[0]; });
  if (found == std::end(kRules)) {
    CompileDefault(field, rule);
    return rule;
  }
  rule.rule = found->second;
  if (words[0] == "one_of") rule.choices.assign(words.begin() + 1, words.end());
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
    case Rule::kTwin:
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

}  // namespace firn::sandbox
