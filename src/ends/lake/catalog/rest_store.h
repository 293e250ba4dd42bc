// RestStore: the files of the tables of a REST catalog, by the credentials that the catalog vends
// for them, or by requests that it signs, else by the credentials of whoever runs Firn.
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
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/net/client.h"
#include "ends/aws/request_signer.h"
#include "ends/lake/catalog/rest_catalog.h"
#include "ends/lake/catalog/vended_credentials.h"
#include "ends/lake/store/object_store.h"
#include "ends/lake/store/s3_store.h"

namespace firn::lake {

// How the files of a table are reached, beside what its grants say.
struct FileAccess {
  RenewGrants renew;
  // Who signs requests by these settings. Errors: as RemoteSigner::New.
  std::function<Result<std::shared_ptr<aws::RequestSigner>>(FileSettings settings)> signer;
};

class RestStore final : public ObjectStore, public SpooledStore {
 public:
  // `defaults`: what the catalog's config says of S3; `access` goes with them. Errors: those of
  // net.
  [[nodiscard]] static Result<std::shared_ptr<RestStore>> Open(const RestStoreOptions& options,
                                                               FileSettings defaults,
                                                               FileAccess access);
  // Files below `grant.prefix` go by its settings from now on: by its credentials, or signed by the
  // catalog, or by the credentials of whoever runs Firn.
  [[nodiscard]] Result<void> Take(const Grant& grant, const FileAccess& access);
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
    std::shared_ptr<VendedCredentials> credentials;  // nullptr: signed by others, or our own
    std::shared_ptr<ObjectStore> store;
    FileSettings settings;  // without keys
  };
  // Whose keys sign: one of them.
  struct Signing {
    std::shared_ptr<aws::CredentialSource> credentials;
    std::shared_ptr<aws::RequestSigner> signer;
  };
  RestStore(RestStoreOptions options, FileSettings defaults, FileAccess access)
      : options_(std::move(options)), defaults_(std::move(defaults)), access_(std::move(access)) {}
  bool TakeKeys(const std::string& prefix, const FileSettings& settings,
                std::optional<aws::Credentials>& keys);
  Result<std::shared_ptr<ObjectStore>> For(const std::string& uri);
  Result<std::shared_ptr<ObjectStore>> OwnStore(const std::string& bucket);
  Result<Signing> OwnSigning();
  Result<std::shared_ptr<ObjectStore>> NewStore(const std::string& root,
                                                const FileSettings& settings, Signing signing);

  RestStoreOptions options_;
  FileSettings defaults_;
  FileAccess access_;
  std::shared_ptr<net::Transport> transport_;
  std::shared_ptr<ObjectStore> local_;  // nullptr: no file of this machine
  std::mutex mutex_;
  std::map<std::string, Granted> granted_;                   // by prefix
  std::map<std::string, std::shared_ptr<ObjectStore>> own_;  // by bucket
};

}  // namespace firn::lake
