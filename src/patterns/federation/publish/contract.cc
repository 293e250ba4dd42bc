#include "patterns/federation/publish/contract.h"

#include <algorithm>
#include <set>

#include "core/base/encoding.h"
#include "core/base/nearest.h"
#include "core/config/document.h"
#include "core/net/digest.h"
#include "ends/lake/format/schema_json.h"

namespace firn::federation {
namespace {

using config::Field;
using config::FieldType;
using record::Type;
using record::TypeId;

constexpr Field kColumn[] = {
    {.name = "name", .help = "the column's name", .example = "Email", .required = true},
    {.name = "type",
     .help = "`boolean`, `int`, `long`, `float`, `double`, `decimal(P, S)`, `date`, `time`, "
             "`timestamp`, `timestamptz`, `string`, `uuid`, `fixed[N]` or `binary`",
     .example = "decimal(18, 2)",
     .required = true},
    {.name = "required",
     .type = FieldType::kBool,
     .help = "whether every row has a value",
     .default_value = "false"},
    {.name = "doc", .help = "what the column holds"},
};

constexpr Field kContract[] = {
    {.name = "name",
     .help = "what the contract is called",
     .example = "unified_profile",
     .required = true},
    {.name = "version",
     .type = FieldType::kInteger,
     .help = "raised with every change of what is promised",
     .default_value = "1",
     .min = 1,
     .max = 1'000'000},
    {.name = "key",
     .type = FieldType::kTextList,
     .help = "required columns that no two rows share",
     .example = "[Id]"},
    {.name = "columns",
     .type = FieldType::kGroupList,
     .help = "every column, in order",
     .required = true,
     .fields = kColumn},
};

Error Unusable(std::string where, std::string why) {
  return Error(Kind::kBadConfig, "PUB-CONTRACT-001", "the contract cannot be used")
      .At(std::move(where))
      .Because(std::move(why));
}

Result<void> AddColumn(const config::Group& group, record::Schema& schema) {
  record::Field field;
  field.id = static_cast<int>(schema.fields.size()) + 1;
  field.name = group.Text("name");
  field.required = group.Bool("required");
  field.doc = group.Text("doc");
  if (field.name.empty()) return Fail(Unusable(group.Where("name"), "a column has no name"));
  if (schema.Find(field.name) != nullptr)
    return Fail(Unusable(group.Where("name"), "column `" + field.name + "` is declared twice"));
  auto type = lake::ParsePrimitive(group.Text("type"));
  if (!type) return Fail(Unusable(group.Where("type"), "`" + group.Text("type") + "` is no type"));
  field.type = *std::move(type);
  schema.fields.push_back(std::move(field));
  return {};
}

Result<void> CheckKey(const config::Group& file, const lake::RowContract& rows) {
  std::set<std::string> seen;
  std::vector<std::string> names;
  for (const auto& field : rows.schema.fields) names.push_back(field.name);
  for (const std::string& name : rows.key) {
    const record::Field* field = rows.schema.Find(name);
    if (field == nullptr)
      return Fail(Unusable(file.Where("key"),
                           "key column `" + name + "` is not declared" + DidYouMean(name, names)));
    if (!field->required)
      return Fail(Unusable(file.Where("key"), "key column `" + name + "` is not `required`"));
    if (field->type.id == TypeId::kFloat || field->type.id == TypeId::kDouble)
      return Fail(Unusable(file.Where("key"),
                           "key column `" + name + "` is a real number, which no key is"));
    if (!seen.insert(name).second)
      return Fail(Unusable(file.Where("key"), "key column `" + name + "` is named twice"));
  }
  return {};
}

std::string DigestOf(const lake::RowContract& rows) {
  std::string text;
  for (const record::Field& field : rows.schema.fields)
    text +=
        field.name + "\n" + record::TypeText(field.type) + (field.required ? " required\n" : "\n");
  text += "key\n";
  for (const std::string& name : rows.key) text += name + "\n";
  return Hex(net::Sha256(text));
}

// Iceberg's safe promotions (spec, "Schema Evolution").
bool Widens(const Type& from, const Type& to) {
  if (from == to) return true;
  if (from.id == TypeId::kInt && to.id == TypeId::kLong) return true;
  if (from.id == TypeId::kFloat && to.id == TypeId::kDouble) return true;
  return from.id == TypeId::kDecimal && to.id == TypeId::kDecimal && from.scale == to.scale &&
         from.precision <= to.precision;
}

std::string Named(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "`" : ", `") + name + "`";
  return out.empty() ? "none" : out;
}

}  // namespace

