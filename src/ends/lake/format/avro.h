// Avro, as much of it as Iceberg's manifests need: binary encoding and object container files.
//
// Reading is generic by the writer's schema, whose field ids come along; writing appends records
// that the caller encoded. Codecs: null, deflate and zstandard are read, null and deflate written.
// Everything read is bounded: lengths are checked against the bytes that are there before memory is
// taken. Values belong to one thread. Source: Apache Avro 1.12 specification, "Binary Encoding" and
// "Object Container Files"; Iceberg spec, appendix A "Avro"; read 2026-11.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/error.h"
#include "core/base/random.h"

namespace firn::lake::avro {

enum class Type {
  kNull,
  kBoolean,
  kInt,
  kLong,
  kFloat,
  kDouble,
  kBytes,
  kString,
  kFixed,
  kEnum,
  kRecord,
  kArray,
  kMap,
  kUnion,
};

struct Schema;
using SchemaPtr = std::shared_ptr<const Schema>;

struct SchemaField {
  std::string name;
  int field_id = -1;  // `field-id`; -1: none
  SchemaPtr type;
};

struct Schema {
  Type type = Type::kNull;
  std::string name;          // record, fixed, enum
  std::string logical_type;  // `map`, `date`, `decimal`, ..
  int precision = 0;
  int scale = 0;
  size_t fixed_bytes = 0;
  std::vector<SchemaField> fields;   // record
  std::vector<SchemaPtr> branches;   // union; array and map: one, the element or value
  std::vector<std::string> symbols;  // enum
};

// Errors: Corrupt (LAKE-AVRO-001): no Avro schema, or one that contains itself.
[[nodiscard]] Result<SchemaPtr> ParseSchema(std::string_view json);

// A decoded value. Records and arrays are `Items` in order; a map's entries are Items of
// {key, value}, like Iceberg's arrays of key and value; a union is the value of its branch; enums
// are their index; bytes, fixed and strings are text.
struct Value {
  using Items = std::vector<Value>;
  std::variant<std::monostate, bool, int64_t, double, std::string, Items> data;

  [[nodiscard]] bool is_null() const { return std::holds_alternative<std::monostate>(data); }
  [[nodiscard]] const bool* boolean() const { return std::get_if<bool>(&data); }
  [[nodiscard]] const int64_t* integer() const { return std::get_if<int64_t>(&data); }
  [[nodiscard]] const double* real() const { return std::get_if<double>(&data); }
  [[nodiscard]] const std::string* text() const { return std::get_if<std::string>(&data); }
  [[nodiscard]] const Items* items() const { return std::get_if<Items>(&data); }
};

// What one block may hold once inflated.
inline constexpr uint64_t kBlockBytesMax = 256ULL << 20;

// Reads an object container file record by record; memory is the file plus one block.
class FileReader {
 public:
  // `name` is what errors call the file. Errors: Corrupt (LAKE-AVRO-001), Unsupported codec
  // (LAKE-AVRO-002).
  [[nodiscard]] static Result<FileReader> Open(std::string bytes, std::string name);

  [[nodiscard]] const Schema& schema() const { return *schema_; }
  [[nodiscard]] const std::map<std::string, std::string>& metadata() const { return metadata_; }
  // False at the end. Errors: Corrupt (LAKE-AVRO-001) naming the file.
  [[nodiscard]] Result<bool> Next(Value& record);

 private:
  enum class Codec { kNull, kDeflate, kZstd };
  FileReader() = default;
  Result<void> ReadHeader();
  Result<bool> NextBlock();

  std::string name_;
  std::string bytes_;
  size_t position_ = 0;
  std::string sync_;
  std::map<std::string, std::string> metadata_;
  SchemaPtr schema_;
  Codec codec_ = Codec::kNull;
  std::string block_;
  size_t block_position_ = 0;
  int64_t block_records_left_ = 0;
};

// Appends values in Avro's binary form to a string.
class Encoder {
 public:
  explicit Encoder(std::string& out) : out_(out) {}
  void Boolean(bool value) { out_.push_back(value ? '\1' : '\0'); }
  void Long(int64_t value);
  void Bytes(std::string_view value);
  void Fixed(std::string_view value) { out_.append(value); }
  void Float(float value);
  void Double(double value);
  // Unions of ["null", T]: which of the two follows.
  void Null() { Long(0); }
  void Present() { Long(1); }

 private:
  std::string& out_;
};

class FileWriter {
 public:
  enum class Codec { kNull, kDeflate };
  struct Options {
    Codec codec = Codec::kDeflate;
    size_t block_bytes = 64 * 1024;
  };
  FileWriter(std::string_view schema_json,
             const std::vector<std::pair<std::string, std::string>>& metadata,
             const Options& options, Random& random);
  // One record in binary form.
  void Add(std::string_view record);
  // Bytes written so far, the open block not counted.
  [[nodiscard]] size_t bytes_written() const { return out_.size(); }
  // The whole file. The writer is used up.
  [[nodiscard]] std::string Finish();

 private:
  void FlushBlock();

  Options options_;
  std::string sync_;
  std::string out_;
  std::string block_;
  int64_t block_records_ = 0;
};

}  // namespace firn::lake::avro
