#include "patterns/federation/storage/s3_request.h"

#include <algorithm>
#include <pugixml.hpp>

#include "core/base/encoding.h"

namespace firn::federation {
namespace {

// Multi-object deletes name at most a thousand keys.
constexpr size_t kDeleteKeysMax = 1000;

// Sub-resources of objects and buckets that reading and writing tables takes. Others (`acl`,
// `policy`, `tagging`, ..) change or tell what a table's reader has no business with.
constexpr std::string_view kQueryNames[] = {
    "list-type",   "prefix",      "delimiter", "continuation-token", "max-keys",   "encoding-type",
    "fetch-owner", "start-after", "uploads",   "uploadId",           "partNumber", "versionId",
    "x-id",        "delete",      "marker"};

tl::unexpected<Error> Refused(std::string why) {
  return Fail(
      Error(Kind::kDenied, "CAT-SIGN-001", "the S3 request is not signed").Because(std::move(why)));
}

struct Url {
  std::string scheme;
  std::string host;  // with its port
  std::string path;
  FormFields query;
};

Result<Url> Split(const std::string& uri) {
  const size_t colon = uri.find("://");
  if (colon == std::string::npos) return Refused("its URI has no scheme");
  Url url;
  url.scheme = uri.substr(0, colon);
  if (url.scheme != "http" && url.scheme != "https") return Refused("its URI is no web address");
  const size_t host = colon + 3;
  const size_t path = std::min(uri.find_first_of("/?#", host), uri.size());
  url.host = uri.substr(host, path - host);
  if (url.host.empty() || url.host.find('@') != std::string::npos)
    return Refused("its URI names no host");
  if (uri.find('#', path) != std::string::npos) return Refused("its URI has a fragment");
  const size_t mark = std::min(uri.find('?', path), uri.size());
  FIRN_TRY(url.path, PercentDecode(uri.substr(path, mark - path), false));
  if (mark == uri.size()) return url;
  FIRN_TRY(url.query, FormDecode(uri.substr(mark + 1)));
  return url;
}

std::string HostOf(std::string_view endpoint) {
  const size_t at = endpoint.find("://");
  std::string_view host = at == std::string_view::npos ? endpoint : endpoint.substr(at + 3);
  return std::string(host.substr(0, host.find('/')));
}

// `s3.eu-west-1.amazonaws.com`, `s3.amazonaws.com`, `s3.dualstack.eu-west-1.amazonaws.com`.
bool IsAwsHost(std::string_view host) {
  const bool ends = host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn");
  return ends && (host.starts_with("s3.") || host.starts_with("s3-"));
}

// Bucket and key, from a path of the store's own host or from a host that begins with the bucket.
Result<S3Place> PlaceOf(const Url& url, std::string_view endpoint) {
  const std::string own = HostOf(endpoint);
  const auto is_store = [&](std::string_view host) {
    return own.empty() ? IsAwsHost(host) : host == own;
  };
  std::string text;
  if (is_store(url.host)) {
    text = url.path.empty() ? "" : url.path.substr(1);
  } else {
    const size_t dot = own.empty() ? url.host.find(".s3") : url.host.find("." + own);
    if (dot == std::string::npos || !is_store(std::string_view(url.host).substr(dot + 1)))
      return Refused("`" + url.host + "` is not the host of the warehouse's store");
    text = url.host.substr(0, dot) + url.path;
  }
  auto place = ParseS3Uri("s3://" + text);
  if (!place) return Refused(place.error().why());
  return place;
}

std::string QueryValue(const Url& url, std::string_view name) {
  for (const auto& [key, value] : url.query) {
    if (key == name) return value;
  }
  return "";
}

bool HasQuery(const Url& url, std::string_view name) {
  return std::any_of(url.query.begin(), url.query.end(),
                     [&](const auto& field) { return field.first == name; });
}

Result<std::vector<S3Place>> DeletedKeys(const S3Place& bucket, const std::string& body) {
  pugi::xml_document document;
  if (!document.load_buffer(body.data(), body.size()))
    return Refused("the body of a delete of several objects must come with it");
  std::vector<S3Place> places;
  for (const pugi::xml_node object : document.document_element().children("Object")) {
    FIRN_TRY(S3Place place,
             ParseS3Uri("s3://" + bucket.bucket + "/" + std::string(object.child_value("Key"))));
    places.push_back(std::move(place));
    if (places.size() > kDeleteKeysMax) return Refused("it deletes too many objects at once");
  }
  if (places.empty()) return Refused("it deletes nothing");
  return places;
}

// A listing reads what its prefix names; `a/b` would list `a/bc` too.
Result<S3Place> ListedPlace(const S3Place& bucket, const Url& url) {
  const std::string prefix = QueryValue(url, "prefix");
  if (prefix.empty()) return Refused("it lists the whole bucket");
  FIRN_TRY(S3Place place, ParseS3Uri("s3://" + bucket.bucket + "/" + prefix));
  if (prefix.ends_with('/')) return place;
  // Without the slash it is its parent that is listed in part.
  const size_t slash = place.key.rfind('/');
  place.key = slash == std::string::npos ? "" : place.key.substr(0, slash);
  return place;
}

}  // namespace

Result<S3Effect> EffectOf(const S3Request& request, std::string_view endpoint) {
  FIRN_TRY(const Url url, Split(request.uri));
  for (const auto& [name, value] : url.query) {
    if (std::find(std::begin(kQueryNames), std::end(kQueryNames), name) == std::end(kQueryNames))
      return Refused("`?" + name.substr(0, 64) + "` is nothing that tables take");
  }
  FIRN_TRY(const S3Place place, PlaceOf(url, endpoint));
  for (const auto& [name, value] : request.headers.all()) {
    std::string lower = name;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (lower.starts_with("x-amz-copy-source") || lower.starts_with("x-amz-acl") ||
        lower.starts_with("x-amz-grant") || lower.starts_with("x-amz-website"))
      return Refused("the header `" + lower + "` is nothing that tables take");
  }
  S3Effect effect;
  effect.places = {place};
  const bool reads = request.method == "GET" || request.method == "HEAD";
  effect.writes = !reads;
  if (place.key.empty()) {
    if (request.method == "GET") {
      FIRN_TRY(effect.places.front(), ListedPlace(place, url));
      return effect;
    }
    if (request.method != "POST" || !HasQuery(url, "delete"))
      return Refused("it is about the bucket");
    FIRN_TRY(effect.places, DeletedKeys(place, request.body));
    return effect;
  }
  const bool upload =
      request.method == "POST" && (HasQuery(url, "uploads") || HasQuery(url, "uploadId"));
  if (!reads && request.method != "PUT" && request.method != "DELETE" && !upload)
    return Refused("`" + request.method.substr(0, 16) + "` is nothing that tables take");
  return effect;
}

}  // namespace firn::federation
