// Partition specs as people write them.
#include <algorithm>
#include <cctype>

#include "core/base/nearest.h"
#include "ends/lake/write/partitions.h"

namespace firn::lake {
namespace {

tl::unexpected<Error> Bad(std::string_view text, std::string why) {
  return Fail(Error(Kind::kBadInput, "LAKE-SPEC-001",
                    "`" + std::string(text.substr(0, 200)) + "` is no partition field")
                  .Because(std::move(why))
                  .Hint("write it as in `bucket(16, Id)`, `day(CreatedDate)` or `Region`"));
}

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0)
    text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0)
    text.remove_suffix(1);
  return text;
}

// At commas outside of parentheses.
std::vector<std::string_view> Parts(std::string_view text) {
  std::vector<std::string_view> out;
  int depth = 0;
  size_t begin = 0;
  for (size_t at = 0; at <= text.size(); ++at) {
    if (at == text.size() || (text[at] == ',' && depth == 0)) {
      out.push_back(Trimmed(text.substr(begin, at - begin)));
      begin = at + 1;
    } else if (text[at] == '(') {
      ++depth;
    } else if (text[at] == ')') {
      --depth;
    }
  }
  return out;
}

struct Written {
  std::string transform = "identity";
  std::string_view column;
};

Result<Written> ReadField(std::string_view text) {
  Written out;
  const size_t open = text.find('(');
  if (open == std::string_view::npos) {
    out.column = text;
    return out;
  }
  if (!text.ends_with(')')) return Bad(text, "its parenthesis is not closed");
  out.transform = std::string(Trimmed(text.substr(0, open)));
  std::string_view inside = text.substr(open + 1, text.size() - open - 2);
  if (const size_t comma = inside.find(','); comma != std::string_view::npos) {
    out.transform += "[" + std::string(Trimmed(inside.substr(0, comma))) + "]";
    inside.remove_prefix(comma + 1);
  }
  out.column = Trimmed(inside);
  if (ParseTransform(out.transform).kind == Transform::Kind::kUnknown)
    return Bad(text,
               "`" + out.transform +
                   "` is no transform: identity, bucket(N, ..), truncate(N, ..), year, month, "
                   "day, hour or void");
  return out;
}

// As apache/iceberg's builders name partition fields.
std::string NameOf(const Transform& transform, const std::string& column) {
  switch (transform.kind) {
    case Transform::Kind::kBucket:
      return column + "_bucket";
    case Transform::Kind::kTruncate:
      return column + "_trunc";
    case Transform::Kind::kYear:
      return column + "_year";
    case Transform::Kind::kMonth:
      return column + "_month";
    case Transform::Kind::kDay:
      return column + "_day";
    case Transform::Kind::kHour:
      return column + "_hour";
    case Transform::Kind::kVoid:
      return column + "_null";
    default:
      return column;
  }
}

// A column, or `Address.City` for a field of a struct.
const record::Field* FindColumn(const std::vector<record::Field>& fields, std::string_view name) {
  for (const record::Field& field : fields) {
    if (field.name == name) return &field;
    if (field.type.id != record::TypeId::kStruct || !name.starts_with(field.name)) continue;
    const std::string_view inner = name.substr(field.name.size());
    if (!inner.starts_with('.')) continue;
    if (const auto* found = FindColumn(field.type.children, inner.substr(1))) return found;
  }
  return nullptr;
}

}  // namespace

Result<std::vector<PartitionField>> ParsePartitionFields(std::string_view text,
                                                         const record::Schema& schema) {
  std::vector<PartitionField> fields;
  for (const std::string_view part : Parts(text)) {
    FIRN_TRY(const Written written, ReadField(part));
    const record::Field* column = FindColumn(schema.fields, written.column);
    if (column == nullptr) {
      std::vector<std::string> names;
      for (const record::Field& field : schema.fields) names.push_back(field.name);
      return Fail(Error(Kind::kNotFound, "LAKE-COLUMN-001",
                        "there is no column `" + std::string(written.column) + "`" +
                            DidYouMean(std::string(written.column), names)));
    }
    fields.push_back({column->id, 0,
                      NameOf(ParseTransform(written.transform), std::string(written.column)),
                      written.transform});
  }
  return fields;
}

}  // namespace firn::lake
