// Objects that a pattern has chosen and that the org does not let this user read whole: they do not
// fail those beside them. One that the vendor documents so was never to come and is left out; any
// other should have come and is missing. One that was named fails. Internal to exports; pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "patterns/exports/export.h"

namespace firn::exports {

// Why and what to do, one sentence each: for a report and a plan.
struct LeftOut {
  std::string why;
  std::string remedy;
  bool documented = false;  // NeverWhole()

  [[nodiscard]] std::string Text() const { return why + "; " + remedy; }
};

// Nothing for an object that was named, for a condition of the user's own that the org refuses, and
// for failures that pass or concern more than this object. What the org answers decides whether
// rows can be had: permissions open some of these objects. Source: SOAP API Developer Guide,
// "Exception Codes"; read 2026-11.
[[nodiscard]] std::optional<LeftOut> WhyLeftOut(const ObjectSpec& spec, const Error& error);

// Described as queryable, yet documented to answer only queries with a filter, or to be a view that
// has no rows of its own. Kept as names, since no describe tells: an object that is new here counts
// as missing until somebody has looked.
// Source: SOQL and SOSL Reference, "SOQL Object Limits"; Object Reference, "Usage" and "Special
// Access Rules" of each; Tooling API, "System Objects and Fields"; read 2026-11.
[[nodiscard]] bool NeverWhole(std::string_view object);

// The org only does not count this object: its rows may be read all the same.
[[nodiscard]] bool RefusesOnlyCounting(const Error& error);

}  // namespace firn::exports
