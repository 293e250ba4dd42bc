// Updates and requirements of any client: applied, or refused with an error; what they make of a
// table reads back as it was written.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "ends/lake/updates/table_updates.h"

namespace {

void ReadsBack(const firn::lake::TableMetadata& metadata) {
  firn::lake::ParseOptions any;
  any.foreign_types = true;
  const std::string json = firn::lake::MetadataJson(metadata);
  const auto again = firn::lake::ParseMetadata(json, any);
  FIRN_ASSERT(again.has_value());
  FIRN_ASSERT(firn::lake::MetadataJson(*again) == json);
}

firn::lake::TableMetadata Base() {
  firn::lake::TableRequest request;
  request.schema_json = R"({"type":"struct","fields":[
    {"id":1,"name":"id","required":true,"type":"long"},
    {"id":2,"name":"day","required":false,"type":"date"}]})";
  request.properties["format-version"] = "3";
  request.location = "file:///w/t";
  request.uuid = "7d4e9e0e-0000-4000-8000-000000000001";
  request.now_ms = 1'780'000'000'000;
  auto made = firn::lake::NewTableFromRequest(request);
  FIRN_ASSERT(made.has_value());
  return *std::move(made);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const firn::lake::TableMetadata base = Base();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto held = firn::lake::CheckRequirements(text, &base);
  if (!held) FIRN_ASSERT(!held.error().code().empty());
  const auto next = firn::lake::ApplyUpdates(base, text, base.last_updated_ms);
  if (next) ReadsBack(next->metadata);
  firn::lake::NewTableDefaults defaults;
  defaults.uuid = base.table_uuid;
  defaults.location = [] { return firn::Result<std::string>("file:///w/new"); };
  const auto made = firn::lake::TableFromUpdates(text, defaults);
  if (made) ReadsBack(*made);
  if (firn::lake::CheckSchemaJson(text)) FIRN_ASSERT(firn::lake::SameSchemaJson(text, text));
  return 0;
}
