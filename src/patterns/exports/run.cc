// Runs and resumes: which objects go side by side, and what stops them all.
#include "patterns/exports/object/run.h"

#include <algorithm>
#include <map>
#include <optional>
#include <thread>

#include "core/base/fault_point.h"
#include "core/base/random.h"
#include "core/base/time_text.h"
#include "patterns/exports/export.h"

namespace firn::exports {
namespace {

// What the process holds besides lanes: libraries, catalog, connections and their buffers.
constexpr int64_t kBaseBytes = 96LL << 20;
// One lane at its fullest: a row group in columns, the blocks of its page, the encoder.
constexpr int64_t kLaneBytes = 160LL << 20;

std::string NewRunId(const Call& call) {
  std::string id = FormatUtc(call.clock->Now(), 0);
  std::erase_if(id, [](char c) { return c == '-' || c == ':'; });
  return id + "-" + NewUuid(*call.random).substr(0, 6);
}

int LanesFor(const ExportOptions& options) {
  const int64_t room = std::max<int64_t>(options.memory_bytes - kBaseBytes, 0) / kLaneBytes;
  return static_cast<int>(std::clamp<int64_t>(room, 1, std::max(options.threads, 1)));
}

// After this, going on with other objects would fail the same way or worse.
bool StopsTheRun(const Error& error) {
  switch (error.kind()) {
    case Kind::kLimitReached:
    case Kind::kCancelled:
    case Kind::kDenied:
    case Kind::kInternal:
      return true;
    default:
      return false;
  }
}

// Passes an interrupt on to the objects, and ends their grace when its time is over.
class Interrupt {
 public:
  Interrupt(const Call& call, std::chrono::milliseconds grace, RunShared& shared)
      : passed_on_(call.stop, [&shared] { shared.soft.request_stop(); }),
        timer_([&shared, grace](const std::stop_token& over) {
          std::mutex mutex;
          std::condition_variable_any wake;
          std::stop_callback on_soft(shared.soft.get_token(), [&] {
            std::lock_guard lock(mutex);
            wake.notify_all();
          });
          std::unique_lock lock(mutex);
          const bool stopping =
              wake.wait(lock, over, [&shared] { return shared.soft.stop_requested(); });
          if (!stopping) return;
          wake.wait_for(lock, over, grace, [] { return false; });
          if (!over.stop_requested()) shared.hard.request_stop();
        }) {}

