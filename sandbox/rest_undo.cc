#include "sandbox/rest_undo.h"

namespace firn::sandbox {

void UndoLog::Changing(int64_t id) {
  const auto catalogue = org_.catalogue();
  const ObjectInfo* object = catalogue->ByKeyPrefix(KeyPrefixOf(id));
  if (object == nullptr) return;
  QueryOptions options;
  options.see_hidden = true;
  const auto record = org_.Read(object->name, IdText(id), options);
  if (!record) return;  // the change will fail as well
  Step step{Step::Kind::kRestore, id, {}};
  for (size_t i = 0; i < object->fields.size() && i < record->values.size(); ++i) {
    const FieldInfo& field = object->fields[i];
    if (field.slot < kModstampSlot) continue;
    FieldText text{field.name, std::nullopt};
    if (!record->values[i].null()) AppendPlain(record->values[i], text.text.emplace());
    step.fields.push_back(std::move(text));
  }
  steps_.push_back(std::move(step));
}

Result<void> UndoLog::Run() {
  const Org::Change change{{}, true};
  for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
    switch (step->kind) {
      case Step::Kind::kPurge:
        FIRN_CHECK(org_.Purge(step->id, change));
        break;
      case Step::Kind::kUndelete:
        FIRN_CHECK(org_.Undelete(step->id, change));
        break;
      case Step::Kind::kRestore:
        FIRN_CHECK(org_.Update(step->id, step->fields, change));
        break;
    }
  }
  steps_.clear();
  return {};
}

}  // namespace firn::sandbox
