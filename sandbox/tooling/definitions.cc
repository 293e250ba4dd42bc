#include "sandbox/tooling/definitions.h"

#include <deque>

#include "core/base/time_text.h"

namespace firn::sandbox {
namespace {

// One row under construction; its texts live as long as it.
class Row {
 public:
  Row& Text(std::string_view name, std::string text) {
    if (text.empty()) return *this;
    cells_.push_back({name, texts_.emplace_back(std::move(text))});
    return *this;
  }
  Row& Flag(std::string_view name, bool value) {
    cells_.push_back({name, std::string_view(value ? "true" : "false")});
    return *this;
  }
  Row& Number(std::string_view name, int value) { return Text(name, std::to_string(value)); }
  [[nodiscard]] const std::vector<Cell>& cells() const { return cells_; }

 private:
  std::deque<std::string> texts_;
  std::vector<Cell> cells_;
};

std::string DeveloperName(const std::string& name) {
  const size_t suffix = name.rfind("__");
  return suffix == std::string::npos ? name : name.substr(0, suffix);
}

std::string Counted(std::string_view type, int length) {
  return std::string(type) + "(" + std::to_string(length) + ")";
}

std::string Numbered(std::string_view type, const FieldInfo& field) {
  return std::string(type) + "(" + std::to_string(field.precision - field.scale) + ", " +
         std::to_string(field.scale) + ")";
}

std::string Joined(const std::vector<std::string>& names, std::string_view between) {
  std::string text;
  for (const std::string& name : names) {
    if (!text.empty()) text += between;
    text += name;
  }
  return text;
}

void FillEntity(const ObjectInfo& object, Row& row) {
  row.Text("DurableId", object.name)
      .Text("LastModifiedDate", FormatUtc(object.changed_at))
      .Text("QualifiedApiName", object.name)
      .Text("DeveloperName", DeveloperName(object.name))
      .Text("MasterLabel", object.label)
      .Text("Label", object.label)
      .Text("PluralLabel", object.label_plural)
      .Text("KeyPrefix", object.key_prefix)
      .Text("PublisherId", object.custom ? "<local>" : "System")
      .Text("DeploymentStatus", object.custom ? "Deployed" : "")
      .Text("ExternalSharingModel", "Private")
      .Text("InternalSharingModel", "ReadWrite");
  row.Flag("IsApexTriggerable", object.triggerable)
      .Flag("IsCompactLayoutable", object.layoutable)
      .Flag("IsCustomSetting", false)
      .Flag("IsCustomizable", object.layoutable || object.custom)
      .Flag("IsDeprecatedAndHidden", false)
      .Flag("IsEverCreatable", object.createable)
      .Flag("IsEverDeletable", object.deletable)
      .Flag("IsEverUpdatable", object.updateable)
      .Flag("IsFeedEnabled", object.feed_enabled)
      .Flag("IsIdEnabled", true)
      .Flag("IsLayoutable", object.layoutable)
      .Flag("IsMruEnabled", object.mru_enabled)
      .Flag("IsProcessEnabled", object.triggerable)
      .Flag("IsQueryable", object.queryable)
      .Flag("IsReplicateable", object.replicateable)
      .Flag("IsRetrieveable", object.retrieveable)
      .Flag("IsSearchable", object.searchable)
      .Flag("IsTriggerable", object.triggerable)
      .Flag("IsWorkflowEnabled", object.layoutable && object.triggerable);
}

// `{"referenceTo":["User"]}`, `{"referenceTo":null}`.
std::string ReferenceTo(const FieldInfo& field) {
  if (field.reference_to.empty()) return R"({"referenceTo":null})";
  return R"({"referenceTo":[")" + Joined(field.reference_to, "\",\"") + R"("]})";
}

