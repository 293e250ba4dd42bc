#include "sandbox/life/traffic.h"

#include <condition_variable>

#include "core/base/log.h"
#include "sandbox/api_error.h"
#include "sandbox/generator/words.h"

namespace firn::sandbox {
namespace {

// A record is drawn among the first so many that fit: OFFSET goes no further.
constexpr uint64_t kReachMax = 2000;

struct Stage {
  std::string_view name;
  std::string_view next;
};
constexpr Stage kStages[] = {{"Prospecting", "Qualification"},
                             {"Qualification", "Needs Analysis"},
                             {"Needs Analysis", "Value Proposition"},
                             {"Value Proposition", "Id. Decision Makers"},
                             {"Id. Decision Makers", "Perception Analysis"},
                             {"Perception Analysis", "Proposal/Price Quote"},
                             {"Proposal/Price Quote", "Negotiation/Review"},
                             {"Negotiation/Review", "Closed Won"}};

// Draws records and makes changes to them; what a change was is its name.
class Hand {
 public:
  Hand(Org& org, Draws& draws) : org_(org), draws_(draws) {}

  Result<std::string> LeadCreated() {
    const People& people = Peoples()[draws_.Below(Peoples().size())];
    const std::string company(CompanyHeads()[draws_.Below(CompanyHeads().size())]);
    return Insert("Lead",
                  {{"FirstName", std::string(people.first[draws_.Below(people.first.size())])},
                   {"LastName", std::string(people.last[draws_.Below(people.last.size())])},
                   {"Company", company},
                   {"Status", "Open - Not Contacted"},
                   {"LeadSource", "Web"}},
                  "lead_created");
  }

  // As a conversion leaves it: an account, a contact, an opportunity, and the lead closed.
  Result<std::string> LeadConverted() {
    FIRN_TRY(const auto lead, Pick("Lead", "IsConverted = false", {"Company", "LastName"}));
    if (!lead) return std::string("nothing");
    FIRN_TRY(const int64_t account, org_.Insert("Account", {{"Name", lead->texts[0]}}, {}));
    FIRN_TRY(
        const int64_t contact,
        org_.Insert("Contact", {{"LastName", lead->texts[1]}, {"AccountId", IdText(account)}}, {}));
    FIRN_TRY(const int64_t opportunity, org_.Insert("Opportunity",
                                                    {{"Name", lead->texts[0] + "-"},
                                                     {"AccountId", IdText(account)},
                                                     {"StageName", "Prospecting"},
                                                     {"CloseDate", "2027-06-30"}},
                                                    {}));
    return Update(*lead,
                  {{"Status", "Closed - Converted"},
                   {"IsConverted", "true"},
                   {"ConvertedAccountId", IdText(account)},
                   {"ConvertedContactId", IdText(contact)},
                   {"ConvertedOpportunityId", IdText(opportunity)}},
                  "lead_converted");
  }

  Result<std::string> OpportunityMoved() {
    FIRN_TRY(const auto deal, Pick("Opportunity", "IsClosed = false", {"StageName"}));
    if (!deal) return std::string("nothing");
    std::string next = draws_.Chance(0.15) ? "Closed Lost" : "Qualification";
    for (const Stage& stage : kStages) {
      if (next != "Closed Lost" && stage.name == deal->texts[0]) next = stage.next;
    }
    return Update(*deal, {{"StageName", next}}, "opportunity_moved");
  }

  Result<std::string> CaseCreated() {
    FIRN_TRY(const auto contact, Pick("Contact", "AccountId != null", {"AccountId"}));
    std::vector<FieldText> fields = {{"Subject", "Order has not arrived"}, {"Origin", "Web"}};
    if (contact) {
      fields.push_back({"ContactId", IdText(contact->id)});
      fields.push_back({"AccountId", contact->texts[0]});
    }
    return Insert("Case", fields, "case_created");
  }

  Result<std::string> CaseEscalated() {
    FIRN_TRY(const auto open, Pick("Case", "IsClosed = false AND Status != 'Escalated'", {}));
    if (!open) return std::string("nothing");
    return Update(*open, {{"Status", "Escalated"}, {"Priority", "High"}, {"IsEscalated", "true"}},
                  "case_escalated");
  }

  Result<std::string> CaseClosed() {
    FIRN_TRY(const auto open, Pick("Case", "IsClosed = false", {}));
    if (!open) return std::string("nothing");
    return Update(*open, {{"Status", "Closed"}}, "case_closed");
  }

  Result<std::string> ContactChanged() {
    FIRN_TRY(const auto contact, Pick("Contact", "Id != null", {}));
    if (!contact) return std::string("nothing");
    return Update(*contact,
                  {{"Phone", "+1 (555) 555-" + std::to_string(1000 + draws_.Below(9000))}},
                  "contact_changed");
  }

  Result<std::string> TaskCreated() {
    FIRN_TRY(const auto account, Pick("Account", "Id != null", {}));
    std::vector<FieldText> fields = {
        {"Subject", "Call"}, {"Status", "Not Started"}, {"Priority", "Normal"}};
    if (account) fields.push_back({"WhatId", IdText(account->id)});
    return Insert("Task", fields, "task_created");
  }

