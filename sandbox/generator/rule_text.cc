#include <algorithm>
#include <charconv>
#include <cmath>
#include <span>

#include "core/base/encoding.h"
#include "sandbox/generator/rule.h"
#include "sandbox/generator/words.h"
#include "sandbox/store/org_impl.h"

namespace firn::sandbox {
namespace {

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

// Where somebody is.
bool AppendPlace(const FieldRule& rule, Draws& draws, const MadeRow& row, std::string& out) {
  const People& people = Peoples()[row.people];
  const uint64_t nth = row.number - kFirstRecordNumber;
  switch (rule.rule) {
    case Rule::kStreet:
      AppendUnsigned(1 + draws.Below(2400), out);
      (out += ' ') += Any(Streets(), draws);
      if (draws.Chance(0.2)) AppendUnsigned(1 + draws.Below(40), out += "\nSuite ");
      return true;
    case Rule::kCity:
      out += Any(people.cities, draws);
      return true;
    case Rule::kState:
      out += Any(States(), draws);
      return true;
    case Rule::kPostal:
      AppendPadded(draws.Below(100'000), 5, out);
      return true;
    case Rule::kCountry:
      out += people.country;
      return true;
    case Rule::kPhone:
      out += "+";
      AppendUnsigned(1 + draws.Below(99), out);
      AppendPadded(draws.Below(1000), 3, out += " (");
      AppendPadded(draws.Below(1000), 3, out += ") 555-");
      AppendPadded(draws.Below(100), 2, out);
      return true;
    case Rule::kUrl:
      AppendUnsigned(nth, out += "https://www.company-");
      out += ".example/?a=1&b=%20";
      return true;
    default:
      return false;
  }
}

// Who somebody is.
bool AppendPerson(const FieldRule& rule, Draws& draws, const MadeRow& row, std::string& out) {
  const People& people = Peoples()[row.people];
  const uint64_t nth = row.number - kFirstRecordNumber;
  switch (rule.rule) {
    case Rule::kFirstName:
      out += people.first[row.first_name];
      return true;
    case Rule::kLastName:
      out += people.last[row.last_name];
      return true;
    case Rule::kFullName:
      out += people.first[row.first_name];
      (out += ' ') += people.last[row.last_name];
      return true;
    case Rule::kEmail:
      AppendUnsigned(nth, out += row.people == 0 ? "mail." : "contact.");
      AppendUnsigned(draws.Below(1000), out += "@company-");
      out += ".example";
      return true;
    case Rule::kUsername:
      AppendUnsigned(nth, out += "user");
      out += "@firn.sandbox";
      return true;
    case Rule::kAlias:
      AppendUnsigned(nth, out += "u");
      return true;
    case Rule::kTitle:
      out += Any(Titles(), draws);
      return true;
    case Rule::kDepartment:
      out += Any(Departments(), draws);
      return true;
    default:
      return false;
  }
}

// What a record is called.
bool AppendThing(const FieldRule& rule, Draws& draws, const MadeRow& row, std::string& out) {
  const uint64_t nth = row.number - kFirstRecordNumber;
  switch (rule.rule) {
    case Rule::kCompany:
      out += Any(CompanyHeads(), draws);
      out += ' ';
      out += Any(CompanyTails(), draws);
      if (draws.Chance(0.6)) (out += ' ') += Any(CompanyForms(), draws);
      if (draws.Chance(0.5)) AppendUnsigned(nth, out += ' ');
      return true;
    case Rule::kDeal:
      out += Any(CompanyHeads(), draws);
      (out += " - ") += Any(Products(), draws);
      if (draws.Chance(0.3)) AppendUnsigned(10 + draws.Below(990), out += ", ");
      return true;
    case Rule::kProduct:
      out += Any(Products(), draws);
      AppendUnsigned(nth, out += " Mk ");
      return true;
    case Rule::kCampaign:
      AppendWords(2, draws, out += "Campaign ");
      AppendUnsigned(nth, out += ' ');
      return true;
    case Rule::kPricebook:
      out += row.first ? "Standard Price Book" : "Regional Prices ";
      if (!row.first) AppendUnsigned(nth, out);
      return true;
    case Rule::kProfileName:
      AppendUnsigned(nth, out += "Profile ");
      return true;
    default:
      return false;
  }
}

// Codes and numbers as text.
bool AppendMark(const FieldRule& rule, Draws& draws, const MadeRow& row, std::string& out) {
  const uint64_t nth = row.number - kFirstRecordNumber;
  switch (rule.rule) {
    case Rule::kConst:
      out = rule.text;
      return true;
    case Rule::kDigits:
      out += rule.text;
      for (int i = 0; i < static_cast<int>(rule.low); ++i) {
        out += static_cast<char>('0' + draws.Below(10));
      }
      return true;
    case Rule::kTicker:
      for (size_t i = 0, n = 2 + draws.Below(3); i < n; ++i) {
        out += static_cast<char>('A' + draws.Below(26));
      }
      return true;
    case Rule::kYear:
      AppendUnsigned(1900 + draws.Below(125), out);
      return true;
    case Rule::kSequence:
      out += rule.text;
      AppendUnsigned(nth, out);
      return true;
    case Rule::kNumberSequence: {
      size_t digits = rule.text.size();
      while (digits > 0 && std::isdigit(static_cast<uint8_t>(rule.text[digits - 1])) != 0) --digits;
      out.append(rule.text, 0, digits);
      const uint64_t first = std::strtoull(rule.text.c_str() + digits, nullptr, 10);
      AppendPadded(first + nth, static_cast<int>(rule.text.size() - digits), out);
      return true;
    }
    case Rule::kCode:
      out += rule.text;
      AppendPadded(draws.Below(100'000), 5, out);
      return true;
    default:
      return false;
  }
}

// What somebody wrote, or chose.
bool AppendProse(const FieldRule& rule, Draws& draws, const MadeRow&, std::string& out) {
  switch (rule.rule) {
    case Rule::kText:
      AppendOrdinaryText(std::min<size_t>(rule.length_max, 2000), draws, out);
      return true;
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
      return true;
    case Rule::kHtml:
      out += "<p>";
      AppendWords(3 + draws.Below(30), draws, out);
      out += "</p><ul><li class=\"a\">&lt;one&gt;</li></ul>";
      return true;
    case Rule::kWords:
      AppendWords(static_cast<size_t>(rule.low) +
                      draws.Below(static_cast<uint64_t>(std::max(1.0, rule.high - rule.low + 1))),
                  draws, out);
      return true;
    case Rule::kSubject:
      if (draws.Chance(0.05)) {
        out += Any(AwkwardTexts(), draws);
      } else {
        AppendWords(2 + draws.Below(7), draws, out);
      }
      return true;
    case Rule::kAwkward:
      if (draws.Chance(0.35)) {
        out += Any(AwkwardTexts(), draws);
      } else {
        AppendWords(1 + draws.Below(12), draws, out);
      }
      return true;
    case Rule::kPick: {
      const auto& values = rule.field->picklist_values;
      const size_t count = rule.choices.empty() ? values.size() : rule.choices.size();
      const auto at = static_cast<size_t>(std::pow(draws.Unit(), 1.4) * static_cast<double>(count));
      out += rule.choices.empty() ? values[at].value : rule.choices[at];
      return true;
    }
    case Rule::kMultiPick: {
      const auto& values = rule.field->picklist_values;
      for (const auto& each : values) {
        if (!draws.Chance(0.35)) continue;
        if (!out.empty()) out += ';';
        out += each.value;
      }
      return true;
    }
    default:
      return false;
  }
}

// A file and what is known about it.
void AppendDocument(const FieldRule& rule, const MadeRow& row, std::string& out) {
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
      for (size_t i = 0; i < body.size(); ++i) {
        body[i] = static_cast<char>((row.number * 31 + i * 7) & 0xff);
      }
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

}  // namespace

void AppendRuleText(const FieldRule& rule, Draws& draws, const MadeRow& row, std::string& out) {
  const bool made = AppendPlace(rule, draws, row, out) || AppendPerson(rule, draws, row, out) ||
                    AppendThing(rule, draws, row, out) || AppendMark(rule, draws, row, out) ||
                    AppendProse(rule, draws, row, out);
  if (!made) AppendDocument(rule, row, out);
  if (IsText(rule.type)) Cut(out, rule.length_max);
}

}  // namespace firn::sandbox
