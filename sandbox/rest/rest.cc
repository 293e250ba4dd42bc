#include "sandbox/rest/rest.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sandbox/rest/app_pages.h"
#include "sandbox/rest/blob.h"
#include "sandbox/rest/recent.h"
#include "sandbox/sign_in/sign_in_parts.h"
#include "sandbox/streaming/channel_push.h"

namespace firn::sandbox {
namespace {

using nlohmann::ordered_json;

// v31.0 came with Summer '14; three releases a year since.
std::string ReleaseLabel(int version) {
  constexpr std::string_view kSeasons[] = {"Summer", "Winter", "Spring"};
  const int since = version - 31;
  const int year = 14 + (since + 2) / 3;
  return fmt::format("{} '{}", kSeasons[since % 3], year);
}

Answer Resources(ApiParts& parts, const ApiRequest& request) {
  if (request.method != "GET" && request.method != "HEAD") {
    return MethodNotAllowed(request.method, "GET,HEAD");
  }
  ordered_json resources;
  for (const char* name : {"tooling", "sobjects", "query", "queryAll", "limits", "jobs",
                           "composite", "compactLayouts", "event", "recent", "tabs", "theme",
                           "quickActions", "search", "parameterizedSearch", "process", "graphql"}) {
    resources[name] = request.Root() + "/" + name;
  }
  resources["identity"] =
      BaseUrl(request.http) + "/id/" + parts.org.org_id() + "/" + request.session.user_id;
  return JsonAnswer(200, resources.dump());
}

// JSON bodies only; a request without a body or without a type passes.
bool TakesBody(const ApiRequest& request) {
  const bool records =
      request.path[0] == "sobjects" || (request.path.size() > 1 && request.path[1] == "sobjects");
  if (records && IsMultipart(request)) return true;
  const std::string type = Folded(request.http.headers.GetOr("Content-Type", ""));
  return request.body.empty() || type.empty() || type.find("json") != std::string::npos;
}

// Source: REST API Developer Guide, "Recent Items", read 2026-11.
Answer Recent(ApiParts& parts, const ApiRequest& request) {
  constexpr size_t kMax = 200;
  const std::string limit = request.Query("limit");
  const size_t max = limit.empty() ? kMax : std::strtoul(limit.c_str(), nullptr, 10);
  const auto json = RecentJson(parts, request, "", std::min(max, kMax));
  return json ? JsonAnswer(200, *json) : ErrorAnswer(json.error());
}

// `limits/recordCount?sObjects=Account,Contact`: live records, all objects when none is named.
// Source: REST API Developer Guide, "Record Count", read 2026-11.
Answer RecordCounts(ApiParts& parts, const ApiRequest& request) {
  if (request.method != "GET" && request.method != "HEAD")
    return MethodNotAllowed(request.method, "GET,HEAD");
  const std::string asked = ',' + Folded(request.Query("sObjects")) + ',';
  ordered_json counts = ordered_json::array();
  const auto catalogue = parts.org.catalogue();
  for (const ObjectInfo& object : catalogue->objects()) {
    if (asked != ",," && asked.find(',' + Folded(object.name) + ',') == std::string::npos) continue;
    const auto count = parts.org.Count(object.name, false);
    if (!count) return ErrorAnswer(count.error());
    counts.push_back({{"count", *count}, {"name", object.name}});
  }
  return JsonAnswer(200, ordered_json{{"sObjects", counts}}.dump());
}

}  // namespace

Answer VersionsAnswer() {
  ordered_json versions = ordered_json::array();
  for (int version = kVersionOldest; version <= kVersionNewest; ++version) {
    versions.push_back({{"label", ReleaseLabel(version)},
                        {"url", fmt::format("/services/data/v{}.0", version)},
                        {"version", fmt::format("{}.0", version)}});
  }
  return JsonAnswer(200, versions.dump());
}

Answer HandleRest(ApiParts& parts, ApiRequest& request) {
  if (request.path.empty()) return Resources(parts, request);
  const std::string& family = request.path[0];
  if ((family == "sobjects" || family == "composite") && !TakesBody(request)) {
    return ErrorAnswer(415, "UNSUPPORTED_MEDIA_TYPE",
                       "The Content-Type of the request is not supported: use application/json");
  }
  if (family == "sobjects") return HandleSobjects(parts, request);
  if (family == "query" || family == "queryAll") {
    return HandleQuery(parts, request, family == "queryAll");
  }
  if (family == "search" && request.path.size() == 1) return HandleSearch(parts, request);
  if (family == "search" && request.path.size() == 2) return HandleSearchPages(parts, request);
  if (family == "parameterizedSearch" && request.path.size() == 1) {
    return HandleParameterizedSearch(parts, request);
  }
  if (family == "limits" && request.path.size() == 1) return HandleLimits(parts, request);
  if (family == "limits" && request.path.size() == 2 && request.path[1] == "recordCount") {
    return RecordCounts(parts, request);
  }
  if (family == "composite") return HandleComposite(parts, request);
  if (family == "jobs" && request.path.size() > 1 && request.path[1] == "query") {
    return HandleBulkQuery(parts, request);
  }
  if (family == "jobs" && request.path.size() > 1 && request.path[1] == "ingest") {
    return HandleBulkIngest(parts, request);
  }
  if (family == "tooling" && request.path.size() > 1 && request.path[1] == "query") {
    request.path.erase(request.path.begin());
    return HandleQuery(parts, request, false);
  }
  if (family == "compactLayouts" && request.path.size() == 1) {
    return CompactLayoutList(parts, request);
  }
  if (family == "event" && request.path.size() == 3 && request.path[1] == "eventSchema") {
    return EventSchemaById(parts, request);
  }
  if (family == "recent" && request.path.size() == 1) return Recent(parts, request);
  if (family == "tabs" && request.path.size() == 1) return Tabs(parts, request);
  if (family == "theme" && request.path.size() == 1) return Theme(parts, request);
  if (family == "quickActions") return QuickActions(parts, request);
  if (family == "graphql" && request.path.size() == 1) return HandleGraphql(parts, request);
  if (family == "process") return Processes(parts, request);
  return NotFoundAnswer();
}

Answer HandleSobjects(ApiParts& parts, ApiRequest& request) {
  const size_t depth = request.path.size();
  if (depth == 1) return GlobalDescribe(parts, request);
  if (depth == 3 && request.path[2] == "eventSchema") return EventSchemaByName(parts, request);
  if (depth > 3 && request.path[2] == "describe") return DescribeLayouts(parts, request);
  const auto catalogue = parts.org.CatalogueFor(request.session.user_id);
  if (VisibleObject(*catalogue, request.path[1]) == nullptr) return NotFoundAnswer();
  if (depth == 2) {
    return request.method == "GET" || request.method == "HEAD" ? BasicObjectInfo(parts, request)
                                                               : HandleRecord(parts, request);
  }
  if (request.path[2] == "listviews") return ListViews(parts, request);
  if (request.path[2] == "quickActions") return QuickActions(parts, request);
  if (depth == 4 && request.path[3] == "password" && Folded(request.path[1]) == "user") {
    return UserPassword(parts, request);
  }
  if (depth == 4 && request.path[3] == "push" && Folded(request.path[1]) == "streamingchannel") {
    return ChannelPush(parts, request);
  }
  if (depth == 3) {
    const std::string& word = request.path[2];
    if (word == "describe") return ObjectDescribe(parts, request);
    if (word == "updated" || word == "deleted") return HandleReplication(parts, request);
  }
  return HandleRecord(parts, request);
}

const ObjectInfo* VisibleObject(const Catalogue& catalogue, std::string_view name) {
  return catalogue.Object(name);
}

bool VisibleField(const FieldInfo& field, int version) {
  return !field.hidden && field.min_api_version <= version;
}

Answer HandleLimits(ApiParts& parts, ApiRequest& request) {
  if (request.method != "GET" && request.method != "HEAD")
    return MethodNotAllowed(request.method, "GET,HEAD");
  const DailyLimits limits = parts.usage.limits();
  const auto left = [&](Allotment allotment, int64_t unit) {
    const int64_t max = limits.Max(allotment);
    const int64_t remaining = std::max<int64_t>(0, max - parts.usage.Used(allotment));
    return ordered_json{{"Max", max / unit}, {"Remaining", remaining / unit}};
  };
  const auto untouched = [](int64_t max) { return ordered_json{{"Max", max}, {"Remaining", max}}; };
  ordered_json body;
  body["ConcurrentAsyncGetReportInstances"] = untouched(200);
  body["ConcurrentSyncReportRuns"] = untouched(20);
  body["DailyApiRequests"] = left(Allotment::kApiRequests, 1);
  body["DailyAsyncApexExecutions"] = untouched(250'000);
  body["DailyBulkApiBatches"] = left(Allotment::kBulkBatches, 1);
  body["DailyBulkV2QueryFileStorageMB"] = left(Allotment::kBulkQueryBytes, 1 << 20);
  body["DailyBulkV2QueryJobs"] = left(Allotment::kBulkQueryJobs, 1);
  body["DailyDeliveredPlatformEvents"] = left(Allotment::kDeliveredEvents, 1);
  body["DailyDurableGenericStreamingApiEvents"] = untouched(100'000);
  body["DailyDurableStreamingApiEvents"] = untouched(100'000);
  body["DailyGenericStreamingApiEvents"] = untouched(10'000);
  body["DailyStandardVolumePlatformEvents"] = untouched(25'000);
  body["DailyStreamingApiEvents"] = untouched(100'000);
  body["DailyWorkflowEmails"] = untouched(975);
  body["DataStorageMB"] = untouched(10'240);
  body["FileStorageMB"] = untouched(10'240);
  body["HourlyAsyncReportRuns"] = untouched(1'200);
  body["HourlyPublishedPlatformEvents"] = left(Allotment::kPublishedEvents, 1);
  body["HourlySyncReportRuns"] = untouched(500);
  body["MassEmail"] = untouched(5'000);
  body["MonthlyPlatformEventsUsageEntitlement"] = untouched(0);
  body["SingleEmail"] = untouched(5'000);
  return JsonAnswer(200, body.dump());
}

}  // namespace firn::sandbox
