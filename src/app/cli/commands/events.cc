// events match.
#include <poll.h>
#include <simdjson.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iostream>
#include <system_error>
#include <unordered_map>

#include "app/cli/commands.h"
#include "app/cli/commands/event_session.h"
#include "core/expr/event_matcher.h"
#include "core/expr/event_pattern.h"

namespace firn::cli {
namespace {

namespace od = simdjson::ondemand;

constexpr std::string_view kMatchFormat = "firn.events.match/1";
// Compiled patterns that are kept while lines go by; test files repeat them.
constexpr size_t kPatternsKept = 256;

struct Question {
  std::string event;
  std::string pattern;
};

struct Answer {
  bool fits = false;
  std::string error;  // empty: none
};

// A member as it stands in the line: `event` as JSON, or `event_text` as a text that holds it.
Result<std::string> Member(od::object& line, std::string_view name) {
  const std::string text_name = std::string(name) + "_text";
  od::value value;
  if (line.find_field_unordered(text_name).get(value) == simdjson::SUCCESS) {
    std::string_view text;
    if (value.get_string().get(text) == simdjson::SUCCESS) return std::string(text);
    return Fail(Kind::kBadInput, "CLI-EVENTS-001", "`" + text_name + "` is no text");
  }
  if (line.find_field_unordered(name).get(value) != simdjson::SUCCESS) {
    return Fail(Error(Kind::kBadInput, "CLI-EVENTS-001",
                      "the line has neither `" + std::string(name) + "` nor `" + text_name + "`"));
  }
  std::string_view raw;
  od::object object;
  if (value.get_object().get(object) == simdjson::SUCCESS &&
      object.raw_json().get(raw) == simdjson::SUCCESS) {
    return std::string(raw);
  }
  return std::string(value.raw_json_token());  // no object: refused by whoever reads it
}

Result<Question> ReadLine(od::parser& parser, const simdjson::padded_string& line) {
  const Error malformed = Error(Kind::kBadInput, "CLI-EVENTS-001", "the line is no JSON object");
  od::document document;
  od::object object;
  if (parser.iterate(line).get(document) != simdjson::SUCCESS) return Fail(malformed);
  if (document.get_object().get(object) != simdjson::SUCCESS) return Fail(malformed);
  Question question;
  FIRN_TRY(question.event, Member(object, "event"));
  FIRN_TRY(question.pattern, Member(object, "pattern"));
  return question;
}

// In one line, whatever names it quotes: an answer is a line.
std::string Reason(const Error& error) {
  std::string text = error.what();
  if (!error.why().empty()) text += ": " + error.why();
  if (!error.where().empty()) text += " at " + error.where();
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  return text;
}

// Who asks line by line waits for an answer before the next one.
void FlushIfNobodyAsks(Context& context) {
  pollfd standard_input = {.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  if (::poll(&standard_input, 1, 0) == 0) context.out().Flush();
}

class Matching {
 public:
  Answer operator()(std::string_view line) {
    const auto question = ReadLine(parser_, simdjson::padded_string(line));
    if (!question) return {false, Reason(question.error())};
    const auto matcher = Matcher(question->pattern);
    if (!matcher) return {false, Reason(matcher.error())};
    const auto matched = (*matcher)->Match(question->event, scratch_);
    if (!matched) return {false, Reason(matched.error())};
    return {!matched->empty(), ""};
  }

 private:
  Result<std::shared_ptr<const expr::EventMatcher>> Matcher(const std::string& pattern) {
    if (const auto known = known_.find(pattern); known != known_.end()) return known->second;
    FIRN_TRY(const expr::EventPattern parsed, expr::ParseEventPattern(pattern));
    if (known_.size() >= kPatternsKept) known_.clear();
    const std::vector<expr::EventPattern> one = {parsed};
    return known_.emplace(pattern, std::make_shared<const expr::EventMatcher>(one)).first->second;
  }

  od::parser parser_;
  expr::MatchScratch scratch_;
  std::unordered_map<std::string, std::shared_ptr<const expr::EventMatcher>> known_;
};

Result<ExitCode> Match(Context& context) {
  std::ifstream file;
  const std::string name = context.Text("file");
  const bool from_stdin = name.empty() || name == "-";
  if (!from_stdin) {
    file.open(name);
    if (!file) {
      return Fail(Error(Kind::kNotFound, "CLI-EVENTS-002", "cannot open the file of events")
                      .At(name)
                      .Because(std::generic_category().message(errno))
                      .Hint("check the name; - stands for standard input"));
    }
  }
  std::istream& in = from_stdin ? std::cin : file;
  Matching matching;
  for (std::string line; std::getline(in, line);) {
    FIRN_CHECK(context.call().Check());
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const Answer answer = matching(line);
    if (answer.error.empty()) {
      context.out().Line(answer.fits ? "true" : "false");
      context.out().Json(kMatchFormat, answer.fits ? R"({"match":true})" : R"({"match":false})");
    } else {
      context.out().Line("error: " + answer.error);
      context.out().Json(kMatchFormat, R"({"match":null,"error":)" + JsonQuote(answer.error) + "}");
    }
    if (from_stdin) FlushIfNobodyAsks(context);
  }
  return ExitCode::kDone;
}

}  // namespace

void AddEventCommands(CommandTree& tree) {
  tree.AddGroup({"events", "change events, and the rules that watch them"});
  tree.Add({.path = "events match",
            .summary = "try event patterns: true, false or an error for each line",
            .arguments = {{.name = "file",
                           .help = "JSON lines; standard input when absent or -",
                           .required = false}},
            .examples = {"firn events match cases.jsonl", "firn events match cases.jsonl --json"},
            .details = "A line is an object with `event` and `pattern`, or with `event_text` and "
                       "`pattern_text`\nthat hold them as texts. The pattern language is Amazon "
                       "EventBridge's.",
            .run = Match});
  AddEventStreamCommands(tree);
  AddEventTailCommands(tree);
}

}  // namespace firn::cli
