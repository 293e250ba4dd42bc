#include <fmt/format.h>

#include <charconv>

#include "ends/lake/internal/gzip.h"
#include "ends/lake/table_io.h"

namespace firn::lake {
namespace {

std::string MetadataFolder(const TableMetadata& metadata) {
  const auto path = metadata.properties.find("write.metadata.path");
  if (path == metadata.properties.end() || path->second.empty())
    return metadata.location + "/metadata";
  std::string folder = path->second;
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  return folder;
}

}  // namespace

Result<std::string> WriteMetadata(const Call& call, ObjectStore& store, const MetadataFile& file) {
  const auto& properties = file.metadata.properties;
  const auto codec = properties.find("write.metadata.compression-codec");
  const bool gzip = codec != properties.end() && codec->second == "gzip";
  const std::string uri = fmt::format("{}/{:05}-{}{}.metadata.json", MetadataFolder(file.metadata),
                                      file.version, NewUuid(*call.random), gzip ? ".gz" : "");
  FIRN_CHECK(gzip ? store.Write(call, uri, internal::Gzip(file.json))
                  : store.Write(call, uri, file.json));
  return uri;
}

int MetadataVersion(const std::string& metadata_location) {
  const std::string name = metadata_location.substr(metadata_location.rfind('/') + 1);
  int version = 0;
  std::from_chars(name.data(), name.data() + name.size(), version);
  return version;
}

}  // namespace firn::lake
