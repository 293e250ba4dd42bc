#include "patterns/federation/storage/confined_store.h"

#include <algorithm>

#include "patterns/federation/storage/s3_location.h"

namespace firn::federation {
namespace {

constexpr const char* kPathProperties[] = {"write.data.path", "write.metadata.path",
                                           "write.object-storage.path",
                                           "write.folder-storage.path"};

tl::unexpected<Error> Refused(const std::string& uri, std::string why) {
  return Fail(Error(Kind::kDenied, "CAT-LOCATION-001",
                    "the file `" + uri.substr(0, 512) + "` of a snapshot cannot be used")
                  .Because(std::move(why)));
}

// `/a/b`, or `s3://bucket/a/b`, however it is spelled. Errors: it has `..` or the like.
Result<std::string> PathOf(const std::string& uri) {
  if (!IsS3Uri(uri)) return lake::LocalPath(uri);
  FIRN_TRY(const S3Place place, ParseS3Uri(uri));
  return place.Uri();
}

class Confined final : public lake::ObjectStore {
 public:
  Confined(std::shared_ptr<lake::ObjectStore> inner, std::vector<std::string> folders)
      : inner_(std::move(inner)), folders_(std::move(folders)) {}

  Result<std::string> Read(const Call& call, const std::string& uri, uint64_t bytes_max) override {
    FIRN_CHECK(Check(uri));
    return inner_->Read(call, uri, bytes_max);
  }
  Result<int64_t> Size(const Call& call, const std::string& uri) override {
    FIRN_CHECK(Check(uri));
    return inner_->Size(call, uri);
  }
  Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenInput(const Call& call,
                                                                 const std::string& uri) override {
    FIRN_CHECK(Check(uri));
    return inner_->OpenInput(call, uri);
  }
  Result<void> Write(const Call&, const std::string& uri, std::string_view) override {
    return Refused(uri, "it is only read");
  }
  Result<void> Settle(const Call&, const std::vector<std::string>&) override { return {}; }
  Result<void> Remove(const Call&, const std::string& uri) override {
    return Refused(uri, "it is only read");
  }
  Result<void> List(const Call&, const std::string& uri,
                    const std::function<Result<void>(const lake::ObjectInfo&)>&) override {
    return Refused(uri, "it is only read");
  }

 private:
  Result<void> Check(const std::string& uri) const {
    const auto path = PathOf(uri);
    if (!path) return Refused(uri, path.error().why());
    const bool inside =
        std::any_of(folders_.begin(), folders_.end(), [&](const std::string& folder) {
          return path->starts_with(folder) && path->size() > folder.size() &&
                 (*path)[folder.size()] == '/';
        });
    if (!inside) return Refused(uri, "it lies outside the table's own folders");
    return {};
  }

  std::shared_ptr<lake::ObjectStore> inner_;
  std::vector<std::string> folders_;
};

}  // namespace

std::shared_ptr<lake::ObjectStore> ConfinedStore(std::shared_ptr<lake::ObjectStore> inner,
                                                 const lake::TableMetadata& metadata) {
  std::vector<std::string> named = {metadata.location};
  for (const char* key : kPathProperties) {
    const auto found = metadata.properties.find(key);
    if (found != metadata.properties.end()) named.push_back(found->second);
  }
  std::vector<std::string> folders;
  for (const std::string& uri : named) {
    auto path = PathOf(uri);
    if (!path) continue;  // of no store that is served: nothing lies there
    while (path->size() > 1 && path->ends_with('/')) path->pop_back();
    folders.push_back(*std::move(path));
  }
  return std::make_shared<Confined>(std::move(inner), std::move(folders));
}

}  // namespace firn::federation
