// `query?explain=`: how the org would run a query, without running it to its end.
// Source: REST API Developer Guide, "Get Feedback on Query Performance", read 2026-11.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "sandbox/rest/app_pages.h"
#include "sandbox/rest/rest.h"
#include "sandbox/soql/leading_index.h"

namespace firn::sandbox {
namespace {

using nlohmann::ordered_json;

// Above 1 the vendor's optimizer leaves an index aside; a scan costs more than that.
constexpr double kScanCost = 2.8;
constexpr uint64_t kCountedMax = 10'000;  // rows that are counted for a cardinality

ordered_json Plan(const ObjectInfo& object, uint64_t rows, uint64_t all, const FieldInfo* index) {
  const double share = all == 0 ? 0.0 : static_cast<double>(rows) / static_cast<double>(all);
  ordered_json notes = ordered_json::array();
  ordered_json fields = ordered_json::array();
  if (index != nullptr) fields.push_back(index->name);
  return {{"cardinality", rows},
          {"fields", std::move(fields)},
          {"leadingOperationType", index == nullptr ? "TableScan" : "Index"},
          {"notes", std::move(notes)},
          {"relativeCost", index == nullptr ? kScanCost : share},
          {"sobjectCardinality", all},
          {"sobjectType", object.name}};
}

}  // namespace

Answer ExplainQuery(ApiParts& parts, const ApiRequest& request) {
  std::string soql = request.Query("explain");
  // A list view's id stands for its query.
  const auto catalogue = parts.org.CatalogueFor(request.session.user_id);
  const std::string viewed = ListViewSoql(*catalogue, soql, request.version);
  if (!viewed.empty()) soql = viewed;
  const auto cursor = parts.org.Query(soql, request.Options(false));
  if (!cursor) return ErrorAnswer(cursor.error());
  const ObjectInfo& object = (*cursor)->object();
  const auto all = parts.org.Count(object.name, false);
  if (!all) return ErrorAnswer(all.error());
  uint64_t rows = (*cursor)->count_only() ? (*cursor)->count() : 0;
  while (!(*cursor)->count_only() && rows < std::min(kCountedMax, *all)) {
    const auto more = (*cursor)->Next();
    if (!more) return ErrorAnswer(more.error());
    if (!*more) break;
    ++rows;
  }
  ordered_json plans = ordered_json::array();
  const auto* way = dynamic_cast<const soql::LeadingIndex*>(cursor->get());
  const FieldInfo* index = way == nullptr ? nullptr : way->leading_index();
  if (index != nullptr) plans.push_back(Plan(object, rows, *all, index));
  plans.push_back(Plan(object, index == nullptr ? *all : rows, *all, nullptr));
  return JsonAnswer(200, ordered_json{{"plans", plans}, {"sourceQuery", soql}}.dump());
}

}  // namespace firn::sandbox
