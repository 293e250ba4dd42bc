// RowMaker: makes up the records of one object, one by one.
//
// Every record draws from a sequence that depends only on the seed, the object and its number, so
// that order and batches do not matter. One thread at a time.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "sandbox/generator/rule.h"
#include "sandbox/schema.h"
#include "sandbox/store/derive.h"
#include "sandbox/value.h"

namespace firn::sandbox {

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
  void Stamps(uint64_t number, double place, Draws& draws, MadeRow& row);
  void Fill(const FieldRule& rule, Draws& draws, const MadeRow& row);
  Value FillNumber(const FieldRule& rule, Draws& draws) const;
  Value FillTime(const FieldRule& rule, Draws& draws, const MadeRow& row) const;
  Value FillParent(const FieldRule& rule, Draws& draws, const MadeRow& row) const;
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