  Result<std::string> TaskDeleted() {
    FIRN_TRY(const auto task, Pick("Task", "Id != null", {}));
    if (!task) return std::string("nothing");
    const auto gone = org_.Delete(task->id, {});
    if (!gone) return Refused(gone.error());
    return std::string("task_deleted");
  }

 private:
  struct Picked {
    int64_t id = 0;
    std::vector<std::string> texts;
  };

  Result<std::optional<Picked>> Pick(const std::string& object, const std::string& condition,
                                     const std::vector<std::string>& fields) {
    FIRN_TRY(const uint64_t count, org_.Count(object, false));
    std::string soql = "SELECT Id";
    for (const std::string& field : fields) soql += ", " + field;
    soql += " FROM " + object + " WHERE " + condition + " ORDER BY Id LIMIT 1 OFFSET ";
    // Half as far each time nothing was found: few records may fit the condition.
    for (uint64_t reach = std::min(count, kReachMax); reach > 0; reach /= 2) {
      FIRN_TRY(const auto cursor,
               org_.Query(soql + std::to_string(draws_.Below(reach)), {.see_hidden = true}));
      FIRN_TRY(const bool found, cursor->Next());
      if (!found) continue;
      Picked picked{cursor->row()[0].number, {}};
      for (size_t i = 1; i < cursor->row().size(); ++i) {
        AppendPlain(cursor->row()[i], picked.texts.emplace_back());
      }
      return std::optional<Picked>(std::move(picked));
    }
    return std::optional<Picked>();
  }

  static Result<std::string> Refused(const Error& error) {
    if (error.code() != "SBX-API-001") return Fail(error);
    return std::string("refused");
  }
  Result<std::string> Insert(const std::string& object, const std::vector<FieldText>& fields,
                             const char* name) {
    const auto made = org_.Insert(object, fields, {});
    return made ? Result<std::string>(name) : Refused(made.error());
  }
  Result<std::string> Update(const Picked& picked, const std::vector<FieldText>& fields,
                             const char* name) {
    const auto done = org_.Update(picked.id, fields, {.user_id = "", .set_audit_fields = true});
    return done ? Result<std::string>(name) : Refused(done.error());
  }

  Org& org_;
  Draws& draws_;
};

}  // namespace

struct Traffic::Step {
  uint64_t weight;
  Result<std::string> (Hand::*make)();
};

Result<std::string> Traffic::One(Draws& draws) {
  static constexpr Step kSteps[] = {
      {15, &Hand::LeadCreated},    {8, &Hand::LeadConverted}, {25, &Hand::OpportunityMoved},
      {12, &Hand::CaseCreated},    {6, &Hand::CaseEscalated}, {10, &Hand::CaseClosed},
      {12, &Hand::ContactChanged}, {7, &Hand::TaskCreated},   {5, &Hand::TaskDeleted}};
  uint64_t total = 0;
  for (const Step& step : kSteps) total += step.weight;
  uint64_t drawn = draws.Below(total);
  Hand hand(org_, draws);
  for (const Step& step : kSteps) {
    if (drawn < step.weight) return (hand.*step.make)();
    drawn -= step.weight;
  }
  return std::string("nothing");
}

Result<std::map<std::string, uint64_t>> Traffic::Make(uint64_t count, uint64_t seed) {
  Draws draws(seed);
  std::map<std::string, uint64_t> kinds;
  for (uint64_t i = 0; i < count; ++i) {
    FIRN_TRY(const std::string kind, One(draws));
    ++kinds[kind];
    ++made_;
  }
  return kinds;
}

void Traffic::Start(double per_second, uint64_t seed) {
  Stop();
  std::lock_guard lock(mutex_);
  running_ = true;
  rate_ = per_second;
  thread_ = std::jthread(
      [this, per_second, seed](const std::stop_token& stop) { Run(stop, per_second, seed); });
}

void Traffic::Stop() {
  std::lock_guard lock(mutex_);
  if (thread_.joinable()) {
    thread_.request_stop();
    thread_.join();
  }
  running_ = false;
}

void Traffic::Run(const std::stop_token& stop, double per_second, uint64_t seed) {
  Draws draws(seed);
  std::mutex mutex;
  std::condition_variable_any wake;
  const auto begin = std::chrono::steady_clock::now();
  for (uint64_t i = 1; !stop.stop_requested(); ++i) {
    const auto kind = One(draws);
    if (!kind) log::Warn("sandbox_traffic_failed", {{"error", kind.error().OneLine()}});
    ++made_;
    const auto due =
        begin + std::chrono::duration_cast<std::chrono::nanoseconds>(
                    std::chrono::duration<double>(static_cast<double>(i) / per_second));
    std::unique_lock lock(mutex);
    wake.wait_until(lock, stop, due, [] { return false; });
  }
}

}  // namespace firn::sandbox