void FillField(const ObjectInfo& object, const FieldInfo& field, Row& row) {
  const std::string type(TypeName(field.type));
  row.Text("DurableId", object.name + "." + field.name)
      .Text("LastModifiedDate", FormatUtc(object.changed_at))
      .Text("EntityDefinitionId", object.name)
      .Text("QualifiedApiName", field.name)
      .Text("DeveloperName", DeveloperName(field.name))
      .Text("MasterLabel", field.label)
      .Text("Label", field.label)
      .Number("Length", field.length)
      .Number("Precision", field.precision)
      .Number("Scale", field.scale)
      .Text("DataType", SetupTypeOf(field))
      .Text("ValueTypeId", type)
      .Text("ServiceDataTypeId", type)
      .Text("ExtraTypeInfo", field.extra_type_info)
      .Text("ReferenceTo", ReferenceTo(field))
      .Text("RelationshipName", field.relationship_name)
      .Text("ControllingFieldDefinitionId",
            field.controller_name.empty() ? "" : object.name + "." + field.controller_name)
      .Text("PublisherId", field.custom ? "<local>" : "System");
  row.Flag("IsApiFilterable", field.filterable)
      .Flag("IsApiGroupable", field.groupable)
      .Flag("IsApiSortable", field.sortable)
      .Flag("IsCalculated", field.calculated)
      .Flag("IsCompactLayoutable", object.layoutable && field.type != FieldType::kBase64)
      .Flag("IsFieldHistoryTracked", false)
      .Flag("IsHighScaleNumber", false)
      .Flag("IsHtmlFormatted", field.html_formatted)
      .Flag("IsIndexed", field.key_column >= 0 || field.type == FieldType::kId)
      .Flag("IsListFilterable", field.filterable)
      .Flag("IsListSortable", field.sortable)
      .Flag("IsListVisible", true)
      .Flag("IsNameField", field.name_field)
      .Flag("IsNillable", field.nillable)
      .Flag("IsPolymorphicForeignKey", field.polymorphic)
      .Flag("IsSearchPrefilterable", false)
      .Flag("IsWorkflowFilterable", field.filterable);
}

Result<std::vector<RowOutcome>> Insert(Org& org, std::string_view object,
                                       const std::deque<Row>& rows) {
  std::vector<Mutation> mutations;
  mutations.reserve(rows.size());
  for (const Row& row : rows) {
    Mutation& mutation = mutations.emplace_back();
    mutation.object = object;
    mutation.cells = row.cells();
  }
  MutateOptions options;
  options.set_audit_fields = true;
  FIRN_TRY(auto outcomes, org.Mutate(mutations, options));
  for (RowOutcome& outcome : outcomes) {
    if (outcome.error) return Fail(*std::move(outcome.error));
  }
  return outcomes;
}

}  // namespace

std::string SetupTypeOf(const FieldInfo& field) {
  if (field.auto_number) return "Auto Number";
  if (field.name == "Name" && field.name_field && !field.custom) return "Name";
  switch (field.type) {
    case FieldType::kReference:
      return "Lookup(" + Joined(field.reference_to, ",") + ")";
    case FieldType::kBoolean:
      return "Checkbox";
    case FieldType::kInt:
    case FieldType::kLong:
      return "Number(" + std::to_string(field.digits) + ", 0)";
    case FieldType::kDouble:
      return Numbered("Number", field);
    case FieldType::kCurrency:
      return Numbered("Currency", field);
    case FieldType::kPercent:
      return Numbered("Percent", field);
    case FieldType::kDate:
      return "Date";
    case FieldType::kDateTime:
      return "Date/Time";
    case FieldType::kTime:
      return "Time";
    case FieldType::kEmail:
      return "Email";
    case FieldType::kPhone:
      return "Phone";
    case FieldType::kUrl:
      return Counted("URL", field.length);
    case FieldType::kPicklist:
    case FieldType::kCombobox:
      return "Picklist";
    case FieldType::kMultiPicklist:
      return "Picklist (Multi-Select)";
    case FieldType::kTextArea:
      return Counted(field.length > 255 ? "Long Text Area" : "Text Area", field.length);
    case FieldType::kEncryptedString:
      return Counted("Text (Encrypted)", field.length);
    case FieldType::kAddress:
      return "Address";
    case FieldType::kLocation:
      return "Geolocation";
    case FieldType::kBase64:
      return "Base64";
    case FieldType::kId:
      return "Id";
    case FieldType::kAnyType:
      return "Any Type";
    case FieldType::kString:
      break;
  }
  return Counted("Text", field.length) + (field.external_id ? " (External ID)" : "") +
         (field.unique ? " (Unique Case Insensitive)" : "");
}

Result<void> WriteDefinitions(const Catalogue& catalogue, Org& tooling) {
  std::deque<Row> entities;
  for (const ObjectInfo& object : catalogue.objects()) FillEntity(object, entities.emplace_back());
  FIRN_TRY(const auto outcomes, Insert(tooling, "EntityDefinition", entities));
  std::deque<Row> fields;
  for (size_t i = 0; i < catalogue.objects().size(); ++i) {
    const ObjectInfo& object = catalogue.objects()[i];
    for (const FieldInfo& field : object.fields) {
      if (field.hidden) continue;
      Row& row = fields.emplace_back();
      row.Text("EntityDefinitionKey", IdText(outcomes[i].id));
      FillField(object, field, row);
    }
  }
  FIRN_CHECK(Insert(tooling, "FieldDefinition", fields));
  return {};
}

}  // namespace firn::sandbox
