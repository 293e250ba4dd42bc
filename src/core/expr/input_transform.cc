#include "core/expr/input_transform.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace firn::expr {
namespace {

using nlohmann::ordered_json;

constexpr size_t kNameBytesMax = 256;

bool IsNameByte(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
}
bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

std::string Quoted(std::string_view text) {
  return ordered_json(std::string(text))
      .dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

Error Invalid(std::string what) {
  return Error(Kind::kBadInput, "EXPR-TRANSFORM-001", std::move(what));
}

std::string PlaceOf(std::string_view text, size_t at) {
  const std::string_view before = text.substr(0, at);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const size_t start = before.rfind('\n');
  return fmt::format("line {}, column {}", line,
                     at - (start == std::string_view::npos ? 0 : start + 1) + 1);
}

// JSON texts of kind string, one behind the other. Gives the place of a mistake, or npos.
size_t MistakeInTexts(std::string_view text) {
  size_t at = 0;
  for (;;) {
    while (at < text.size() && IsSpace(text[at])) ++at;
    if (at == text.size()) return std::string_view::npos;
    if (text[at] != '"') return at;
    size_t end = at + 1;
    while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
    if (end >= text.size()) return text.size();
    if (!ordered_json::accept(text.substr(at, end + 1 - at))) return at;
    at = end + 1;
  }
}

size_t MistakeInJson(std::string_view text) {
  try {
    const ordered_json parsed = ordered_json::parse(text);
    return parsed.is_discarded() ? 0 : std::string_view::npos;
  } catch (const ordered_json::parse_error& error) {
    return error.byte == 0 ? 0 : error.byte - 1;
  } catch (const ordered_json::out_of_range&) {
    return 0;  // a number beyond every double
  }
}

// The event without its detail, as `<aws.events.event>` gives it: there the service calls
// `detail-type` `detailType` (observed of the service in 2024; its guide shows no example).
Result<std::string> EventWithoutDetail(const std::string& json) {
  const ordered_json event = ordered_json::parse(json, nullptr, false);
  if (!event.is_object()) {
    return Fail(Error(Kind::kBadInput, "EXPR-EVENT-001", "the event is no JSON object"));
  }
  ordered_json rest = ordered_json::object();
  for (const auto& [name, value] : event.items()) {
    if (name != "detail") rest[name == "detail-type" ? "detailType" : name] = value;
  }
  return rest.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

// An object or a list as it reads in a text that is not JSON: the service takes its quotes away
// (observed in 2025: `{acc_id:0a78,state:[OPEN,NEW]}`; its guide is silent).
std::string WithoutQuotes(std::string_view json) {
  std::string text;
  for (size_t at = 0; at < json.size(); ++at) {
    const bool escape = json[at] == '\\' && at + 1 < json.size();
    if (json[at] == '"' || (escape && json[at + 1] == '"')) {
      at += escape ? 1 : 0;
      continue;
    }
    text += json[at];
    if (escape) text += json[++at];
  }
  return text;
}

// A JSON value as it reads within quotes.
std::string Unquoted(const std::string& value, bool in_json) {
  if (value.front() == '"') return value.substr(1, value.size() - 2);
  if (value.front() != '{' && value.front() != '[') return value;
  if (!in_json) return WithoutQuotes(value);
  const std::string quoted = Quoted(value);
  return quoted.substr(1, quoted.size() - 2);
}

}  // namespace

// Cuts a template into pieces and checks what they add up to.
class InputTransform::Reader {
 public:
  Reader(const std::vector<std::string>& names, std::string_view text, const std::string& target)
      : names_(names), text_(text), target_(target), probe_(text) {}

  Result<void> Read(InputTransform* transform) {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '<') {
        FIRN_TRY(const bool taken, Placeholder());
        if (taken) continue;
      }
      if (in_quotes_ && c == '\\' && at_ + 1 < text_.size()) {
        Literal();
        Literal();
        continue;
      }
      if (c == '"') {
        in_quotes_ = !in_quotes_;
        if (!in_quotes_ && text_has_placeholder_) FIRN_CHECK(RefuseKey(at_ + 1));
        if (in_quotes_) text_has_placeholder_ = false;
      }
      Literal();
    }
    transform->pieces_ = std::move(pieces_);
    return CheckWhole(transform);
  }

 private:
  void Literal() {
    if (pieces_.empty() || pieces_.back().source != Source::kLiteral) pieces_.emplace_back();
    pieces_.back().text += text_[at_++];
  }

  // True when a name in angle brackets stood here and was taken.
  Result<bool> Placeholder() {
    size_t end = at_ + 1;
    while (end < text_.size() && (IsNameByte(text_[end]) || text_[end] == '.')) ++end;
    if (end == at_ + 1 || end >= text_.size() || text_[end] != '>') return false;
    const std::string name(text_.substr(at_ + 1, end - at_ - 1));
    Piece piece;
    piece.in_quotes = in_quotes_;
    if (!Resolve(name, &piece)) {
      return Fail(
          Invalid(fmt::format("InputTemplate for target {} contains invalid placeholder {}.",
                              target_, name))
              .At(PlaceOf(text_, at_))
              .Hint("define it in InputPathsMap"));
    }
    // The probe keeps its length, so that a mistake in it has the template's place.
    std::fill(probe_.begin() + static_cast<long>(at_), probe_.begin() + static_cast<long>(end) + 1,
              in_quotes_ ? 'x' : ' ');
    if (!in_quotes_) probe_[at_] = '0';
    text_has_placeholder_ = in_quotes_;
    pieces_.push_back(std::move(piece));
    at_ = end + 1;
    if (!in_quotes_) FIRN_CHECK(RefuseKey(at_));
    return true;
  }

