#include "ends/lake/merge/key_index_file.h"

#include <unistd.h>
#include <zlib.h>

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/base/fault_point.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "ends/lake/format/metadata.h"
#include "ends/lake/internal/json.h"
#include "ends/lake/store/object_store.h"
#include "ends/lake/store/s3_store.h"

namespace firn::lake {
namespace {

using internal::Json;

constexpr std::string_view kMagic = "FIRNKIX1";
constexpr size_t kEntryBytes = 20;
constexpr size_t kBufferBytes = 1 << 20;
constexpr uint64_t kFileBytesMax = 16ULL << 30;

// Collects small pieces, writes large ones and sums them up.
class SummedFile {
 public:
  explicit SummedFile(std::unique_ptr<FileWriter> file) : file_(std::move(file)) {}
  Result<void> Put(const void* bytes, size_t size) {
    buffer_.append(static_cast<const char*>(bytes), size);
    return buffer_.size() < kBufferBytes ? Result<void>() : Flush();
  }
  Result<void> PutU32(uint32_t value) { return Put(&value, sizeof value); }
  Result<void> Finish() {
    FIRN_CHECK(Flush());
    const auto sum = static_cast<uint32_t>(sum_);
    FIRN_CHECK(file_->Append({reinterpret_cast<const char*>(&sum), sizeof sum}));
    return file_->Commit();
  }

