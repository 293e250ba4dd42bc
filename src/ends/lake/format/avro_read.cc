#include <zlib.h>
#include <zstd.h>

#include <bit>
#include <cstring>

#include "ends/lake/format/avro.h"

namespace firn::lake::avro {
namespace {

constexpr std::string_view kMagic = std::string_view("Obj\1", 4);
constexpr int kDepthMax = 64;

tl::unexpected<Error> Bad(const std::string& name, std::string why) {
  return Fail(Error(Kind::kCorrupt, "LAKE-AVRO-001", "the Avro file `" + name + "` is damaged")
                  .At(name)
                  .Because(std::move(why)));
}

// Walks bytes; every getter fails instead of reading past the end.
class Cursor {
 public:
  Cursor(std::string_view bytes, size_t position) : bytes_(bytes), position_(position) {}
  [[nodiscard]] size_t position() const { return position_; }
  [[nodiscard]] size_t left() const { return bytes_.size() - position_; }

  bool Long(int64_t& value) {
    uint64_t raw = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (position_ >= bytes_.size()) return false;
      const auto byte = static_cast<uint8_t>(bytes_[position_++]);
      raw |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) {
        value = static_cast<int64_t>(raw >> 1) ^ -static_cast<int64_t>(raw & 1);
        return true;
      }
    }
    return false;
  }
  bool Take(size_t count, std::string_view& out) {
    if (count > left()) return false;
    out = bytes_.substr(position_, count);
    position_ += count;
    return true;
  }
  bool Bytes(std::string_view& out) {
    int64_t length = 0;
    return Long(length) && length >= 0 && Take(static_cast<size_t>(length), out);
  }

 private:
  std::string_view bytes_;
  size_t position_;
};

bool Decode(const Schema& schema, Cursor& in, Value& out, int depth);

// The count that starts each run of an array or map; a negative one is followed by the run's size
// in bytes. An item takes at least a byte, so a count above the bytes left is a lie.
bool RunLength(Cursor& in, int64_t& count) {
  if (!in.Long(count)) return false;
  if (count < 0) {
    int64_t bytes = 0;
    if (count == INT64_MIN || !in.Long(bytes)) return false;
    count = -count;
  }
  return static_cast<uint64_t>(count) <= in.left();
}

bool DecodeItems(const Schema& schema, Cursor& in, Value& out, int depth) {
  Value::Items items;
  for (;;) {
    int64_t count = 0;
    if (!RunLength(in, count)) return false;
    if (count == 0) break;
    for (int64_t i = 0; i < count; ++i) {
      Value item;
      if (schema.type == Type::kMap) {
        std::string_view key;
        if (!in.Bytes(key)) return false;
        Value value;
        if (!Decode(*schema.branches[0], in, value, depth + 1)) return false;
        Value::Items entry(2);
        entry[0].data = std::string(key);
        entry[1] = std::move(value);
        item.data = std::move(entry);
      } else if (!Decode(*schema.branches[0], in, item, depth + 1)) {
        return false;
      }
      items.push_back(std::move(item));
    }
  }
  out.data = std::move(items);
  return true;
}

bool DecodeScalar(const Schema& schema, Cursor& in, Value& out) {
  std::string_view bytes;
  int64_t number = 0;
  switch (schema.type) {
    case Type::kNull:
      out.data = std::monostate();
      return true;
    case Type::kBoolean:
      if (!in.Take(1, bytes) || static_cast<uint8_t>(bytes[0]) > 1) return false;
      out.data = bytes[0] != 0;
      return true;
    case Type::kInt:
      if (!in.Long(number) || number < INT32_MIN || number > INT32_MAX) return false;
      out.data = number;
      return true;
    case Type::kLong:
      if (!in.Long(number)) return false;
      out.data = number;
      return true;
    case Type::kEnum:
      if (!in.Long(number) || number < 0 || number >= static_cast<int64_t>(schema.symbols.size()))
        return false;
      out.data = number;
      return true;
    case Type::kFloat: {
      if (!in.Take(4, bytes)) return false;
      float value = 0;
      std::memcpy(&value, bytes.data(), 4);
      out.data = static_cast<double>(value);
      return true;
    }
    case Type::kDouble: {
      if (!in.Take(8, bytes)) return false;
      double value = 0;
      std::memcpy(&value, bytes.data(), 8);
      out.data = value;
      return true;
    }
    case Type::kFixed:
      if (!in.Take(schema.fixed_bytes, bytes)) return false;
      out.data = std::string(bytes);
      return true;
    default:
      if (!in.Bytes(bytes)) return false;
      out.data = std::string(bytes);
      return true;
  }
}

bool Decode(const Schema& schema, Cursor& in, Value& out, int depth) {
  if (depth > kDepthMax) return false;
  switch (schema.type) {
    case Type::kRecord: {
      Value::Items items(schema.fields.size());
      for (size_t i = 0; i < items.size(); ++i) {
        if (!Decode(*schema.fields[i].type, in, items[i], depth + 1)) return false;
      }
      out.data = std::move(items);
      return true;
    }
    case Type::kArray:
    case Type::kMap:
      return DecodeItems(schema, in, out, depth);
    case Type::kUnion: {
      int64_t branch = 0;
      if (!in.Long(branch) || branch < 0 || branch >= static_cast<int64_t>(schema.branches.size()))
        return false;
      return Decode(*schema.branches[static_cast<size_t>(branch)], in, out, depth + 1);
    }
    default:
      return DecodeScalar(schema, in, out);
  }
}