  bool Resolve(const std::string& name, Piece* piece) const {
    static const std::map<std::string, Source, std::less<>> kReserved = {
        {"aws.events.rule-arn", Source::kRuleArn},
        {"aws.events.rule-name", Source::kRuleName},
        {"aws.events.event.ingestion-time", Source::kIngestionTime},
        {"aws.events.event", Source::kEvent},
        {"aws.events.event.json", Source::kEventJson}};
    if (const auto reserved = kReserved.find(name); reserved != kReserved.end()) {
      piece->source = reserved->second;
      return true;
    }
    const auto found = std::find(names_.begin(), names_.end(), name);
    if (found == names_.end()) return false;
    piece->source = Source::kPath;
    piece->path = static_cast<size_t>(found - names_.begin());
    return true;
  }

  Result<void> RefuseKey(size_t behind) const {
    while (behind < text_.size() && IsSpace(text_[behind])) ++behind;
    if (behind >= text_.size() || text_[behind] != ':') return {};
    return Fail(Invalid(fmt::format("Invalid InputTemplate for target {}", target_))
                    .At(PlaceOf(text_, at_))
                    .Because("a placeholder cannot be used as an object key"));
  }

  Result<void> CheckWhole(InputTransform* transform) const {
    const size_t first = probe_.find_first_not_of(" \t\r\n");
    const bool texts = first != std::string::npos && probe_[first] == '"';
    transform->is_json_ = !texts;
    const size_t mistake = texts ? MistakeInTexts(probe_) : MistakeInJson(probe_);
    if (mistake == std::string_view::npos) return {};
    return Fail(Invalid(fmt::format("Invalid InputTemplate for target {}", target_))
                    .At(PlaceOf(text_, std::min(mistake, text_.size())))
                    .Because("what it makes is not valid JSON")
                    .Hint("put texts in quotes; placeholders in JSON may stand without"));
  }

  const std::vector<std::string>& names_;
  std::string_view text_;
  const std::string& target_;
  std::string probe_;
  size_t at_ = 0;
  bool in_quotes_ = false;
  bool text_has_placeholder_ = false;
  std::vector<Piece> pieces_;
};

Result<InputTransform> InputTransform::Parse(const std::map<std::string, std::string>& paths,
                                             std::string_view input_template,
                                             const std::string& target) {
  if (input_template.empty() || input_template.size() > kTemplateBytesMax) {
    return Fail(Invalid(fmt::format("Invalid InputTemplate for target {}", target))
                    .Because("it must have between 1 and 8192 characters"));
  }
  if (paths.size() > kPathsMax) {
    return Fail(Invalid(fmt::format("Invalid InputPathsMap for target {}", target))
                    .Because("it must have at most 100 entries"));
  }
  InputTransform transform;
  std::vector<std::string> names;
  for (const auto& [name, path] : paths) {
    std::string lower = name.substr(0, 3);
    std::transform(lower.begin(), lower.end(), lower.begin(), ::tolower);
    if (name.empty() || name.size() > kNameBytesMax || lower == "aws" ||
        !std::all_of(name.begin(), name.end(), IsNameByte)) {
      return Fail(
          Invalid(fmt::format("Invalid InputPathsMap for target {}: the key {}", target, name))
              .Because("keys are letters, digits, `-` and `_`, and do not begin with AWS"));
    }
    auto parsed = JsonPath::Parse(path);
    if (!parsed) {
      return Fail(std::move(parsed).error().Doing(
          fmt::format("reading InputPathsMap for target {}, key {}", target, name)));
    }
    names.push_back(name);
    transform.paths_.push_back(*std::move(parsed));
  }
  FIRN_CHECK(Reader(names, input_template, target).Read(&transform));
  return transform;
}

Result<std::string> InputTransform::ValueOf(const Piece& piece, JsonText& event,
                                            const TransformFacts& facts,
                                            const std::vector<JsonPath>& paths) {
  static const JsonPath kWhole = *JsonPath::Parse("$");
  switch (piece.source) {
    case Source::kRuleArn:
      return Quoted(facts.rule_arn);
    case Source::kRuleName:
      return Quoted(facts.rule_name);
    case Source::kIngestionTime:
      return Quoted(facts.ingestion_time);
    case Source::kPath: {
      FIRN_TRY(const auto found, event.Find(paths[piece.path]));
      return found.value_or("\"\"");
    }
    default: {
      FIRN_TRY(const auto whole, event.Find(kWhole));
      if (piece.source == Source::kEventJson) return *whole;
      return EventWithoutDetail(*whole);
    }
  }
}

Result<std::string> InputTransform::Apply(JsonText& event, const TransformFacts& facts) const {
  std::string input;
  for (const Piece& piece : pieces_) {
    if (piece.source == Source::kLiteral) {
      input += piece.text;
      continue;
    }
    FIRN_TRY(const std::string value, ValueOf(piece, event, facts, paths_));
    input += piece.in_quotes ? Unquoted(value, is_json_) : value;
  }
  if (!is_json_) return input;
  return Minified(input);
}

}  // namespace firn::expr
