// One field's generator rule, compiled from the object file, and what turns it into text.
//
// A rule is a word and arguments (`money 500 5000000 0.2`: between these, a fifth of them null);
// without one the field's type decides. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/schema.h"
#include "sandbox/value.h"

namespace firn::sandbox {

// SplitMix64, inlined: the generator draws some hundred numbers a record.
class Draws {
 public:
  explicit Draws(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  uint64_t Below(uint64_t bound) {
    return static_cast<uint64_t>((static_cast<unsigned __int128>(Next()) * bound) >> 64);
  }
  double Unit() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }
  bool Chance(double share) { return Unit() < share; }

 private:
  uint64_t state_;
};

// Records that a reference may point to: numbers [first, end) of one object.
struct ParentRange {
  const ObjectInfo* object = nullptr;
  uint64_t first = 0;
  uint64_t end = 0;
};

enum class Rule {
  kNothing,
  kSystem,
  kNull,
  kConst,
  kShare,
  kCompany,
  kStreet,
  kCity,
  kState,
  kPostal,
  kCountry,
  kLatitude,
  kLongitude,
  kPhone,
  kDigits,
  kUrl,
  kMoney,
  kMagnitude,
  kNumber,
  kTicker,
  kText,
  kLongText,
  kHtml,
  kWords,
  kDate,
  kDateTime,
  kTime,
  kYear,
  kBirthdate,
  kSequence,
  kNumberSequence,
  kFirstName,
  kLastName,
  kFullName,
  kEmail,
  kTitle,
  kDepartment,
  kPick,
  kMultiPick,
  kParent,
  kTwin,
  kLeadConverted,
  kDeal,
  kSubject,
  kUsername,
  kAlias,
  kProduct,
  kCampaign,
  kPricebook,
  kCode,
  kFirst,
  kEventStart,
  kEventEnd,
  kEventDate,
  kEventMinutes,
  kDocumentTitle,
  kDocumentPath,
  kDocumentType,
  kDocumentExtension,
  kDocumentBody,
  kDocumentSize,
  kChecksum,
  kAwkward,
  kProfileName,
  kProfilePermission
};
struct FieldRule {
  Rule rule = Rule::kNothing;
  int slot = -1;
  FieldType type = FieldType::kString;
  int scale = 0;
  size_t length_max = 0;
  double low = 0;
  double high = 0;
  double null_share = 0;
  std::string text;
  std::vector<std::string> choices;  // of `one_of`; empty: all of the picklist
  const FieldInfo* field = nullptr;
  std::vector<ParentRange> parents;
};
// What the fields of one record share.
struct MadeRow {
  uint64_t number = 0;
  size_t people = 0;
  size_t first_name = 0;
  size_t last_name = 0;
  int64_t created = 0;
  int64_t event_start = 0;
  int64_t event_minutes = 0;
  bool first = false;
};

// The rule of a field: what its `generate` says, else what its type suggests.
[[nodiscard]] FieldRule CompileRule(const FieldInfo& field);

// Appends the text that a rule makes for a record; nothing for rules that make no text.
void AppendRuleText(const FieldRule& rule, Draws& draws, const MadeRow& row, std::string& out);

}  // namespace firn::sandbox
