// VendedCredentials: keys of S3 that a catalog hands out for the files of a table, renewed through
// it before they end. Any thread. Source: apache/iceberg 1.11 VendedCredentialsProvider (renews
// five minutes before the end), S3FileIOProperties; Iceberg REST catalog spec, "LoadTableResult"
// (`config`, `storage-credentials`); read 2026-11.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "core/base/call.h"
#include "ends/aws/credentials.h"

namespace firn::lake {

// Properties of file access by name: `s3.endpoint`, `client.region`, ...
using FileSettings = std::map<std::string, std::string>;

// What a catalog says of files whose names begin so.
struct Grant {
  std::string prefix;
  FileSettings settings;
};
// Asks the catalog again.
using RenewGrants = std::function<Result<std::vector<Grant>>(const Call& call)>;

[[nodiscard]] bool HasKeys(const FileSettings& settings);
// `s3.access-key-id` and its kin. Errors: Corrupt (LAKE-REST-009) when they are not whole.
[[nodiscard]] Result<aws::Credentials> KeysOf(const FileSettings& settings);

class VendedCredentials final : public aws::CredentialSource {
 public:
  VendedCredentials(std::string prefix, aws::Credentials first, RenewGrants renew)
      : prefix_(std::move(prefix)), kept_(std::move(first)), renew_(std::move(renew)) {}
  Result<aws::Credentials> Get(const Call& call) override;
  void Forget() override;
  // Newer ones, that came with the table.
  void Take(aws::Credentials credentials);

 private:
  Result<aws::Credentials> Fetch(const Call& call) const;

  std::string prefix_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  bool fetching_ = false;
  bool refused_ = false;
  aws::Credentials kept_;
  RenewGrants renew_;
};

}  // namespace firn::lake
