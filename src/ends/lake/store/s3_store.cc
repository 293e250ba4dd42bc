#include "ends/lake/store/s3_store.h"

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <arrow/status.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/base/fault_point.h"
#include "core/base/file.h"
#include "core/base/random.h"
#include "ends/aws/s3_bucket.h"
#include "ends/aws/s3_object.h"
#include "ends/lake/internal/s3_input.h"

namespace firn::lake {
namespace {

constexpr std::string_view kScheme = "s3://";

tl::unexpected<Error> BadName(std::string_view uri, std::string why) {
  return Fail(Error(Kind::kBadInput, "LAKE-STORE-001",
                    "`" + std::string(uri.substr(0, 512)) + "` is no usable file name")
                  .Because(std::move(why)));
}

// `s3://bucket/key`. Errors: BadInput.
Result<aws::S3Name> NameOf(std::string_view uri) {
  std::string_view rest = uri;
  if (rest.starts_with("s3a://")) rest.remove_prefix(1);  // Hadoop's word for the same
  if (!uri.starts_with(kScheme) && !uri.starts_with("s3a://"))
    return BadName(uri, "it is no S3 URI");
  rest = uri.substr(uri.find("://") + 3);
  const size_t slash = rest.find('/');
  aws::S3Name name{std::string(rest.substr(0, slash)),
                   slash == std::string_view::npos ? "" : std::string(rest.substr(slash + 1))};
  if (name.bucket.empty()) return BadName(uri, "it names no bucket");
  for (size_t at = 0; at <= name.key.size();) {
    const size_t end = std::min(name.key.find('/', at), name.key.size());
    const std::string_view part = std::string_view(name.key).substr(at, end - at);
    if (part == "." || part == "..") return BadName(uri, "`.` and `..` are no parts of a name");
    at = end + 1;
  }
  for (const char c : name.key) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
      return BadName(uri, "it has a control character");
  }
  return name;
}

// S3 was asked in a region that the bucket is not in (S3 API Reference, "Error Responses").
bool IsElsewhere(const Remote& remote) {
  return remote.status == 301 || remote.api_code == "PermanentRedirect" ||
         remote.api_code == "AuthorizationHeaderMalformed";
}

// The errors of the service in the words of a store.
Error AsStoreError(Error error, const std::string& uri) {
  if (IsElsewhere(error.remote())) {
    return Error(Kind::kBadConfig, "LAKE-STORE-005", "the bucket lies in another region")
        .At(uri)
        .Because(error.why())
        .From(error.remote())
        .Hint(
            "set AWS_REGION to the bucket's region; a REST catalog may say it with the table "
            "(`client.region`)");
  }
  if (error.kind() == Kind::kNotFound) {
    return Error(Kind::kNotFound, "LAKE-STORE-002", "the file `" + uri + "` is missing")
        .At(uri)
        .Because("the table refers to it, but it is not there")
        .From(error.remote());
  }
  if (error.code() == "AWS-S3-001") {
    return Error(Kind::kConflict, "LAKE-STORE-003", "the file `" + uri + "` exists").At(uri);
  }
  return error;
}

// A part of a file on this machine, read anew each time it is sent.
Result<std::string> ReadPart(int fd, const std::string& path, const aws::S3Range& part) {
  std::string bytes(static_cast<size_t>(part.bytes), '\0');
  size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t got =
        pread(fd, bytes.data() + have, bytes.size() - have, part.offset + static_cast<off_t>(have));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      return Fail(Error(Kind::kCorrupt, "LAKE-STORE-006", "a file to be sent cannot be read")
                      .At(path)
                      .Because(got < 0 ? std::strerror(errno) : "it is shorter than it was"));
    }
    have += static_cast<size_t>(got);
  }
  return bytes;
}

// `a/b/` -> `/a/b`. No part leads out of the folder that it is put behind.
std::string FolderOf(std::string_view key) {
  std::string folder;
  for (size_t end = key.find('/'); end != std::string_view::npos; end = key.find('/')) {
    const std::string_view part = key.substr(0, end);
    folder += "/";
    folder += part.empty() || part == "." || part == ".." ? "_" : part;
    key.remove_prefix(end + 1);
  }
  return folder;
}

