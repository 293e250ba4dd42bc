#include "patterns/exports/window/incremental_facts.h"

#include <nlohmann/json.hpp>

namespace firn::exports {
namespace {

using Json = nlohmann::json;

// One list of members for both directions.
template <typename Totals, typename Visit>
void VisitTotals(Totals& t, Visit&& visit) {
  visit("rows_read", t.rows_read);
  visit("inserted", t.inserted);
  visit("updated", t.updated);
  visit("deleted", t.deleted);
  visit("stale", t.stale);
  visit("deletes_by_query", t.by_query);
  visit("deletes_by_list", t.by_list);
  visit("deletes_by_sweep", t.by_sweep);
  visit("columns_updated", t.columns_updated);
  visit("snapshots", t.snapshots);
  visit("snapshot_id", t.snapshot_id);
}

template <typename Facts, typename Visit>
void VisitPlain(Facts& f, Visit&& visit) {
  visit("is_window", f.is_window);
  visit("why_whole", f.why_whole);
  visit("cursor", f.cursor);
  visit("from", f.from);
  visit("start", f.start);
  visit("end", f.end);
  visit("until", f.until);
  visit("deletes_listed", f.deletes_listed);
  visit("deletes_covered", f.deletes_covered);
  visit("sweep", f.sweep);
  visit("swept", f.swept);
  visit("swept_ids", f.swept_ids);
  visit("late_rows", f.late_rows);
  visit("refresh", f.refresh);
  visit("refreshed", f.refreshed);
  visit("columns_read", f.columns_read);
  visit("columns_read_at", f.columns_read_at);
  visit("delete_sources", f.delete_sources);
}

Json TotalsToJson(const MergeTotals& totals) {
  Json json = Json::object();
  VisitTotals(totals, [&json](const char* key, const auto& value) { json[key] = value; });
  return json;
}

MergeTotals TotalsFromJson(const Json& json) {
  MergeTotals totals;
  VisitTotals(totals, [&json](const char* key, auto& value) { json.at(key).get_to(value); });
  return totals;
}

}  // namespace

Json IncrementalFactsToJson(const IncrementalFacts& facts) {
  Json json = Json::object();
  VisitPlain(facts, [&json](const char* key, const auto& value) { json[key] = value; });
  json["merged"] = TotalsToJson(facts.merged);
  json["done"] = Json::array();
  for (const WindowDone& window : facts.done) {
    json["done"].push_back({{"start", window.start},
                            {"end", window.end},
                            {"method", window.method},
                            {"merged", TotalsToJson(window.merged)}});
  }
  return json;
}

IncrementalFacts IncrementalFactsFromJson(const Json& json) {
  IncrementalFacts facts;
  VisitPlain(facts, [&json](const char* key, auto& value) { json.at(key).get_to(value); });
  facts.merged = TotalsFromJson(json.at("merged"));
  for (const Json& window : json.at("done")) {
    facts.done.push_back(
        {window.at("start").get<std::string>(), window.at("end").get<std::string>(),
         window.at("method").get<std::string>(), TotalsFromJson(window.at("merged"))});
  }
  return facts;
}

}  // namespace firn::exports
