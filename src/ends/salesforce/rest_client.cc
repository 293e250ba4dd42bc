#include <algorithm>

#include "core/base/encoding.h"
#include "core/base/time_text.h"
#include "core/net/http_date.h"
#include "core/net/inflate.h"
#include "ends/salesforce/internal/json_fields.h"
#include "ends/salesforce/internal/rest_internal.h"

namespace firn::salesforce {
namespace {

constexpr std::chrono::seconds kVersionsTimeout{30};

// Last-Modified tells whole seconds, so one as young as its own answer cannot tell a second change
// in that second (RFC 9110 section 8.8.2.2): such an answer must not be kept.
bool IsSettled(const net::Headers& headers, UtcMicros now) {
  const auto modified = net::ParseHttpDate(headers.GetOr("Last-Modified", ""));
  const auto answered = net::ParseHttpDate(headers.GetOr("Date", "")).value_or(now);
  return modified && answered >= *modified + std::chrono::seconds(2);
}

class Rest final : public RestClient {
 public:
  const RestParts& parts() const { return parts_; }
  explicit Rest(RestParts parts) : parts_(std::move(parts)), base_(DataPath(parts_.version)) {}

  Result<std::vector<ApiVersion>> Versions(const Call& call) override {
    FIRN_TRY(const Session session, parts_.connection->tokens().Get(call));
    return FetchVersions(call, parts_.connection->transport(), session.instance_url,
                         parts_.connection->org());
  }

  Result<UtcMicros> OrgTime(const Call& call) override {
    FIRN_TRY(const Session session, parts_.connection->tokens().Get(call));
    std::string date;
    FIRN_CHECK(FetchVersions(call, parts_.connection->transport(), session.instance_url,
                             parts_.connection->org(), &date));
    const auto told = net::ParseHttpDate(date);
    if (!told) return Fail(NotAsDocumented(parts_.connection->org(), "a date of its answer"));
    return *told;
  }

  Result<std::vector<ObjectInfo>> DescribeGlobal(const Call& call) override {
    FIRN_TRY(const Json answer, GetJson(call, base_ + "/sobjects"));
    if (!answer.is_object() || !answer.contains("sobjects") || !answer["sobjects"].is_array()) {
      return Fail(NotAsDocumented(parts_.connection->org(), "a list of objects"));
    }
    std::vector<ObjectInfo> objects;
    for (const Json& one : answer["sobjects"]) {
      if (!one.is_object()) continue;
      objects.push_back({TextOf(one, "name"), TextOf(one, "label"), TextOf(one, "keyPrefix"),
                         TrueOf(one, "queryable"), TrueOf(one, "retrieveable"),
                         TrueOf(one, "replicateable"), TrueOf(one, "custom"),
                         TrueOf(one, "deprecatedAndHidden")});
    }
    return objects;
  }

  Result<Description> Describe(const Call& call, const std::string& object) override {
    const std::string key = parts_.version + "/" + object;
    std::optional<Description> cached;
    if (parts_.cache != nullptr) {
      FIRN_TRY(cached, parts_.cache->Load(parts_.org_id, key));
    }
    ApiRequest request = Get(base_ + "/sobjects/" + PercentEncode(object) + "/describe");
    if (cached && !cached->last_modified.empty()) {
      request.headers.Set("If-Modified-Since", cached->last_modified);
      request.also_good = {304};
    }
    FIRN_TRY(ApiAnswer answer,
             Doing(parts_.connection->Send(call, request), "describing object `" + object + "`"));
    if (answer.status == 304) {
      cached->from_cache = true;
      return *std::move(cached);
    }
    Description fresh{std::move(answer.body), answer.headers.GetOr("Last-Modified", ""), false};
    if (parts_.cache != nullptr && IsSettled(answer.headers, call.clock->Now())) {
      FIRN_CHECK(parts_.cache->Save(parts_.org_id, key, fresh));
    }
    return fresh;
  }

