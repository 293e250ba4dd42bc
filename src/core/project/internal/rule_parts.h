// How the files that read rules and destinations share their work; private to project.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/config/document.h"
#include "core/config/field.h"
#include "core/project/rules.h"

namespace firn::project::internal {

void AddProblem(config::Problems* problems, std::string_view code, std::string what,
                std::string where, std::string why, std::string hint);
[[nodiscard]] bool IsRuleName(std::string_view text);
// `https://..`, or `http://` of this machine.
[[nodiscard]] bool IsEndpoint(std::string_view url);

// Nothing when something is wrong; the destinations that targets may name are in `known`.
[[nodiscard]] std::optional<RuleTarget> ReadTarget(const config::Group& group, const RuleSet& known,
                                                   config::Problems* problems);
[[nodiscard]] std::optional<ApiDestination> ReadDestination(const config::Document& document,
                                                            const LoadOptions& options,
                                                            const std::string& file_name,
                                                            config::Problems* problems);
struct NamedFile {
  std::string folder;  // the project's, where relative paths begin
  std::string stem;    // the name that the file gives
};
[[nodiscard]] std::optional<KafkaCluster> ReadKafkaCluster(const config::Document& document,
                                                           const LoadOptions& options,
                                                           const NamedFile& file,
                                                           config::Problems* problems);

}  // namespace firn::project::internal
