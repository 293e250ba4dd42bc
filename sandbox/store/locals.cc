#include "sandbox/store/locals.h"

#include <optional>
#include <vector>

#include "sandbox/store/row_codec.h"

namespace firn::sandbox {
namespace {

// Some stored fields of one record; values live as long as it.
class Fields {
 public:
  Fields(const Catalogue& catalogue, Reader& reader, std::string_view object, std::string_view id)
      : object_(catalogue.Object(object)) {
    const auto number = ParseId(id);
    if (object_ == nullptr || !number) return;
    auto row = reader.Load(*object_, *number);
    if (!row || !*row) return;
    row_ = std::move(**row);
    values_.emplace(*object_, std::vector<int>{});
    if (!values_->Read(*number, row_.deleted, row_.modstamp, row_.blob)) values_.reset();
  }
  Fields(const Fields&) = delete;
  Fields& operator=(const Fields&) = delete;
  [[nodiscard]] Value Get(std::string_view name) const {
    const FieldInfo* field = values_ ? object_->Field(name) : nullptr;
    return field == nullptr || field->slot < 0 ? Value{} : values_->at(field->slot);
  }

 private:
  const ObjectInfo* object_;
  StoredRow row_;
  std::optional<RowReader> values_;
};

}  // namespace

std::shared_ptr<const soql::Locals> ReadLocals(const Catalogue& catalogue, Reader& reader,
                                               std::string_view user_id, std::string_view org_id) {
  auto locals = std::make_shared<soql::Locals>();
  const Fields user(catalogue, reader, "User", user_id);
  const Value zone = user.Get("TimeZoneSidKey");
  locals->user_id = ParseId(user_id).value_or(0);
  locals->zone = TimeZone::Find(zone.null() ? "UTC" : zone.text);
  const Fields org(catalogue, reader, "Organization", org_id);
  const Value month = org.Get("FiscalYearStartMonth");
  if (!month.null() && month.number >= 1 && month.number <= 12) {
    locals->fiscal.start_month = static_cast<int>(month.number);
  }
  locals->fiscal.named_by_start = org.Get("UsesStartDateAsFiscalYearName").number != 0;
  return locals;
}

}  // namespace firn::sandbox
