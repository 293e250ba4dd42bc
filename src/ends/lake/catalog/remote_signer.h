// RemoteSigner: S3 requests signed by the catalog, one by one, for files whose keys it keeps.
//
// The catalog is sent method, address and headers, never a body, and answers with the headers that
// make the request good. Where it says so (`Cache-Control: private`), its answer goes for further
// requests like it, such as other ranges of the same file, for half a minute. Any thread. Source:
// Iceberg REST catalog spec, "RemoteSignRequest", "RemoteSignResult", "LoadTableResult"
// (`s3.remote-signing-enabled`, `signer.uri`, `signer.endpoint`); s3-signer-open-api.yaml;
// apache/iceberg 1.11 S3V4RestSignerClient; read 2026-11.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "ends/aws/request_signer.h"
#include "ends/lake/catalog/rest_answers.h"
#include "ends/lake/catalog/rest_client.h"

namespace firn::lake {

// `s3.remote-signing-enabled` says yes.
[[nodiscard]] bool IsSignedRemotely(const FileSettings& settings);

class RemoteSigner final : public aws::RequestSigner {
 public:
  // `auth`: of the table that the files are of; nullptr: the catalog's own sign-in. Errors:
  // BadConfig (LAKE-REST-010) for a signer of another host, which must not get our sign-in.
  [[nodiscard]] static Result<std::shared_ptr<RemoteSigner>> New(std::shared_ptr<RestClient> client,
                                                                 std::shared_ptr<RestAuth> auth,
                                                                 const FileSettings& settings);

  // Errors: Denied (LAKE-REST-003) when the catalog does not sign this; others of RestClient.
  Result<void> Sign(const Call& call, const std::string& region, net::Request& request) override;
  void Forget() override;

 private:
  struct Kept {
    net::Headers asked;
    SignAnswer answer;
    SteadyTime ends;
  };
  RemoteSigner(std::shared_ptr<RestClient> client, std::shared_ptr<RestAuth> auth, std::string url)
      : client_(std::move(client)), auth_(std::move(auth)), url_(std::move(url)) {}
  std::optional<SignAnswer> Find(const Call& call, const std::string& key,
                                 const net::Headers& headers);
  void Keep(const Call& call, const std::string& key, Kept kept);

  std::shared_ptr<RestClient> client_;
  std::shared_ptr<RestAuth> auth_;
  std::string url_;
  std::mutex mutex_;
  std::map<std::string, Kept> kept_;  // by method, region and address
};

}  // namespace firn::lake
