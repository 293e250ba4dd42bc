// The XML of a client's batch. What could go wrong: a record read by halves, or a document that
// makes the reader grow.
#include "sandbox/bulk/xml_reader.h"

#include <gtest/gtest.h>

namespace firn::sandbox {
namespace {

// `<a>text</a>` as `a('text')`; `!` where the document breaks.
std::string Read(std::string_view bytes) {
  XmlReader xml(bytes);
  std::string seen;
  for (;;) {
    switch (xml.Next()) {
      case XmlReader::Step::kOpen:
        seen += std::string(xml.name()) + (xml.nil() ? "?(" : "(");
        break;
      case XmlReader::Step::kClose:
        seen += ')';
        break;
      case XmlReader::Step::kText:
        seen += '\'' + xml.text() + '\'';
        break;
      case XmlReader::Step::kBroken:
        return seen + '!';
      case XmlReader::Step::kEnd:
        return seen;
    }
  }
}

TEST(XmlReaderTest, ElementsTextsAndNilsComeInOrder) {
  EXPECT_EQ(Read("<?xml version='1.0'?>\n<a:list xmlns:a='u'><a:b>x</a:b><c/></a:list>\n"),
            "list(b('x')c())");
  EXPECT_EQ(Read("\xef\xbb\xbf<a><b xsi:nil=\"true\"/><c xsi:nil='false'></c></a>"), "a(b?()c())");
}

TEST(XmlReaderTest, EntitiesAndCdataArePlainText) {
  EXPECT_EQ(Read("<a>&lt;&amp;&#228;&#x1F600;<![CDATA[<b>&]]>!</a>"),
            "a('<&\xc3\xa4\xf0\x9f\x98\x80<b>&!')");
  EXPECT_EQ(Read("<a b='>'>x<!-- y -->z</a>"), "a('xz')");
}

TEST(XmlReaderTest, WhatIsNoDocumentIsTold) {
  for (const char* bytes :
       {"", " ", "text", "<a>", "<a></b>", "<a><b></a></b>", "<a/><b/>", "<a>&x;</a>",
        "<a>&#0;</a>", "<a>&#xd800;</a>", "<a", "<a><![CDATA[x</a>", "<a></a>x",
        "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>"}) {
    EXPECT_TRUE(Read(bytes).ends_with('!')) << bytes << " read as " << Read(bytes);
  }
}

TEST(XmlReaderTest, DepthIsBounded) {
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "<a>";
  EXPECT_TRUE(Read(deep).ends_with('!'));
}

}  // namespace
}  // namespace firn::sandbox
