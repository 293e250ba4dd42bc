#include "core/base/error.h"

#include <array>
#include <cstdio>
#include <cstdlib>

namespace firn {

std::string_view KindName(Kind kind) {
  static constexpr std::array<std::string_view, 15> kNames = {
      "NotFound",     "Denied",      "BadInput",      "BadConfig",   "Conflict",
      "LimitReached", "Throttled",   "Expired",       "Unreachable", "Timeout",
      "Corrupt",      "Unsupported", "CommitUnknown", "Cancelled",   "Internal"};
  return kNames[static_cast<size_t>(kind)];
}

Error::Error(Kind kind, std::string_view code, std::string what)
    : data_(std::make_unique<Data>(
          Data{kind, std::string(code), std::move(what), {}, {}, {}, {}, {}, {}})) {}

Error::Error(const Error& other) : data_(std::make_unique<Data>(*other.data_)) {}

Error& Error::operator=(const Error& other) {
  if (this != &other) data_ = std::make_unique<Data>(*other.data_);
  return *this;
}

Error&& Error::At(std::string where) && {
  data_->where = std::move(where);
  return std::move(*this);
}

Error&& Error::Because(std::string why) && {
  data_->why = std::move(why);
  return std::move(*this);
}

Error&& Error::Hint(std::string what_to_do) && {
  data_->hint = std::move(what_to_do);
  return std::move(*this);
}

Error&& Error::From(Remote remote) && {
  data_->remote = std::move(remote);
  return std::move(*this);
}

Error&& Error::RetryAfter(std::chrono::milliseconds after) && {
  data_->retry = {Retry::When::kAfter, after};
  return std::move(*this);
}

Error&& Error::RetryWithBackoff() && {
  data_->retry = {Retry::When::kBackoff, std::chrono::milliseconds(0)};
  return std::move(*this);
}

Error&& Error::Doing(std::string attempt) && {
  data_->doing.push_back(std::move(attempt));
  return std::move(*this);
}

std::string Error::OneLine() const {
  std::string line = data_->code + " " + data_->what;
  std::string detail;
  const auto add = [&detail](std::string_view lead, const std::string& text) {
    if (text.empty()) return;
    if (!detail.empty()) detail += "; ";
    detail += lead;
    detail += text;
  };
  add("at ", data_->where);
  add("", data_->why);
  add("request ", data_->remote.request_id);
  for (const auto& attempt : data_->doing) add("while ", attempt);
  if (!detail.empty()) line += " (" + detail + ")";
  return line;
}

tl::unexpected<Error> Fail(Kind kind, std::string_view code, std::string what) {
  return Fail(Error(kind, code, std::move(what)));
}

void AssertFailed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "firn: internal error: `%s` does not hold at %s:%d\n", expression, file,
               line);
  std::abort();
}

}  // namespace firn
