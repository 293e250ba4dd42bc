#include "core/project/rules.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <set>

#include "core/base/file.h"
#include "core/config/json_document.h"
#include "core/project/internal/rule_parts.h"

namespace firn::project {

using config::Group;
using config::Problems;

namespace internal {

void AddProblem(Problems* problems, std::string_view code, std::string what, std::string where,
                std::string why, std::string hint) {
  problems->push_back(Error(Kind::kBadConfig, code, std::move(what))
                          .At(std::move(where))
                          .Because(std::move(why))
                          .Hint(std::move(hint)));
}

bool IsRuleName(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' || c == '_';
  });
}

}  // namespace internal

namespace {

using internal::AddProblem;
using internal::IsRuleName;

constexpr size_t kFilesMax = 20'000;
constexpr size_t kTargetsMax = 100;

// `line 3, column 17` of a text that begins at `start` of the file. Places inside a text in quotes
// are those of the text: it has its own lines.
std::string PlaceInFile(const config::Document& document, const config::Node& pattern,
                        const std::string& place) {
  int line = 0;
  int column = 0;
  if (std::sscanf(place.c_str(), "line %d, column %d", &line, &column) != 2 || pattern.quoted) {
    return document.Where(pattern.mark);
  }
  const config::Mark mark = {pattern.mark.line + line - 1,
                             line == 1 ? pattern.mark.column + column - 1 : column};
  return document.Where(mark);
}

class RuleReader {
 public:
  RuleReader(config::Document document, const LoadOptions& options, const RuleSet& known,
             Problems* problems)
      : document_(std::move(document)), options_(options), known_(known), problems_(problems) {
    // The pattern has a language of its own, in which `${` means nothing.
    config::Node* pattern = document_.root.Find("EventPattern");
    if (pattern == nullptr || pattern->type != config::Node::Type::kScalar) return;
    pattern_ = *pattern;
    pattern->text = "-";
  }

  // Nothing when something is wrong with it.
  std::optional<Rule> Read(const std::string& file_name) {
    const size_t before = problems_->size();
    const Group group =
        config::Bind(document_, document_.root, RuleFields(), options_.variables, problems_);
    if (problems_->size() > before) return std::nullopt;
    Rule rule;
    rule.where = document_.Where(document_.root.mark);
    rule.name = group.Has("Name") ? group.Text("Name") : file_name;
    if (!IsRuleName(rule.name)) {
      AddProblem(problems_, "PROJECT-RULE-004", "`" + rule.name + "` cannot be a rule's name",
                 group.Where("Name"), "", "1 to 64 letters, digits, `.`, `-` and `_`");
    }
    rule.description = group.Text("Description");
    rule.bus = group.Text("EventBusName");
    rule.enabled = group.Text("State") != "DISABLED";
    ReadPattern(&rule);
    ReadTargets(group, &rule);
    if (problems_->size() > before) return std::nullopt;
    return rule;
  }

 private:
  void ReadPattern(Rule* rule) {
    rule->pattern_text = pattern_.text;
    auto pattern = expr::ParseEventPattern(rule->pattern_text);
    if (pattern) {
      rule->pattern = *std::move(pattern);
      return;
    }
    const Error& error = pattern.error();
    std::string why = error.why();
    if (pattern_.quoted && !error.where().empty()) why += " (" + error.where() + " of the text)";
    AddProblem(problems_, "PROJECT-RULE-001", "Event pattern is not valid",
               PlaceInFile(document_, pattern_, error.where()), std::move(why),
               "try it with `firn events match`");
  }

  void ReadTargets(const Group& group, Rule* rule) {
    const std::vector<Group> targets = group.List("Targets");
    if (targets.empty() || targets.size() > kTargetsMax) {
      AddProblem(problems_, "PROJECT-RULE-002",
                 "a rule has between 1 and " + std::to_string(kTargetsMax) + " targets",
                 group.Where("Targets"), "", "");
    }
    std::set<std::string> ids;
    for (const Group& each : targets) {
      if (!ids.insert(each.Text("Id")).second) {
        AddProblem(problems_, "PROJECT-RULE-004",
                   "two targets of the rule have the Id `" + each.Text("Id") + "`",
                   each.Where("Id"), "", "");
      }
      if (auto target = internal::ReadTarget(each, known_, problems_)) {
        rule->targets.push_back(*std::move(target));
      }
    }
  }