std::span<const Field> ContractFields() { return kContract; }

Result<Contract> ReadContract(const std::string& path) {
  FIRN_TRY(const config::Document document, config::ReadYamlFile(path));
  config::Problems problems;
  const config::Group file =
      config::Bind(document, document.root, kContract, config::ProcessEnvironment(), &problems);
  if (!problems.empty()) return Fail(problems.front());
  Contract contract;
  contract.where = path;
  contract.name = file.Text("name");
  contract.version = file.Integer("version");
  for (const config::Group& column : file.List("columns"))
    FIRN_CHECK(AddColumn(column, contract.rows.schema));
  if (contract.rows.schema.fields.empty())
    return Fail(Unusable(file.Where("columns"), "it declares no column"));
  contract.rows.key = file.TextList("key");
  FIRN_CHECK(CheckKey(file, contract.rows));
  contract.digest = DigestOf(contract.rows);
  return contract;
}

Result<record::Schema> SchemaUnder(const Contract& contract, const record::Schema* present,
                                   int last_column_id) {
  record::Schema next = contract.rows.schema;
  std::string why;
  const auto add = [&](const std::string& text) { why += (why.empty() ? "" : "; ") + text; };
  if (present != nullptr) {
    for (const record::Field& field : present->fields) {
      if (next.Find(field.name) == nullptr) add("column `" + field.name + "` would be gone");
    }
  }
  for (record::Field& field : next.fields) {
    const record::Field* before = present == nullptr ? nullptr : present->Find(field.name);
    if (before == nullptr) {
      field.id = ++last_column_id;
      continue;
    }
    field.id = before->id;
    if (!Widens(before->type, field.type))
      add("column `" + field.name + "` would turn from `" + record::TypeText(before->type) +
          "` into `" + record::TypeText(field.type) + "`");
    if (before->required && !field.required)
      add("column `" + field.name + "` could be null from now on");
  }
  if (!why.empty())
    return Fail(Error(Kind::kBadInput, "PUB-CONTRACT-002", "the contract takes a promise back")
                    .At(contract.where)
                    .Because(std::move(why))
                    .Hint("publish the new shape under another table's name, and drop the old one "
                          "when nobody reads it any more"));
  for (const std::string& name : contract.rows.key)
    next.identifier_field_ids.push_back(next.Find(name)->id);
  return next;
}

Result<void> CheckSucceeds(const Contract& contract, const ContractInForce& before) {
  std::string why;
  const std::string version = std::to_string(contract.version);
  if (contract.name != before.name) {
    why = "the table was published under contract `" + before.name + "`";
  } else if (contract.version < before.version) {
    why = "version " + std::to_string(before.version) + " is in force, this is " + version;
  } else if (contract.rows.key != before.key) {
    why = "the key would turn from " + Named(before.key) + " into " + Named(contract.rows.key);
  } else if (contract.version == before.version && contract.digest != before.digest) {
    why = "version " + version + " was published with other columns, types or requirements";
  }
  if (why.empty()) return {};
  return Fail(
      Error(Kind::kBadInput, "PUB-CONTRACT-003", "the contract does not follow the last one")
          .At(contract.where)
          .Because(std::move(why))
          .Hint("raise `version` with every change; publish another contract or key under "
                "another table's name"));
}

}  // namespace firn::federation
