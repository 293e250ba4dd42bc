#include "ends/lake/format/deletion_vector.h"

#include <zlib.h>

#include "ends/lake/format/roaring.h"
#include "ends/lake/internal/json.h"

namespace firn::lake {
namespace {

constexpr std::string_view kVectorMagic("\xD1\xD3\x39\x64", 4);
constexpr std::string_view kPuffinMagic = "PFA1";
constexpr int kPositionFieldId = 2147483645;  // reserved: `_pos`

std::string BigEndian(uint32_t value) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(value >> shift & 0xff));
  return out;
}

std::string LittleEndian(uint32_t value) {
  std::string out;
  for (int shift = 0; shift < 32; shift += 8)
    out.push_back(static_cast<char>(value >> shift & 0xff));
  return out;
}

uint32_t FromBigEndian(std::string_view bytes) {
  uint32_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<uint8_t>(byte);
  return value;
}

uint32_t Checksum(std::string_view bytes) {
  return static_cast<uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

tl::unexpected<Error> Bad(std::string why) {
  return Fail(
      Error(Kind::kCorrupt, "LAKE-DV-001", "a deletion vector is damaged").Because(std::move(why)));
}

}  // namespace

std::string WriteDeletionVector(const std::vector<int64_t>& positions) {
  const std::string vector = std::string(kVectorMagic) + WriteRoaring(positions);
  return BigEndian(static_cast<uint32_t>(vector.size())) + vector + BigEndian(Checksum(vector));
}

Result<std::vector<int64_t>> ReadDeletionVector(std::string_view blob, int64_t cardinality) {
  constexpr size_t kAround = 8;  // length before, checksum after
  if (blob.size() < kAround + kVectorMagic.size()) return Bad("it is too short");
  const std::string_view vector = blob.substr(4, blob.size() - kAround);
  if (FromBigEndian(blob.substr(0, 4)) != vector.size()) return Bad("it lies about its length");
  if (!vector.starts_with(kVectorMagic)) return Bad("it does not begin as one does");
  if (FromBigEndian(blob.substr(blob.size() - 4)) != Checksum(vector))
    return Bad("its checksum is wrong");
  FIRN_TRY(auto positions, ReadRoaring(vector.substr(kVectorMagic.size()), cardinality));
  if (static_cast<int64_t>(positions.size()) != cardinality)
    return Bad("it holds " + std::to_string(positions.size()) + " positions; its manifest says " +
               std::to_string(cardinality));
  return positions;
}

PuffinWriter::PuffinWriter() : bytes_(kPuffinMagic) {}

PuffinWriter::Blob PuffinWriter::Add(const std::string& data_path,
                                     const std::vector<int64_t>& positions) {
  Blob blob;
  blob.offset = static_cast<int64_t>(bytes_.size());
  bytes_ += WriteDeletionVector(positions);
  blob.length = static_cast<int64_t>(bytes_.size()) - blob.offset;
  if (!blobs_json_.empty()) blobs_json_ += ",";
  // The snapshot is not known yet: -1 says that it is inherited.
  blobs_json_ += R"({"type":"deletion-vector-v1","fields":[)" + std::to_string(kPositionFieldId) +
                 R"(],"snapshot-id":-1,"sequence-number":-1,"offset":)" +
                 std::to_string(blob.offset) + ",\"length\":" + std::to_string(blob.length) +
                 R"(,"properties":{"referenced-data-file":)" + internal::Quoted(data_path) +
                 ",\"cardinality\":\"" + std::to_string(positions.size()) + "\"}}";
  return blob;
}

std::string PuffinWriter::Finish() {
  const std::string payload =
      "{\"blobs\":[" + blobs_json_ + R"(],"properties":{"created-by":"firn"}})";
  bytes_ += std::string(kPuffinMagic) + payload +
            LittleEndian(static_cast<uint32_t>(payload.size())) + LittleEndian(0) +
            std::string(kPuffinMagic);
  return std::move(bytes_);
}

}  // namespace firn::lake
