#include "patterns/federation/locations.h"

#include <algorithm>

#include "patterns/federation/storage/s3_location.h"

namespace firn::federation {
namespace {

tl::unexpected<Error> Outside(std::string_view uri, std::string why) {
  return Fail(Error(Kind::kDenied, "CAT-LOCATION-001",
                    "the location `" + std::string(uri.substr(0, 512)) + "` cannot be used")
                  .Because(std::move(why)));
}

// `-` and the start of a uuid.
constexpr size_t kSuffixBytes = 9;

bool SafeByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.';
}

// A folder name for `text`; `changed` is set when it is not the text itself.
std::string FolderName(std::string_view text, bool& changed) {
  std::string out;
  for (const char c : text) out += SafeByte(c) ? c : '_';
  if (out.starts_with('.')) out[0] = '_';
  changed = changed || out != text;
  return out;
}

// `/a/b` of a local location, `s3://bucket/a/b` of one on S3, however they are spelled.
Result<std::string> PathOf(std::string_view uri) {
  if (!IsS3Uri(uri)) return lake::LocalPath(uri);
  FIRN_TRY(const S3Place place, ParseS3Uri(uri));
  return place.Uri();
}

std::string UriOf(const std::string& path) { return IsS3Uri(path) ? path : lake::FileUri(path); }

}  // namespace

Locations::Locations(std::vector<std::string> roots) : roots_(std::move(roots)) {
  for (std::string& root : roots_) {
    while (root.size() > 1 && root.ends_with('/')) root.pop_back();
  }
}

Result<std::string> Locations::Check(std::string_view uri) const {
  auto path = PathOf(uri);
  if (!path) return Outside(uri, path.error().why());
  const bool inside = std::any_of(roots_.begin(), roots_.end(), [&](const std::string& root) {
    return root == "/" || (path->starts_with(root) && path->size() > root.size() + 1 &&
                           (*path)[root.size()] == '/');
  });
  if (!inside) return Outside(uri, "it lies outside the warehouse");
  if (path->find_first_of("?#%") != std::string::npos)
    return Outside(uri, "`?`, `#` and `%` in a path are read differently by other engines");
  std::string out(uri);
  while (out.size() > 1 && out.ends_with('/')) out.pop_back();
  return out;
}

std::string Locations::Folder(const EntryName& name, bool& changed) const {
  std::string folder = warehouse();
  for (const std::string& level : name.ns) folder += "/" + FolderName(level, changed);
  return folder + "/" + FolderName(name.name, changed);
}

Result<void> Locations::CheckOwn(std::string_view location, const EntryName& name) const {
  bool changed = false;
  const std::string folder = Folder(name, changed);
  FIRN_TRY(const std::string path, PathOf(location));
  std::string_view rest = path;
  if (!rest.starts_with(folder)) return Outside(location, "it is not the table's own folder");
  rest.remove_prefix(folder.size());
  const bool suffixed =
      rest.size() >= kSuffixBytes && rest[0] == '-' && rest.find('/') >= kSuffixBytes;
  if (suffixed) rest.remove_prefix(kSuffixBytes);
  if (rest.empty() || rest[0] == '/') return {};
  return Outside(location, "it is not the table's own folder");
}

Result<std::string> Locations::ForNew(const Call& call, lake::ObjectStore& store,
                                      const EntryName& name) const {
  bool beside = false;
  std::string folder = Folder(name, beside);
  if (!beside) {
    // The first file is enough to know.
    const auto listed =
        store.List(call, UriOf(folder), [&](const lake::ObjectInfo&) -> Result<void> {
          beside = true;
          return Fail(Kind::kConflict, "CAT-LOCATION-001", "used");
        });
    if (!beside) FIRN_CHECK(listed);
  }
  return beside ? Beside(call, name) : UriOf(folder);
}

std::string Locations::Beside(const Call& call, const EntryName& name) const {
  bool changed = false;
  return UriOf(Folder(name, changed) + "-" + NewUuid(*call.random).substr(0, kSuffixBytes - 1));
}

}  // namespace firn::federation