  config::Document document_;
  config::Node pattern_;
  const LoadOptions& options_;
  const RuleSet& known_;
  Problems* problems_;
};

// Names of the JSON files of a folder, sorted; a missing folder has none.
std::vector<std::string> JsonFiles(const std::string& folder, Problems* problems) {
  std::vector<std::string> files;
  if (!FileExists(folder)) return files;
  auto names = ListFolder(folder);
  if (!names) {
    problems->push_back(std::move(names).error());
    return files;
  }
  for (std::string& name : *names) {
    if (name.ends_with(".json")) files.push_back(std::move(name));
  }
  if (files.size() > kFilesMax) {
    AddProblem(problems, "PROJECT-RULE-002",
               "the folder holds more than " + std::to_string(kFilesMax) + " files", folder, "",
               "");
    files.resize(kFilesMax);
  }
  return files;
}

// The document of a file, named in messages as the project's reader knows it: `rules/x.json`.
std::optional<config::Document> ReadDocument(const std::string& folder, const std::string& name,
                                             Problems* problems) {
  config::JsonOptions options;
  options.raw_keys = {"EventPattern"};
  auto text = ReadFile(folder + "/" + name, options.limits.bytes_max + 1);
  if (!text) {
    problems->push_back(std::move(text).error());
    return std::nullopt;
  }
  auto document = config::ParseJson(*text, name, options);
  if (!document) {
    problems->push_back(std::move(document).error());
    return std::nullopt;
  }
  return *std::move(document);
}

std::string StemOf(const std::string& name) { return std::filesystem::path(name).stem().string(); }

template <typename Named>
bool TakeName(const std::vector<Named>& known, const Named& one, Problems* problems) {
  for (const Named& other : known) {
    if (other.name != one.name) continue;
    AddProblem(problems, "PROJECT-RULE-004", "the name `" + one.name + "` stands twice", one.where,
               "it already stands at " + other.where, "rename one of the two");
    return false;
  }
  return true;
}

}  // namespace

std::string_view TargetKindName(TargetKind kind) {
  switch (kind) {
    case TargetKind::kEventBus:
      return "event bus";
    case TargetKind::kSqs:
      return "SQS queue";
    case TargetKind::kSns:
      return "SNS topic";
    case TargetKind::kLambda:
      return "Lambda function";
    case TargetKind::kStateMachine:
      return "state machine";
    case TargetKind::kDynamoDb:
      return "DynamoDB table";
    case TargetKind::kKinesis:
      return "Kinesis stream";
    case TargetKind::kFirehose:
      return "Firehose stream";
    case TargetKind::kLogGroup:
      return "log group";
    case TargetKind::kS3:
      return "S3 bucket";
    case TargetKind::kApiDestination:
      return "API destination";
    case TargetKind::kPlatformEvent:
      return "platform event";
    case TargetKind::kKafka:
      return "Kafka topic";
    case TargetKind::kLakeTable:
      return "lake table";
    case TargetKind::kCommand:
      break;
  }
  return "command";
}

const ApiDestination* RuleSet::FindDestination(std::string_view name) const {
  for (const ApiDestination& destination : destinations) {
    if (destination.name == name) return &destination;
  }
  return nullptr;
}

const KafkaCluster* RuleSet::FindCluster(std::string_view name) const {
  for (const KafkaCluster& cluster : clusters) {
    if (cluster.name == name) return &cluster;
  }
  return nullptr;
}

RuleSet LoadRules(const std::string& folder, const LoadOptions& options, Problems* problems) {
  RuleSet set;
  for (const std::string& name : JsonFiles(folder + "/destinations", problems)) {
    const auto document = ReadDocument(folder, "destinations/" + name, problems);
    if (!document) continue;
    auto destination = internal::ReadDestination(*document, options, StemOf(name), problems);
    if (destination && TakeName(set.destinations, *destination, problems)) {
      set.destinations.push_back(*std::move(destination));
    }
  }
  for (const std::string& name : JsonFiles(folder + "/kafka", problems)) {
    const auto document = ReadDocument(folder, "kafka/" + name, problems);
    if (!document) continue;
    auto cluster = internal::ReadKafkaCluster(*document, options, {folder, StemOf(name)}, problems);
    if (cluster && TakeName(set.clusters, *cluster, problems)) {
      set.clusters.push_back(*std::move(cluster));
    }
  }
  for (const std::string& name : JsonFiles(folder + "/rules", problems)) {
    auto document = ReadDocument(folder, "rules/" + name, problems);
    if (!document) continue;
    auto rule = RuleReader(*std::move(document), options, set, problems).Read(StemOf(name));
    if (rule && TakeName(set.rules, *rule, problems)) set.rules.push_back(*std::move(rule));
  }
  std::sort(set.rules.begin(), set.rules.end(),
            [](const Rule& a, const Rule& b) { return a.name < b.name; });
  return set;
}

}  // namespace firn::project
