// An org in a temporary folder for tests, on a clock that stands still.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "sandbox/api_error.h"
#include "sandbox/org.h"
#include "tests/support/test_folder.h"

namespace firn::sandbox {

class TestOrg {
 public:
  explicit TestOrg(std::vector<std::string> object_yaml = {}) : yaml_(std::move(object_yaml)) {
    Open();
  }
  void Reopen() {
    org_.reset();
    Open();
  }
  Org* operator->() { return org_.get(); }
  Org& operator*() { return *org_; }
  ManualClock& clock() { return clock_; }
  [[nodiscard]] const std::string& folder() const { return folder_; }

  // Rows as lines of plain values: `a|b\nc|d`; a count for COUNT().
  std::string One(const std::string& soql, const QueryOptions& options = {}) {
    auto cursor = org_->Query(soql, options);
    if (!cursor) return "error: " + cursor.error().what();
    if ((*cursor)->count_only()) return std::to_string((*cursor)->count());
    std::string text;
    for (;;) {
      auto more = (*cursor)->Next();
      if (!more) return "error: " + more.error().OneLine();
      if (!*more) return text;
      if (!text.empty()) text += '\n';
      bool first = true;
      for (const Value& value : (*cursor)->row()) {
        if (!first) text += '|';
        first = false;
        AppendPlain(value, text);
      }
    }
  }
  // The vendor's code of a query that is refused; empty when it is not.
  std::string Failure(const std::string& soql) {
    auto cursor = org_->Query(soql, {});
    return cursor ? std::string() : PartsOf(cursor.error()).code;
  }
  std::string FailureText(const std::string& soql) {
    auto cursor = org_->Query(soql, {});
    return cursor ? std::string() : PartsOf(cursor.error()).message;
  }

 private:
  void Open() {
    Org::Options options;
    options.folder = folder_;
    options.clock = &clock_;
    options.object_yaml = yaml_;
    auto org = Org::Open(std::move(options));
    if (!org) {
      ADD_FAILURE() << org.error().OneLine();
      std::abort();
    }
    org_ = *std::move(org);
  }
  // 2026-11-24T02:56:02Z, a Tuesday.
  ManualClock clock_{UtcMicros(std::chrono::microseconds(1'795'488'962'000'000LL))};
  std::vector<std::string> yaml_;
  TestFolder temporary_;
  std::string folder_ = temporary_.path();
  std::unique_ptr<Org> org_;
};

}  // namespace firn::sandbox
