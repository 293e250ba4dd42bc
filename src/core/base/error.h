// Error and Result: the one way a function of Firn says that it could not do its work.
//
// Every fallible function returns Result<T>; exceptions of third parties are translated at the
// border of the room that uses them. An Error answers four questions: what failed, where, why, and
// what to do next; its code is stable and `firn explain CODE` prints a page for it. Values of these
// types are owned by whoever holds them and may be moved between threads; they never hold a secret
// or a record's content.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace firn {

// The domain's words, not errno's. Who must act follows from the kind (exit codes, docs/reference).
enum class Kind {
  kNotFound,
  kDenied,        // signed in wrongly, or not allowed
  kBadInput,      // data or arguments that break a rule
  kBadConfig,     // a project file that breaks a rule
  kConflict,      // somebody else changed or holds it
  kLimitReached,  // a quota with a name is used up
  kThrottled,     // slow down, then again
  kExpired,       // session, locator or token past its life
  kUnreachable,   // no connection, or it broke
  kTimeout,
  kCorrupt,  // bytes that cannot be what they claim to be
  kUnsupported,
  kCommitUnknown,  // a write may have happened though its answer was lost: look before trying again
  kCancelled,
  kInternal,  // our bug
};

[[nodiscard]] std::string_view KindName(Kind kind);

// Where a remote failure came from. `status` is the HTTP status, 0 if there was none.
struct Remote {
  std::string system;
  int status = 0;
  std::string api_code;
  std::string request_id;
};

// Whether trying again can help, and when.
struct Retry {
  enum class When { kNever, kAfter, kBackoff };
  When when = When::kNever;
  std::chrono::milliseconds after{0};
};

class Error {
 public:
  // `code` is stable and searchable (`SF-AUTH-003`) and stands in the room's error_codes.cc;
  // `what` is one lower-case sentence without full stop, literal values in backticks.
  Error(Kind kind, std::string_view code, std::string what);
  Error(const Error& other);
  Error(Error&&) noexcept = default;
  Error& operator=(const Error& other);
  Error& operator=(Error&&) noexcept = default;
  ~Error() = default;

  // Builders; each returns the error so that calls chain.
  Error&& At(std::string where) &&;         // file:line:col, or a system and object
  Error&& Because(std::string why) &&;      // the cause, one sentence
  Error&& Hint(std::string what_to_do) &&;  // the next command to type, if there is one
  Error&& From(Remote remote) &&;           // the vendor's own code and request id
  Error&& RetryAfter(std::chrono::milliseconds after) &&;
  Error&& RetryWithBackoff() &&;
  // What was being attempted, outermost last: `reading page 7 of job 750..`.
  Error&& Doing(std::string attempt) &&;

  [[nodiscard]] Kind kind() const { return data_->kind; }
  [[nodiscard]] const std::string& code() const { return data_->code; }
  [[nodiscard]] const std::string& what() const { return data_->what; }
  [[nodiscard]] const std::string& where() const { return data_->where; }
  [[nodiscard]] const std::string& why() const { return data_->why; }
  [[nodiscard]] const std::string& hint() const { return data_->hint; }
  [[nodiscard]] const Remote& remote() const { return data_->remote; }
  [[nodiscard]] const Retry& retry() const { return data_->retry; }
  [[nodiscard]] const std::vector<std::string>& doing() const { return data_->doing; }

  // One line for logs: `SF-AUTH-003 what (at where; why; while doing)`.
  [[nodiscard]] std::string OneLine() const;

 private:
  struct Data {
    Kind kind;
    std::string code;
    std::string what;
    std::string where;
    std::string why;
    std::string hint;
    Remote remote;
    Retry retry;
    std::vector<std::string> doing;
  };
  std::unique_ptr<Data> data_;  // one pointer, so that Result<T> stays small
};

template <typename T>
using Result = tl::expected<T, Error>;

// `return Fail(Error(Kind::kNotFound, "LAKE-TABLE-001", "..").Hint(".."));`
[[nodiscard]] inline tl::unexpected<Error> Fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}
[[nodiscard]] tl::unexpected<Error> Fail(Kind kind, std::string_view code, std::string what);

// Adds what was being attempted to a failed result and hands it on.
template <typename T>
[[nodiscard]] Result<T> Doing(Result<T> result, std::string attempt) {
  if (!result) return Fail(std::move(result).error().Doing(std::move(attempt)));
  return result;
}

// A page of `firn explain`. Each room lists its own codes in error_codes.h.
struct ErrorCode {
  std::string_view code;
  std::string_view summary;
  std::string_view cause;
  std::string_view remedy;
};

[[noreturn]] void AssertFailed(const char* expression, const char* file, int line);

}  // namespace firn

// Stays on in release. For what only a bug of ours can break; never for input, config or replies.
#define FIRN_ASSERT(expression) \
  ((expression) ? static_cast<void>(0) : ::firn::AssertFailed(#expression, __FILE__, __LINE__))

#define FIRN_CONCAT_INNER(a, b) a##b
#define FIRN_CONCAT(a, b) FIRN_CONCAT_INNER(a, b)

// FIRN_TRY(auto page, ReadPage(call)); hands the error on, or declares `page`.
#define FIRN_TRY(declaration, expression)                                     \
  auto FIRN_CONCAT(firn_try_, __LINE__) = (expression);                       \
  if (!FIRN_CONCAT(firn_try_, __LINE__))                                      \
    return ::firn::Fail(std::move(FIRN_CONCAT(firn_try_, __LINE__)).error()); \
  declaration = *std::move(FIRN_CONCAT(firn_try_, __LINE__))

// FIRN_CHECK(Sync(file)); the same for Result<void>.
#define FIRN_CHECK(expression)                                                         \
  do {                                                                                 \
    auto firn_check_result = (expression);                                             \
    if (!firn_check_result) return ::firn::Fail(std::move(firn_check_result).error()); \
  } while (false)
