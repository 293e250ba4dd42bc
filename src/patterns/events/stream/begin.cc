// StreamRun: the lease, the place to begin, and what to do when that is lost.
#include <algorithm>

#include "core/base/log.h"
#include "core/base/time_text.h"
#include "patterns/events/stream/managed_stream.h"
#include "patterns/events/stream/run.h"
#include "patterns/events/stream/start.h"

namespace firn::events {
namespace {

using From = salesforce::ReplayPosition::From;

constexpr auto kClocksApartMax = std::chrono::hours(1);
constexpr auto kLeasePoll = std::chrono::milliseconds(500);
constexpr int kLostInARowMax = 3;
constexpr auto kQuarantineKept = std::chrono::days(30);

}  // namespace

Result<void> StreamRun::WaitForLease() {
  if (parts_.leases == nullptr) return {};
  const state::LeaseTerms terms{parts_.org, "events " + options_.topic, parts_.lease_holder,
                                options_.lease_length};
  for (bool told = false;; told = true) {
    FIRN_CHECK(call_.Check());
    auto held = parts_.leases->Acquire(terms);
    if (held) {
      lease_ = *held;
      lease_renewed_ = call_.clock->Steady();
      return OutgrowTables(terms);
    }
    if (held.error().kind() != Kind::kConflict) return Fail(std::move(held).error());
    if (!told) {
      Tell(StreamState::kWaiting, held.error().what());
      Note("waiting: " + held.error().what());
    }
    FIRN_CHECK(call_.Sleep(kLeasePoll));
  }
}

// Epochs count from one again when the state is lost; the tables remember larger ones and would
// refuse every commit.
Result<void> StreamRun::OutgrowTables(const state::LeaseTerms& terms) {
  int64_t newest = 0;
  for (const FollowedTable& followed : options_.tables) {
    const auto table = parts_.lake.lake->Load(followed.table);
    if (table) newest = std::max(newest, lake::LeaseEpochOf(*table).value_or(0));
  }
  while (lease_->epoch < newest) {
    FIRN_CHECK(call_.Check());
    FIRN_TRY(lease_, parts_.leases->Acquire(terms));
  }
  return {};
}

Result<void> StreamRun::RenewLease(const Call& call) {
  if (!lease_ || call.clock->Steady() - lease_renewed_ < options_.lease_length / 3) return {};
  FIRN_TRY(lease_, parts_.leases->Renew({parts_.org, "events " + options_.topic,
                                         parts_.lease_holder, options_.lease_length},
                                        lease_->epoch));
  lease_renewed_ = call.clock->Steady();
  return {};
}

// Now, where the cursor seems to be older than what the org keeps; 0 where it is not, or where this
// machine's clock is not to be trusted. An org may take an id that it no longer knows for the
// oldest event, in silence (wso2 product-integrator-mi issue 4768).
int64_t StreamRun::TimeToJudgeBy(const std::optional<StreamCursor>& cursor) {
  const std::chrono::milliseconds age(NowMs() - (cursor ? cursor->alive_ms : NowMs()));
  if (age <= kEventsKept) return 0;
  const auto org_time = parts_.lake.rest->OrgTime(call_);
  if (!org_time) return 0;
  const auto apart = call_.clock->Now() - *org_time;
  return apart > -kClocksApartMax && apart < kClocksApartMax ? NowMs() : 0;
}

Result<void> StreamRun::Begin() {
  FIRN_CHECK(quarantine_.RemoveBefore(call_.clock->Now() - kQuarantineKept));
  StartFacts facts;
  FIRN_TRY(facts.cursor, LoadCursor(*parts_.shared, parts_.org, options_.topic));
  facts.now_ms = TimeToJudgeBy(facts.cursor);
  facts.org_id = parts_.org_id;
  facts.instance = parts_.instance;
  for (const FollowedTable& followed : options_.tables) {
    FIRN_TRY(auto table, Doing(LakeTable::Open(call_, parts_.lake, followed),
                               "opening the table of " + followed.object));
    facts.marks.push_back(table->Mark(options_.topic));
    by_entity_[followed.object] = table.get();
    tables_.push_back(std::move(table));
  }
  StartPlan plan = PlanStart(facts);
  FIRN_CHECK(LetJoin(facts, plan));
  cursor_ = facts.cursor.value_or(StreamCursor{});
  cursor_.cycle = plan.cycle;
  cursor_.org_id = parts_.org_id;
  cursor_.managed = options_.managed;
  if (!parts_.instance.empty()) cursor_.instance = parts_.instance;
  if (cursor_.events_since_ms == 0) cursor_.events_since_ms = NowMs();
  for (const auto& table : tables_) {
    cursor_.event_ms = std::max(cursor_.event_ms, table->counts().event_ms);
  }
  if (!plan.lost.empty()) return Lost(plan.lost);
  cursor_.replay_id = position_ = plan.position.replay_id;
  for (size_t i = 0; i < tables_.size(); ++i) tables_[i]->SkipUntil(plan.skip_until[i]);
  if (plan.first) {
    FIRN_CHECK(FirstStart(false));
    FIRN_CHECK(BeginTrail());
  }
  // Tables go on where their export was made; rules alone where the org says, if it keeps that.
  return Subscribe(plan.position, !plan.first || !tables_.empty());
}

// Everything that the org still keeps is replayed; what lies before a table's export is in it.
Result<void> StreamRun::FirstStart(bool lost_before) {
  const UtcMicros kept_since = call_.clock->Now() - kEventsKept;
  for (const auto& table : tables_) {
    const auto exported = table->ExportedUntil();
    if (!exported) continue;
    table->SkipBefore(MsOf(*exported - kLateCommits));
    if (*exported - kLateCommits >= kept_since || lost_before) continue;
    if (options_.on_lost == OnLost::kFail) {
      return Fail(Error(Kind::kExpired, "EVENT-LOST-001",
                        "the events since the last export of `" + table->followed().object +
                            "` are not kept any more")
                      .Because("it was read up to " + FormatUtc(*exported, 0) +
                               ", events are kept for 72 hours")
                      .Hint("read what changed since: `firn events follow --on-lost backfill`"));
    }
    Note("reading what changed in " + table->followed().object + " since its last export");
    table->RereadSince(*exported - kLateCommits);
    ++report_.backfills;
  }
  return {};
}

void StreamRun::NoteStream(const salesforce::StreamNote& note) const {
  if (note.what == salesforce::StreamNote::What::kOpened) Tell(StreamState::kOpen, "");
  if (note.what == salesforce::StreamNote::What::kEnded ||
      note.what == salesforce::StreamNote::What::kSilent) {
    Tell(StreamState::kBroken, note.why);
    Note("the stream ended (" + note.why + "), trying again in " + FormatDuration(note.again));
  }
}

Result<void> StreamRun::Subscribe(salesforce::ReplayPosition from, bool is_ours) {
  salesforce::SubscribeOptions wish;
  wish.topic = options_.topic;
  wish.managed = options_.managed;
  wish.start = std::move(from);
  wish.silence_max = options_.silence_max;
  wish.note = [this](const salesforce::StreamNote& note) { NoteStream(note); };
  subscription_.reset();  // the old stream is gone before the new one begins
  commits_heard_ = 0;
  if (options_.managed.empty()) {
    FIRN_TRY(subscription_, parts_.pubsub->Subscribe(std::move(wish)));
    return {};
  }
  ManagedStreamOptions managed;
  managed.wish = std::move(wish);
  managed.has_position = is_ours;
  managed.patient = options_.until_caught_up;
  managed.tell = [this](const std::string& text) { Note(text); };
  FIRN_TRY(subscription_, ManagedStream::Open(*parts_.pubsub, std::move(managed)));
  return {};
}

Result<void> StreamRun::Lost(const std::string& why) {
  log::Err("events.position_lost", {{"topic", options_.topic}, {"why", why}});
  cursor_.lost = why;
  FIRN_CHECK(Save());
  if (options_.on_lost == OnLost::kBackfill && ++lost_in_a_row_ <= kLostInARowMax) {
    return Backfill(why);
  }
  return Fail(
      Error(Kind::kExpired, "EVENT-LOST-001", "the position in `" + options_.topic + "` is lost")
          .Because(why)
          .Hint("read what changed since and go on: `firn events follow --on-lost "
                "backfill`; deletes that bypass the recycle bin are found by `firn export "
                "run --mode incremental --sweep`"));
}

Result<void> StreamRun::Backfill(const std::string& why) {
  Note("the position is lost (" + why + "): reading again what changed since the last event");
  ++report_.backfills;
  for (const auto& table : tables_) {
    std::optional<UtcMicros> since;
    if (cursor_.event_ms > 0) since = AtMs(cursor_.event_ms);
    if (!since) since = table->ExportedUntil();
    if (!since) {
      return Fail(
          Error(Kind::kExpired, "EVENT-LOST-002",
                "nothing tells since when `" + table->followed().object + "` has to be read again")
              .Hint("export it whole: `firn export run " + table->followed().object +
                    " --mode full`"));
    }
    table->SkipUntil("");
    table->SkipBefore(MsOf(*since - kLateCommits));
    table->RereadSince(*since - kLateCommits);
  }
  // Positions of before mean nothing now; what the org keeps is replayed over what is read.
  cursor_.replay_id.clear();
  position_.clear();
  // No cycle of before is newer than one to come: what a table has of it is told by no event now.
  ++cursor_.cycle;
  FIRN_CHECK(BeginTrail());
  return Subscribe({From::kEarliest, ""});
}

}  // namespace firn::events
