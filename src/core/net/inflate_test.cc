// A page cut short inside its compression must never look like a shorter page.
#include "core/net/inflate.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <zlib.h>

#include "core/base/encoding.h"
#include "core/net/digest.h"

namespace firn::net {
namespace {

class Slices final : public BodyStream {
 public:
  Slices(std::string bytes, size_t step) : bytes_(std::move(bytes)), step_(step) {}
  [[nodiscard]] Result<std::string> Read(size_t bytes_max) override {
    std::string piece = bytes_.substr(at_, std::min(step_, bytes_max));
    at_ += piece.size();
    return piece;
  }

 private:
  std::string bytes_;
  size_t step_;
  size_t at_ = 0;
};

Result<std::string> All(BodyStream& stream, size_t step) {
  std::string all;
  while (true) {
    FIRN_TRY(const std::string piece, stream.Read(step));
    if (piece.empty()) return all;
    EXPECT_LE(piece.size(), step);
    all += piece;
  }
}

Result<std::string> Inflated(const std::string& bytes, size_t in_step, size_t out_step) {
  const auto stream = InflateStream(std::make_unique<Slices>(bytes, in_step));
  return All(*stream, out_step);
}

std::string Zlib(const std::string& bytes) {
  std::string out(compressBound(bytes.size()), '\0');
  uLongf size = out.size();
  compress(reinterpret_cast<Bytef*>(out.data()), &size,
           reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  out.resize(size);
  return out;
}

std::string SampleRows(size_t rows) {
  std::string text;
  for (size_t i = 0; i < rows; ++i) text += "\"001" + std::to_string(i * 7919) + "\",\"name\"\r\n";
  return text;
}

RC_GTEST_PROP(InflateProperty, AnyBytesInAnySlicesComeBack, (const std::string& bytes)) {
  const auto in_step = *rc::gen::inRange<size_t>(1, 40);
  const auto out_step = *rc::gen::inRange<size_t>(1, 40);
  RC_ASSERT(Inflated(Gzip(bytes), in_step, out_step).value() == bytes);
  RC_ASSERT(Inflated(Gzip(bytes) + Gzip("second") + Gzip(""), in_step, out_step).value() ==
            bytes + "second");
  RC_ASSERT(Inflated(Zlib(bytes), in_step, out_step).value() == bytes);
}

TEST(Inflate, LargeBodiesComeBackWholeAtEveryLevel) {
  const std::string text = SampleRows(200'000);
  for (const int level : {1, 6, 9}) {
    const std::string packed = Gzip(text, level);
    EXPECT_LT(packed.size(), text.size() / 2);
    EXPECT_EQ(Inflated(packed, 1 << 20, 1 << 16).value(), text);
    EXPECT_EQ(InflateBody("gzip", packed).value(), text);
  }
  EXPECT_EQ(InflateBody("deflate", Zlib(text)).value(), text);
  // Bare deflate, as some servers send it: zlib without its two-byte header and checksum.
  const std::string zlib = Zlib(text);
  EXPECT_EQ(InflateBody("Deflate", zlib.substr(2, zlib.size() - 6)).value(), text);
  EXPECT_EQ(InflateBody("", text).value(), text);
}

TEST(Inflate, EveryTruncationIsFound) {
  const std::string packed = Gzip(SampleRows(50));
  for (size_t size = 1; size < packed.size(); ++size) {
    const std::string cut = packed.substr(0, size);
    ASSERT_EQ(Inflated(cut, 7, 1000).error().code(), "NET-GZIP-001") << size;
    ASSERT_EQ(InflateBody("gzip", cut).error().kind(), Kind::kCorrupt) << size;
    // In the second member too.
    ASSERT_FALSE(Inflated(Gzip("first") + cut, 1 << 20, 1000).has_value()) << size;
  }
  EXPECT_EQ(Inflated("", 1, 1).value(), "");
}

TEST(Inflate, DamageAndTrailingBytesAreFound) {
  const std::string packed = Gzip(SampleRows(50));
  std::string bad_sum = packed;
  bad_sum[packed.size() - 8] ^= 1;
  EXPECT_EQ(Inflated(bad_sum, 100, 100).error().code(), "NET-GZIP-001");
  EXPECT_FALSE(InflateBody("gzip", "this is not gzip").has_value());
  EXPECT_FALSE(Inflated(packed + "x", 1 << 20, 100).has_value());
  // gzip(1) takes zero padding after the last member.
  EXPECT_EQ(Inflated(packed + std::string(600, '\0'), 100, 1000).value(), SampleRows(50));
}

TEST(Inflate, ABombIsStoppedAtItsLimit) {
  const std::string bomb = Gzip(std::string(64 << 20, '\0'), 9);
  EXPECT_LT(bomb.size(), 100'000U);
  EXPECT_EQ(InflateBody("gzip", bomb, 1 << 20).error().code(), "NET-GZIP-003");
  EXPECT_EQ(InflateBody("identity", "123", 2).error().kind(), Kind::kLimitReached);
  EXPECT_EQ(InflateBody("br", "123").error().kind(), Kind::kUnsupported);
}

TEST(Digest, GivesTheKnownVectors) {
  // FIPS 180-4 example and RFC 4231, test case 2.
  EXPECT_EQ(Hex(Sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Hex(HmacSha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_TRUE(EqualInConstantTime("abc", "abc"));
  EXPECT_FALSE(EqualInConstantTime("abc", "abd"));
  EXPECT_FALSE(EqualInConstantTime("abc", "ab"));
}

}  // namespace
}  // namespace firn::net
