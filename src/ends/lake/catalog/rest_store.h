// RestStore: the files of the tables of a REST catalog, by the credentials that the catalog vends
// for them, else by those of whoever runs Firn.
//
// Which credentials a file is read and written with follows from the longest prefix that the
// catalog named. They are renewed through the catalog before they end. No file outside of the root
// is touched, whatever a catalog says. Any thread. Sources: Iceberg REST catalog spec,
// "StorageCredential", "LoadCredentialsResponse"; apache/iceberg 1.11 S3FileIOProperties,
// VendedCredentialsProvider; read 2026-11.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/net/client.h"
#include "ends/lake/catalog/rest_catalog.h"
#include "ends/lake/catalog/vended_credentials.h"
#include "ends/lake/store/object_store.h"
#include "ends/lake/store/s3_store.h"

namespace firn::lake {

class RestStore final : public ObjectStore, public SpooledStore {
 public:
  // `defaults`: what the catalog's config says of S3. Errors: those of net.
  [[nodiscard]] static Result<std::shared_ptr<RestStore>> Open(const RestStoreOptions& options,
                                                               FileSettings defaults);
  // Files below `grant.prefix` go by its credentials from now on.
  [[nodiscard]] Result<void> Take(const Grant& grant, RenewGrants renew);
  // Errors: Denied or BadInput (LAKE-STORE-001) for a place that tables may not be in.
  [[nodiscard]] Result<void> CheckPlace(const std::string& uri) const;

  Result<std::string> Read(const Call& call, const std::string& uri, uint64_t bytes_max) override;
  Result<void> Write(const Call& call, const std::string& uri, std::string_view bytes) override;
  Result<void> Settle(const Call& call, const std::vector<std::string>& uris) override;
  Result<int64_t> Size(const Call& call, const std::string& uri) override;
  Result<void> Remove(const Call& call, const std::string& uri) override;
  Result<void> List(const Call& call, const std::string& uri,
                    const std::function<Result<void>(const ObjectInfo&)>& each) override;
  Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenInput(const Call& call,
                                                                 const std::string& uri) override;
  Result<std::string> SpoolPath(const std::string& uri) override;
  Result<void> Send(const Call& call, const std::string& uri) override;

 private:
  struct Granted {
    std::shared_ptr<VendedCredentials> credentials;
    std::shared_ptr<ObjectStore> store;
  };
  RestStore(RestStoreOptions options, FileSettings defaults)
      : options_(std::move(options)), defaults_(std::move(defaults)) {}
  Result<std::shared_ptr<ObjectStore>> For(const std::string& uri);
  Result<std::shared_ptr<ObjectStore>> OwnStore(const std::string& bucket);
  Result<std::shared_ptr<ObjectStore>> NewStore(const std::string& root,
                                                const FileSettings& settings,
                                                std::shared_ptr<aws::CredentialSource> source);

  RestStoreOptions options_;
  FileSettings defaults_;
  std::shared_ptr<net::Transport> transport_;
  std::shared_ptr<ObjectStore> local_;  // nullptr: no file of this machine
  std::mutex mutex_;
  std::map<std::string, Granted> granted_;                   // by prefix
  std::map<std::string, std::shared_ptr<ObjectStore>> own_;  // by bucket
};

}  // namespace firn::lake
