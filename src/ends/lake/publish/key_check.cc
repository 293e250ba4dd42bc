#include "ends/lake/publish/key_check.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "core/net/digest.h"

namespace firn::lake {
namespace {

constexpr size_t kBufferBytes = 64 << 10;

struct Mark {
  std::array<char, 16> key{};
  int64_t row = 0;
  bool operator<(const Mark& other) const {
    const int order = std::memcmp(key.data(), other.key.data(), key.size());
    return order != 0 ? order < 0 : row < other.row;
  }
};

void Count(std::vector<Mark>& marks, KeyCheck::Twins& twins) {
  std::sort(marks.begin(), marks.end());
  for (size_t i = 1; i < marks.size(); ++i) {
    if (marks[i].key != marks[i - 1].key) continue;
    if (twins.rows++ == 0 || marks[i].row < twins.second) {
      twins.first = marks[i - 1].row;
      twins.second = marks[i].row;
    }
  }
}

}  // namespace

KeyCheck::~KeyCheck() {
  for (size_t part = 0; part < kParts; ++part) {
    if (files_[part] != nullptr) (void)RemoveFile(PathOf(part));
  }
}

std::string KeyCheck::PathOf(size_t part) const {
  return folder_ + "/keys-" + std::to_string(part);
}

Result<void> KeyCheck::Flush(size_t part) {
  if (files_[part] == nullptr) {
    FIRN_CHECK(RemoveFile(PathOf(part)));
    FIRN_TRY(files_[part], FileWriter::Create(PathOf(part), 0600));
  }
  FIRN_CHECK(files_[part]->Append(buffers_[part]));
  buffers_[part].clear();
  return {};
}

Result<void> KeyCheck::Add(std::string_view key, int64_t row) {
  const std::string digest = net::Sha256(key);
  const size_t part = static_cast<unsigned char>(digest[31]) % kParts;
  buffers_[part].append(digest, 0, 16);
  buffers_[part].append(reinterpret_cast<const char*>(&row), sizeof row);
  return buffers_[part].size() < kBufferBytes ? Result<void>() : Flush(part);
}

Result<KeyCheck::Twins> KeyCheck::Finish() {
  Twins twins;
  for (size_t part = 0; part < kParts; ++part) {
    std::string bytes = std::move(buffers_[part]);
    if (files_[part] != nullptr) {
      FIRN_TRY(std::string spilled, ReadFile(PathOf(part)));
      bytes += spilled;
    }
    std::vector<Mark> marks(bytes.size() / 24);
    for (size_t i = 0; i < marks.size(); ++i) {
      std::memcpy(marks[i].key.data(), bytes.data() + i * 24, 16);
      std::memcpy(&marks[i].row, bytes.data() + i * 24 + 16, sizeof marks[i].row);
    }
    Count(marks, twins);
  }
  return twins;
}

}  // namespace firn::lake
