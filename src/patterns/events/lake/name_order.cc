#include "patterns/events/lake/name_order.h"

#include <nlohmann/json.hpp>

namespace firn::events {
namespace {

constexpr const char* kWesternParts[] = {"FirstName", "MiddleName", "LastName", "Suffix"};
constexpr const char* kEasternParts[] = {"LastName", "FirstName", "MiddleName", "Suffix"};

std::string TextOf(const nlohmann::json& record, const char* name) {
  const auto found = record.find(name);
  return found != record.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// Words in that order, with others between or behind them.
bool Follow(const std::string& name, const std::string& first, const std::string& second) {
  return name.starts_with(first + " ") &&
         name.find(" " + second, first.size()) != std::string::npos;
}

}  // namespace

std::span<const char* const> NameParts(NameOrder order) {
  return order == NameOrder::kEastern ? kEasternParts : kWesternParts;
}

std::optional<NameOrder> NameOrderOf(std::string_view record) {
  const auto json = nlohmann::json::parse(record, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  const std::string name = TextOf(json, "Name");
  const std::string first = TextOf(json, "FirstName");
  const std::string last = TextOf(json, "LastName");
  if (first.empty() || last.empty()) return std::nullopt;
  const bool western = Follow(name, first, last);
  const bool eastern = Follow(name, last, first);
  if (western == eastern) return std::nullopt;
  return western ? NameOrder::kWestern : NameOrder::kEastern;
}

Result<NameOrder> AskNameOrder(const Call& call, salesforce::RestClient& rest,
                               const std::string& object) {
  // Accounts are persons where their type says so; encrypted names cannot be filtered by.
  const std::string where = object == "Account" ? " WHERE IsPersonAccount = true" : "";
  const std::string soql = "SELECT Name, FirstName, LastName FROM " + object + where + " LIMIT 200";
  FIRN_TRY(const auto records, rest.Query(call, {.soql = soql}));
  for (;;) {
    FIRN_TRY(const auto record, records->Next(call));
    if (!record) return NameOrder::kWestern;
    if (const auto order = NameOrderOf(*record)) return *order;
  }
}

}  // namespace firn::events
