// Fields that the org computes when a record is written: person names, opportunity stages, closed
// flags. Used by API writes and by the generator, so that both make records that hang together.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "sandbox/schema.h"
#include "sandbox/value.h"

namespace firn::sandbox {

// The slots that derivation needs, found once per object. Pure; any thread.
class Deriver {
 public:
  explicit Deriver(const ObjectInfo& object);
  // Sets derived values in `by_slot`; texts made go into `texts`.
  void Apply(std::vector<Value>& by_slot, std::deque<std::string>& texts) const;

 private:
  enum class Rules { kNone, kOpportunity, kCase, kTask };
  void PersonName(std::vector<Value>& by_slot, std::deque<std::string>& texts) const;
  void Opportunity(std::vector<Value>& by_slot, std::deque<std::string>& texts) const;
  [[nodiscard]] int Slot(const ObjectInfo& object, std::string_view field) const;

  Rules rules_ = Rules::kNone;
  int name_ = -1;
  std::vector<int> name_parts_;
  // Opportunity, Case, Task.
  int status_ = -1, probability_ = -1, amount_ = -1, expected_ = -1, closed_ = -1, won_ = -1;
  int forecast_ = -1, forecast_name_ = -1, close_date_ = -1, quarter_ = -1, year_ = -1;
  int fiscal_ = -1, escalated_ = -1, priority_ = -1, high_ = -1, modified_ = -1;
};

}  // namespace firn::sandbox
