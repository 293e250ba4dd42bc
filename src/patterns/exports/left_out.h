// Objects that a pattern has chosen and that the org does not let this user read whole: they are
// left out with a reason instead of failing those beside them. One that was named fails. Internal
// to exports; pure.
#pragma once

#include <optional>
#include <string>

#include "patterns/exports/export.h"

namespace firn::exports {

// Why and what to do, one sentence each: for a report and a plan.
struct LeftOut {
  std::string why;
  std::string remedy;

  [[nodiscard]] std::string Text() const { return why + "; " + remedy; }
};

// Nothing for an object that was named, for a condition of the user's own that the org refuses, and
// for failures that pass or concern more than this object. What the org says decides, not a list of
// names: it grows with every release. Source: Object Reference, "ContentDocumentLink",
// "ContentFolderItem", "Vote", "IdeaComment", "FlexQueueItem", "DataStatistics" (usage: queries
// need a filter); SOAP API Developer Guide, "Exception Codes"; read 2026-11.
[[nodiscard]] std::optional<LeftOut> WhyLeftOut(const ObjectSpec& spec, const Error& error);

// The org only does not count this object: its rows may be read all the same.
[[nodiscard]] bool RefusesOnlyCounting(const Error& error);

}  // namespace firn::exports
