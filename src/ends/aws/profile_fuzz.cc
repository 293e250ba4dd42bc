// Any bytes as a configuration file of the AWS CLI: never a crash.
#include <cstdint>
#include <string_view>

#include "ends/aws/profile_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  firn::aws::Profiles profiles;
  for (const auto kind : {firn::aws::ProfileFile::kConfig, firn::aws::ProfileFile::kCredentials}) {
    static_cast<void>(firn::aws::ReadProfiles(text, kind, "fuzz", profiles));
  }
  return 0;
}