 private:
  Result<void> Flush() {
    sum_ = crc32_z(sum_, reinterpret_cast<const Bytef*>(buffer_.data()), buffer_.size());
    FIRN_CHECK(file_->Append(buffer_));
    buffer_.clear();
    return {};
  }
  std::unique_ptr<FileWriter> file_;
  std::string buffer_;
  uLong sum_ = crc32_z(0, nullptr, 0);
};

// What the head says, so far as it is what was asked for.
struct Head {
  HashSeed seed;
  int64_t snapshot_id = 0;
  std::vector<MergeFile> files;
  uint64_t rows = 0;
  uint64_t orders = 0;
};

std::string HeadOf(const IndexOwner& owner, int64_t snapshot_id, const MergeFiles& files,
                   const std::vector<uint32_t>& numbers, const RecentOrders& orders) {
  Json list = Json::array();
  for (uint32_t at = 0; at < files.all().size(); ++at) {
    if (numbers[at] == UINT32_MAX) continue;
    const LiveFile& entry = files.at(at).entry;
    Json deletes = Json::array();
    for (const DataFile& file : entry.deletes)
      deletes.push_back({file.path, file.content_offset.value_or(0)});
    list.push_back(
        {{"path", entry.file.path}, {"rows", entry.file.record_count}, {"deletes", deletes}});
  }
  const Json head = {{"table", owner.table_uuid},
                     {"key", owner.key_field_id},
                     {"snapshot", snapshot_id},
                     {"seed", {files.seed().first, files.seed().second}},
                     {"files", list},
                     {"rows", files.index().rows()},
                     {"orders", orders.size()}};
  return head.dump();
}

Result<void> PutEntries(SummedFile& out, const MergeFiles& files,
                        const std::vector<uint32_t>& numbers, const RecentOrders& orders) {
  Result<void> done;
  files.index().Each([&](const MergeKey& key, RowPlace place) {
    if (!done) return;
    const uint32_t entry[5] = {key.words[0], key.words[1], key.words[2], numbers[place.file],
                               place.row};
    static_assert(sizeof entry == kEntryBytes);
    done = out.Put(entry, sizeof entry);
  });
  orders.Each([&](const MergeKey& key, int64_t order) {
    if (!done) return;
    char entry[kEntryBytes];
    std::memcpy(entry, key.words.data(), 12);
    std::memcpy(entry + 12, &order, 8);
    done = out.Put(entry, sizeof entry);
  });
  return done;
}

Head ParseHead(const std::string& text, const IndexOwner& owner) {
  const Json json = Json::parse(text);
  if (json.at("table") != owner.table_uuid || json.at("key") != owner.key_field_id)
    throw std::runtime_error("it belongs to another table or key");
  Head head;
  head.seed = {json.at("seed").at(0), json.at("seed").at(1)};
  head.snapshot_id = json.at("snapshot");
  head.rows = json.at("rows");
  head.orders = json.at("orders");
  for (const Json& file : json.at("files")) {
    MergeFile one;
    one.live = true;
    one.dead_known = false;
    one.entry.file.path = file.at("path");
    one.entry.file.record_count = file.at("rows");
    for (const Json& deletes : file.at("deletes")) {
      DataFile& named = one.entry.deletes.emplace_back();
      named.path = deletes.at(0);
      if (const int64_t offset = deletes.at(1); offset != 0) named.content_offset = offset;
    }
    head.files.push_back(std::move(one));
  }
  return head;
}

uint32_t U32At(const std::string& bytes, size_t at) {
  uint32_t value = 0;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

int64_t LoadOrThrow(const std::string& bytes, const IndexOwner& owner, MergeFiles& files,
                    RecentOrders& orders) {
  const size_t head_at = kMagic.size() + 4;
  if (bytes.size() < head_at + 4 || !bytes.starts_with(kMagic))
    throw std::runtime_error("it is no key index");
  const size_t end = bytes.size() - 4;
  const uLong sum =
      crc32_z(crc32_z(0, nullptr, 0), reinterpret_cast<const Bytef*>(bytes.data()), end);
  if (static_cast<uint32_t>(sum) != U32At(bytes, end))
    throw std::runtime_error("its check sum is wrong");
  const size_t head_bytes = U32At(bytes, kMagic.size());
  if (head_bytes > end - head_at) throw std::runtime_error("its head is cut short");
  Head head = ParseHead(bytes.substr(head_at, head_bytes), owner);
  size_t at = head_at + head_bytes;
  const uint64_t entries = (end - at) / kEntryBytes;
  if ((end - at) % kEntryBytes != 0 || head.rows > entries || head.orders != entries - head.rows)
    throw std::runtime_error("it has another length than its head says");
  KeyIndex index;
  index.Reserve(static_cast<int64_t>(head.rows));
  for (uint64_t i = 0; i < head.rows; ++i, at += kEntryBytes) {
    const RowPlace place{U32At(bytes, at + 12), U32At(bytes, at + 16)};
    if (place.file >= head.files.size()) throw std::runtime_error("a row is of no data file");
    index.Set({{U32At(bytes, at), U32At(bytes, at + 4), U32At(bytes, at + 8)}}, place);
  }
  for (uint64_t i = 0; i < head.orders; ++i, at += kEntryBytes) {
    int64_t order = 0;
    std::memcpy(&order, bytes.data() + at + 12, sizeof order);
    orders.Set({{U32At(bytes, at), U32At(bytes, at + 4), U32At(bytes, at + 8)}}, order);
  }
  files.Restore(head.seed, std::move(head.files), std::move(index));
  return head.snapshot_id;
}

}  // namespace

Result<std::string> DefaultIndexPath(const Table& table, const IndexOwner& owner) {
  const std::string name = owner.table_uuid + "-" + std::to_string(owner.key_field_id) + ".idx";
  // It is a shortcut of this machine, so it stays on it.
  if (auto* spooled = dynamic_cast<SpooledStore*>(table.store().get())) {
    return spooled->SpoolPath(table.location() + "/" + name);
  }
  auto path = LocalPath(table.location());
  if (!path)
    return Fail(Error(Kind::kUnsupported, "LAKE-FILE-002", "data files cannot be written there")
                    .At(table.location())
                    .Because("the table's location is not on a local file system"));
  return path->substr(0, path->rfind('/')) + "/.firn/" + name;
}

Result<void> SaveKeyIndex(const std::string& path, const IndexOwner& owner, int64_t snapshot_id,
                          const MergeFiles& files, const RecentOrders& orders) {
  FIRN_CHECK(MakeFolders(path.substr(0, path.rfind('/'))));
  std::vector<uint32_t> numbers(files.all().size(), UINT32_MAX);
  uint32_t next = 0;
  for (uint32_t at = 0; at < numbers.size(); ++at) {
    if (files.at(at).live) numbers[at] = next++;
  }
  // Two processes may save at once: each under a name of its own.
  const std::string temporary = path + "." + std::to_string(getpid()) + ".tmp";
  FIRN_TRY(auto file, FileWriter::Create(temporary));
  SummedFile out(std::move(file));
  const std::string head = HeadOf(owner, snapshot_id, files, numbers, orders);
  const auto write = [&]() -> Result<void> {
    FIRN_CHECK(out.Put(kMagic.data(), kMagic.size()));
    FIRN_CHECK(out.PutU32(static_cast<uint32_t>(head.size())));
    FIRN_CHECK(out.Put(head.data(), head.size()));
    FIRN_CHECK(PutEntries(out, files, numbers, orders));
    return out.Finish();
  };
  auto written = write();
  FIRN_FAULT_POINT("lake.index.before_rename");
  if (written && std::rename(temporary.c_str(), path.c_str()) != 0)
    written = Fail(Error(Kind::kUnreachable, "LAKE-MERGE-010", "the key index cannot be kept")
                       .At(path)
                       .Because(std::strerror(errno)));
  if (!written) {
    (void)RemoveFile(temporary);
    return written;
  }
  return SyncFolderOf(path);
}

std::optional<int64_t> LoadKeyIndex(const std::string& path, const IndexOwner& owner,
                                    MergeFiles& files, RecentOrders& orders) {
  auto bytes = ReadFile(path, kFileBytesMax);
  if (!bytes && bytes.error().kind() == Kind::kNotFound) return {};
  std::string why;
  if (bytes) {
    try {
      return LoadOrThrow(*bytes, owner, files, orders);
    } catch (const std::exception& error) {
      why = error.what();
    }
  } else {
    why = bytes.error().OneLine();
  }
  log::Warn("lake.key_index_not_used", {{"path", path}, {"why", why}});
  return {};
}

}  // namespace firn::lake
