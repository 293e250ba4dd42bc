// JsonPath and JsonText: the part of JSONPath that EventBridge takes, and a JSON text that such
// paths look into.
//
// A path is `$`, followed by `.name`, `.*`, `[n]` or `[*]` in any order; names are letters, digits,
// `-`, `_` and `/`. What a path finds comes as it stands in the text, white space taken out, so
// that no number changes its digits. A JsonPath is a value; a JsonText belongs to one thread at a
// time and is reused from event to event. Sources: EventBridge User Guide, "Amazon EventBridge
// input transformation"; API Reference, "Target", read 2026-11.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace firn::expr {

class JsonPath {
 public:
  static constexpr size_t kBytesMax = 256;
  struct Step {
    enum class Kind { kName, kIndex, kAll };
    Kind kind = Kind::kName;
    std::string name;
    size_t index = 0;
  };

  // Errors: BadInput (EXPR-PATH-001) with the column of the mistake.
  [[nodiscard]] static Result<JsonPath> Parse(std::string_view text);
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] const std::vector<Step>& steps() const { return steps_; }
  // Whether it may find several values: then they come as one list.
  [[nodiscard]] bool finds_list() const { return finds_list_; }

 private:
  std::string text_;
  std::vector<Step> steps_;
  bool finds_list_ = false;
};

class JsonText {
 public:
  JsonText();
  ~JsonText();
  JsonText(JsonText&&) noexcept;
  JsonText& operator=(JsonText&&) noexcept;

  // Replaces what was loaded before. The text is looked at as paths need it.
  void Load(std::string_view json);
  // The value, or the list of values, that the path finds, as minified JSON; nothing if it finds
  // none. Errors: BadInput (EXPR-EVENT-001) when the text is no JSON.
  [[nodiscard]] Result<std::optional<std::string>> Find(const JsonPath& path);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// The JSON text without white space between its tokens. Errors: BadInput (EXPR-EVENT-001).
[[nodiscard]] Result<std::string> Minified(std::string_view json);

}  // namespace firn::expr