class S3Store final : public ObjectStore, public SpooledStore {
 public:
  explicit S3Store(S3Options options) : options_(std::move(options)) {
    while (options_.root.ends_with('/')) options_.root.pop_back();
  }

  Result<std::string> Read(const Call& call, const std::string& uri, uint64_t bytes_max) override {
    FIRN_TRY(const aws::S3Name name, Within(uri));
    auto bytes = aws::GetS3Object(call, client(), name, std::nullopt, bytes_max);
    if (!bytes) return Fail(AsStoreError(std::move(bytes).error(), uri));
    return bytes;
  }

  Result<void> Write(const Call& call, const std::string& uri, std::string_view bytes) override {
    FIRN_TRY(const aws::S3Name name, Within(uri));
    auto done =
        aws::CreateS3Object(call, client(), name, NewUuid(*call.random), std::string(bytes));
    if (!done) return Fail(AsStoreError(std::move(done).error(), uri));
    return {};
  }

  Result<void> Settle(const Call& call, const std::vector<std::string>&) override {
    return call.Check();  // S3 has no folders to sync
  }

  Result<int64_t> Size(const Call& call, const std::string& uri) override {
    FIRN_TRY(const aws::S3Name name, Within(uri));
    auto info = aws::HeadS3Object(call, client(), name);
    if (!info) return Fail(AsStoreError(std::move(info).error(), uri));
    return info->bytes;
  }

  Result<void> Remove(const Call& call, const std::string& uri) override {
    FIRN_TRY(const aws::S3Name name, Within(uri));
    return aws::DeleteS3Object(call, client(), name);
  }

  Result<void> List(const Call& call, const std::string& uri,
                    const std::function<Result<void>(const ObjectInfo&)>& each) override {
    FIRN_TRY(const aws::S3Name name, Within(uri));
    const std::string prefix =
        name.key.empty() || name.key.ends_with('/') ? name.key : name.key + "/";
    return aws::ListS3Objects(
        call, client(), name.bucket, prefix, [&](const aws::S3Listed& found) -> Result<void> {
          if (found.key.ends_with('/')) return {};  // a folder's placeholder, of some tools
          return each({.uri = std::string(kScheme) + name.bucket + "/" + found.key,
                       .bytes = found.bytes,
                       .modified_ms = found.modified.time_since_epoch().count() / 1000});
        });
  }

  Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenInput(const Call& call,
                                                                 const std::string& uri) override {
    FIRN_TRY(const aws::S3Name name, Within(uri));
    FIRN_TRY(const int64_t bytes, Size(call, uri));
    return internal::NewS3Input(call, options_.client, name, bytes);
  }

  Result<std::string> SpoolPath(const std::string& uri) override {
    FIRN_TRY(const aws::S3Name name, Within(uri));
    // A folder for each of the bucket's: files of two tables may have one name.
    const size_t slash = name.key.rfind('/');
    const std::string folder = options_.spool + FolderOf(name.key.substr(0, slash + 1));
    FIRN_CHECK(MakeFolders(folder, 0700));
    return folder + "/" + name.key.substr(slash + 1);
  }

  Result<void> Send(const Call& call, const std::string& uri) override {
    FIRN_TRY(const aws::S3Name name, Within(uri));
    FIRN_TRY(const std::string path, SpoolPath(uri));
    const Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.valid()) return Fail(AsStoreError(Error(Kind::kNotFound, "LAKE-STORE-002", ""), uri));
    FIRN_TRY(const uint64_t bytes, FileSize(path));
    const aws::S3Upload upload{
        .bytes = static_cast<int64_t>(bytes),
        .read = [&](const aws::S3Range& part) { return ReadPart(fd.get(), path, part); }};
    FIRN_FAULT_POINT("lake.s3.before_send");
    auto done = aws::UploadS3Object(call, client(), name, NewUuid(*call.random), upload);
    if (!done) return Fail(AsStoreError(std::move(done).error(), uri));
    FIRN_FAULT_POINT("lake.s3.sent");
    return RemoveFile(path);
  }

 private:
  aws::AwsClient& client() { return *options_.client; }
  Result<aws::S3Name> Within(const std::string& uri) const {
    FIRN_TRY(aws::S3Name name, NameOf(uri));
    const std::string full = std::string(kScheme) + name.bucket + "/" + name.key;
    if (full != options_.root && !full.starts_with(options_.root + "/")) {
      return Fail(Error(Kind::kDenied, "LAKE-STORE-001",
                        "`" + uri.substr(0, 512) + "` lies outside of the warehouse")
                      .Because("the warehouse is `" + options_.root + "`"));
    }
    return name;
  }

  S3Options options_;
};

