#include "patterns/exports/left_out.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace firn::exports {
namespace {

// What the org's answer means for one object.
enum class Refusal { kNeedsFilter, kNoAccess, kNoQuery };

struct Meaning {
  std::string_view api_code;
  Refusal refusal;
};

constexpr std::array kMeanings = {
    Meaning{"MALFORMED_QUERY", Refusal::kNeedsFilter},
    Meaning{"EXTERNAL_OBJECT_UNSUPPORTED_EXCEPTION", Refusal::kNeedsFilter},
    Meaning{"ID_REQUIRED", Refusal::kNeedsFilter},
    // "does not support queryMore(), use LIMIT": more rows than one answer holds.
    Meaning{"EXCEEDED_ID_LIMIT", Refusal::kNoQuery},
    Meaning{"INSUFFICIENT_ACCESS", Refusal::kNoAccess},
    Meaning{"INSUFFICIENT_ACCESS_OR_READONLY", Refusal::kNoAccess},
    Meaning{"INVALID_TYPE", Refusal::kNoAccess},
    Meaning{"NOT_FOUND", Refusal::kNoAccess},
    Meaning{"INVALID_FIELD", Refusal::kNoQuery},
    Meaning{"INVALID_TYPE_FOR_OPERATION", Refusal::kNoQuery},
    Meaning{"EXTERNAL_OBJECT_EXCEPTION", Refusal::kNoQuery},
    Meaning{"BIG_OBJECT_UNSUPPORTED_OPERATION", Refusal::kNoQuery},
    Meaning{"DATACLOUD_API_DISABLED_EXCEPTION", Refusal::kNoQuery},
    Meaning{"DEPENDENCY_API_UNSUPPORTED_EXCEPTION", Refusal::kNoQuery},
    Meaning{"FUNCTIONALITY_NOT_ENABLED", Refusal::kNoQuery},
};

// Sorted.
constexpr auto kNeverWhole = std::to_array<std::string_view>({
    "Announcement",
    "AppTabMember",
    "CollaborationGroupRecord",
    "ColorDefinition",
    "ContentDocumentLink",
    "ContentFolderItem",
    "ContentFolderMember",
    "ContentHubItem",
    "DataStatistics",
    "DatacloudAddress",
    "DatacloudDandBCompany",
    "EntityDefinition",
    "EntityParticle",
    "FieldDefinition",
    "FieldHistoryArchive",
    "FlexQueueItem",
    "FlowVariableView",
    "FlowVersionView",
    "IconDefinition",
    "IdeaComment",
    "ListViewChartInstance",
    "NetworkUserHistoryRecent",
    "NewsFeed",
    "OutgoingEmail",
    "OutgoingEmailRelation",
    "OwnerChangeOptionInfo",
    "PicklistValueInfo",
    "PlatformAction",
    "RelationshipDomain",
    "RelationshipInfo",
    "SearchLayout",
    "SiteDetail",
    "UserEntityAccess",
    "UserFieldAccess",
    "UserProfileFeed",
    "UserRecordAccess",
    "Vote",
});
static_assert(std::is_sorted(kNeverWhole.begin(), kNeverWhole.end()));

// A failed Bulk job tells the code only in its text: `MALFORMED_QUERY: Implementation restriction`.
constexpr std::string_view kJobFailed = "SF-BULK-003";

std::optional<Refusal> RefusalOf(const Error& error) {
  for (const Meaning& meaning : kMeanings) {
    if (error.remote().api_code == meaning.api_code) return meaning.refusal;
  }
  if (error.code() != kJobFailed) return std::nullopt;
  for (const Meaning& meaning : kMeanings) {
    if (error.why().find(std::string(meaning.api_code) + ":") != std::string::npos) {
      return meaning.refusal;
    }
  }
  return std::nullopt;
}

std::string RemedyOf(Refusal refusal, const std::string& object) {
  if (object == "ContentDocumentLink" && refusal == Refusal::kNeedsFilter) {
    return "give the user the permissions `Query All Files` and `View All Data`, with "
           "`api_version` 59.0 or later";
  }
  switch (refusal) {
    case Refusal::kNeedsFilter:
      return "give it the filter that it asks for as `where` of a rule of its own in firn.yaml";
    case Refusal::kNoAccess:
      return "give the user's permission set read access to it";
    case Refusal::kNoQuery:
      break;
  }
  return "the org offers this user no query that reads it";
}

}  // namespace

bool RefusesOnlyCounting(const Error& error) {
  const std::string& code = error.remote().api_code;
  return code == "BIG_OBJECT_UNSUPPORTED_OPERATION" ||
         (code == "EXTERNAL_OBJECT_UNSUPPORTED_EXCEPTION" &&
          error.why().find("COUNT()") != std::string::npos);
}

std::optional<LeftOut> WhyLeftOut(const ObjectSpec& spec, const Error& error) {
  if (!spec.by_pattern) return std::nullopt;
  const auto refusal = RefusalOf(error);
  if (!refusal) return std::nullopt;
  const bool of_condition = *refusal != Refusal::kNoAccess && !spec.where.empty();
  if (of_condition) return std::nullopt;
  return LeftOut{.why = error.why().empty() ? error.what() : error.why(),
                 .remedy = RemedyOf(*refusal, spec.object) + ", or keep it out: `{name: " +
                           spec.object + ", skip: true}` under `objects` in firn.yaml",
                 .documented = NeverWhole(spec.object)};
}

bool NeverWhole(std::string_view object) {
  return std::binary_search(kNeverWhole.begin(), kNeverWhole.end(), object);
}

}  // namespace firn::exports
