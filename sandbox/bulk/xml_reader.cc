#include "sandbox/bulk/xml_reader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

#include "sandbox/text.h"

namespace firn::sandbox {
namespace {

constexpr std::string_view kSpace = " \t\r\n";
constexpr std::array<std::pair<std::string_view, char>, 5> kEntities{
    {{"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}, {"amp", '&'}}};

std::string_view Local(std::string_view name) { return name.substr(name.find(':') + 1); }

// What an attribute of a tag says, by its local name; it must have a prefix, as `xsi:nil` does.
std::string_view Attribute(std::string_view attributes, std::string_view name) {
  for (size_t at = attributes.find(name); at != std::string_view::npos;
       at = attributes.find(name, at + 1)) {
    if (at == 0 || attributes[at - 1] != ':') continue;
    size_t value = attributes.find_first_not_of(kSpace, at + name.size());
    if (value == std::string_view::npos || attributes[value] != '=') continue;
    value = attributes.find_first_not_of(kSpace, value + 1);
    if (value == std::string_view::npos) return {};
    const size_t end = attributes.find(attributes[value], value + 1);
    if (end == std::string_view::npos) return {};
    return attributes.substr(value + 1, end - value - 1);
  }
  return {};
}

// The `>` that ends a tag: not one within a quoted attribute.
size_t TagEnd(std::string_view bytes, size_t at) {
  for (char quote = 0; at < bytes.size(); ++at) {
    const char c = bytes[at];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '>') {
      return at;
    }
  }
  return std::string_view::npos;
}

}  // namespace

XmlReader::Step XmlReader::Next() {
  const auto broken = [&] {
    over_ = true;
    return Step::kBroken;
  };
  if (over_) return Step::kEnd;
  if (close_next_) {
    close_next_ = false;
    return Close(open_.back());
  }
  for (;;) {
    if (open_.empty()) at_ = std::min(bytes_.find_first_not_of(kSpace, at_), bytes_.size());
    const std::string_view rest = bytes_.substr(at_);
    if (rest.empty()) {
      if (!open_.empty() || !rooted_) return broken();
      over_ = true;
      return Step::kEnd;
    }
    const bool cdata = rest.starts_with("<![CDATA[");
    if (!cdata &&
        (rest.starts_with("<!") || rest.starts_with("<?") || rest.starts_with("\xef\xbb\xbf"))) {
      if (!SkipMarkup()) return broken();
      continue;
    }
    if (open_.empty() && (rooted_ || rest[0] != '<' || cdata)) return broken();
    const Step step = rest[0] == '<' && !cdata ? Tag() : Text();
    return step == Step::kBroken ? broken() : step;
  }
}

bool XmlReader::SkipPast(std::string_view end) {
  const size_t at = bytes_.find(end, at_);
  if (at == std::string_view::npos) return false;
  at_ = at + end.size();
  return true;
}

bool XmlReader::SkipMarkup() {
  const std::string_view rest = bytes_.substr(at_);
  if (rest.starts_with("<!--")) return SkipPast("-->");
  if (rest.starts_with("<?")) return SkipPast("?>");
  if (at_ != 0 || rest.starts_with("<!")) return false;
  at_ = 3;  // the byte order mark
  return true;
}

XmlReader::Step XmlReader::Tag() {
  const size_t end = TagEnd(bytes_, at_ + 1);
  if (end == std::string_view::npos) return Step::kBroken;
  std::string_view tag = bytes_.substr(at_ + 1, end - at_ - 1);
  at_ = end + 1;
  if (tag.starts_with('/')) {
    tag.remove_prefix(1);
    tag = tag.substr(0, tag.find_last_not_of(kSpace) + 1);
    if (open_.empty() || Local(tag) != open_.back()) return Step::kBroken;
    return Close(open_.back());
  }
  close_next_ = tag.ends_with('/');
  if (close_next_) tag.remove_suffix(1);
  const size_t name_end = std::min(tag.find_first_of(kSpace), tag.size());
  name_ = Local(tag.substr(0, name_end));
  if (name_.empty() || open_.size() == kDepthMax) return Step::kBroken;
  const std::string_view nil = Attribute(tag.substr(name_end), "nil");
  nil_ = nil == "true" || nil == "1";
  type_ = Local(Attribute(tag.substr(name_end), "type"));
  open_.push_back(name_);
  rooted_ = true;
  return Step::kOpen;
}

XmlReader::Step XmlReader::Close(std::string_view name) {
  name_ = name;
  open_.pop_back();
  return Step::kClose;
}

XmlReader::Step XmlReader::Text() {
  text_.clear();
  while (at_ < bytes_.size()) {
    const std::string_view rest = bytes_.substr(at_);
    if (rest.starts_with("<![CDATA[")) {
      const size_t begin = at_ + 9;
      if (!SkipPast("]]>")) return Step::kBroken;
      text_ += bytes_.substr(begin, at_ - 3 - begin);
    } else if (rest.starts_with("<!--")) {
      if (!SkipPast("-->")) return Step::kBroken;
    } else if (rest[0] == '<') {
      break;
    } else if (rest[0] == '&') {
      if (!AppendEntity()) return Step::kBroken;
    } else {
      const size_t end = std::min(bytes_.find_first_of("<&", at_), bytes_.size());
      text_ += bytes_.substr(at_, end - at_);
      at_ = end;
    }
  }
  return Step::kText;
}

bool XmlReader::AppendEntity() {
  constexpr size_t kEntityMax = 10;
  const size_t end = bytes_.find(';', at_);
  if (end == std::string_view::npos || end - at_ > kEntityMax) return false;
  std::string_view name = bytes_.substr(at_ + 1, end - at_ - 1);
  at_ = end + 1;
  for (const auto& [entity, plain] : kEntities) {
    if (entity != name) continue;
    text_ += plain;
    return true;
  }
  if (!name.starts_with('#')) return false;
  name.remove_prefix(1);
  const bool hex = name.starts_with('x');
  if (hex) name.remove_prefix(1);
  uint32_t c = 0;
  const auto [stop, error] =
      std::from_chars(name.data(), name.data() + name.size(), c, hex ? 16 : 10);
  const bool half = c >= 0xd800 && c <= 0xdfff;
  if (error != std::errc{} || stop != name.data() + name.size() || c == 0 || c > 0x10ffff || half) {
    return false;
  }
  AppendUtf8(c, text_);
  return true;
}

}  // namespace firn::sandbox