bool InflateRaw(std::string_view in, std::string& out) {
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return false;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
  stream.avail_in = static_cast<uInt>(in.size());
  out.clear();
  size_t capacity = std::min<size_t>(kBlockBytesMax, in.size() * 4 + 4096);
  int status = Z_OK;
  while (status == Z_OK) {
    if (out.size() == capacity) {
      if (capacity >= kBlockBytesMax) break;
      capacity = std::min<size_t>(kBlockBytesMax, capacity * 2);
    }
    const size_t before = out.size();
    out.resize(capacity);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream.avail_out = static_cast<uInt>(capacity - before);
    status = inflate(&stream, Z_NO_FLUSH);
    out.resize(capacity - stream.avail_out);
  }
  inflateEnd(&stream);
  return status == Z_STREAM_END;
}

bool InflateZstd(std::string_view in, std::string& out) {
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(),
                                                                     ZSTD_freeDCtx);
  ZSTD_inBuffer source{in.data(), in.size(), 0};
  out.clear();
  for (;;) {
    const size_t before = out.size();
    if (before >= kBlockBytesMax) return false;
    out.resize(std::min<size_t>(kBlockBytesMax, std::max<size_t>(64 * 1024, before * 2)));
    ZSTD_outBuffer target{out.data(), out.size(), before};
    const size_t status = ZSTD_decompressStream(context.get(), &target, &source);
    const bool stuck = target.pos == before;
    out.resize(target.pos);
    if (ZSTD_isError(status)) return false;
    if (status == 0) return source.pos == source.size;
    if (stuck && source.pos == source.size) return false;
  }
}

}  // namespace

Result<FileReader> FileReader::Open(std::string bytes, std::string name) {
  FileReader reader;
  reader.bytes_ = std::move(bytes);
  reader.name_ = std::move(name);
  FIRN_CHECK(reader.ReadHeader());
  return reader;
}

Result<void> FileReader::ReadHeader() {
  if (!std::string_view(bytes_).starts_with(kMagic))
    return Bad(name_, "it does not start like an Avro file");
  Cursor in(bytes_, kMagic.size());
  Schema header;
  header.type = Type::kMap;
  auto value_type = std::make_shared<Schema>();
  value_type->type = Type::kBytes;
  header.branches.push_back(std::move(value_type));
  Value entries;
  std::string_view sync;
  if (!DecodeItems(header, in, entries, 0) || !in.Take(16, sync))
    return Bad(name_, "its header is cut short");
  for (const Value& entry : *entries.items())
    metadata_[*(*entry.items())[0].text()] = *(*entry.items())[1].text();
  sync_ = std::string(sync);
  position_ = in.position();

  const auto schema = metadata_.find("avro.schema");
  if (schema == metadata_.end()) return Bad(name_, "its header has no schema");
  auto parsed = ParseSchema(schema->second);
  if (!parsed) return Bad(name_, parsed.error().why());
  schema_ = *std::move(parsed);
  const auto codec = metadata_.find("avro.codec");
  if (codec == metadata_.end() || codec->second == "null") return {};
  if (codec->second == "deflate") {
    codec_ = Codec::kDeflate;
  } else if (codec->second == "zstandard") {
    codec_ = Codec::kZstd;
  } else {
    return Fail(Error(Kind::kUnsupported, "LAKE-AVRO-002",
                      "the Avro file `" + name_ + "` is compressed with `" + codec->second + "`")
                    .At(name_)
                    .Hint("rewrite the table's manifests with deflate or zstandard"));
  }
  return {};
}

Result<bool> FileReader::NextBlock() {
  if (position_ == bytes_.size()) return false;
  Cursor in(bytes_, position_);
  int64_t records = 0;
  std::string_view payload;
  std::string_view sync;
  if (!in.Long(records) || records < 0 || !in.Bytes(payload) || !in.Take(16, sync))
    return Bad(name_, "a block is cut short at byte " + std::to_string(position_));
  if (sync != sync_)
    return Bad(name_, "the block at byte " + std::to_string(position_) + " does not end in sync");
  bool inflated = true;
  switch (codec_) {
    case Codec::kNull:
      block_.assign(payload);
      break;
    case Codec::kDeflate:
      inflated = InflateRaw(payload, block_);
      break;
    case Codec::kZstd:
      inflated = InflateZstd(payload, block_);
      break;
  }
  if (!inflated)
    return Bad(name_, "the block at byte " + std::to_string(position_) + " does not inflate");
  if (static_cast<uint64_t>(records) > block_.size())
    return Bad(name_, "a block claims more records than it has bytes");
  block_position_ = 0;
  block_records_left_ = records;
  position_ = in.position();
  return true;
}

Result<bool> FileReader::Next(Value& record) {
  while (block_records_left_ == 0) {
    if (block_position_ != block_.size()) return Bad(name_, "a block has bytes left over");
    FIRN_TRY(const bool more, NextBlock());
    if (!more) return false;
  }
  Cursor in(block_, block_position_);
  if (!Decode(*schema_, in, record, 0)) return Bad(name_, "a record cannot be decoded");
  block_position_ = in.position();
  --block_records_left_;
  return true;
}

}  // namespace firn::lake::avro
