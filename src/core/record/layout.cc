#include "core/record/layout.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "core/record/describe.h"
#include "core/record/field_ids.h"
#include "core/record/glob.h"

namespace firn::record {
namespace {

// Precision of a geolocation's parts where the describe does not list them (Object Reference,
// "Geolocation": up to 15 fraction digits).
constexpr int kGeoPrecision = 18;
constexpr int kGeoScale = 15;

struct CompoundPart {
  std::string_view child;   // name in the struct, as REST spells it
  std::string_view suffix;  // of the component's API name
  bool geo = false;
};
// The longer suffix first, so that StateCode is not taken for State.
constexpr CompoundPart kAddressParts[] = {
    {"street", "Street"},
    {"city", "City"},
    {"state", "State"},
    {"postalCode", "PostalCode"},
    {"country", "Country"},
    {"stateCode", "StateCode"},
    {"countryCode", "CountryCode"},
    {"latitude", "Latitude", true},
    {"longitude", "Longitude", true},
    {"geocodeAccuracy", "GeocodeAccuracy"},
};
constexpr CompoundPart kLocationParts[] = {
    {"latitude", "Latitude", true},
    {"longitude", "Longitude", true},
};

Type Simple(TypeId id) { return Type{.id = id}; }

Type DecimalOrDouble(int precision, int scale) {
  if (precision < 1 || precision > 38 || scale < 0 || scale > precision) {
    return Simple(TypeId::kDouble);
  }
  return Type{.id = TypeId::kDecimal, .precision = precision, .scale = scale};
}

Type TypeFor(const DescribedField& field, const LayoutOptions& options) {
  switch (field.type) {
    case DescribeType::kBoolean:
      return Simple(TypeId::kBoolean);
    case DescribeType::kInt:
      return Simple(field.digits > 9 ? TypeId::kLong : TypeId::kInt);
    case DescribeType::kLong:
      return Simple(TypeId::kLong);
    case DescribeType::kDouble:
    case DescribeType::kPercent:
    case DescribeType::kCurrency:
      return DecimalOrDouble(field.precision, field.scale);
    case DescribeType::kDate:
      return Simple(TypeId::kDate);
    case DescribeType::kDateTime:
      return Simple(TypeId::kTimestamptz);
    case DescribeType::kTime:
      return Simple(TypeId::kTime);
    case DescribeType::kMultipicklist: {
      if (!options.multipicklist_as_list) return Simple(TypeId::kString);
      Type list = Simple(TypeId::kList);
      list.children.push_back(Field{.name = "element", .type = Simple(TypeId::kString)});
      return list;
    }
    default:
      return Simple(TypeId::kString);
  }
}

bool FewDistinctValues(DescribeType type) {
  return type == DescribeType::kPicklist || type == DescribeType::kMultipicklist ||
         type == DescribeType::kReference;
}

bool EndsWith(std::string_view text, std::string_view suffix) {
  return text.size() >= suffix.size() && text.substr(text.size() - suffix.size()) == suffix;
}

// `Home__Street__s` -> `Home__Street`.
std::string_view WithoutCustomSuffix(std::string_view name) {
  return EndsWith(name, "__s") || EndsWith(name, "__c") ? name.substr(0, name.size() - 3) : name;
}

// What the component names of a compound begin with: `BillingAddress` -> `Billing`,
// `Address` -> ``, `Home__c` -> `Home__`.
std::string ComponentPrefix(const DescribedField& compound) {
  std::string_view name = compound.name;
  if (EndsWith(name, "__c")) return std::string(name.substr(0, name.size() - 3)) + "__";
  if (EndsWith(name, "Address")) name.remove_suffix(7);
  return std::string(name);
}

class Builder {
 public:
  Builder(DescribedObject object, const LayoutOptions& options)
      : object_(std::move(object)), options_(options) {}

  Layout Build() {
    layout_.object = object_.name;
    layout_.key_prefixes = options_.key_prefixes;
    for (const DescribedField& field : object_.fields) {
      if (!Selected(field)) continue;
      if (field.type == DescribeType::kAddress || field.type == DescribeType::kLocation ||
          field.type == DescribeType::kBase64) {
        continue;
      }
      AddColumn(field);
    }
    // Derived fields need every column's index, but keep the place that describe gives them.
    for (const DescribedField& field : object_.fields) {
      if (!Selected(field)) continue;
      if (field.type == DescribeType::kAddress) AddCompound(field, kAddressParts);
      if (field.type == DescribeType::kLocation) AddCompound(field, kLocationParts);
      if (field.type == DescribeType::kBase64) AddBlob(field);
      if (field.type == DescribeType::kReference && field.reference_to.size() > 1) {
        AddReferenceType(field);
      }
    }
    AssignFieldIds(options_, layout_);
    if (const Field* id = layout_.schema.Find("Id"); id != nullptr) {
      layout_.schema.identifier_field_ids = {id->id};
    }
    return std::move(layout_);
  }

 private:
  bool Selected(const DescribedField& field) {
    if (field.type == DescribeType::kId && field.name == "Id") return true;
    const auto& always = options_.always;
    if (std::find(always.begin(), always.end(), field.name) != always.end()) return true;
    const auto matches = [&](const std::string& glob) { return MatchesGlob(glob, field.name); };
    const bool in = options_.include.empty() ||
                    std::any_of(options_.include.begin(), options_.include.end(), matches);
    return in && std::none_of(options_.exclude.begin(), options_.exclude.end(), matches);
  }

