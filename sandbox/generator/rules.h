// Generator rules: how one field of one record is made up.
//
// A rule is a word and arguments from the object file (`money 500 5000000 0.2`: between these, a
// fifth of them null); without one the field's type decides. Every record draws from a sequence
// that depends only on the seed, the object and its number, so that order and batches do not
// matter. One thread at a time per RowMaker.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "sandbox/schema.h"
#include "sandbox/store/derive.h"
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

struct GeneratorSettings {
  uint64_t seed = 0;
  int64_t anchor_millis = 0;  // "now" of the made-up world, whole seconds
  double deleted_share = 0;
  int64_t admin_id = 0;
};

class RowMaker {
 public:
  // `parents` by field index; empty for what is no reference.
  RowMaker(const ObjectInfo& object, const GeneratorSettings& settings,
           std::vector<std::vector<ParentRange>> parents);
  // Values by slot of the record with this number; `place` in [0,1) is its place in the object's
  // history. Texts live until the next call.
  const std::vector<Value>& Make(uint64_t number, double place);

 private:
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
    kDocument,
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
    const FieldInfo* field = nullptr;
    std::vector<ParentRange> parents;
  };
  // What the fields of one record share.
  struct Row {
    uint64_t number = 0;
    size_t people = 0;
    size_t first_name = 0;
    size_t last_name = 0;
    int64_t created = 0;
    int64_t event_start = 0;
    int64_t event_minutes = 0;
    bool first = false;
  };

  FieldRule Compile(const FieldInfo& field) const;
  void CompileDefault(const FieldInfo& field, FieldRule& rule) const;
  void Stamps(uint64_t number, double place, Draws& draws, Row& row);
  void Fill(const FieldRule& rule, Draws& draws, const Row& row);
  void FillText(const FieldRule& rule, Draws& draws, const Row& row, std::string& out) const;
  void FillDocument(const FieldRule& rule, const Row& row, std::string& out) const;
  Value FillNumber(const FieldRule& rule, Draws& draws) const;
  Value FillTime(const FieldRule& rule, Draws& draws, const Row& row) const;
  Value FillParent(const FieldRule& rule, Draws& draws, const Row& row) const;
  [[nodiscard]] int Slot(std::string_view field) const;

  const ObjectInfo* object_;
  GeneratorSettings settings_;
  Deriver deriver_;
  std::vector<FieldRule> rules_;
  std::vector<Value> values_;
  std::vector<std::string> texts_;  // by slot
  std::deque<std::string> derived_texts_;
  int created_slot_, created_by_slot_, modified_slot_, modified_by_slot_;
  std::vector<ParentRange> users_;
};

// Whether the generator put this record into the recycle bin.
[[nodiscard]] bool IsDeletedByGenerator(const GeneratorSettings& settings, const ObjectInfo& object,
                                        uint64_t number);

}  // namespace firn::sandbox
