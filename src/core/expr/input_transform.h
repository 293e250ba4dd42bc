// InputTransform: what a rule makes of an event before its target gets it (InputTransformer).
//
// `InputPathsMap` gives names to parts of the event; `<name>` in `InputTemplate` is replaced by the
// part. Within quotes a text goes in without its own quotes; outside them a value goes in as JSON.
// An object or list within quotes is escaped in JSON, and has no quotes in a text, as the service
// writes it there.
// What the event lacks becomes an empty text. A template is one JSON text, or texts in quotes one
// below the other. The names `aws.events.rule-arn`, `.rule-name`, `.event.ingestion-time`, `.event`
// (the event without its detail) and `.event.json` (the whole event) need no path. Immutable; any
// thread. Sources: EventBridge User Guide, "Amazon EventBridge input transformation"; API
// Reference, "InputTransformer", read 2026-11.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/expr/json_path.h"

namespace firn::expr {

// What the reserved names stand for, beside the event.
struct TransformFacts {
  std::string rule_arn;
  std::string rule_name;
  std::string ingestion_time;  // ISO 8601
};

class InputTransform {
 public:
  static constexpr size_t kPathsMax = 100;
  static constexpr size_t kTemplateBytesMax = 8192;

  // `target` names it in messages. Errors: BadInput (EXPR-TRANSFORM-001) in EventBridge's words
  // with the place in the template; EXPR-PATH-001.
  [[nodiscard]] static Result<InputTransform> Parse(const std::map<std::string, std::string>& paths,
                                                    std::string_view input_template,
                                                    const std::string& target);
  // The target's input; JSON comes minified. Errors: BadInput (EXPR-EVENT-001).
  [[nodiscard]] Result<std::string> Apply(JsonText& event, const TransformFacts& facts) const;

 private:
  enum class Source { kLiteral, kPath, kRuleArn, kRuleName, kIngestionTime, kEvent, kEventJson };
  struct Piece {
    Source source = Source::kLiteral;
    std::string text;  // kLiteral
    size_t path = 0;   // kPath: place in paths_
    bool in_quotes = false;
  };
  class Reader;

  static Result<std::string> ValueOf(const Piece& piece, JsonText& event,
                                     const TransformFacts& facts,
                                     const std::vector<JsonPath>& paths);
  std::vector<JsonPath> paths_;
  std::vector<Piece> pieces_;
  bool is_json_ = false;  // else: texts in quotes, given out as they stand
};

}  // namespace firn::expr
