#include "core/expr/json_path.h"

#include <simdjson.h>

#include <charconv>

namespace firn::expr {
namespace {

namespace od = simdjson::ondemand;

bool IsNameByte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) != 0 || c == '-' || c == '_' || c == '/' || byte >= 0x80;
}

Error Mistake(std::string_view text, size_t at, std::string_view expected) {
  return Error(Kind::kBadInput, "EXPR-PATH-001", "`" + std::string(text) + "` is no path here")
      .Because("column " + std::to_string(at + 1) + ": " + std::string(expected))
      .Hint("a path looks like `$.detail.payload.Amount` or `$.resources[0]`");
}

Error NoJson() {
  return Error(Kind::kBadInput, "EXPR-EVENT-001", "the event is no JSON")
      .Because("its text is cut short or malformed");
}

// One step, at `at`; moves behind it.
Result<JsonPath::Step> ReadStep(std::string_view text, size_t& at) {
  using Step = JsonPath::Step;
  Step step;
  if (text[at] == '.') {
    ++at;
    if (at < text.size() && text[at] == '*') {
      ++at;
      step.kind = Step::Kind::kAll;
      return step;
    }
    const size_t begin = at;
    while (at < text.size() && IsNameByte(text[at])) ++at;
    if (at == begin) return Fail(Mistake(text, at, "a name or `*` is due here"));
    step.name = text.substr(begin, at - begin);
    return step;
  }
  if (text[at] != '[') return Fail(Mistake(text, at, "`.` or `[` is due here"));
  ++at;
  const size_t close = text.find(']', at);
  if (close == std::string_view::npos) return Fail(Mistake(text, text.size(), "`]` is missing"));
  const std::string_view inside = text.substr(at, close - at);
  if (inside == "*") {
    step.kind = Step::Kind::kAll;
  } else {
    step.kind = Step::Kind::kIndex;
    const char* end = inside.data() + inside.size();
    const auto [stop, failed] = std::from_chars(inside.data(), end, step.index);
    if (failed != std::errc() || stop != end || inside.empty()) {
      return Fail(
          Mistake(text, at, "only a number or `*` may stand in brackets; names follow dots"));
    }
  }
  at = close + 1;
  return step;
}

// The text of a value as it stands.
simdjson::error_code RawText(od::value value, std::string_view* raw) {
  od::json_type type;
  if (const auto error = value.type().get(type)) return error;
  if (type == od::json_type::object) {
    od::object object;
    if (const auto error = value.get_object().get(object)) return error;
    return object.raw_json().get(*raw);
  }
  if (type == od::json_type::array) {
    od::array array;
    if (const auto error = value.get_array().get(array)) return error;
    return array.raw_json().get(*raw);
  }
  *raw = value.raw_json_token();
  while (!raw->empty() && (raw->back() == ' ' || raw->back() == '\n' || raw->back() == '\r' ||
                           raw->back() == '\t')) {
    raw->remove_suffix(1);
  }
  return simdjson::SUCCESS;
}

// Follows the steps below values and collects what stands at their end.
class Walk {
 public:
  Walk(const std::vector<JsonPath::Step>& steps, std::vector<std::string>* found)
      : steps_(steps), found_(found) {}

  simdjson::error_code Value(od::value value, size_t step) {
    if (step == steps_.size()) {
      std::string_view raw;
      if (const auto error = RawText(value, &raw)) return error;
      found_->emplace_back(raw);
      return simdjson::SUCCESS;
    }
    od::json_type type;
    if (const auto error = value.type().get(type)) return error;
    if (type == od::json_type::object && steps_[step].kind != JsonPath::Step::Kind::kIndex) {
      od::object object;
      if (const auto error = value.get_object().get(object)) return error;
      return Object(object, step);
    }
    if (type == od::json_type::array && steps_[step].kind != JsonPath::Step::Kind::kName) {
      od::array array;
      if (const auto error = value.get_array().get(array)) return error;
      return Array(array, step);
    }
    return simdjson::SUCCESS;
  }

