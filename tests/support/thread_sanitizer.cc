// What the thread sanitizer is told to pass over, in every test of the `tsan` preset.
//
// Debian's gRPC and abseil are not built for the sanitizer: it sees their calls of epoll, close and
// memmove, but not the atomics that order them. Each line names the smallest such place, so that
// our own code called from a gRPC thread is still watched.
// Reason: "ThreadSanitizer generally requires all code to be compiled with -fsanitize=thread",
// https://github.com/google/sanitizers/wiki/ThreadSanitizerCppManual (read 2026-11).
// Nor is Arrow, whose own allocator hands memory of one thread to another: it is told to use
// malloc, which the sanitizer knows (https://arrow.apache.org/docs/cpp/env_vars.html, read
// 2026-11).
#include <cstdlib>

extern "C" const char* __tsan_default_suppressions();  // NOLINT: the sanitizer's name

namespace {
[[maybe_unused]] const int kPoolChosen = setenv("ARROW_DEFAULT_MEMORY_POOL", "system", 0);
}  // namespace

extern "C" const char* __tsan_default_suppressions() {  // NOLINT
  return "race:grpc_event_engine::posix_engine::Epoll1Poller::DoEpollWait\n"
         "race:grpc_event_engine::posix_engine::Epoll1Poller::Epoll1Poller\n"
         "race:grpc_event_engine::posix_engine::EventFdWakeupFd::\n"
         "race:absl::*::synchronization_internal::GraphCycles::\n";
}
