// What the Tooling API calls channels, members and subscriptions of the event settings: the part of
// the org's settings that ToolingBook keeps. A value.
#pragma once

#include <map>
#include <string>

#include "sandbox/api_db.h"

namespace firn::sandbox {

struct ToolingName {
  int64_t number = 0;  // of its id
  std::string name;    // FullName
  std::string label;
  bool events = false;  // of a channel: it carries platform events, not changes
};

// By `channel/Sales__chn`, `member/Sales__chn/Account`, `managed/18x..`.
class ToolingNames {
 public:
  [[nodiscard]] static Result<ToolingNames> Load(ApiDb& db);
  [[nodiscard]] Result<void> Save(ApiDb& db);

  // Made with this name when there is none.
  ToolingName& Of(const std::string& key, const std::string& name_if_new);
  [[nodiscard]] const ToolingName* Find(const std::string& key) const;
  void Drop(const std::string& key);

 private:
  std::map<std::string, ToolingName> names_;
  int64_t last_number_ = 0;
  bool changed_ = false;
};

}  // namespace firn::sandbox
