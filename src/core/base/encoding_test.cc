// A decoder that takes what it should refuse lets two texts mean one value: in tokens and
// signatures that is a hole.
#include "core/base/encoding.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace firn {
namespace {

TEST(Encoding, Base64GivesTheVectorsOfRfc4648) {
  EXPECT_EQ(Base64(""), "");
  EXPECT_EQ(Base64("f"), "Zg==");
  EXPECT_EQ(Base64("fo"), "Zm8=");
  EXPECT_EQ(Base64("foo"), "Zm9v");
  EXPECT_EQ(Base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(Base64Url("\xfb\xff"), "-_8");
}

TEST(Encoding, DecodersRefuseWhatTheRfcRefuses) {
  for (const char* text : {"Zg=", "Zg", "Z", "Zm9v\n", "Zh==", "Zm8==", "====", "Zm-v"}) {
    EXPECT_FALSE(FromBase64(text).has_value()) << text;
  }
  for (const char* text : {"Zg==", "Z", "Zh", "Zm+v"}) {
    EXPECT_FALSE(FromBase64Url(text).has_value()) << text;
  }
  EXPECT_FALSE(FromHex("abc").has_value());
  EXPECT_FALSE(FromHex("zz").has_value());
  EXPECT_FALSE(PercentDecode("%4", false).has_value());
  EXPECT_FALSE(PercentDecode("100%", false).has_value());
  EXPECT_FALSE(PercentDecode("%g0", false).has_value());
  EXPECT_EQ(FromBase64("Zg=").error().code(), "BASE-ENC-001");
}

TEST(Encoding, PlusIsASpaceInFormsOnly) {
  EXPECT_EQ(PercentDecode("a+b%2B", false).value(), "a+b+");
  EXPECT_EQ(PercentDecode("a+b%2B", true).value(), "a b+");
  const auto fields = FormDecode("a=1&b=x+y%26&&c&=d").value();
  const FormFields expected = {{"a", "1"}, {"b", "x y&"}, {"c", ""}, {"", "d"}};
  EXPECT_EQ(fields, expected);
}

RC_GTEST_PROP(EncodingProperty, EveryEncodingComesBack, (const std::string& bytes)) {
  RC_ASSERT(FromHex(Hex(bytes)).value() == bytes);
  RC_ASSERT(FromBase64(Base64(bytes)).value() == bytes);
  RC_ASSERT(FromBase64Url(Base64Url(bytes)).value() == bytes);
  RC_ASSERT(PercentDecode(PercentEncode(bytes), true).value() == bytes);
  const FormFields fields = {{bytes, "x"}, {"y", bytes}};
  RC_ASSERT(FormDecode(FormEncode(fields)).value() == fields);
}

TEST(Encoding, IsUtf8KnowsOverlongFormsAndSurrogates) {
  const auto text = [](std::initializer_list<int> bytes) {
    std::string out;
    for (const int byte : bytes) out += static_cast<char>(byte);
    return out;
  };
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_TRUE(IsUtf8("plain text that is longer than eight bytes"));
  EXPECT_TRUE(
      IsUtf8("Gr\xc3\xbc\xc3\x9f"
             "e \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80"));
  EXPECT_TRUE(IsUtf8(text({0xF4, 0x8F, 0xBF, 0xBF})));
  EXPECT_FALSE(IsUtf8(text({0x80})));
  EXPECT_FALSE(IsUtf8(text({0xC0, 0x80})));              // overlong
  EXPECT_FALSE(IsUtf8(text({0xE0, 0x80, 0x80})));        // overlong
  EXPECT_FALSE(IsUtf8(text({0xF0, 0x80, 0x80, 0x80})));  // overlong
  EXPECT_FALSE(IsUtf8(text({0xED, 0xA0, 0x80})));        // surrogate
  EXPECT_FALSE(IsUtf8(text({0xF4, 0x90, 0x80, 0x80})));  // past U+10FFFF
  EXPECT_FALSE(IsUtf8(text({'a', 0xE2, 0x82})));         // cut short
  EXPECT_FALSE(IsUtf8("12345678" + text({0xFF}) + "12345678"));
}

}  // namespace
}  // namespace firn
