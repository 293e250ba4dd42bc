#include "ends/aws/s3_object.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <pugixml.hpp>

#include "core/base/time_text.h"
#include "ends/aws/internal/uri.h"

namespace firn::aws {
namespace {

constexpr Service kS3{"S3", "s3", "s3"};
constexpr std::string_view kMarkHeader = "x-amz-meta-firn-write";
constexpr int64_t kPartsMax = 10'000;
constexpr int64_t kPagesMax = 1'000'000;
constexpr int kPreconditionFailed = 412;

std::string PathOf(const S3Name& name) {
  return "/" + name.bucket + "/" + UriEncode(name.key, "/");
}

Error Unreadable(const S3Name& name) {
  return Error(Kind::kCorrupt, "AWS-CALL-004", "AWS's answer cannot be read")
      .At("s3://" + name.bucket + "/" + name.key);
}

RestCall Request(std::string_view method) {
  RestCall rest;
  rest.method = method;
  return rest;
}

int64_t Number(std::string_view text) {
  int64_t number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : -1;
}

Result<net::Response> Ask(const Call& call, AwsClient& client, const S3Name& name, RestCall rest,
                          const std::string& query = "") {
  rest.path = PathOf(name) + query;
  auto response = client.CallRest(call, kS3, std::move(rest));
  if (response) return response;
  return Fail(
      std::move(response).error().Doing("calling S3 for s3://" + name.bucket + "/" + name.key));
}

// S3 says that the name is taken: by ourselves, when an answer was lost, or by somebody else.
Result<void> SettleConflict(const Call& call, AwsClient& client, const S3Name& name,
                            const std::string& mark, Error error) {
  if (error.remote().status != kPreconditionFailed) return Fail(std::move(error));
  const auto found = HeadS3Object(call, client, name);
  if (found && found->mark == mark) return {};
  return Fail(Error(Kind::kConflict, "AWS-S3-001", "an object of that name exists")
                  .At("s3://" + name.bucket + "/" + name.key)
                  .From(error.remote()));
}

struct Part {
  int64_t number = 0;
  std::string etag;
};

Result<std::string> BeginUpload(const Call& call, AwsClient& client, const S3Name& name,
                                const std::string& mark) {
  RestCall rest = Request("POST");
  rest.headers.Set(kMarkHeader, mark);
  FIRN_TRY(const net::Response response, Ask(call, client, name, std::move(rest), "?uploads="));
  pugi::xml_document document;
  document.load_buffer(response.body.data(), response.body.size());
  std::string id = document.document_element().child_value("UploadId");
  if (id.empty()) return Fail(Unreadable(name));
  return id;
}

Result<std::vector<Part>> UploadParts(const Call& call, AwsClient& client, const S3Name& name,
                                      const std::string& query, const S3Upload& upload) {
  const int64_t part_bytes =
      std::max(upload.part_bytes, (upload.bytes + kPartsMax - 1) / kPartsMax);
  std::vector<Part> parts;
  for (int64_t at = 0; at < upload.bytes; at += part_bytes) {
    FIRN_CHECK(call.Check());
    RestCall rest = Request("PUT");
    FIRN_TRY(rest.body, upload.read({at, std::min(part_bytes, upload.bytes - at)}));
    const auto number = static_cast<int64_t>(parts.size()) + 1;
    FIRN_TRY(const net::Response response, Ask(call, client, name, std::move(rest),
                                               fmt::format("?partNumber={}&{}", number, query)));
    parts.push_back({number, response.headers.GetOr("ETag", "")});
    if (parts.back().etag.empty()) return Fail(Unreadable(name));
  }
  return parts;
}

// Also a 200 may hold an error here, since S3 begins to answer before it knows.
Result<void> Complete(const Call& call, AwsClient& client, const S3Name& name,
                      const std::string& query, const std::vector<Part>& parts) {
  RestCall rest = Request("POST");
  rest.headers.Set("If-None-Match", "*");
  rest.headers.Set("Content-Type", "application/xml");
  rest.body = R"(<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">)";
  for (const Part& part : parts) {
    rest.body += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag></Part>", part.number,
                             part.etag);
  }
  rest.body += "</CompleteMultipartUpload>";
  FIRN_TRY(const net::Response response, Ask(call, client, name, std::move(rest), "?" + query));
  pugi::xml_document document;
  document.load_buffer(response.body.data(), response.body.size());
  const pugi::xml_node root = document.document_element();
  if (std::string_view(root.name()) != "Error") return {};
  const std::string code = root.child_value("Code");
  return Fail(Error(Kind::kUnreachable, "AWS-CALL-001", "AWS failed on the call")
                  .At("s3://" + name.bucket + "/" + name.key)
                  .Because("`" + code + "`: " + root.child_value("Message"))
                  .From({"s3", response.status, code, root.child_value("RequestId")})
                  .RetryWithBackoff());
}

