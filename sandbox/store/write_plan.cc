#include "sandbox/store/write_plan.h"

#include <cctype>
#include <cstdlib>

#include "sandbox/store/org_impl.h"

namespace firn::sandbox {
namespace {

int SlotOf(const ObjectInfo& object, std::string_view name) {
  const FieldInfo* field = object.Field(name);
  return field == nullptr ? -1 : field->slot;
}

// `W-000001`: where the digits begin.
std::string FormatOf(const FieldInfo& field) {
  constexpr std::string_view kRule = "number_sequence ";
  return field.generate.starts_with(kRule) ? field.generate.substr(kRule.size())
                                           : field.name.substr(0, 1) + "-00000";
}

}  // namespace

WritePlan::WritePlan(const ObjectInfo& object, RowWriter row_writer)
    : deriver(object),
      writer(std::move(row_writer)),
      reader(object, {}),
      exists_sql("SELECT del FROM " + TableName(object) + " WHERE n = ?"),
      owner(SlotOf(object, "OwnerId")),
      created(SlotOf(object, "CreatedDate")),
      created_by(SlotOf(object, "CreatedById")),
      modified(SlotOf(object, "LastModifiedDate")),
      modified_by(SlotOf(object, "LastModifiedById")),
      object_(object) {}

Result<std::unique_ptr<WritePlan>> WritePlan::Make(Database& db, const ObjectInfo& object) {
  FIRN_TRY(RowWriter writer, RowWriter::Prepare(db, object));
  std::unique_ptr<WritePlan> plan(new WritePlan(object, std::move(writer)));
  FIRN_CHECK(plan->ReadDefaults());
  return plan;
}

Result<void> WritePlan::ReadDefaults() {
  defaults_.resize(object_.slots.size());
  for (const FieldInfo& field : object_.fields) {
    if (field.slot < 0) continue;
    stored.push_back(&field);
    if (field.slot < kFirstStoredSlot) continue;
    if (field.default_value) {
      std::string& storage = default_texts_.emplace_back();
      FIRN_TRY(defaults_[field.slot], ParseFieldText(field, *field.default_value, storage));
    }
    if (field.auto_number) {
      std::string format = FormatOf(field);
      size_t digits = 0;
      while (digits < format.size() &&
             std::isdigit(static_cast<uint8_t>(format[format.size() - 1 - digits])) != 0) {
        ++digits;
      }
      const std::string head = format.substr(0, format.size() - digits);
      const uint64_t first = std::strtoull(format.c_str() + head.size(), nullptr, 10);
      auto_numbers_.push_back({field.slot, head, digits, first});
    }
    if (!field.nillable && field.createable && !field.defaulted_on_create) {
      required.push_back(&field);
    }
  }
  return {};
}

void WritePlan::Begin(uint64_t record_number, std::vector<Value>& by_slot,
                      std::deque<std::string>& texts) const {
  by_slot = defaults_;
  by_slot[kIdSlot] = Value::Id(MakeId(object_.key_prefix, record_number));
  by_slot[kDeletedSlot] = Value::Bool(false);
  for (const AutoNumber& each : auto_numbers_) {
    std::string number = std::to_string(each.first + record_number - kFirstRecordNumber);
    if (number.size() < each.digits) number.insert(0, each.digits - number.size(), '0');
    by_slot[each.slot] = Value::Text(texts.emplace_back(each.head + number));
  }
}

}  // namespace firn::sandbox
