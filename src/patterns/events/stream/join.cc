// StreamRun: tables that join a topic which was followed before without them.
#include <algorithm>

#include "core/base/log.h"
#include "core/base/time_text.h"
#include "ends/lake/format/metadata.h"
#include "patterns/events/stream/run.h"

namespace firn::events {
namespace {

constexpr int64_t kStepEveryMs = std::chrono::milliseconds(std::chrono::minutes(10)).count();
constexpr int64_t kKeptMs = std::chrono::milliseconds(std::chrono::hours(72)).count();

const std::string& UuidOf(const LakeTable& table) { return table.table().metadata().table_uuid; }

// Since when the table lacks changes; nothing: nobody knows.
std::optional<UtcMicros> LacksSince(const LakeTable& table, const std::optional<TableMark>& mark) {
  std::optional<UtcMicros> has = table.ExportedUntil();
  if (mark && mark->event_ms > 0) has = std::max(has.value_or(UtcMicros{}), AtMs(mark->event_ms));
  if (has) *has -= kLateCommits;
  return has;
}

}  // namespace

// Goes back to where the events that joining tables lack begin; where that is not known any more,
// they are read again over REST.
Result<void> StreamRun::LetJoin(StartFacts& facts, StartPlan& plan) {
  FIRN_TRY(const auto trail, LoadTrail(*parts_.shared, parts_.org, options_.topic));
  trail_ = trail.value_or(StreamTrail{});
  const StreamTrail before = trail_;
  trail_.tables.clear();
  std::vector<size_t> joining;
  for (size_t i = 0; i < tables_.size(); ++i) {
    trail_.tables.push_back(UuidOf(*tables_[i]));
    // Older versions kept no trail: there a mark tells who followed.
    const bool followed = trail ? before.Follows(trail_.tables.back()) : facts.marks[i].has_value();
    if (!followed) joining.push_back(i);
  }
  if (plan.first || !plan.lost.empty()) return {};
  std::optional<UtcMicros> since;
  for (const size_t i : joining) {
    const auto lacks = LacksSince(*tables_[i], facts.marks[i]);
    if (lacks) since = since ? std::min(*since, *lacks) : *lacks;
  }
  if (since) {
    // What comes again from before an export is in it.
    for (const auto& table : tables_) {
      if (const auto exported = table->ExportedUntil()) {
        table->SkipBefore(MsOf(*exported - kLateCommits));
      }
    }
    const auto step = before.Before(MsOf(*since), NowMs());
    if (step && facts.cursor) {
      facts.cursor->replay_id = step->replay_id;
      facts.cursor->cycle = step->cycle;
      facts.cursor->known_ms = step->at_ms;
      plan = PlanStart(facts);
      Note("going back to " + FormatUtc(AtMs(step->at_ms), 0) + " for tables that join");
      // First the place, then who stands there: cut in between, they join once more.
      FIRN_CHECK(SaveCursor(*parts_.shared, parts_.org, options_.topic, *facts.cursor));
    } else {
      for (const size_t i : joining) {
        const auto lacks = LacksSince(*tables_[i], facts.marks[i]);
        if (!lacks) continue;
        log::Warn(
            "events.join_by_reading",
            {{"table", tables_[i]->followed().table.Text()},
             {"since", FormatUtc(*lacks, 0)},
             {"text", "records deleted past the recycle bin meanwhile are found by a sweep"}});
        tables_[i]->RereadSince(*lacks);
        ++report_.backfills;
      }
      trail_is_old_ = true;  // they follow once what was read is settled
      return {};
    }
  }
  return SaveTrail(*parts_.shared, parts_.org, options_.topic, trail_);
}

// At the oldest event that is kept: whoever joins soon goes back to here.
Result<void> StreamRun::BeginTrail() {
  trail_.steps.clear();
  trail_.Add({NowMs(), NowMs() - kKeptMs, "", cursor_.cycle});
  return SaveTrail(*parts_.shared, parts_.org, options_.topic, trail_);
}

// What was committed after the cursor's last sign of life lies behind the cursor.
Result<void> StreamRun::AddToTrail() {
  const int64_t now = NowMs();
  if (!cursor_.lost.empty() || cursor_.replay_id.empty()) return {};
  const bool due = trail_.steps.empty() || now - trail_.steps.back().at_ms >= kStepEveryMs;
  if (!due && !trail_is_old_) return {};
  if (due) trail_.Add({now, now, cursor_.replay_id, cursor_.cycle});
  trail_is_old_ = false;
  return SaveTrail(*parts_.shared, parts_.org, options_.topic, trail_);
}

}  // namespace firn::events