void Abort(const Call& call, AwsClient& client, const S3Name& name, const std::string& query) {
  Call last = call;
  last.stop = {};  // also of an upload that was stopped
  last.deadline = SteadyTime::max();
  RestCall rest = Request("DELETE");
  (void)Ask(last.Within(std::chrono::seconds(10)), client, name, std::move(rest), "?" + query);
}

struct ListPage {
  std::vector<S3Listed> objects;
  std::string next;
};
Result<ListPage> ListOnePage(const Call& call, AwsClient& client, const std::string& bucket,
                             const std::string& prefix, const std::string& token) {
  RestCall rest = Request("GET");
  rest.path = "/" + bucket + "?list-type=2&prefix=" + UriEncode(prefix, "");
  if (!token.empty()) rest.path += "&continuation-token=" + UriEncode(token, "");
  FIRN_TRY(const net::Response response, client.CallRest(call, kS3, std::move(rest)));
  pugi::xml_document document;
  document.load_buffer(response.body.data(), response.body.size());
  const pugi::xml_node root = document.document_element();
  if (std::string_view(root.name()) != "ListBucketResult")
    return Fail(Unreadable({bucket, prefix}));
  ListPage page;
  for (const pugi::xml_node each : root.children("Contents")) {
    const auto modified = ParseInstant(each.child_value("LastModified"));
    page.objects.push_back({each.child_value("Key"), Number(each.child_value("Size")),
                            modified ? *modified : UtcMicros()});
  }
  if (std::string_view(root.child_value("IsTruncated")) == "true") {
    page.next = root.child_value("NextContinuationToken");
  }
  return page;
}

}  // namespace

Result<std::string> GetS3Object(const Call& call, AwsClient& client, const S3Name& name,
                                std::optional<S3Range> range, uint64_t bytes_max) {
  RestCall rest = Request("GET");
  rest.bytes_max = bytes_max;
  if (range) {
    rest.headers.Set("Range",
                     fmt::format("bytes={}-{}", range->offset, range->offset + range->bytes - 1));
  }
  FIRN_TRY(net::Response response, Ask(call, client, name, std::move(rest)));
  return std::move(response.body);
}

Result<S3Info> HeadS3Object(const Call& call, AwsClient& client, const S3Name& name) {
  FIRN_TRY(const net::Response response, Ask(call, client, name, Request("HEAD")));
  S3Info info{.bytes = Number(response.headers.GetOr("Content-Length", "")),
              .etag = response.headers.GetOr("ETag", ""),
              .mark = response.headers.GetOr(kMarkHeader, "")};
  if (info.bytes < 0) return Fail(Unreadable(name));
  return info;
}

Result<void> CreateS3Object(const Call& call, AwsClient& client, const S3Name& name,
                            const std::string& mark, std::string body) {
  RestCall rest = Request("PUT");
  rest.body = std::move(body);
  rest.headers.Set("If-None-Match", "*");
  rest.headers.Set(kMarkHeader, mark);
  auto done = Ask(call, client, name, std::move(rest));
  if (done) return {};
  return SettleConflict(call, client, name, mark, std::move(done).error());
}

Result<void> UploadS3Object(const Call& call, AwsClient& client, const S3Name& name,
                            const std::string& mark, const S3Upload& upload) {
  if (upload.bytes <= upload.part_bytes) {
    std::string body;
    if (upload.bytes > 0) {
      FIRN_TRY(body, upload.read({0, upload.bytes}));
    }
    return CreateS3Object(call, client, name, mark, std::move(body));
  }
  FIRN_TRY(const std::string id, BeginUpload(call, client, name, mark));
  const std::string query = "uploadId=" + UriEncode(id, "");
  auto parts = UploadParts(call, client, name, query, upload);
  Result<void> done = parts ? Complete(call, client, name, query, *parts)
                            : Result<void>(Fail(std::move(parts).error()));
  if (done) return done;
  // Completed, though the answer was lost? Then the object is there, with our mark, and the upload
  // is not.
  if (const auto found = HeadS3Object(call, client, name); found && found->mark == mark) return {};
  Abort(call, client, name, query);
  return SettleConflict(call, client, name, mark, std::move(done).error());
}

Result<void> DeleteS3Object(const Call& call, AwsClient& client, const S3Name& name) {
  auto done = Ask(call, client, name, Request("DELETE"));
  if (done || done.error().kind() == Kind::kNotFound) return {};
  return Fail(std::move(done).error());
}

Result<void> ListS3Objects(const Call& call, AwsClient& client, const std::string& bucket,
                           const std::string& prefix,
                           const std::function<Result<void>(const S3Listed&)>& each) {
  std::string token;
  for (int64_t pages = 0; pages < kPagesMax; ++pages) {
    FIRN_CHECK(call.Check());
    FIRN_TRY(const ListPage page, ListOnePage(call, client, bucket, prefix, token));
    for (const S3Listed& object : page.objects) FIRN_CHECK(each(object));
    if (page.next.empty()) return {};
    token = page.next;
  }
  return Fail(Kind::kLimitReached, "AWS-S3-002", "the listing does not end");
}

}  // namespace firn::aws
