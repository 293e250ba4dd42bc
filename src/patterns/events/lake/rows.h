// RowPage: changes of one object as rows of its table, by the very path that exported pages take,
// so that a row read over REST, Bulk or a change event is the same row, bit for bit. Internal to
// events; one thread.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/record/layout.h"
#include "core/record/page_decoder.h"
#include "patterns/events/change/plan.h"
#include "patterns/events/lake/name_order.h"

namespace firn::events {

// Where the fields of a schema go in a layout.
struct FieldMap {
  std::vector<int> column;  // by field of the plan: into Layout::columns; -1: nowhere
  std::vector<int> told;    // fields of the table that a whole record of this schema tells, rising
  // A person's name is a record of parts: its words, and the column of the whole name.
  int name_column = -1;
  std::vector<int> name_parts;  // fields of the plan, as they follow each other in a name
  bool stamp_follows =
      false;  // SystemModstamp is not in the schema: LastModifiedDate stands for it
};
[[nodiscard]] FieldMap MapFields(const ChangePlan& plan, const record::Layout& layout,
                                 NameOrder order = NameOrder::kWestern);

// The new texts of fields that were sent as differences, by column of the layout.
using PatchedTexts = std::vector<std::pair<int, std::string>>;

class RowPage {
 public:
  // `layout` outlives the page. Errors: those of the page decoder.
  [[nodiscard]] static Result<std::unique_ptr<RowPage>> New(const record::Layout& layout);

  // A row of what a record tells of `id`. Fields of the table that it changes are put into
  // `changed` (rising, the Id not among them) when that is not null.
  void Add(const FieldMap& map, const ChangeRecord& record, std::string_view id,
           const PatchedTexts& patched, std::vector<int>* changed);
  // Rows that are CSV already: what CsvFromRecords makes, header included. Only into an empty page.
  void AddCsv(std::string csv, int64_t rows);

  [[nodiscard]] int64_t rows() const { return rows_; }
  [[nodiscard]] size_t bytes() const { return csv_.size(); }

  struct Decoded {
    std::shared_ptr<arrow::RecordBatch> batch;  // columns of the layout's schema; its own memory
    std::vector<uint32_t> kept;                 // by row of the batch: which row of the page
    struct Rejected {
      uint32_t row = 0;
      std::string id;
      std::string field;
      std::string reason;
    };
    std::vector<Rejected> rejected;
    int64_t rounded = 0;
  };
  // Everything added, decoded; the page is empty afterwards. Errors: Corrupt (REC-PAGE-*).
  [[nodiscard]] Result<Decoded> Take();

 private:
  explicit RowPage(const record::Layout& layout) : layout_(layout) {}
  void Start();
  Result<void> DecodeInto(Decoded& out);

  const record::Layout& layout_;
  std::unique_ptr<record::PageDecoder> decoder_;
  std::string csv_;
  int64_t rows_ = 0;
  std::vector<int> source_;                 // by column of the layout: field of the plan, or -1
  std::vector<std::vector<int>> siblings_;  // by column: fields of the table derived from it alone
};

}  // namespace firn::events
