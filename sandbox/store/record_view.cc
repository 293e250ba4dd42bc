#include "sandbox/store/record_view.h"

#include "sandbox/soql/row_tree.h"

namespace firn::sandbox {

Result<void> FillRecord(Record& record, const StoredRow& row, std::shared_ptr<Reader> reader,
                        int64_t now_millis) {
  soql::RowTree tree(record.catalogue, *record.object, std::move(reader), now_millis);
  std::vector<soql::FieldRef> refs;
  for (const auto& field : record.object->fields) refs.push_back(tree.RefOf(field));
  FIRN_CHECK(tree.SetRow(static_cast<int64_t>(RecordNumberOf(record.id)), row.deleted, row.modstamp,
                         row.blob));
  for (const auto& ref : refs) {
    Value value = tree.Get(ref);
    if (!value.text.empty()) {
      record.texts.push_back(std::make_unique<std::string>(value.text));
      value.text = *record.texts.back();
    }
    record.values.push_back(value);
  }
  if (tree.failure()) return Fail(*tree.failure());
  return {};
}

}  // namespace firn::sandbox
