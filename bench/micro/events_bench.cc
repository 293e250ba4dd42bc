// What change events cost a writer: rows a second into an org's store by Mutate, in transactions of
// 2,000 rows as an ingest makes them, with and without the event log. Prints one JSON object.
#include <stdlib.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>

#include "sandbox/events/change_capture.h"
#include "sandbox/usage.h"

namespace {

using namespace firn;           // NOLINT(google-build-using-namespace)
using namespace firn::sandbox;  // NOLINT(google-build-using-namespace)

constexpr int kRows = 100'000;
constexpr int kRowsPerCall = 2'000;

struct Rate {
  double wall;  // rows a second as they passed
  double core;  // of this process's CPU time: what an idle core would do
};

Rate RowsPerSecond(Org& org, int round) {
  const auto begin = std::chrono::steady_clock::now();
  const std::clock_t cpu = std::clock();
  for (int done = 0; done < kRows; done += kRowsPerCall) {
    std::vector<std::string> names;
    std::vector<std::array<Cell, 5>> cells(kRowsPerCall);
    std::vector<Mutation> mutations;
    names.reserve(kRowsPerCall);
    for (int i = 0; i < kRowsPerCall; ++i) {
      names.push_back("Account " + std::to_string(round) + "-" + std::to_string(done + i));
      cells[i] = {Cell{"Name", names.back()}, Cell{"BillingCity", "Oslo"},
                  Cell{"BillingStreet", names.back()}, Cell{"NumberOfEmployees", "12"},
                  Cell{"Description", "made for the bench, a text of some length as people write"}};
      mutations.push_back(
          {.kind = Mutation::Kind::kInsert, .object = "Account", .cells = cells[i]});
    }
    const auto outcomes = org.Mutate(mutations, {.rows_per_key = 200});
    if (!outcomes || (*outcomes)[0].error) std::abort();
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  return {kRows / took.count(), kRows / (static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC)};
}

}  // namespace

int main() {
  std::string folder = (std::filesystem::temp_directory_path() / "firn-bench-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return 1;
  {
    const auto org = Org::Open({.folder = folder}).value();
    const Rate without = RowsPerSecond(*org, 1);
    const auto db = ApiDb::Open(folder).value();
    const auto usage = UsageMeter::Open(*db, SystemClock()).value();
    const auto bus = EventBus::Open({*org, *db, SystemClock()}).value();
    ChangeCapture capture(*bus, *usage);
    if (!org->AddSink(&capture)) return 1;
    const Rate with = RowsPerSecond(*org, 2);
    org->RemoveSink(&capture);
    std::printf(
        "{\"rows\": %d, \"without_events\": {\"rows_per_s_wall\": %.0f, \"rows_per_s_core\": %.0f},"
        " \"with_events\": {\"rows_per_s_wall\": %.0f, \"rows_per_s_core\": %.0f}}\n",
        kRows, without.wall, without.core, with.wall, with.core);
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  return 0;
}
