// The blobs of an object whose rule says `blobs: fetch`: one API call each, kept as files beside
// the table, in its store, before the snapshot that points at them is made. Each streams through a
// file of this machine; one that is there already is not asked for again.
#include <cstdio>

#include "core/base/file.h"
#include "ends/lake/store/s3_store.h"
#include "patterns/exports/leftovers.h"
#include "patterns/exports/object/run.h"

namespace firn::exports {
namespace {

constexpr size_t kBlobPieceBytes = 256U << 10;

// The Id of a record that was asked for its Id alone.
std::string IdOf(std::string_view record) {
  constexpr std::string_view kKey = "\"Id\"";
  size_t at = record.find(kKey);
  if (at == std::string_view::npos) return "";
  at = record.find('"', at + kKey.size());
  const size_t end = at == std::string_view::npos ? at : record.find('"', at + 1);
  if (end == std::string_view::npos) return "";
  return std::string(record.substr(at + 1, end - at - 1));
}

Result<void> CopyToFile(net::BodyStream& body, const std::string& path) {
  const std::string unfinished = path + ".part";
  FIRN_TRY(auto file, FileWriter::Create(unfinished, 0600));
  for (;;) {
    FIRN_TRY(const std::string piece, body.Read(kBlobPieceBytes));
    if (piece.empty()) break;
    FIRN_CHECK(file->Append(piece));
  }
  FIRN_CHECK(file->Commit());
  if (std::rename(unfinished.c_str(), path.c_str()) != 0) {
    return Fail(
        Error(Kind::kDenied, "EXPORT-BLOB-001", "a fetched file cannot get its name").At(path));
  }
  return SyncFolderOf(path);
}

}  // namespace

std::string BlobFolder(const std::string& table_location, const std::string& field) {
  return table_location + ".blobs/" + field;
}

Result<bool> ObjectRun::HasBlob(lake::ObjectStore& store, const std::string& uri) const {
  const auto size = store.Size(patient_, uri);
  if (size) return true;
  if (size.error().kind() == Kind::kNotFound) return false;
  return Fail(size.error());
}

// One field's bytes into the store. False when the record has none.
Result<bool> ObjectRun::FetchBlob(lake::ObjectStore& store, const std::string& uri,
                                  const BlobName& name) {
  FIRN_TRY(const bool there, HasBlob(store, uri));
  if (there) {
    // A process that died between the two left the copy that it had sent.
    auto* spooled = dynamic_cast<lake::SpooledStore*>(&store);
    if (spooled == nullptr) return true;
    FIRN_TRY(const std::string sent, spooled->SpoolPath(uri));
    FIRN_CHECK(RemoveFile(sent));
    return true;
  }
  FIRN_TRY(const std::string path, lake::DataFilePath(store, uri));
  // A file that waits to be sent was fetched whole by the run before.
  if (!FileExists(path)) {
    auto blob = parts_.rest->OpenBlob(patient_, row_.object, name.id, name.field);
    if (!blob && blob.error().kind() == Kind::kNotFound) return false;
    if (!blob) return Fail(std::move(blob).error());
    FIRN_CHECK(CopyToFile(*blob->body, path));
  }
  FIRN_CHECK(Doing(lake::PublishDataFile(patient_, store, uri), "keeping the file of " + name.id));
  return true;
}

Result<void> ObjectRun::FetchBlobs() {
  std::vector<std::string> fields;
  for (const record::DerivedField& derived : layout_.derived) {
    if (derived.kind != record::DerivedField::Kind::kBlobUri) continue;
    fields.push_back(layout_.schema.fields[static_cast<size_t>(derived.field_index)].name);
  }
  if (!facts_.spec.fetch_blobs || fields.empty()) return {};
  FIRN_TRY(const auto table, parts_.lake->Load(ident_));
  const auto store = table.store();
  for (const std::string& field : fields) {
    const std::string folder = BlobFolder(table.location(), field);
    // They are nobody else's business on a machine that others use too.
    if (!folder.starts_with("s3://")) FIRN_CHECK(MakeFolders(LocalPath(folder), 0700));
  }
  std::string soql = "SELECT Id FROM " + row_.object;
  if (!Condition().empty()) soql += " WHERE " + Condition();
  FIRN_TRY(auto records,
           parts_.rest->Query(patient_, {.soql = soql, .all_rows = facts_.spec.all_rows}));
  int64_t missing = 0;
  for (;;) {
    FIRN_CHECK(call_.Check());
    FIRN_TRY(const auto record, records->Next(patient_));
    if (!record) break;
    const std::string id = IdOf(*record);
    for (const std::string& field : fields) {
      const std::string uri = BlobFolder(table.location(), field) + "/" + id;
      FIRN_TRY(const bool fetched, FetchBlob(*store, uri, {id, field}));
      if (!fetched) ++missing;
    }
  }
  if (missing > 0) Warn(std::to_string(missing) + " records have no file behind their blob field");
  return {};
}

}  // namespace firn::exports