 private:
  simdjson::error_code Object(od::object object, size_t step) {
    const bool all = steps_[step].kind == JsonPath::Step::Kind::kAll;
    for (auto member : object) {
      od::field field;
      if (const auto error = std::move(member).get(field)) return error;
      std::string_view name;
      if (const auto error = field.unescaped_key().get(name)) return error;
      if (!all && name != steps_[step].name) continue;
      if (const auto error = Value(field.value(), step + 1)) return error;
      if (!all) return simdjson::SUCCESS;
    }
    return simdjson::SUCCESS;
  }

  simdjson::error_code Array(od::array array, size_t step) {
    const bool all = steps_[step].kind == JsonPath::Step::Kind::kAll;
    size_t place = 0;
    for (auto element : array) {
      od::value value;
      if (const auto error = std::move(element).get(value)) return error;
      if (!all && place++ != steps_[step].index) continue;
      if (const auto error = Value(value, step + 1)) return error;
      if (!all) return simdjson::SUCCESS;
    }
    return simdjson::SUCCESS;
  }

  const std::vector<JsonPath::Step>& steps_;
  std::vector<std::string>* found_;
};

}  // namespace

Result<JsonPath> JsonPath::Parse(std::string_view text) {
  if (text.size() > kBytesMax) {
    return Fail(Mistake(text.substr(0, 40), kBytesMax, "a path has at most 256 characters"));
  }
  if (text.empty() || text[0] != '$') return Fail(Mistake(text, 0, "a path begins with `$`"));
  JsonPath path;
  path.text_ = text;
  size_t at = 1;
  while (at < text.size()) {
    FIRN_TRY(Step step, ReadStep(text, at));
    if (step.kind == Step::Kind::kAll) path.finds_list_ = true;
    path.steps_.push_back(std::move(step));
  }
  return path;
}

struct JsonText::Parts {
  od::parser parser;
  simdjson::padded_string text;
};

JsonText::JsonText() : parts_(std::make_unique<Parts>()) {}
JsonText::~JsonText() = default;
JsonText::JsonText(JsonText&&) noexcept = default;
JsonText& JsonText::operator=(JsonText&&) noexcept = default;

void JsonText::Load(std::string_view json) { parts_->text = simdjson::padded_string(json); }

Result<std::optional<std::string>> JsonText::Find(const JsonPath& path) {
  if (path.steps().empty()) {
    FIRN_TRY(std::string all, Minified(parts_->text));
    return std::optional<std::string>(std::move(all));
  }
  od::document document;
  if (parts_->parser.iterate(parts_->text).get(document) != simdjson::SUCCESS) {
    return Fail(NoJson());
  }
  od::value root;
  std::vector<std::string> found;
  // A document that is a bare number or word has no value to walk in; nothing is found in it.
  if (document.get_value().get(root) == simdjson::SUCCESS) {
    if (Walk(path.steps(), &found).Value(root, 0) != simdjson::SUCCESS) return Fail(NoJson());
  }
  if (!path.finds_list()) {
    if (found.empty()) return std::optional<std::string>();
    FIRN_TRY(std::string value, Minified(found.front()));
    return std::optional<std::string>(std::move(value));
  }
  if (found.empty()) return std::optional<std::string>();
  std::string list = "[";
  for (const std::string& value : found) {
    if (list.size() > 1) list += ',';
    list += value;
  }
  FIRN_TRY(std::string value, Minified(list + "]"));
  return std::optional<std::string>(std::move(value));
}

Result<std::string> Minified(std::string_view json) {
  std::string text(json.size() + simdjson::SIMDJSON_PADDING, '\0');
  size_t bytes = 0;
  if (simdjson::minify(json.data(), json.size(), text.data(), bytes) != simdjson::SUCCESS) {
    return Fail(NoJson());
  }
  text.resize(bytes);
  return text;
}

}  // namespace firn::expr
