#include "sandbox/store/record_view.h"

#include "sandbox/soql/row_tree.h"

namespace firn::sandbox {

Result<void> FillRecord(Record& record, const StoredRow& row, std::shared_ptr<Reader> reader) {
  soql::RowTree tree(record.catalogue, *record.object, std::move(reader));
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

Result<std::string> RenderRecord(std::shared_ptr<const Catalogue> catalogue,
                                 const ObjectInfo& object, int64_t id, const StoredRow& row,
                                 std::shared_ptr<Reader> reader, const QueryOptions& options) {
  soql::RowTree tree(std::move(catalogue), object, std::move(reader));
  std::vector<std::pair<const FieldInfo*, soql::FieldRef>> columns;
  for (const auto& field : object.fields) {
    const bool visible =
        field.min_api_version <= options.api_version && (!field.hidden || options.see_hidden);
    if (visible) columns.emplace_back(&field, tree.RefOf(field));
  }
  FIRN_CHECK(
      tree.SetRow(static_cast<int64_t>(RecordNumberOf(id)), row.deleted, row.modstamp, row.blob));
  const std::string url = "/services/data/v" + std::to_string(options.api_version) +
                          ".0/sobjects/" + object.name + '/' + IdText(id);
  std::string json = R"({"attributes":{"type":")" + object.name + R"(","url":")" + url + "\"}";
  for (const auto& [field, ref] : columns) {
    json += ",\"" + field->name + "\":";
    const Value value = tree.Get(ref);
    if (field->type == FieldType::kBase64 && !value.null()) {
      json += '"' + url + '/' + field->name + '"';  // the address of its body
    } else {
      AppendJson(value, json);
    }
  }
  if (tree.failure()) return Fail(*tree.failure());
  return json + '}';
}

}  // namespace firn::sandbox
