// What could go wrong in production: a manifest cut short or lying about its lengths takes the
// process down, or is read as fewer rows.
#include "ends/lake/format/avro.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <zstd.h>

namespace firn::lake::avro {
namespace {

constexpr const char* kPair = R"({"type":"record","name":"pair","fields":[
  {"name":"n","type":"long","field-id":7},
  {"name":"t","type":["null","string"],"field-id":8},
  {"name":"m","type":{"type":"map","values":"int"},"field-id":9}]})";

std::string Pair(int64_t number, const std::string* text) {
  std::string bytes;
  Encoder out(bytes);
  out.Long(number);
  if (text == nullptr) {
    out.Null();
  } else {
    out.Present();
    out.Bytes(*text);
  }
  out.Long(1);
  out.Bytes("k");
  out.Long(number % 1000);
  out.Long(0);
  return bytes;
}

std::string File(FileWriter::Codec codec, const std::vector<int64_t>& numbers,
                 size_t block_bytes = 64) {
  const auto random = SeededRandom(1);
  FileWriter writer(kPair, {{"schema-id", "3"}}, {codec, block_bytes}, *random);
  for (const int64_t number : numbers) {
    const std::string text = "text " + std::to_string(number);
    writer.Add(Pair(number, number % 2 == 0 ? &text : nullptr));
  }
  return writer.Finish();
}

Result<std::vector<int64_t>> ReadAll(std::string bytes) {
  FIRN_TRY(FileReader reader, FileReader::Open(std::move(bytes), "test.avro"));
  std::vector<int64_t> numbers;
  Value record;
  for (;;) {
    FIRN_TRY(const bool more, reader.Next(record));
    if (!more) return numbers;
    numbers.push_back(*(*record.items())[0].integer());
  }
}

RC_GTEST_PROP(Avro, EveryCodecGivesBackWhatWasWritten, (const std::vector<int64_t>& numbers)) {
  for (const auto codec : {FileWriter::Codec::kNull, FileWriter::Codec::kDeflate}) {
    const auto read = ReadAll(File(codec, numbers));
    RC_ASSERT(read.has_value());
    RC_ASSERT(*read == numbers);
  }
}

RC_GTEST_PROP(Avro, AFileCutAnywhereIsAnErrorOrAnEarlierBlockEnd, ()) {
  const std::string whole = File(FileWriter::Codec::kDeflate, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  const auto cut = *rc::gen::inRange<size_t>(0, whole.size());
  const auto read = ReadAll(whole.substr(0, cut));
  if (read) {
    RC_ASSERT(read->size() < 9U);
  } else {
    RC_ASSERT(read.error().kind() == Kind::kCorrupt);
    RC_ASSERT(read.error().what().find("test.avro") != std::string::npos);
  }
}

TEST(Avro, SchemaTellsFieldIdsAndMetadataComesAlong) {
  const auto reader = FileReader::Open(File(FileWriter::Codec::kNull, {1}), "x");
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->schema().fields[1].field_id, 8);
  EXPECT_EQ(reader->metadata().at("schema-id"), "3");
}

TEST(Avro, OptionalTextIsNullOrText) {
  auto reader = FileReader::Open(File(FileWriter::Codec::kDeflate, {1, 2}), "x");
  ASSERT_TRUE(reader);
  Value record;
  ASSERT_TRUE(*reader->Next(record));
  EXPECT_TRUE((*record.items())[1].is_null());
  ASSERT_TRUE(*reader->Next(record));
  EXPECT_EQ(*(*record.items())[1].text(), "text 2");
  const auto& entry = (*(*record.items())[2].items())[0];
  EXPECT_EQ(*(*entry.items())[0].text(), "k");
  EXPECT_EQ(*(*entry.items())[1].integer(), 2);
}

TEST(Avro, ZstandardFilesOfOthersAreRead) {
  std::string plain = File(FileWriter::Codec::kNull, {5, 6}, 1 << 20);
  // The header's codec and the one block's payload are put in place of the plain ones.
  const std::string codec_entry = std::string("\x14") + "avro.codec" + "\x08" + "null";
  const size_t at = plain.find(codec_entry);
  ASSERT_NE(at, std::string::npos);
  plain.replace(at, codec_entry.size(), std::string("\x14") + "avro.codec" + "\x12" + "zstandard");
  const size_t header_end = plain.size() - (16 + Pair(5, nullptr).size());
  ASSERT_GT(header_end, 0U);
  const std::string text = "text 6";
  const std::string payload = Pair(5, nullptr) + Pair(6, &text);
  const size_t payload_at = plain.rfind(payload);
  ASSERT_NE(payload_at, std::string::npos);
  std::string packed(ZSTD_compressBound(payload.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), payload.data(), payload.size(), 3));
  std::string length;
  Encoder(length).Long(static_cast<int64_t>(packed.size()));
  plain.replace(payload_at - 1, payload.size() + 1, length + packed);
  const auto read = ReadAll(plain);
  ASSERT_TRUE(read) << read.error().OneLine();
  EXPECT_EQ(*read, (std::vector<int64_t>{5, 6}));
}

TEST(Avro, LyingLengthsAreRefusedBeforeMemoryIsTaken) {
  std::string bytes = File(FileWriter::Codec::kNull, {1}, 1 << 20);
  const std::string payload = Pair(1, nullptr);
  std::string huge;
  Encoder(huge).Long(1);
  Encoder(huge).Long(int64_t{1} << 60);
  const size_t at = bytes.rfind(payload) - 2;
  bytes.replace(at, 2, huge);
  const auto read = ReadAll(bytes);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), "LAKE-AVRO-001");
}

TEST(Avro, SchemasThatContainThemselvesAreRefused) {
  EXPECT_FALSE(ParseSchema(
      R"({"type":"record","name":"r","fields":[{"name":"next","type":["null","r"]}]})"));
  EXPECT_FALSE(ParseSchema("{"));
  EXPECT_FALSE(ParseSchema(std::string(200, '[') + std::string(200, ']')));
  EXPECT_TRUE(ParseSchema(R"({"type":"int","logicalType":"date"})"));
}

}  // namespace
}  // namespace firn::lake::avro