// What the client of a store that stands for itself is made of.
struct Account {
  std::unique_ptr<net::Transport> transport;
  std::unique_ptr<aws::CredentialSource> credentials;
};

Result<void> CheckBucket(aws::AwsClient& client, const aws::S3Name& name) {
  auto region = aws::HeadBucket({}, client, name.bucket);
  if (!region && region.error().kind() == Kind::kNotFound) {
    return Fail(Error(Kind::kNotFound, "LAKE-STORE-008", "there is no bucket `" + name.bucket + "`")
                    .At("s3://" + name.bucket)
                    .From(region.error().remote())
                    .Hint("make it, or correct `lake.warehouse`"));
  }
  const bool elsewhere =
      region ? !region->empty() && *region != client.region()
             : region.error().remote().status == 301 || region.error().remote().status == 400;
  if (elsewhere) {
    return Fail(Error(Kind::kBadConfig, "LAKE-STORE-005",
                      "the bucket `" + name.bucket + "` lies in another region")
                    .At("s3://" + name.bucket)
                    .Because(region ? "it is in `" + *region + "`, the calls go to `" +
                                          client.region() + "`"
                                    : "the calls go to `" + client.region() + "`")
                    .Hint("set AWS_REGION to the bucket's region"));
  }
  if (!region) return Fail(std::move(region).error().Doing("looking for s3://" + name.bucket));
  return {};
}

}  // namespace

std::shared_ptr<ObjectStore> NewS3Store(const S3Options& options) {
  return std::make_shared<S3Store>(options);
}

Result<std::shared_ptr<ObjectStore>> OpenS3Store(const std::string& root,
                                                 const std::string& spool) {
  FIRN_TRY(const aws::S3Name name, NameOf(root));
  auto account = std::make_shared<Account>();
  FIRN_TRY(account->transport, net::NewHttpClient({}));
  account->credentials = aws::NewCredentialChain(*account->transport, {});
  aws::ClientParts parts;
  parts.transport = account->transport.get();
  parts.credentials = account->credentials.get();
  FIRN_TRY(parts.region, aws::FindRegion(parts.environment, parts.profile));
  auto client = std::make_shared<aws::AwsClient>(std::move(parts));
  FIRN_CHECK(CheckBucket(*client, name));
  return NewS3Store(
      {.root = std::string(kScheme) + name.bucket + (name.key.empty() ? "" : "/" + name.key),
       .spool = spool,
       // The client goes before what it stands on.
       .client = std::shared_ptr<aws::AwsClient>(client.get(),
                                                 [client, account](aws::AwsClient*) mutable {
                                                   client.reset();
                                                   account.reset();
                                                 })});
}

Result<std::string> DataFilePath(ObjectStore& store, const std::string& uri) {
  if (auto* spooled = dynamic_cast<SpooledStore*>(&store)) return spooled->SpoolPath(uri);
  FIRN_TRY(std::string path, LocalPath(uri));
  FIRN_CHECK(MakeFolders(path.substr(0, path.rfind('/'))));
  return path;
}

Result<void> PublishDataFile(const Call& call, ObjectStore& store, const std::string& uri) {
  if (auto* spooled = dynamic_cast<SpooledStore*>(&store)) return spooled->Send(call, uri);
  return {};
}

}  // namespace firn::lake
