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

using PlaceLists = std::vector<std::vector<S3Place>>;

// The places of a table, or of one that is being made (`stage-create`) for those who may make it:
// it has files before it has a row. One entry for each table that is being made under that name.
// Errors: those of TablePlaces; NotFound, with a reason when it is not kept as being made.
Result<PlaceLists> PlacesNamed(Desk& desk, const Exchange& exchange, const EntryName& name) {
  FIRN_TRY(auto places, desk.places.Of(exchange.call, IdentOf(name)));
  if (places) return PlaceLists{*std::move(places)};
  auto missing = NoEntry(name, lake::EntryKind::kTable);
  if (!exchange.principal.May(Right::kManage, PathOf(name))) return missing;
  FIRN_TRY(auto staged, desk.places.StagedAs(exchange.call, IdentOf(name)));
  if (staged.empty())
    return Fail(std::move(missing.value())
                    .Because("neither is it being made: a staged create is kept for " +
                             std::to_string(kStagedLife.count()) + " hours"));
  PlaceLists all;
  for (TablePlaces::Staged& each : staged) all.push_back(std::move(each.places));
  return all;
}

bool AnyCovers(const PlaceLists& tables, const S3Effect& effect) {
  return std::any_of(tables.begin(), tables.end(),
                     [&](const auto& places) { return Covers(places, effect); });
}

// Whether the principal may do that to a table which holds everything that is touched.
bool TableAllows(Desk& desk, const Exchange& exchange, const S3Effect& effect) {
  for (const lake::TableIdent& ident : desk.places.Holders(effect.places.front())) {
    const EntryName name{LevelsFromCatalog(ident.ns), ident.name};
    if (!exchange.principal.May(RightFor(effect), PathOf(name))) continue;
    const auto places = desk.places.Of(exchange.call, ident);
    if (places && *places && Covers(**places, effect)) return true;
  }
  return false;
}

Result<bool> StagedAllows(Desk& desk, const Exchange& exchange, const S3Effect& effect) {
  FIRN_TRY(const auto staged, desk.places.StagedAs(exchange.call, std::nullopt));
  return std::any_of(staged.begin(), staged.end(), [&](const TablePlaces::Staged& each) {
    const EntryName name{LevelsFromCatalog(each.ident.ns), each.ident.name};
    return Covers(each.places, effect) && exchange.principal.May(Right::kManage, PathOf(name));
  });
}

}  // namespace

Result<Answer> LoadCredentials(Desk& desk, const Exchange& exchange) {
  FIRN_TRY(const EntryName name, exchange.Entry("table"));
  FIRN_CHECK(Require(exchange.principal, Right::kRead, PathOf(name)));
  std::vector<S3Place> all;
  if (desk.s3 != nullptr) {
    FIRN_TRY(const auto tables, PlacesNamed(desk, exchange, name));
    for (const auto& places : tables) all.insert(all.end(), places.begin(), places.end());
  } else {
    FIRN_CHECK(desk.tables.Load(exchange.call, name));
  }
  FIRN_TRY(Json list, StorageCredentials(desk, exchange, name, all));
  return JsonAnswer({{"storage-credentials", std::move(list)}});
}

Result<Answer> SignForTable(Desk& desk, const Exchange& exchange) {
  FIRN_TRY(const EntryName name, exchange.Entry("table"));
  FIRN_CHECK(Require(exchange.principal, Right::kRead, PathOf(name)));
  FIRN_TRY(const S3Request request, RequestFrom(exchange.body));
  if (desk.s3 == nullptr) return NotSigned("the warehouse is not on S3");
  FIRN_TRY(const S3Effect effect, EffectOf(request, desk.s3->endpoint()));
  FIRN_CHECK(Require(exchange.principal, RightFor(effect), PathOf(name)));
  FIRN_TRY(const auto tables, PlacesNamed(desk, exchange, name));
  if (!AnyCovers(tables, effect)) return NotSigned("it is about something else than the table");
  return Signed(desk, exchange, request, effect);
}

// For clients that know only the call of the first specification, which names no table: it is found
// by where the files lie.
Result<Answer> SignAnywhere(Desk& desk, const Exchange& exchange) {
  FIRN_TRY(const S3Request request, RequestFrom(exchange.body));
  if (desk.s3 == nullptr) return NotSigned("the warehouse is not on S3");
  FIRN_TRY(const S3Effect effect, EffectOf(request, desk.s3->endpoint()));
  bool allowed = TableAllows(desk, exchange, effect);
  if (!allowed) {
    FIRN_TRY(allowed, StagedAllows(desk, exchange, effect));
  }
  if (!allowed) {  // the table may be new, or may have moved
    FIRN_CHECK(desk.places.Refresh(exchange.call));
    allowed = TableAllows(desk, exchange, effect);
  }
  if (!allowed) return NotSigned("no table that this principal may use lies there");
  return Signed(desk, exchange, request, effect);
}

}  // namespace firn::federation
