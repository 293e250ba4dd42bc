#include "sandbox/soql/required_filter.h"

#include <algorithm>

#include "sandbox/api_error.h"

namespace firn::sandbox::soql {
namespace {

constexpr int kQueryAllFilesSince = 59;

// `LinkedEntityId = '..'`, or IN a list or a sub-select.
bool NamesLinks(const Condition& condition) {
  if (condition.left.path.empty() || !condition.left.function.empty()) return false;
  const std::string field = Folded(condition.left.path.back());
  const bool key = field == "contentdocumentid" || field == "linkedentityid" || field == "id";
  // The object's own name or alias may stand in front.
  if (!key || condition.left.path.size() > 2) return false;
  if (condition.op == CompareOp::kIn) return true;
  return condition.op == CompareOp::kEq && !condition.values.empty() &&
         condition.values[0].kind == Literal::Kind::kString;
}

bool IsNarrow(const Condition& condition) {
  if (condition.kind == Condition::Kind::kCompare) return NamesLinks(condition);
  return condition.kind == Condition::Kind::kAnd &&
         std::any_of(condition.parts.begin(), condition.parts.end(), IsNarrow);
}

}  // namespace

Result<void> CheckRequiredFilter(const Query& query, const ObjectInfo& object,
                                 const QueryContext& context) {
  const bool own_work = context.options.see_hidden || context.options.user_id.empty();
  if (own_work || object.name != "ContentDocumentLink") return {};
  if (query.where && IsNarrow(*query.where)) return {};
  if (context.options.api_version >= kQueryAllFilesSince && context.may_query_all_files) {
    FIRN_TRY(const bool may, context.may_query_all_files());
    if (may) return {};
  }
  return Fail(ApiError(400, "MALFORMED_QUERY",
                       "Implementation restriction: ContentDocumentLink requires a filter by a "
                       "single Id on ContentDocumentId or LinkedEntityId using the equals operator "
                       "or multiple Id's using the IN operator."));
}

}  // namespace firn::sandbox::soql
