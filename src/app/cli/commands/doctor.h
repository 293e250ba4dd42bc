// The checks of `firn doctor`; private to cli.
//
// A check looks and never changes anything beyond making the state folder. It may be run alone;
// each gives one finding.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/cli/command.h"
#include "app/engine/org_link.h"

namespace firn::cli {

enum class Health { kOk, kWarn, kFail, kSkip };
[[nodiscard]] std::string_view HealthName(Health health);

struct Finding {
  Health health = Health::kOk;
  std::string fact;
  std::string remedy;  // the exact command where there is one; empty when all is well
};

// What the checks of one org have learned and share.
struct OrgExamination {
  const project::Org* org = nullptr;
  std::unique_ptr<engine::OrgLink> link;
  bool reached = false;
  std::optional<std::string> date_header;
};

struct Examination {
  Context* context = nullptr;
  const project::Project* project = nullptr;  // null until `config` passed
};

struct ProjectCheck {
  std::string_view name;
  std::string_view summary;
  Finding (*run)(Examination&);
};
struct OrgCheck {
  std::string_view name;
  std::string_view summary;
  Finding (*run)(Examination&, OrgExamination&);
};
// commands/doctor_aws.cc.
[[nodiscard]] Finding CheckAwsIdentity(Examination& exam);
[[nodiscard]] Finding CheckBucketEncryption(Examination& exam);

// commands/doctor_pubsub.cc.
[[nodiscard]] Finding CheckPubSub(Examination& exam, OrgExamination& org);

// In the order they are run: later ones stand on earlier ones.
[[nodiscard]] std::vector<ProjectCheck> ProjectChecks();
[[nodiscard]] std::vector<OrgCheck> OrgChecks();

}  // namespace firn::cli