  int AddField(std::string name, Type type, std::string doc, bool required) {
    layout_.schema.fields.push_back(Field{.name = std::move(name),
                                          .required = required,
                                          .type = std::move(type),
                                          .doc = std::move(doc)});
    return static_cast<int>(layout_.schema.fields.size()) - 1;
  }

  void AddColumn(const DescribedField& field) {
    if (layout_.ColumnIndex(field.name) >= 0) {
      layout_.skipped.push_back(field.name + ": described twice");
      return;
    }
    if (field.type == DescribeType::kUnknown) {
      layout_.warnings.push_back("field `" + field.name + "` has the unknown type `" +
                                 field.type_name + "`: it is kept as text");
    }
    const bool is_id = field.type == DescribeType::kId && field.name == "Id";
    SourceColumn column{.name = field.name,
                        .type = field.type,
                        .length = field.length,
                        .precision = field.precision,
                        .scale = field.scale,
                        .nillable = field.nillable};
    column.dictionary = FewDistinctValues(field.type);
    column.field_index = AddField(field.name, TypeFor(field, options_), field.label, is_id);
    layout_.columns.push_back(std::move(column));
  }

  // The column that is `part` of `compound`; -1 when it is not described or not selected.
  int Component(const DescribedField& compound, const CompoundPart& part) const {
    const std::string by_prefix = ComponentPrefix(compound) + std::string(part.suffix);
    for (const DescribedField& field : object_.fields) {
      const std::string_view name = WithoutCustomSuffix(field.name);
      const bool belongs = field.compound == compound.name && EndsWith(name, part.suffix);
      if (belongs || (field.compound.empty() && name == by_prefix)) {
        return layout_.ColumnIndex(field.name);
      }
    }
    return -1;
  }

  template <size_t N>
  void AddCompound(const DescribedField& compound, const CompoundPart (&parts)[N]) {
    DerivedField derived{.kind = DerivedField::Kind::kCompound};
    Type type = Simple(TypeId::kStruct);
    bool any = false;
    for (const CompoundPart& part : parts) {
      const int source = Component(compound, part);
      Type child = part.geo ? DecimalOrDouble(kGeoPrecision, kGeoScale) : Simple(TypeId::kString);
      if (source >= 0) {
        any = true;
        const int index = layout_.columns[static_cast<size_t>(source)].field_index;
        child = layout_.schema.fields[static_cast<size_t>(index)].type;
      }
      derived.sources.push_back(source);
      type.children.push_back(Field{.name = std::string(part.child), .type = std::move(child)});
    }
    if (!any) {
      layout_.skipped.push_back(compound.name + ": none of its components is selected");
      return;
    }
    derived.field_index = AddField(compound.name, std::move(type), compound.label, false);
    layout_.derived.push_back(std::move(derived));
  }

  void AddReferenceType(const DescribedField& field) {
    const std::string name = field.name + "__type";
    const int source = layout_.ColumnIndex(field.name);
    if (source < 0 || layout_.schema.Find(name) != nullptr) return;
    DerivedField derived{.kind = DerivedField::Kind::kReferenceType, .sources = {source}};
    derived.field_index =
        AddField(name, Simple(TypeId::kString), "object of `" + field.name + "`", false);
    layout_.derived.push_back(std::move(derived));
  }

  // Fields that tell how long a blob is (Object Reference: ContentVersion, Attachment, Document,
  // StaticResource, EventLogFile).
  int LengthColumn(const DescribedField& blob) const {
    for (const std::string& name :
         {blob.name + "Length", std::string("ContentSize"), std::string("BodyLength")}) {
      const int index = layout_.ColumnIndex(name);
      if (index >= 0) return index;
    }
    return -1;
  }

  void AddBlob(const DescribedField& field) {
    const int id = layout_.ColumnIndex("Id");
    if (id < 0) {
      layout_.skipped.push_back(field.name + ": the object has no Id to fetch its bytes by");
      return;
    }
    DerivedField uri{.kind = DerivedField::Kind::kBlobUri, .sources = {id}};
    uri.uri_before = "/services/data/" + options_.api_version + "/sobjects/" + object_.name + "/";
    uri.uri_after = "/" + field.name;
    uri.field_index = AddField(field.name, Simple(TypeId::kString), field.label, false);
    layout_.derived.push_back(std::move(uri));
    const int length = LengthColumn(field);
    const std::string name = field.name + "__length";
    if (length < 0 || layout_.schema.Find(name) != nullptr) return;
    DerivedField bytes{.kind = DerivedField::Kind::kBlobLength, .sources = {length}};
    bytes.field_index =
        AddField(name, Simple(TypeId::kLong), "bytes of `" + field.name + "`", false);
    layout_.derived.push_back(std::move(bytes));
  }

  DescribedObject object_;
  const LayoutOptions& options_;
  Layout layout_;
};

}  // namespace

std::string Layout::Soql() const {
  std::string text = "SELECT ";
  const char* between = "";
  for (const SourceColumn& column : columns) {
    text += between + column.name;
    between = ", ";
  }
  return text + " FROM " + object;
}

int Layout::ColumnIndex(std::string_view name) const {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

Result<Layout> LayoutFromDescribe(std::string_view describe_json, const LayoutOptions& options) {
  FIRN_TRY(DescribedObject object, ParseDescribe(describe_json));
  Layout layout = Builder(std::move(object), options).Build();
  if (layout.columns.empty()) {
    return Fail(
        Error(Kind::kBadInput, "REC-LAYOUT-002", "no field of `" + layout.object + "` is selected")
            .Because("include and exclude leave nothing, or the describe lists no field"));
  }
  return layout;
}

}  // namespace firn::record
