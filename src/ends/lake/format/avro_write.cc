#include <cstring>

#include "ends/lake/format/avro.h"
#include "ends/lake/internal/gzip.h"

namespace firn::lake::avro {

void Encoder::Long(int64_t value) {
  auto raw = (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
  while (raw >= 0x80) {
    out_.push_back(static_cast<char>(raw | 0x80));
    raw >>= 7;
  }
  out_.push_back(static_cast<char>(raw));
}

void Encoder::Bytes(std::string_view value) {
  Long(static_cast<int64_t>(value.size()));
  out_.append(value);
}

void Encoder::Float(float value) {
  char bytes[4];
  std::memcpy(bytes, &value, 4);
  out_.append(bytes, 4);
}

void Encoder::Double(double value) {
  char bytes[8];
  std::memcpy(bytes, &value, 8);
  out_.append(bytes, 8);
}

FileWriter::FileWriter(std::string_view schema_json,
                       const std::vector<std::pair<std::string, std::string>>& metadata,
                       const Options& options, Random& random)
    : options_(options), sync_(random.Bytes(16)) {
  out_ = std::string("Obj\1", 4);
  Encoder header(out_);
  header.Long(static_cast<int64_t>(metadata.size()) + 2);
  header.Bytes("avro.schema");
  header.Bytes(schema_json);
  header.Bytes("avro.codec");
  header.Bytes(options_.codec == Codec::kDeflate ? "deflate" : "null");
  for (const auto& [key, value] : metadata) {
    header.Bytes(key);
    header.Bytes(value);
  }
  header.Long(0);
  out_ += sync_;
}

void FileWriter::Add(std::string_view record) {
  block_.append(record);
  ++block_records_;
  if (block_.size() >= options_.block_bytes) FlushBlock();
}

void FileWriter::FlushBlock() {
  if (block_records_ == 0) return;
  Encoder encoder(out_);
  encoder.Long(block_records_);
  encoder.Bytes(options_.codec == Codec::kDeflate ? internal::DeflateRaw(block_) : block_);
  out_ += sync_;
  block_.clear();
  block_records_ = 0;
}

std::string FileWriter::Finish() {
  FlushBlock();
  return std::move(out_);
}

}  // namespace firn::lake::avro
