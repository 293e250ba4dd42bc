#include "app/cli/commands/config_help.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/cli/output/ink.h"
#include "core/base/nearest.h"
#include "core/config/field.h"
#include "core/project/project.h"
#include "core/project/rules.h"
#include "patterns/federation/principals_file.h"
#include "patterns/federation/publish/contract.h"

namespace firn::cli {
namespace {

struct File {
  std::string_view title;
  std::string_view about;  // a sentence below the title, or empty
  std::span<const config::Field> fields;
};

std::vector<File> Files() {
  return {{"firn.yaml", "", project::Fields()},
          {"rules/*.json",
           "Event rules, one a file, in the words of EventBridge's PutRule and PutTargets.",
           project::RuleFields()},
          {"destinations/*.json",
           "API destinations, one a file, in the words of CreateApiDestination and "
           "CreateConnection.",
           project::DestinationFields()},
          {"kafka/*.json", "Kafka clusters, one a file.", project::KafkaFields()},
          {"The principals file of `firn lake serve`", "", federation::PrincipalsFields()},
          {"The contract of `firn lake publish`", "", federation::ContractFields()}};
}

// `orgs[].auth` as it may be typed: `orgs.auth`.
std::string Plain(std::string_view key) {
  std::string plain(key);
  for (size_t at = plain.find("[]"); at != std::string::npos; at = plain.find("[]")) {
    plain.erase(at, 2);
  }
  return plain;
}

// Whether `key` is `wanted`, or lies below it, at any depth.
bool Belongs(std::string_view key, std::string_view wanted) {
  const std::string path = "." + Plain(key) + ".";
  return path.find("." + std::string(wanted) + ".") != std::string::npos;
}

std::string Page(const Output& out, const config::ReferenceEntry& entry) {
  std::string page =
      fmt::format("{}: {}\n    {}\n", out.Out(Ink::kName, entry.key), entry.takes, entry.help);
  const auto fact = [&page](std::string_view name, const std::string& value) {
    if (!value.empty()) page += fmt::format("    {} {}\n", name, value);
  };
  fact("default:", entry.default_value);
  fact("range:", entry.range);
  fact("example:", entry.example);
  return page;
}

std::string JsonOf(std::string_view file, const config::ReferenceEntry& entry) {
  return fmt::format(
      R"({{"file":{},"key":{},"takes":{},"default":{},"range":{},"example":{},"help":{}}})",
      JsonQuote(file), JsonQuote(entry.key), JsonQuote(entry.takes), JsonQuote(entry.default_value),
      JsonQuote(entry.range), JsonQuote(entry.example), JsonQuote(entry.help));
}

Error UnknownKey(const std::string& wanted) {
  std::vector<std::string> names;
  for (const File& file : Files()) {
    for (const auto& entry : config::ReferenceEntries(file.fields)) {
      names.push_back(Plain(entry.key));
      names.push_back(names.back().substr(names.back().rfind('.') + 1));
    }
  }
  const auto near = Nearest(wanted, names);
  return Error(Kind::kBadInput, "CLI-USAGE-001", "no file of a project has a key `" + wanted + "`")
      .Hint(near ? "did you mean `firn help config " + *near + "`?"
                 : "`firn help config` shows all keys");
}

}  // namespace

void PrintConfigReference(Context& context) {
  std::string page;
  for (const File& file : Files()) {
    if (!page.empty()) page += fmt::format("\n# {}\n\n", file.title);
    if (!file.about.empty()) page += fmt::format("{}\n\n", file.about);
    page += config::ReferenceMarkdown(file.fields, "");
  }
  context.out().Raw("# firn.yaml\n\nMade by `firn help config`.\n\n" + page);
  context.out().Json("firn.help/1", "{\"page\":" + JsonQuote(page) + "}");
}

Result<ExitCode> PrintConfigKeys(Context& context, std::string_view key) {
  std::string wanted = Plain(key);
  std::replace(wanted.begin(), wanted.end(), ' ', '.');  // `firn help config daemon otlp`
  std::string page;
  std::string rows;
  for (const File& file : Files()) {
    bool titled = false;
    for (const auto& entry : config::ReferenceEntries(file.fields)) {
      if (!Belongs(entry.key, wanted)) continue;
      if (!titled) page += fmt::format("{}in {}\n", page.empty() ? "" : "\n", file.title);
      titled = true;
      page += "\n" + Page(context.out(), entry);
      rows += (rows.empty() ? "" : ",") + JsonOf(file.title, entry);
    }
  }
  if (page.empty()) return Fail(UnknownKey(wanted));
  context.out().Raw(page);
  context.out().Json("firn.config-keys/1", "{\"rows\":[" + rows + "]}");
  return ExitCode::kDone;
}

}  // namespace firn::cli
