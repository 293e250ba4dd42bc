// What could go wrong in production: a cell comes out changed, a row is lost or doubled, or a page
// that broke on the way is taken for whole (R6, R7, R8, R19).
#include "core/record/page_decoder.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstring>

#include "core/record/column_hash.h"
#include "core/record/json_rows.h"

namespace firn::record {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Cell = std::string;
using Rows = std::vector<std::vector<Cell>>;
const Cell kNull = "<null>";

Layout TextLayout(size_t columns) {
  Layout layout;
  layout.object = "Thing";
  for (size_t i = 0; i < columns; ++i) {
    const std::string name = i == 0 ? "Id" : "C" + std::to_string(i);
    layout.schema.fields.push_back(Field{.id = static_cast<int>(i) + 1, .name = name});
    layout.columns.push_back(
        {.name = name, .type = DescribeType::kString, .field_index = static_cast<int>(i)});
  }
  return layout;
}

Layout Described(const std::string& fields) {
  LayoutOptions options;
  options.key_prefixes = {{"003", "Contact"}, {"00Q", "Lead"}};
  auto layout = LayoutFromDescribe(
      R"({"name":"Thing","fields":[{"name":"Id","type":"id"},)" + fields + "]}", options);
  EXPECT_TRUE(layout.has_value());
  return *layout;
}

struct Decoded {
  Rows rows;
  PageCounts counts;
  std::vector<RowNote> notes;
  ColumnHashes hashes;
  std::string error;  // code and cause
};

std::string Value(const arrow::Array& array, int64_t row) {
  return (*array.GetScalar(row))->ToString();
}

void Collect(PageDecoder& decoder, const Layout& layout, Decoded& out) {
  const auto batch = decoder.TakeBatch();
  ASSERT_TRUE(batch->ValidateFull().ok()) << batch->ValidateFull().ToString();
  AddColumnHashes(*batch, layout.schema, out.hashes);
  for (int64_t row = 0; row < batch->num_rows(); ++row) {
    std::vector<Cell> cells;
    for (int column = 0; column < batch->num_columns(); ++column) {
      const arrow::Array& array = *batch->column(column);
      cells.push_back(array.IsNull(row) ? kNull : Value(array, row));
    }
    out.rows.push_back(std::move(cells));
  }
}

// Feeds `page` in pieces of at most `piece` bytes.
Decoded Decode(const Layout& layout, std::string_view page, DecoderOptions options = {},
               size_t piece = SIZE_MAX) {
  Decoded out;
  auto decoder = PageDecoder::New(layout, options);
  EXPECT_TRUE(decoder.has_value());
  (*decoder)->StartPage();
  bool last = false;
  while (!last) {
    const std::span<char> room = (*decoder)->Room();
    const size_t bytes = std::min({room.size(), page.size(), piece});
    std::memcpy(room.data(), page.data(), bytes);
    page.remove_prefix(bytes);
    last = bytes == 0;
    (*decoder)->Filled(bytes);
    if (auto done = (*decoder)->Decode(last); !done) {
      out.error = done.error().code() + ": " + done.error().why();
      return out;
    }
    if ((*decoder)->BatchReady()) Collect(**decoder, layout, out);
    for (RowNote& note : (*decoder)->TakeNotes()) out.notes.push_back(std::move(note));
  }
  if ((*decoder)->rows_waiting() > 0) Collect(**decoder, layout, out);
  out.counts = (*decoder)->counts();
  return out;
}

// The other way to read CSV, one character after another.
Rows ReadSlowly(std::string_view page) {
  Rows rows(1);
  std::string cell;
  bool quoted = false;
  const auto end_cell = [&] {
    rows.back().push_back(cell.empty() ? kNull : cell);
    cell.clear();
  };
  for (size_t i = 0; i < page.size(); ++i) {
    const char c = page[i];
    if (quoted) {
      if (c != '"') {
        cell += c;
      } else if (i + 1 < page.size() && page[i + 1] == '"') {
        cell += '"';
        ++i;
      } else {
        quoted = false;
      }
    } else if (c == '"') {
      quoted = true;
    } else if (c == ',') {
      end_cell();
    } else if (c == '\n') {
      end_cell();
      rows.emplace_back();
    } else if (c != '\r') {
      cell += c;
    }
  }
  rows.pop_back();
  rows.erase(rows.begin());
  return rows;
}

// R19: quoted CR LF, doubled quotes and multi-byte characters over every block border.
TEST(PageDecoder, NothingChangesAtAnyBlockBorder) {
  const Layout layout = TextLayout(3);
  const std::string awkward =
      "\"a\r\nb\",\"\"\"q\"\"\r\n\",\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"";
  for (const size_t block : {64U, 96U, 128U, 256U}) {
    for (const char* line_end : {"\n", "\r\n"}) {
      for (size_t shift = 0; shift <= 2 * block; ++shift) {
        std::string page = std::string("\"Id\",\"C1\",\"C2\"") + line_end;
        page += "\"" + std::string(shift, 'x') + "\",\"\",\"end\"" + line_end;
        for (int i = 0; i < 3; ++i) page += awkward + line_end;
        page += "plain,\"\"," + std::string(line_end);
        for (const bool vector : {true, false}) {
          const Decoded got =
              Decode(layout, page, {.block_bytes = block, .vector_instructions = vector});
          ASSERT_EQ(got.error, "");
          ASSERT_EQ(got.rows, ReadSlowly(page)) << "shift " << shift << " block " << block;
        }
      }
    }
  }
}

RC_GTEST_PROP(PageDecoder, AnyTextComesOutAsItWentIn, ()) {
  const auto pieces = *rc::gen::container<std::vector<std::string>>(
      rc::gen::element<std::string>("a", "\"\"", ",", "\r\n", "\n", "\r", "\xC3\xA9",
                                    "\xF0\x9F\x98\x80", "NA", "\",\"", "\"\n\""));
  std::string page = "\"Id\"\n\"";
  for (const std::string& piece : pieces) {
    if (piece != "\",\"") page += piece;
  }
  page += "\"\n";
  const Decoded got = Decode(TextLayout(1), page, {.block_bytes = 64});
  RC_ASSERT(got.error == "");
  RC_ASSERT(got.rows == ReadSlowly(page));
}

TEST(PageDecoder, PiecesOfAnySizeGiveTheSameRows) {
  const Layout layout = TextLayout(2);
  std::string page = "Id,C1\n";
  for (int i = 0; i < 50; ++i)
    page += "k" + std::to_string(i) + ",\"v\r\n\"\"" + std::to_string(i) + "\"\n";
  for (size_t piece = 1; piece < 40; ++piece) {
    const Decoded got = Decode(layout, page, {.block_bytes = 64}, piece);
    ASSERT_EQ(got.rows, ReadSlowly(page));
    ASSERT_EQ(got.counts.rows_received, 50);
    ASSERT_EQ(got.counts.csv_bytes, static_cast<int64_t>(page.size()));
  }
}

// R8
TEST(PageDecoder, WordsForNothingAreText) {
  const Decoded got = Decode(TextLayout(4), "Id,C1,C2,C3\nNA,null,None,\"\"\n");
  EXPECT_THAT(got.rows, ElementsAre(ElementsAre("NA", "null", "None", kNull)));
}

// R7
TEST(PageDecoder, NulBytesAreKeptAndCounted) {
  const std::string page("Id,C1\n\"a\0b\",\"\0\"\n", 16);
  const Decoded got = Decode(TextLayout(2), page);
  ASSERT_EQ(got.rows.size(), 1U);
  EXPECT_EQ(got.rows[0][0], std::string("a\0b", 3));
  EXPECT_EQ(got.counts.nuls_seen, 2);
}

TEST(PageDecoder, ACellOf32000CharactersIsWhole) {
  std::string text;
  for (int i = 0; i < 32'000; ++i) text += i % 3 == 0 ? "\xE2\x82\xAC" : "z";
  const Decoded got =
      Decode(TextLayout(2), "Id,C1\n\"1\",\"" + text + "\"\n", {.block_bytes = 1024});
  ASSERT_EQ(got.rows.size(), 1U);
  EXPECT_EQ(got.rows[0][1], text);
}

TEST(PageDecoder, APageCutAnywhereIsNeverTakenForWhole) {
  const Layout layout = TextLayout(3);
  const std::string page = "\"Id\",\"C1\",\"C2\"\r\n\"1\",\"a\"\"b\",\"c\"\r\n";
  const size_t header = page.find('\n') + 1;
  for (size_t size = 0; size < page.size(); ++size) {
    if (size == header) continue;  // whole rows: the row count must tell (R6)
    const Decoded got = Decode(layout, page.substr(0, size));
    EXPECT_THAT(got.error, HasSubstr("REC-PAGE-001")) << size;
  }
  EXPECT_EQ(Decode(layout, page + "\r\n").rows.size(), 1U);
}

TEST(PageDecoder, ARowWithOtherCellsIsNamed) {
  const Layout layout = TextLayout(2);
  EXPECT_EQ(Decode(layout, "Id,C1\n1,a\n2\n3,c\n").error,
            "REC-PAGE-003: row 2: it has 1 cells, not 2");
  EXPECT_EQ(Decode(layout, "Id,C1\n1,a\n2,b,x\n3,c\n").error,
            "REC-PAGE-003: row 2: it has more than 2 cells");
  EXPECT_EQ(Decode(layout, "Id,C1\n1,a\n2\n").error,
            "REC-PAGE-003: its last row has 1 cells, not 2");
  EXPECT_THAT(Decode(layout, "Id,C1\n1,a\n2,b\"c\"\n").error, HasSubstr("REC-PAGE-003: row 2"));
  EXPECT_THAT(Decode(layout, "Id,C1\n1,\"a\" \n").error, HasSubstr("REC-PAGE-003: row 1"));
}

TEST(PageDecoder, AQuoteNeverClosedIsNotReadForEver) {
  const std::string page = "Id,C1\n1,\"" + std::string(5000, 'x');
  const Decoded got = Decode(TextLayout(2), page, {.block_bytes = 64, .row_bytes_max = 1024});
  EXPECT_THAT(got.error, HasSubstr("REC-PAGE-003"));
}

TEST(PageDecoder, TheHeaderMustBeTheLayouts) {
  const Layout layout = TextLayout(2);
  EXPECT_THAT(Decode(layout, "Id\n1\n").error, HasSubstr("REC-PAGE-004: column `C1` is missing"));
  EXPECT_THAT(Decode(layout, "Id,C1,X\n1,2,3\n").error, HasSubstr("`X` is not expected"));
  EXPECT_THAT(Decode(layout, "Id,C1,Id\n1,2,3\n").error, HasSubstr("`Id` is there twice"));
  EXPECT_THAT(Decode(layout, "\xEF\xBB\xBF\"c1\",\"ID\"\nb,a\n").rows,
              ElementsAre(ElementsAre("a", "b")));
}

constexpr const char* kTyped =
    R"({"name":"Amount","type":"currency","precision":6,"scale":2},
       {"name":"Wide","type":"double","precision":30,"scale":1},
       {"name":"Count","type":"int","digits":9},{"name":"Born","type":"date"},
       {"name":"At","type":"datetime"},{"name":"Opens","type":"time"},
       {"name":"Open","type":"boolean"},{"name":"Tags","type":"multipicklist"},
       {"name":"WhoId","type":"reference","referenceTo":["Contact","Lead"]},
       {"name":"Body","type":"base64"},{"name":"BodyLength","type":"int","digits":9})";
constexpr const char* kTypedHeader =
    "Id,Amount,Wide,Count,Born,At,Opens,Open,Tags,WhoId,BodyLength\n";

TEST(PageDecoder, EveryTypeHasItsCanonicalValue) {
  const Decoded got =
      Decode(Described(kTyped), std::string(kTypedHeader) +
                                    "a013000000Q2k1Z,1.5,1.0E3,5.0,2026-02-03,"
                                    "2026-02-03T04:05:06.789Z,04:05:06.000Z,TRUE,\"b;a\","
                                    "003000000000001AAA,77\n"
                                    "a013000000Q2k1ZAAR,,,,,,,,,,\n");
  ASSERT_EQ(got.error, "");
  ASSERT_EQ(got.rows.size(), 2U);
  EXPECT_THAT(got.rows[0],
              ElementsAre("a013000000Q2k1ZAAR", "1.50", "1000.0", "5", "2026-02-03",
                          "2026-02-03 04:05:06.789000Z", "04:05:06.000000", "true", HasSubstr("b"),
                          "003000000000001AAA", "77", "Contact",
                          "/services/data/v62.0/sobjects/Thing/a013000000Q2k1ZAAR/Body", "77"));
  EXPECT_EQ(got.rows[1][0], "a013000000Q2k1ZAAR");
  for (size_t i = 1; i < 12; ++i) EXPECT_EQ(got.rows[1][i], kNull) << i;
}

TEST(PageDecoder, ARowThatDoesNotFitIsRejectedWholeAndSaid) {
  const std::string page = std::string(kTypedHeader) +
                           "a01000000000001AAA,1,1,1,,,,,,,\n"
                           "a01000000000002AAA,12345.6,1,1,,,,,,,\n"
                           "a01000000000003AAA,1,1,x,2026-02-30,,,,,,\n"
                           ",1,1,1,,,,,,,\n"
                           "a01000000000005AAA,1.239,1,1,,,,\"yes\",,,\n"
                           "a01000000000006AAA,1.239,1,1,,,,,\"a\"\"b\",,\n";
  const Decoded got = Decode(Described(kTyped), page);
  ASSERT_EQ(got.error, "");
  ASSERT_EQ(got.rows.size(), 2U);
  EXPECT_EQ(got.rows[1][1], "1.24");
  EXPECT_EQ(got.counts.rows_received, 6);
  EXPECT_EQ(got.counts.rows_kept, 2);
  EXPECT_EQ(got.counts.rows_rejected, 4);
  EXPECT_EQ(got.counts.values_rounded, 1);
  ASSERT_EQ(got.notes.size(), 5U);
  EXPECT_EQ(got.notes[0].row, 2U);
  EXPECT_EQ(got.notes[0].id, "a01000000000002AAA");
  EXPECT_EQ(got.notes[0].field, "Amount");
  EXPECT_EQ(got.notes[0].reason, "more integer digits than the type has for decimal(6, 2)");
  EXPECT_EQ(got.notes[0].text, "a01000000000002AAA,12345.6,1,1,,,,,,,");
  EXPECT_EQ(got.notes[1].field, "Count");
  EXPECT_EQ(got.notes[2].reason, "the record Id is missing");
  EXPECT_EQ(got.notes[3].field, "Open");
  EXPECT_EQ(got.notes[4].kind, RowNote::Kind::kRounded);
  EXPECT_EQ(got.notes[4].text, "1.239");
}

TEST(PageDecoder, InvalidUtf8RejectsItsRowOnly) {
  const Decoded got = Decode(TextLayout(2), "Id,C1\n1,a\n2,\xC3\x28\n3,\xED\xA0\x80\n4,\xC3\xA9\n");
  ASSERT_EQ(got.rows.size(), 2U);
  EXPECT_EQ(got.rows[1][1], "\xC3\xA9");
  ASSERT_EQ(got.notes.size(), 2U);
  EXPECT_EQ(got.notes[0].row, 2U);
  EXPECT_EQ(got.notes[0].field, "C1");
  EXPECT_EQ(got.notes[0].reason, "not valid UTF-8");
}

TEST(PageDecoder, OtherDelimitersWork) {
  EXPECT_THAT(Decode(TextLayout(2), "Id\tC1\n\"a\tb\"\tc,d\n", {.delimiter = '\t'}).rows,
              ElementsAre(ElementsAre("a\tb", "c,d")));
}

TEST(PageDecoder, CompoundsAreRebuiltFromTheirParts) {
  const Layout layout = Described(
      R"({"name":"MailingAddress","type":"address"},
         {"name":"MailingCity","type":"string","compoundFieldName":"MailingAddress"},
         {"name":"MailingLatitude","type":"double","precision":18,"scale":15,
          "compoundFieldName":"MailingAddress"})");
  const Decoded got = Decode(layout,
                             "Id,MailingCity,MailingLatitude\n"
                             "a01000000000001AAA,Bern,46.9\na01000000000002AAA,,\n");
  ASSERT_EQ(got.error, "");
  ASSERT_EQ(got.rows.size(), 2U);
  EXPECT_THAT(got.rows[0][3], HasSubstr("Bern"));
  EXPECT_THAT(got.rows[0][3], HasSubstr("46.900000000000000"));
  EXPECT_EQ(got.rows[1][3], kNull);
}

TEST(PageDecoder, RowsByRestAreTheRowsByBulk) {
  const Layout layout = Described(kTyped);
  const std::string json = R"({"totalSize":2,"done":true,"records":[
    {"attributes":{"type":"Thing"},"Id":"a01000000000001AAA","Amount":1.5,"Wide":1.0E3,"Count":5.0,
     "Born":"2026-02-03","At":"2026-02-03T04:05:06.789+0000","Opens":"04:05:06.000Z","Open":true,
     "Tags":"b;a","WhoId":"00Q000000000001EAA","BodyLength":77},
    {"Id":"a01000000000002AAA","Amount":null,"Open":false}]})";
  const auto csv = CsvFromRecords(json, layout);
  ASSERT_TRUE(csv.has_value());
  EXPECT_EQ(csv->rows, 2);
  const Decoded rest = Decode(layout, csv->csv);
  const Decoded bulk = Decode(layout, std::string(kTypedHeader) +
                                          "\"a01000000000002AAA\",,,,,,,false,,,\n"
                                          "\"a01000000000001AAA\",\"1.5\",1000,5,2026-02-03,"
                                          "2026-02-03T04:05:06.789Z,04:05:06.000Z,true,b;a,"
                                          "00Q000000000001,77\n");
  EXPECT_EQ(rest.hashes, bulk.hashes);
  EXPECT_EQ(rest.rows.size(), 2U);
  EXPECT_EQ(rest.rows[0], bulk.rows[1]);
}

TEST(PageDecoder, SwappedCellsChangeTheHash) {
  const Layout layout = TextLayout(2);
  const Decoded a = Decode(layout, "Id,C1\n1,a\n2,b\n");
  EXPECT_EQ(a.hashes, Decode(layout, "Id,C1\n2,b\n1,a\n").hashes);
  EXPECT_NE(a.hashes, Decode(layout, "Id,C1\n1,b\n2,a\n").hashes);
  EXPECT_NE(a.hashes, Decode(layout, "Id,C1\n1,a\n2,\n").hashes);
}

}  // namespace
}  // namespace firn::record