  Result<Limits> FetchLimits(const Call& call) override {
    ApiRequest request = Get(base_ + "/limits");
    request.is_look = true;
    FIRN_TRY(const ApiAnswer sent, parts_.connection->Send(call, request));
    const Json answer = ParseOrDiscard(sent.body);
    if (!answer.is_object()) {
      return Fail(NotAsDocumented(parts_.connection->org(), "a list of limits"));
    }
    Limits limits;
    for (const auto& [name, limit] : answer.items()) {
      if (limit.is_object()) limits[name] = {NumberOf(limit, "Max"), NumberOf(limit, "Remaining")};
    }
    FIRN_CHECK(parts_.connection->budget().Learn(call, limits));
    return limits;
  }

  Result<std::unique_ptr<RecordStream>> Query(const Call& call,
                                              const QueryOptions& options) override {
    return OpenQuery(call, *parts_.connection, parts_.version, options);
  }

  Result<std::unique_ptr<RecordStream>> QueryWide(const Call& call,
                                                  const WideQuery& query) override {
    return OpenWideQuery(call, *parts_.connection, parts_.version, query);
  }

  Result<int64_t> Count(const Call& call, const std::string& soql, bool all_rows) override {
    FIRN_TRY(const auto stream,
             OpenQuery(call, *parts_.connection, parts_.version, {soql, all_rows, 2000}));
    return stream->total();
  }

  Result<std::string> Record(const Call& call, const std::string& object, const std::string& id,
                             const std::vector<std::string>& fields) override {
    std::string address = base_ + "/sobjects/" + PercentEncode(object) + "/" + PercentEncode(id);
    for (size_t i = 0; i < fields.size(); ++i) {
      address += (i == 0 ? "?fields=" : ",") + PercentEncode(fields[i]);
    }
    if (address.size() > kUriBytesMax) {
      return Fail(
          Error(Kind::kBadInput, "SF-REST-005", "the field list is too long for one address")
              .At("object `" + object + "`"));
    }
    FIRN_TRY(ApiAnswer answer, parts_.connection->Send(call, Get(std::move(address))));
    return std::move(answer.body);
  }

  Result<BlobStream> OpenBlob(const Call& call, const std::string& object, const std::string& id,
                              const std::string& field) override {
    ApiRequest request = Get(base_ + "/sobjects/" + PercentEncode(object) + "/" +
                             PercentEncode(id) + "/" + PercentEncode(field));
    request.headers = {{"Accept", "*/*"}};
    request.own_connection = true;
    FIRN_TRY(net::StreamedResponse response,
             Doing(parts_.connection->Open(call, request),
                   "reading `" + field + "` of a `" + object + "`"));
    BlobStream blob;
    blob.content_type = response.headers.GetOr("Content-Type", "");
    if (response.headers.GetOr("Content-Encoding", "identity") == "gzip") {
      blob.body = net::InflateStream(std::move(response.body));
      return blob;
    }
    const std::string length = response.headers.GetOr("Content-Length", "");
    if (!length.empty() && length.size() < 18 &&
        length.find_first_not_of("0123456789") == std::string::npos) {
      blob.bytes = std::stoll(length);
    }
    blob.body = std::move(response.body);
    return blob;
  }

  Result<ChangedIds> Updated(const Call& call, const std::string& object,
                             const TimeWindow& window) override {
    FIRN_TRY(const Json answer, GetJson(call, ListAddress(object, "updated", window)));
    if (!answer.is_object() || !answer.contains("ids") || !answer["ids"].is_array()) {
      return Fail(NotAsDocumented(parts_.connection->org(), "a list of ids"));
    }
    ChangedIds changed;
    for (const Json& id : answer["ids"]) {
      if (id.is_string()) changed.ids.push_back(id.get<std::string>());
    }
    changed.latest_date_covered = TextOf(answer, "latestDateCovered");
    return changed;
  }

