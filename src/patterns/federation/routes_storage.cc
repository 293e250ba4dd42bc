// Calls about a table's storage: credentials, and requests to S3 that a client wants signed.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "patterns/federation/refusals.h"
#include "patterns/federation/routes.h"
#include "patterns/federation/storage/delegation.h"

namespace firn::federation {

using Json = nlohmann::ordered_json;

namespace {

constexpr size_t kHeadersMax = 200;

tl::unexpected<Error> NotSigned(std::string why) {
  return Fail(
      Error(Kind::kDenied, "CAT-SIGN-001", "the S3 request is not signed").Because(std::move(why)));
}

Result<std::string> TextMember(const Json& body, const char* key) {
  const auto found = body.find(key);
  if (found == body.end() || !found->is_string())
    return BadRequest("`" + std::string(key) + "` is missing or no text");
  return found->get<std::string>();
}

Result<S3Request> RequestFrom(const Json& body) {
  S3Request request;
  FIRN_TRY(request.region, TextMember(body, "region"));
  FIRN_TRY(request.uri, TextMember(body, "uri"));
  FIRN_TRY(request.method, TextMember(body, "method"));
  if (const auto found = body.find("body"); found != body.end() && found->is_string())
    request.body = found->get<std::string>();
  const auto headers = body.find("headers");
  if (headers == body.end() || !headers->is_object())
    return BadRequest("`headers` is missing or no object");
  for (const auto& [name, values] : headers->items()) {
    if (!values.is_array()) return BadRequest("header `" + name.substr(0, 64) + "` has no list");
    std::string joined;
    for (const Json& value : values) {
      if (!value.is_string())
        return BadRequest("header `" + name.substr(0, 64) + "` holds no text");
      joined += (joined.empty() ? "" : ",") + value.get<std::string>();
    }
    request.headers.Add(name, joined);
    if (request.headers.all().size() > kHeadersMax) return BadRequest("it has too many headers");
  }
  return request;
}

// Host and AWS's own: what has to be signed. Ranges and the marks of tries (`amz-sdk-..`) are not.
net::Headers NeedSigning(const net::Headers& headers) {
  net::Headers needed;
  for (const auto& [name, value] : headers.all()) {
    std::string lower = name;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (lower == "host" || lower.starts_with("x-amz-")) needed.Add(name, value);
  }
  return needed;
}

// The answer to a read may be used again for other parts of the same object: `private` and no more
// says so.
Result<Answer> Signed(Desk& desk, const Exchange& exchange, S3Request request,
                      const S3Effect& effect) {
  if (!effect.writes) request.headers = NeedSigning(request.headers);
  FIRN_TRY(const net::Headers headers, desk.s3->Sign(exchange.call, request));
  Json list = Json::object();
  for (const auto& [name, value] : headers.all()) list[name] = Json::array({value});
  Answer answer = JsonAnswer({{"uri", request.uri}, {"headers", list}});
  answer.headers.Set("Cache-Control", effect.writes ? "no-cache" : "private");
  return answer;
}

// Whether a table that lies at `places` holds everything that the request touches.
bool Covers(const std::vector<S3Place>& places, const S3Effect& effect) {
  return std::all_of(effect.places.begin(), effect.places.end(), [&](const S3Place& touched) {
    return std::any_of(places.begin(), places.end(),
                       [&](const S3Place& place) { return place.Holds(touched); });
  });
}

Right RightFor(const S3Effect& effect) { return effect.writes ? Right::kWrite : Right::kRead; }

}  // namespace

Result<Answer> LoadCredentials(Desk& desk, const Exchange& exchange) {
  FIRN_TRY(const EntryName name, exchange.Entry("table"));
  FIRN_CHECK(Require(exchange.principal, Right::kRead, PathOf(name)));
  FIRN_TRY(const LoadedTable table, desk.tables.Load(exchange.call, name));
  FIRN_TRY(Json list, StorageCredentials(desk, exchange, name, *table.metadata));
  return JsonAnswer({{"storage-credentials", std::move(list)}});
}

Result<Answer> SignForTable(Desk& desk, const Exchange& exchange) {
  FIRN_TRY(const EntryName name, exchange.Entry("table"));
  FIRN_CHECK(Require(exchange.principal, Right::kRead, PathOf(name)));
  FIRN_TRY(const S3Request request, RequestFrom(exchange.body));
  if (desk.s3 == nullptr) return NotSigned("the warehouse is not on S3");
  FIRN_TRY(const S3Effect effect, EffectOf(request, desk.s3->endpoint()));
  FIRN_CHECK(Require(exchange.principal, RightFor(effect), PathOf(name)));
  FIRN_TRY(const LoadedTable table, desk.tables.Load(exchange.call, name));
  FIRN_TRY(const auto places, PlacesOf(*table.metadata));
  if (!Covers(places, effect)) return NotSigned("it is about something else than the table");
  return Signed(desk, exchange, request, effect);
}

// For clients that know only the call of the first specification, which names no table: it is found
// by where the files lie.
Result<Answer> SignAnywhere(Desk& desk, const Exchange& exchange) {
  FIRN_TRY(const S3Request request, RequestFrom(exchange.body));
  if (desk.s3 == nullptr) return NotSigned("the warehouse is not on S3");
  FIRN_TRY(const S3Effect effect, EffectOf(request, desk.s3->endpoint()));
  FIRN_TRY(const auto namespaces, desk.catalog->Namespaces());
  for (const std::string& ns : namespaces) {
    const Levels levels = LevelsFromCatalog(ns);
    if (!exchange.principal.Sees(levels)) continue;
    FIRN_TRY(const auto names, desk.catalog->Entries(ns, lake::EntryKind::kTable));
    for (const std::string& table_name : names) {
      const EntryName name{levels, table_name};
      if (!exchange.principal.May(RightFor(effect), PathOf(name))) continue;
      const auto table = desk.tables.Load(exchange.call, name);
      if (!table) continue;
      const auto places = PlacesOf(*table->metadata);
      if (!places || !Covers(*places, effect)) continue;
      return Signed(desk, exchange, request, effect);
    }
  }
  return NotSigned("no table that this principal may use lies there");
}

}  // namespace firn::federation
