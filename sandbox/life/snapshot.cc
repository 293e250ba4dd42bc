#include "sandbox/life/snapshot.h"

#include <filesystem>

#include "core/base/file.h"
#include "core/base/sqlite.h"

namespace firn::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDatabases[] = {"org.db", "api.db", "data_cloud.db"};
// Small files and folders, copied as they are.
constexpr const char* kFiles[] = {"apps.json", "faults.json", "ca.pem",    "keys",
                                  "tls",       "events",      "data_cloud"};

std::string SqlText(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') quoted += '\'';
    quoted += c;
  }
  return quoted + "'";
}

tl::unexpected<Error> CopyFailed(const std::string& path, const std::error_code& why) {
  return Fail(Error(Kind::kInternal, "SBX-SNAPSHOT-003", "a file of the org cannot be copied")
                  .At(path)
                  .Because(why.message()));
}

Result<void> CopyFiles(const std::string& from, const std::string& to) {
  for (const char* name : kFiles) {
    std::error_code failed;
    if (!fs::exists(from + "/" + name)) continue;
    fs::copy(from + "/" + name, to + "/" + name, fs::copy_options::recursive, failed);
    if (failed) return CopyFailed(from + "/" + name, failed);
  }
  return {};
}

tl::unexpected<Error> NoOrg(const std::string& folder) {
  return Fail(
      Error(Kind::kNotFound, "SBX-SNAPSHOT-001", "no sandbox org is in this folder").At(folder));
}

}  // namespace

Result<void> TakeSnapshot(const std::string& folder, const std::string& to) {
  if (!FileExists(folder + "/org.db")) return NoOrg(folder);
  if (FileExists(to)) {
    return Fail(Error(Kind::kConflict, "SBX-SNAPSHOT-002", "the snapshot's folder is already there")
                    .At(to)
                    .Hint("give a folder that does not exist yet"));
  }
  // Made beside its place and moved there whole: half a snapshot never looks like one.
  const std::string part = to + ".part";
  std::error_code ignored;
  fs::remove_all(part, ignored);
  FIRN_CHECK(MakeFolders(part, 0700));
  for (const char* name : kDatabases) {
    if (!FileExists(folder + "/" + name)) continue;
    Database::Options options;
    options.create = false;
    FIRN_TRY(Database db, Database::Open(folder + "/" + name, options));
    FIRN_CHECK(db.Execute("VACUUM INTO " + SqlText(part + "/" + name)));
  }
  FIRN_CHECK(CopyFiles(folder, part));
  std::error_code failed;
  fs::rename(part, to, failed);
  if (failed) return CopyFailed(to, failed);
  return SyncFolderOf(to);
}

Result<void> RestoreSnapshot(const std::string& from, const std::string& folder) {
  if (!FileExists(from + "/org.db")) return NoOrg(from);
  FIRN_CHECK(MakeFolders(folder, 0700));
  FIRN_TRY(const FileLock lock, FileLock::Take(folder + "/org.lock", "sandbox org"));
  std::error_code failed;
  const bool holds_org = FileExists(folder + "/org.db");
  for (const auto& entry : fs::directory_iterator(folder, failed)) {
    // Nothing but an org is ever cleared away.
    if (!holds_org && entry.path().filename() != "org.lock") {
      return Fail(
          Error(Kind::kConflict, "SBX-SNAPSHOT-004", "the folder holds files, but no sandbox org")
              .At(folder)
              .Hint("name an empty folder, or one that `firn sandbox up` made"));
    }
  }
  for (const auto& entry : fs::directory_iterator(folder, failed)) {
    if (entry.path().filename() == "org.lock") continue;
    fs::remove_all(entry.path(), failed);
    if (failed) return CopyFailed(entry.path(), failed);
  }
  for (const char* name : kDatabases) {
    if (!FileExists(from + "/" + name)) continue;
    fs::copy_file(from + "/" + name, folder + "/" + name, failed);
    if (failed) return CopyFailed(from + "/" + name, failed);
  }
  FIRN_CHECK(CopyFiles(from, folder));
  return SyncFolderOf(folder + "/org.db");
}

}  // namespace firn::sandbox
