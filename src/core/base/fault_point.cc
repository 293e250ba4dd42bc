#include "core/base/fault_point.h"

#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace firn {
namespace {

// Sorted by the life of a row. A new FIRN_FAULT_POINT goes here too (tests/house checks).
constexpr FaultPointInfo kPoints[] = {
    {"base.file.write", "bytes are about to be written to a file (disk-full only)"},
    {"base.file.before_rename", "a file is written and synced under its temporary name"},
    {"base.file.after_rename", "a file has its final name, its folder is not yet synced"},
    {"events.outbox.before_commit", "events and their deliveries are in the open transaction"},
    {"events.outbox.after_commit", "events are in the outbox, the stream does not know it"},
    {"events.target.before_call", "deliveries are taken up, their target knows nothing of them"},
    {"events.target.after_call", "a target took deliveries, the outbox does not know it"},
    {"events.outcome.before_commit", "what became of deliveries is in the open transaction"},
    {"events.outcome.after_commit", "the outbox knows what became of deliveries"},
    {"events.letter.queued", "a queue has dead letters, the local store does not know it"},
    {"events.redrive.before_commit", "a dead letter is a delivery again in the open transaction"},
    {"events.table.before_commit", "a table's changes of a cycle are put together"},
    {"events.table.committed", "a table has committed a cycle, others have not, the cursor stands"},
    {"events.cycle.settling", "events were taken, nothing of the cycle is committed"},
    {"events.cycle.settled", "all tables have committed a cycle, the cursor does not say so"},
    {"events.cursor.saved", "the cursor has passed a cycle"},
    {"events.commit.asked", "a managed subscription is asked to keep the cursor"},
    {"events.commit.answered", "the org keeps the cursor of a managed subscription, or not"},
    {"events.quarantined", "an event lies in the quarantine, the cursor has not passed it"},
    {"exports.run.created", "a run stands in the ledger, nothing has been asked of the org"},
    {"exports.object.described", "an object's describe has come, nothing is recorded of it"},
    {"exports.table.ready", "the object's table exists, its layout is not yet recorded"},
    {"exports.job.created", "the org has made a job that the ledger does not know"},
    {"exports.job.recorded", "the ledger knows the job, its result has not been asked for"},
    {"exports.page.fetched", "a page's rows are in a lane, in no closed file"},
    {"exports.file.closed", "a data file is closed and synced, the ledger does not know it"},
    {"exports.file.recorded", "a data file is closed and stands in the ledger"},
    {"exports.fetch.complete", "all pages are durable, the ledger still says `fetching`"},
    {"exports.columns.noted", "the table knows which columns are to be filled, its schema is old"},
    {"exports.columns.evolved", "the table has its new columns, they are empty"},
    {"exports.deletes.listed", "the Ids of getDeleted are on disk, the window's job is not made"},
    {"exports.forget.planned_anew",
     "a window is planned anew, rows that were staged for it still lie there"},
    {"exports.merge.before", "a window is fetched, nothing of it is merged"},
    {"exports.merge.part", "a part of a window is merged, the table's progress is the old one"},
    {"exports.merge.after", "a window is merged with its progress, the ledger does not know it"},
    {"exports.merge.recorded", "the ledger knows the merge, the window's files still lie there"},
    {"exports.commit.before", "all files are recorded, the snapshot is not made"},
    {"exports.commit.after", "the snapshot is committed, the ledger does not know it"},
    {"exports.commit.recorded", "the ledger knows the snapshot, nothing is reconciled"},
    {"exports.reconcile.before", "reconciling is about to begin"},
    {"exports.reconcile.after", "an object is reconciled, its run is not finished"},
    {"exports.run.before_finish", "all objects are done, the run is not marked as finished"},
    {"engine.rotate.key_made", "a new sign-in key is kept, the rotation is not yet begun"},
    {"engine.rotate.kept_aside", "the old sign-in key is kept aside, the current one is the old"},
    {"engine.rotate.switched", "the current sign-in key is the new one, nothing says so yet"},
    {"federation.publish.source_read", "rows to publish are open, the target is as it was"},
    {"federation.publish.table_made", "the target of a publication is made and empty"},
    {"federation.publish.rows_written", "published rows are in data files of no snapshot"},
    {"federation.publish.committed", "a publication is committed, nobody has said so"},
    {"federation.cloud.parts_ready", "rows for Data Cloud lie in parts, no job is made"},
    {"federation.cloud.job_made", "Data Cloud has made a job that the ledger does not know"},
    {"federation.cloud.job_recorded", "the ledger knows the job, it holds no rows"},
    {"federation.cloud.request_sent",
     "Data Cloud has accepted a streaming request, the ledger does not know it"},
    {"federation.cloud.request_recorded", "the ledger knows of the streaming request"},
    {"federation.cloud.part_sent", "Data Cloud has a part, the ledger does not know it"},
    {"federation.cloud.part_recorded", "the ledger knows that a part was sent"},
    {"federation.cloud.job_closed", "Data Cloud works on the job, the ledger calls it open"},
    {"federation.cloud.done", "all jobs are complete, their parts still lie here"},
    {"salesforce.token.rotated", "the org gave a new refresh token, it is not saved yet"},
    {"salesforce.token.saved", "the new refresh token is saved, its session is not used yet"},
    {"state.file.before_commit", "a data file and its pages are in the ledger's open transaction"},
    {"state.file.after_commit", "the ledger says that a data file and its pages are durable"},
    {"lake.ingest.file_opened", "a data file is begun, its first rows are on their way into it"},
    {"lake.ingest.before_sync", "a data file is written to its end, not yet synced"},
    {"lake.ingest.file_synced", "a data file and its folder are synced, nobody was told"},
    {"lake.create.before_catalog", "a table's first metadata is synced, the catalog lacks it"},
    {"lake.create.after_catalog", "the catalog has the new table"},
    {"catalog.commit.after_metadata", "the server wrote a client's metadata file, not yet synced"},
    {"catalog.commit.before_catalog", "that file is synced, the catalog not yet changed"},
    {"catalog.commit.after_catalog", "the catalog has the client's commit, its answer is not sent"},
    {"federation.mirror.before_register", "a mirror is about to register a table it lacks"},
    {"federation.mirror.before_update", "a mirror is about to show a table's newest state"},
    {"federation.mirror.after_update", "the mirror shows the newest state, nobody was told"},
    {"catalog.view.before_catalog", "a view's metadata is synced, the catalog not yet changed"},
    {"lake.erase.prepared", "the table's history may be let go, the record is still in its files"},
    {"lake.erase.committed", "the record's files are replaced, the table's own rules not yet back"},
    {"lake.commit.after_data", "data files and their folders are synced, nothing refers to them"},
    {"lake.commit.after_manifest", "the manifest of the added files is synced"},
    {"lake.commit.after_deleted", "a manifest of replaced files is synced"},
    {"lake.commit.after_merged", "small manifests are put together in a synced one"},
    {"lake.commit.after_manifest_list", "the manifest list is synced"},
    {"lake.commit.after_metadata", "the metadata file is synced, its folder is not"},
    {"lake.commit.before_catalog", "all files and folders are synced, the catalog has the old row"},
    {"lake.commit.after_catalog",
     "the catalog has the new row, old metadata files still lie there"},
    {"lake.compact.before_commit", "compacted rows are in a synced file that no snapshot has yet"},
    {"lake.maintain.orphan_removed", "one file that nothing refers to is removed"},
    {"lake.merge.rows_written", "a merge's changed rows are on their way into a data file"},
    {"lake.merge.file_folded", "a merge has written the rows of another file again"},
    {"lake.merge.deletes_written",
     "a merge's data and delete files are synced, nothing refers to them"},
    {"lake.merge.committed", "a merge is committed, its index does not know yet"},
    {"lake.changelog.made", "a changelog is there, its table does not know of it"},
    {"lake.changelog.written",
     "a merge's changes are in a file of the changelog, none is committed"},
    {"lake.changelog.appended", "a merge and its changes are committed, nobody knows it yet"},
    {"lake.s3.before_send", "a data file is closed and synced here, nothing of it is on S3"},
    {"lake.s3.sent", "a data file is on S3, the copy here is still there"},
    {"lake.index.before_rename", "a key index is written, under another name"},
    {"sandbox.ingest.before_commit",
     "an ingest job's results are synced, its rows are not committed"},
    {"sandbox.ingest.after_commit", "an ingest job's rows and its progress are committed"},
};

constexpr std::string_view kAnyPoint = "*";

struct Armed {
  std::string name;
  std::atomic<int> passages_left{0};
  bool disk_full = false;
};

Armed& ArmedPoint() {
  static Armed armed;
  return armed;
}

bool Reached(std::string_view name) {
  Armed& armed = ArmedPoint();
  return (armed.name == name || armed.name == kAnyPoint) && armed.passages_left.fetch_sub(1) == 1;
}

}  // namespace

namespace internal {

std::atomic<bool> fault_armed{false};

void PassFaultPoint(std::string_view name) {
  if (!ArmedPoint().disk_full && Reached(name)) {
    kill(getpid(), SIGKILL);
    pause();
  }
}

bool FaultPointFails(std::string_view name) {
  return fault_armed.load(std::memory_order_relaxed) && ArmedPoint().disk_full && Reached(name);
}

}  // namespace internal

std::span<const FaultPointInfo> FaultPoints() { return kPoints; }

void ArmFaultPointsFromEnvironment() {
  const char* text = std::getenv("FIRN_FAULT_POINT");
  if (text == nullptr || *text == '\0') return;
  const std::string spec = text;
  const size_t colon = spec.find(':');
  ArmedPoint().name = spec.substr(0, colon);
  ArmedPoint().passages_left = colon == std::string::npos ? 1 : std::atoi(spec.c_str() + colon + 1);
  const char* action = std::getenv("FIRN_FAULT_ACTION");
  ArmedPoint().disk_full = action != nullptr && std::string_view(action) == "disk-full";
  internal::fault_armed = true;
}

}  // namespace firn
