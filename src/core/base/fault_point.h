// Named places where a test kills the process: `kill -9` exactly there, never sampled.
//
// FIRN_FAULT_POINT("lake.commit.before_catalog") costs one relaxed load when nothing is armed. A
// point is armed by the environment, FIRN_FAULT_POINT=name or name:n for its n-th passage (from 1),
// *:n for the n-th passage of any: a loop over n kills at each one there is. FIRN_FAULT_ACTION is
// `kill` (default) or `disk-full` (FaultPointFails answers true there). The list of all points
// stands in fault_point.cc: `firn debug faultpoints` prints it, and a test fails when a point in
// the code is missing there.
#pragma once

#include <atomic>
#include <span>
#include <string_view>

namespace firn {

struct FaultPointInfo {
  std::string_view name;
  std::string_view where;  // what has just happened there, in words
};

[[nodiscard]] std::span<const FaultPointInfo> FaultPoints();

namespace internal {
extern std::atomic<bool> fault_armed;
void PassFaultPoint(std::string_view name);
bool FaultPointFails(std::string_view name);
}  // namespace internal

// Reads the environment. Called once from main, before threads start.
void ArmFaultPointsFromEnvironment();

}  // namespace firn

#define FIRN_FAULT_POINT(name)                                                      \
  do {                                                                              \
    if (::firn::internal::fault_armed.load(std::memory_order_relaxed)) [[unlikely]] \
      ::firn::internal::PassFaultPoint(name);                                       \
  } while (false)
