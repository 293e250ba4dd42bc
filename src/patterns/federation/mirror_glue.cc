// The Glue Data Catalog as the second one. Source: AWS Glue Web API Reference, "Table",
// "Database" (names are kept in lower case); apache/iceberg 1.11 IcebergToGlueConverter (columns);
// read 2026-11.
#include <algorithm>
#include <cctype>

#include "ends/aws/glue.h"
#include "patterns/federation/mirror.h"

namespace firn::federation {
namespace {

// Hive's word for a type.
std::string HiveType(const record::Type& type) {
  using record::TypeId;
  switch (type.id) {
    case TypeId::kBoolean:
      return "boolean";
    case TypeId::kInt:
      return "int";
    case TypeId::kLong:
      return "bigint";
    case TypeId::kFloat:
      return "float";
    case TypeId::kDouble:
      return "double";
    case TypeId::kDecimal:
      return "decimal(" + std::to_string(type.precision) + "," + std::to_string(type.scale) + ")";
    case TypeId::kDate:
      return "date";
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
      return "timestamp";
    case TypeId::kFixed:
    case TypeId::kBinary:
      return "binary";
    case TypeId::kStruct: {
      std::string out = "struct<";
      for (const record::Field& child : type.children) {
        if (out.back() != '<') out += ",";
        out += child.name + ":" + HiveType(child.type);
      }
      return out + ">";
    }
    case TypeId::kList:
      return "array<" + HiveType(type.children.at(0).type) + ">";
    case TypeId::kMap:
      return "map<" + HiveType(type.children.at(0).type) + "," +
             HiveType(type.children.at(1).type) + ">";
    case TypeId::kTime:
    case TypeId::kString:
    case TypeId::kUuid:
      break;
  }
  return "string";
}

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

class GlueTarget final : public MirrorTarget {
 public:
  GlueTarget(std::shared_ptr<aws::AwsClient> client, std::string ns)
      : client_(std::move(client)), ns_(std::move(ns)) {}

  lake::TableIdent NameOf(const lake::TableIdent& ident) const override {
    std::string database = Lower(ns_.empty() ? ident.ns : ns_);
    std::replace(database.begin(), database.end(), '.', '_');
    return {std::move(database), Lower(ident.name)};
  }

  Result<std::optional<MirrorEntry>> Find(const Call& call,
                                          const lake::TableIdent& there) override {
    auto found = aws::GetGlueTable(call, *client_, there.ns, there.name);
    if (!found && found.error().kind() == Kind::kNotFound) return std::optional<MirrorEntry>();
    if (!found && found.error().code() == "AWS-GLUE-001")
      return Fail(Error(Kind::kConflict, "FED-MIRROR-001",
                        "`" + there.Text() + "` of the other catalog is another table")
                      .Because("it is no Iceberg table")
                      .Hint("drop or rename it there, or give the mirror a `namespace`"));
    if (!found) return Fail(std::move(found).error());
    MirrorEntry entry;
    entry.metadata_location = found->metadata_location;
    entry.location = found->location;
    entry.version = found->version_id;
    return std::optional(std::move(entry));
  }

  Result<void> Create(const Call& call, const lake::TableIdent& there,
                      const lake::Table& table) override {
    FIRN_CHECK(aws::EnsureGlueDatabase(call, *client_, there.ns));
    return aws::CreateGlueTable(call, *client_, Entry(there, table));
  }

  Result<void> Update(const Call& call, const lake::TableIdent& there, const lake::Table& table,
                      const MirrorEntry& was) override {
    aws::GlueTable previous;
    previous.metadata_location = was.metadata_location;
    previous.version_id = was.version;
    return aws::UpdateGlueTable(call, *client_, Entry(there, table), previous);
  }

 private:
  static aws::GlueTable Entry(const lake::TableIdent& there, const lake::Table& table) {
    aws::GlueTable entry;
    entry.database = there.ns;
    entry.name = there.name;
    entry.location = table.location();
    entry.metadata_location = table.metadata_location();
    for (const record::Field& field : table.schema().fields)
      entry.columns.push_back({Lower(field.name), HiveType(field.type), field.doc});
    return entry;
  }

  std::shared_ptr<aws::AwsClient> client_;
  std::string ns_;
};

}  // namespace

std::unique_ptr<MirrorTarget> GlueMirror(std::shared_ptr<aws::AwsClient> client, std::string ns) {
  return std::make_unique<GlueTarget>(std::move(client), std::move(ns));
}

}  // namespace firn::federation