 private:
  std::stop_callback<std::function<void()>> passed_on_;
  std::jthread timer_;
};

struct Carried {
  state::ObjectRow row;
  ObjectFacts facts;
  std::optional<Error> error;
};

void CarryObjects(const Call& call, RunShared& shared, std::vector<Carried>& objects) {
  std::atomic<size_t> next{0};
  const auto work = [&] {
    for (;;) {
      const size_t i = next.fetch_add(1);
      if (i >= objects.size() || shared.soft.stop_requested()) return;
      ObjectRun run(shared, objects[i].row, objects[i].facts);
      auto done = run.Run(call);
      if (done) continue;
      if (const auto why = WhyLeftOut(objects[i].facts.spec, done.error())) {
        done = run.LeaveOut(call, *why);
        if (done) continue;
      }
      if (StopsTheRun(done.error())) shared.soft.request_stop();
      objects[i].error = std::move(done).error();
    }
  };
  std::vector<std::jthread> others;
  const size_t at_once =
      std::min<size_t>(objects.size(), std::max(shared.options.objects_at_once, 1));
  for (size_t i = 1; i < at_once; ++i) others.emplace_back(work);
  work();
}

std::string OutcomeWord(const ExportParts& parts, const RunOutcome& outcome,
                        const std::string& org) {
  if (!outcome.errors.empty()) return outcome.errors.front().code();
  auto rows = parts.ledger->Objects(org, outcome.run_id);
  if (!rows) return "";
  Verdict worst = rows->empty() ? Verdict::kExact : Verdict::kNone;
  for (const state::ObjectRow& row : *rows) {
    const auto facts = FactsFromJson(row.facts);
    if (facts) worst = Worse(worst, facts->verdict);
  }
  return std::string(VerdictName(worst));
}

Result<RunOutcome> Carry(const Call& call, const ExportParts& parts, const ExportOptions& options,
                         const state::RunRow& run) {
  RunOutcome outcome;
  outcome.run_id = run.run_id;
  LanePool lanes(LanesFor(options));
  RunShared shared{.parts = parts,
                   .options = options,
                   .run_id = run.run_id,
                   .run_started = run.started,
                   .key_prefixes = {},
                   .lanes = lanes};
  FIRN_TRY(const auto rows, parts.ledger->Objects(parts.org, run.run_id));
  std::vector<Carried> objects;
  for (const state::ObjectRow& row : rows) {
    if (row.state == state::ObjectState::kDone) continue;
    FIRN_TRY(auto facts, FactsFromJson(row.facts));
    objects.push_back({row, std::move(facts), std::nullopt});
  }
  auto offered = parts.rest->DescribeGlobal(call);
  if (offered) {
    for (const auto& info : *offered) {
      if (!info.key_prefix.empty()) shared.key_prefixes[info.key_prefix] = info.name;
    }
    Interrupt interrupt(call, options.grace, shared);
    CarryObjects(call, shared, objects);
  } else {
    outcome.errors.push_back(std::move(offered).error());
  }
  for (Carried& object : objects) {
    if (object.error) outcome.errors.push_back(*std::move(object.error));
  }
  // What stopped the run is told before what it stopped.
  std::stable_partition(outcome.errors.begin(), outcome.errors.end(),
                        [](const Error& error) { return error.kind() != Kind::kCancelled; });
  const bool stopped = shared.soft.stop_requested() || call.stop.stop_requested();
  outcome.interrupted = stopped || !outcome.errors.empty();
  FIRN_FAULT_POINT("exports.run.before_finish");
  const auto state = outcome.interrupted
                         ? (stopped ? state::RunState::kInterrupted : state::RunState::kFailed)
                         : state::RunState::kDone;
  FIRN_CHECK(parts.ledger->FinishRun(parts.org, run.run_id, state, call.clock->Now(),
                                     OutcomeWord(parts, outcome, parts.org)));
  return outcome;
}

}  // namespace

Result<RunOutcome> RunExport(const Call& call, const ExportParts& parts,
                             const ExportOptions& options, const std::vector<ObjectSpec>& specs) {
  state::RunRow run;
  run.org = parts.org;
  run.run_id = NewRunId(call);
  run.request = parts.org_id;
  run.started = call.clock->Now();
  std::vector<state::ObjectRow> rows;
  for (const ObjectSpec& spec : specs) {
    ObjectFacts facts;
    facts.spec = spec;
    state::ObjectRow row;
    row.object = spec.object;
    row.position = static_cast<int>(rows.size());
    row.facts = FactsToJson(facts);
    rows.push_back(std::move(row));
  }
  FIRN_CHECK(parts.ledger->CreateRun(run, rows));
  FIRN_FAULT_POINT("exports.run.created");
  return Carry(call, parts, options, run);
}

Result<RunOutcome> ResumeExport(const Call& call, const ExportParts& parts,
                                const ExportOptions& options, const std::string& run_id) {
  FIRN_TRY(auto run, parts.ledger->Run(parts.org, run_id));
  if (run.state == state::RunState::kDone) {
    return Fail(Error(Kind::kConflict, "EXPORT-RUN-001", "run `" + run_id + "` is done already")
                    .Hint("`firn export show " + run_id + "` shows its report"));
  }
  if (run.request != parts.org_id) {
    return Fail(Error(Kind::kConflict, "EXPORT-RUN-002",
                      "run `" + run_id + "` was made against org " + run.request)
                    .Because("`" + parts.org + "` is now org " + parts.org_id));
  }
  FIRN_CHECK(parts.ledger->ReopenRun(parts.org, run_id));
  return Carry(call, parts, options, run);
}

}  // namespace firn::exports
