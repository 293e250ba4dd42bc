#include "patterns/federation/storage/s3_location.h"

#include <nlohmann/json.hpp>
#include <set>

namespace firn::federation {
namespace {

using Json = nlohmann::ordered_json;

tl::unexpected<Error> Bad(std::string_view uri, std::string why) {
  return Fail(Error(Kind::kBadInput, "LAKE-STORE-001",
                    "`" + std::string(uri.substr(0, 512)) + "` is no usable file name")
                  .Because(std::move(why)));
}

// `*`, `?` and `$` mean something in a policy (IAM User Guide, "Policy variables").
std::string Literal(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '*' || c == '?' || c == '$') {
      out += std::string("${") + c + "}";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

bool IsS3Uri(std::string_view uri) {
  return uri.starts_with("s3://") || uri.starts_with("s3a://") || uri.starts_with("s3n://");
}

bool S3Place::Holds(const S3Place& other) const {
  if (bucket != other.bucket) return false;
  if (key.empty()) return true;
  return other.key == key || (other.key.starts_with(key) && other.key[key.size()] == '/');
}

Result<S3Place> ParseS3Uri(std::string_view uri) {
  if (!IsS3Uri(uri)) return Bad(uri, "it is no S3 URI");
  std::string_view rest = uri.substr(uri.find("://") + 3);
  while (rest.ends_with('/')) rest.remove_suffix(1);
  const size_t slash = rest.find('/');
  S3Place place;
  place.bucket = rest.substr(0, slash);
  if (slash != std::string_view::npos) place.key = rest.substr(slash + 1);
  if (place.bucket.empty()) return Bad(uri, "it names no bucket");
  for (const char c : rest) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
      return Bad(uri, "it has a control character");
  }
  for (size_t at = 0; !place.key.empty() && at <= place.key.size();) {
    const size_t end = std::min(place.key.find('/', at), place.key.size());
    const std::string_view part = std::string_view(place.key).substr(at, end - at);
    if (part.empty() || part == "." || part == "..")
      return Bad(uri, "`.`, `..` and nothing are no parts of a name");
    at = end + 1;
  }
  return place;
}

std::string SessionPolicy(const S3Grant& grant) {
  const std::string arn = "arn:" + grant.partition + ":s3:::";
  Json objects = Json::array();
  Json prefixes = Json::array();
  std::set<std::string> buckets;
  for (const S3Place& place : grant.places) {
    const std::string below = place.key.empty() ? "*" : Literal(place.key) + "/*";
    objects.push_back(arn + place.bucket + "/" + below);
    prefixes.push_back(below);
    buckets.insert(arn + place.bucket);
  }
  Json actions = {"s3:GetObject", "s3:GetObjectVersion"};
  if (grant.write) {
    for (const char* action : {"s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload",
                               "s3:ListMultipartUploadParts"})
      actions.push_back(action);
  }
  const Json policy = {
      {"Version", "2012-10-17"},
      {"Statement",
       {{{"Effect", "Allow"}, {"Action", actions}, {"Resource", objects}},
        {{"Effect", "Allow"},
         {"Action", "s3:ListBucket"},
         {"Resource", buckets},
         {"Condition", {{"StringLike", {{"s3:prefix", prefixes}}}}}},
        {{"Effect", "Allow"}, {"Action", "s3:GetBucketLocation"}, {"Resource", buckets}}}}};
  return policy.dump();
}

}  // namespace firn::federation
