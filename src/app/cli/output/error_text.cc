// Rule 5 of the conventions: what failed, where, why, what to do next.
#include <fmt/format.h>

#include "app/cli/command.h"
#include "app/cli/output/ink.h"

namespace firn::cli {

std::string FormatError(const Error& error, bool inked) {
  const auto ink = [inked](Ink colour, const std::string& text) {
    return inked ? Inked(colour, text) : text;
  };
  std::string out = ink(Ink::kBad, "error[" + error.code() + "]:") + " " + error.what() + "\n";
  const Remote& remote = error.remote();
  std::string place = error.where();
  if (place.empty()) place = remote.system;
  if (!remote.request_id.empty()) {
    place += (place.empty() ? "request " : ", request ") + remote.request_id;
  }
  if (!place.empty()) out += "  at " + ink(Ink::kName, place) + "\n";
  if (!error.why().empty()) out += "  " + error.why() + "\n";
  for (const std::string& attempt : error.doing()) out += "  while " + attempt + "\n";
  if (!error.hint().empty()) out += "\n" + ink(Ink::kName, "hint:") + " " + error.hint() + "\n";
  return out;
}

std::string ErrorJson(const Error& error) {
  std::string out = "{";
  const auto add = [&out](std::string_view key, const std::string& text) {
    if (text.empty()) return;
    out += fmt::format("{}{}:{}", out.size() > 1 ? "," : "", JsonQuote(key), JsonQuote(text));
  };
  add("code", error.code());
  add("kind", std::string(KindName(error.kind())));
  add("what", error.what());
  add("where", error.where());
  add("why", error.why());
  add("hint", error.hint());
  add("system", error.remote().system);
  add("api_code", error.remote().api_code);
  add("request_id", error.remote().request_id);
  if (error.remote().status != 0) out += fmt::format(",\"status\":{}", error.remote().status);
  if (!error.doing().empty()) {
    out += ",\"doing\":[";
    for (size_t i = 0; i < error.doing().size(); ++i) {
      out += (i > 0 ? "," : "") + JsonQuote(error.doing()[i]);
    }
    out += "]";
  }
  out += fmt::format(",\"exit_code\":{}}}", static_cast<int>(ExitCodeFor(error)));
  return out;
}

}  // namespace firn::cli
