// S3Store: an ObjectStore on S3. Small objects are written in one call; data files are written to a
// folder of this machine first and then sent whole, in parts, so that a sending that breaks is
// repeated from the disk, and nobody sees half a file.
//
// Each object is written once, under a condition that refuses a name that is taken. Reading data
// files asks for ranges. Any thread may use it. It never lists or reads outside of its prefix.
#pragma once

#include <memory>
#include <string>

#include "ends/aws/client.h"
#include "ends/lake/store/object_store.h"

namespace firn::lake {

// A store whose data files are written elsewhere first.
class SpooledStore {
 public:
  virtual ~SpooledStore() = default;
  // Where to write the bytes of a new data file; its folder is made. Errors: as ObjectStore::Write.
  [[nodiscard]] virtual Result<std::string> SpoolPath(const std::string& uri) = 0;
  // Sends the file, which is closed, and removes it here. Its bytes are durable when this returns.
  // Errors: Conflict (LAKE-STORE-003) when the name is taken; those of the service, after retries;
  // the file stays and Send may be called again.
  [[nodiscard]] virtual Result<void> Send(const Call& call, const std::string& uri) = 0;
};

struct S3Options {
  std::string root;   // `s3://bucket/prefix`
  std::string spool;  // folder on this machine
  std::shared_ptr<aws::AwsClient> client;
  std::shared_ptr<void> keeps;  // what the client stands on
};
[[nodiscard]] std::shared_ptr<ObjectStore> NewS3Store(const S3Options& options);

// `s3://bucket/prefix` by the credentials and region of whoever runs Firn. Errors: NotFound
// (LAKE-STORE-008) when there is no such bucket; Denied; BadConfig (LAKE-STORE-005) when it lies
// in another region.
[[nodiscard]] Result<std::shared_ptr<ObjectStore>> OpenS3Store(const std::string& root,
                                                               const std::string& spool);

// For every store: where a writer puts the bytes of a new data file, and what makes the file part
// of the store once it is closed and synced.
[[nodiscard]] Result<std::string> DataFilePath(ObjectStore& store, const std::string& uri);
[[nodiscard]] Result<void> PublishDataFile(const Call& call, ObjectStore& store,
                                           const std::string& uri);

}  // namespace firn::lake
