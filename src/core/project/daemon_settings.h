// `schedules`, `events` and `daemon` of firn.yaml, checked. Private to project.
#pragma once

#include <optional>
#include <string>

#include "core/config/field.h"
#include "core/project/project.h"
#include "core/project/services.h"

namespace firn::project {

// Fills `schedules` and `daemon`; the orgs must be filled already.
void FillDaemon(const config::Group& root, Project* project, config::Problems* problems);
// `events`, `daemon.catalog` and `daemon.otlp`; paths become absolute.
[[nodiscard]] Services MakeServices(const config::Group& root, const Project& project,
                                    config::Problems* problems);
[[nodiscard]] OtlpSettings MakeOtlpSettings(const config::Group& group, const std::string& folder,
                                            config::Problems* problems);

// The org of something that belongs to one: the one named, else the only one. Problems:
// PROJECT-ORG-001, -002.
[[nodiscard]] std::string OrgNamedIn(const config::Group& group, const std::string& where,
                                     const Project& project, config::Problems* problems);
// `127.0.0.1:9464`, `[::1]:9464`, `:9464`; nothing when it is none of these.
struct Listen {
  std::string address;
  uint16_t port = 0;
};
[[nodiscard]] std::optional<Listen> ParseListen(const std::string& text);

}  // namespace firn::project