  Result<DeletedIds> Deleted(const Call& call, const std::string& object,
                             const TimeWindow& window) override {
    FIRN_TRY(const Json answer, GetJson(call, ListAddress(object, "deleted", window)));
    if (!answer.is_object() || !answer.contains("deletedRecords") ||
        !answer["deletedRecords"].is_array()) {
      return Fail(NotAsDocumented(parts_.connection->org(), "a list of deleted records"));
    }
    DeletedIds deleted;
    for (const Json& one : answer["deletedRecords"]) {
      if (one.is_object())
        deleted.records.push_back({TextOf(one, "id"), TextOf(one, "deletedDate")});
    }
    deleted.earliest_available = TextOf(answer, "earliestDateAvailable");
    deleted.latest_date_covered = TextOf(answer, "latestDateCovered");
    return deleted;
  }

 private:
  static ApiRequest Get(std::string address) {
    ApiRequest request;
    request.address = std::move(address);
    request.headers = {{"Accept", "application/json"}, {"Accept-Encoding", "gzip"}};
    return request;
  }

  Result<Json> GetJson(const Call& call, std::string address) {
    FIRN_TRY(const ApiAnswer answer, parts_.connection->Send(call, Get(std::move(address))));
    return ParseOrDiscard(answer.body);
  }

  [[nodiscard]] std::string ListAddress(const std::string& object, const std::string& list,
                                        const TimeWindow& window) const {
    return base_ + "/sobjects/" + PercentEncode(object) + "/" + list +
           "/?start=" + PercentEncode(FormatUtc(window.start, 0)) +
           "&end=" + PercentEncode(FormatUtc(window.end, 0));
  }

  const RestParts parts_;
  const std::string base_;
};

}  // namespace

Result<std::unique_ptr<RecordStream>> OpenToolingQuery(const Call& call, RestClient& rest,
                                                       const QueryOptions& options) {
  const auto* mine = dynamic_cast<const Rest*>(&rest);
  FIRN_ASSERT(mine != nullptr);  // there is no other kind
  return OpenQuery(call, *mine->parts().connection, mine->parts().version + "/tooling", options);
}

std::unique_ptr<RestClient> NewRestClient(RestParts parts) {
  return std::make_unique<Rest>(std::move(parts));
}

Result<std::vector<ApiVersion>> FetchVersions(const Call& call, net::Transport& transport,
                                              const std::string& instance_url,
                                              const std::string& org, std::string* date) {
  net::Request request;
  request.url = instance_url + "/services/data";
  request.headers = {{"Accept", "application/json"}};
  request.body_bytes_max = 1 << 20;
  return WithRetries(call, Backoff{}, [&]() -> Result<std::vector<ApiVersion>> {
    auto sent = transport.Send(call.Within(kVersionsTimeout), request);
    if (!sent) {
      FIRN_CHECK(call.Check());
      Error error = std::move(sent).error().Doing("asking org `" + org + "` for its API versions");
      const bool passes = error.kind() == Kind::kUnreachable || error.kind() == Kind::kTimeout;
      return Fail(passes ? std::move(error).RetryWithBackoff() : std::move(error));
    }
    FIRN_TRY(const std::string body, net::InflateBody(sent->headers.GetOr("Content-Encoding", ""),
                                                      std::move(sent->body), 1 << 20));
    if (sent->status != 200) return Fail(ApiError({org, sent->status, &sent->headers, body}));
    const Json answer = ParseOrDiscard(body);
    if (!answer.is_array()) return Fail(NotAsDocumented(org, "a list of API versions"));
    if (date != nullptr) *date = sent->headers.GetOr("Date", "");
    std::vector<ApiVersion> versions;
    for (const Json& one : answer) {
      if (one.is_object()) versions.push_back({TextOf(one, "label"), TextOf(one, "version")});
    }
    return versions;
  });
}

}  // namespace firn::salesforce
