#include "sandbox/store/derive.h"

#include <chrono>

#include "sandbox/decimal.h"

namespace firn::sandbox {
namespace {

constexpr int kCentsScale = 2;

struct Stage {
  std::string_view name;
  int probability;
  std::string_view forecast;
  std::string_view forecast_name;
};

// The stages a new org has, with their probabilities and forecast categories.
// Source: Salesforce Help, 'Opportunity Stages' (default picklist), read 2026-11.
constexpr Stage kStages[] = {
    {"Prospecting", 10, "Pipeline", "Pipeline"},
    {"Qualification", 10, "Pipeline", "Pipeline"},
    {"Needs Analysis", 20, "Pipeline", "Pipeline"},
    {"Value Proposition", 50, "Pipeline", "Pipeline"},
    {"Id. Decision Makers", 60, "Pipeline", "Pipeline"},
    {"Perception Analysis", 70, "Pipeline", "Pipeline"},
    {"Proposal/Price Quote", 75, "Pipeline", "Pipeline"},
    {"Negotiation/Review", 90, "Pipeline", "Pipeline"},
    {"Closed Won", 100, "Closed", "Closed"},
    {"Closed Lost", 0, "Omitted", "Omitted"},
};

void Set(std::vector<Value>& by_slot, int slot, Value value) {
  if (slot >= 0) by_slot[slot] = value;
}

}  // namespace

int Deriver::Slot(const ObjectInfo& object, std::string_view field) const {
  const FieldInfo* found = object.Field(field);
  return found == nullptr ? -1 : found->slot;
}

Deriver::Deriver(const ObjectInfo& object) {
  for (const char* part : {"FirstName", "MiddleName", "LastName", "Suffix"}) {
    const FieldInfo* field = object.Field(part);
    if (field != nullptr && field->compound_field_name == "Name")
      name_parts_.push_back(field->slot);
  }
  if (!name_parts_.empty()) name_ = Slot(object, "Name");
  modified_ = Slot(object, "LastModifiedDate");
  if (object.name == "Opportunity") {
    rules_ = Rules::kOpportunity;
    status_ = Slot(object, "StageName");
    probability_ = Slot(object, "Probability");
    amount_ = Slot(object, "Amount");
    expected_ = Slot(object, "ExpectedRevenue");
    won_ = Slot(object, "IsWon");
    forecast_ = Slot(object, "ForecastCategory");
    forecast_name_ = Slot(object, "ForecastCategoryName");
    close_date_ = Slot(object, "CloseDate");
    quarter_ = Slot(object, "FiscalQuarter");
    year_ = Slot(object, "FiscalYear");
    fiscal_ = Slot(object, "Fiscal");
  } else if (object.name == "Case") {
    rules_ = Rules::kCase;
    status_ = Slot(object, "Status");
    close_date_ = Slot(object, "ClosedDate");
    escalated_ = Slot(object, "IsEscalated");
  } else if (object.name == "Task") {
    rules_ = Rules::kTask;
    status_ = Slot(object, "Status");
    close_date_ = Slot(object, "CompletedDateTime");
    priority_ = Slot(object, "Priority");
    high_ = Slot(object, "IsHighPriority");
  }
  if (rules_ != Rules::kNone) closed_ = Slot(object, "IsClosed");
}

void Deriver::PersonName(std::vector<Value>& by_slot, std::deque<std::string>& texts) const {
  std::string& name = texts.emplace_back();
  for (const int slot : name_parts_) {
    if (by_slot[slot].null()) continue;
    if (!name.empty()) name += ' ';
    name += by_slot[slot].text;
  }
  by_slot[name_] = Value::Text(name);
}

void Deriver::Opportunity(std::vector<Value>& by_slot, std::deque<std::string>& texts) const {
  const std::string_view stage_name = by_slot[status_].text;
  for (const Stage& stage : kStages) {
    if (stage.name != stage_name) continue;
    Set(by_slot, probability_, Value::Decimal(stage.probability, 0));
    Set(by_slot, closed_, Value::Bool(stage.name.starts_with("Closed")));
    Set(by_slot, won_, Value::Bool(stage.probability == 100));
    Set(by_slot, forecast_, Value::Text(stage.forecast));
    Set(by_slot, forecast_name_, Value::Text(stage.forecast_name));
  }
  if (amount_ >= 0 && !by_slot[amount_].null() && !by_slot[probability_].null()) {
    Value share = by_slot[probability_];
    share.scale += 2;  // percent
    Set(by_slot, expected_, ProductOf(by_slot[amount_], share, kCentsScale));
  } else {
    Set(by_slot, expected_, Value{});
  }
  if (close_date_ < 0 || by_slot[close_date_].null()) return;
  const std::chrono::year_month_day date{
      std::chrono::sys_days(std::chrono::days(by_slot[close_date_].number))};
  const int year = static_cast<int>(date.year());
  const int quarter = static_cast<int>((static_cast<unsigned>(date.month()) - 1) / 3 + 1);
  Set(by_slot, year_, Value::Int(year));
  Set(by_slot, quarter_, Value::Int(quarter));
  if (fiscal_ >= 0) {
    texts.push_back(std::to_string(year) + ' ' + std::to_string(quarter));
    Set(by_slot, fiscal_, Value::Text(texts.back()));
  }
}

void Deriver::Apply(std::vector<Value>& by_slot, std::deque<std::string>& texts) const {
  if (name_ >= 0) PersonName(by_slot, texts);
  switch (rules_) {
    case Rules::kNone:
      return;
    case Rules::kOpportunity:
      return Opportunity(by_slot, texts);
    case Rules::kCase:
    case Rules::kTask: {
      const std::string_view status = by_slot[status_].text;
      const bool closed = status == (rules_ == Rules::kCase ? "Closed" : "Completed");
      Set(by_slot, closed_, Value::Bool(closed));
      if (status == "Escalated") Set(by_slot, escalated_, Value::Bool(true));
      if (high_ >= 0) Set(by_slot, high_, Value::Bool(by_slot[priority_].text == "High"));
      if (!closed) {
        Set(by_slot, close_date_, Value{});
      } else if (close_date_ >= 0 && by_slot[close_date_].null()) {
        Set(by_slot, close_date_, by_slot[modified_]);
      }
    }
  }
}

}  // namespace firn::sandbox
