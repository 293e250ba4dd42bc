#include "patterns/federation/publish/cloud_publication.h"

#include <algorithm>

#include "core/base/fault_point.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/time_text.h"
#include "patterns/federation/publish/cloud_csv.h"
#include "patterns/federation/publish/cloud_requests.h"
#include "patterns/federation/publish/cloud_stream.h"

namespace firn::federation {
namespace {

using salesforce::IngestJob;
using salesforce::IngestState;

// Below the vendor's limit: a part that was sent twice counts twice.
constexpr size_t kPartsPerJob = salesforce::kIngestPartsMax - 10;
// Of kAuto: what a few seconds of streaming take, some 10 MB. Above it, a bulk job says of every
// row whether it went in.
constexpr int64_t kRequestsAuto = 50;
// How far the clocks of this machine and of Data Cloud may be apart.
constexpr int64_t kClockMarginMs = 5LL * 60 * 1000;

int64_t NowOf(const Call& call) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(call.clock->Now().time_since_epoch())
      .count();
}

class CloudPublisher {
 public:
  CloudPublisher(salesforce::DataCloud* cloud, const CloudPublication& publication)
      : cloud_(cloud),
        wanted_(publication),
        ledger_path_(publication.work_folder + "/ledger.json") {}

  Result<CloudReport> Run(const Call& call) {
    FIRN_CHECK(CloudCsv::CheckTypes(wanted_.contract.rows.schema, wanted_.contract.where));
    if (wanted_.contract.rows.key.empty())
      return Fail(Error(Kind::kBadInput, "PUB-CLOUD-001", "Data Cloud cannot take these rows")
                      .At(wanted_.contract.where)
                      .Because("the contract declares no key, so that a row sent twice would be "
                               "there twice")
                      .Hint("declare the object's primary key as `key`"));
    if (wanted_.target.operation == salesforce::IngestOperation::kDelete &&
        wanted_.contract.rows.key.size() != 1)
      return Fail(Error(Kind::kBadInput, "PUB-CLOUD-001", "Data Cloud cannot take these rows")
                      .At(wanted_.contract.where)
                      .Because("records are deleted by one column, the object's primary key"));
    FIRN_TRY(const auto before, CloudLedger::Load(ledger_path_));
    const bool unfinished = before && before->state == CloudLedger::State::kSending;
    if (unfinished && !wanted_.dry_run) {
      ledger_ = *before;
      if (!wanted_.restart) {
        report_.resumed = true;
        return SendAll(call);
      }
      FIRN_CHECK(GiveUp(call));
    }
    if (!unfinished && before && Unchanged(*before)) {
      ledger_ = *before;
      return Told(CloudReport::Outcome::kUnchanged);
    }
    FIRN_CHECK(RemoveParts());
    FIRN_CHECK(MakeParts(call));
    if (wanted_.dry_run) {
      FIRN_CHECK(RemoveParts());
      return Told(CloudReport::Outcome::kWouldPublish);
    }
    FIRN_CHECK(Save());
    FIRN_FAULT_POINT("federation.cloud.parts_ready");
    return SendAll(call);
  }

 private:
  Result<void> Save() const { return ledger_.Save(ledger_path_); }
  void Say(const std::string& doing) const {
    if (wanted_.progress) wanted_.progress(doing);
  }

  bool Unchanged(const CloudLedger& before) const {
    return !wanted_.again && before.state == CloudLedger::State::kDone &&
           before.operation == IngestOperationName(wanted_.target.operation) &&
           before.manifest.contract.digest == wanted_.contract.digest &&
           SameOrigin(before.manifest, wanted_.source);
  }

  // Parts of a call that was stopped before its ledger named them, or of one that is done.
  Result<void> RemoveParts() const {
    FIRN_TRY(const auto names, ListFolder(wanted_.work_folder));
    for (const std::string& name : names) {
      if (name.starts_with("part-")) FIRN_CHECK(RemoveFile(wanted_.work_folder + "/" + name));
    }
    return {};
  }

  Result<void> MakeParts(const Call& call) {
    ledger_ = {};
    ledger_.connector = wanted_.target.connector;
    ledger_.object = wanted_.target.object;
    ledger_.operation = IngestOperationName(wanted_.target.operation);
    if (wanted_.way == CloudWay::kBulk) return MakeFiles(call);
    FIRN_TRY(const bool enough, MakeRequests(call));
    if (enough) return {};
    log::Info("cloud.too_many_to_stream", {{"object", ledger_.object}});
    FIRN_CHECK(RemoveParts());
    return MakeFiles(call);
  }

  // Reads the source, holds its rows against the contract and gives them to `rows`, until it is
  // told that no more are wanted.
  template <typename Rows>
  Result<void> Read(const Call& call, Rows& rows) {
    Say("reading the rows");
    FIRN_TRY(const auto source, wanted_.source.open(call));
    FIRN_TRY(const auto conformer,
             lake::Conformer::New(wanted_.contract.rows, source->columns(), wanted_.work_folder));
    for (;;) {
      FIRN_TRY(const auto batch, source->Next(call));
      if (batch == nullptr) break;
      FIRN_TRY(const auto conformed, conformer->Take(*batch));
      FIRN_CHECK(rows.Write(*conformed));
      if (rows.full()) return {};
    }
    FIRN_CHECK(conformer->Finish());
    FIRN_TRY(ledger_.parts, rows.Close());
    ledger_.instants_cut = rows.instants_cut();
    Manifest& manifest = ledger_.manifest;
    manifest.contract = {wanted_.contract.name, wanted_.contract.version, wanted_.contract.digest,
                         wanted_.contract.rows.key};
    manifest.sources = wanted_.source.pinned;
    manifest.recipe = wanted_.source.recipe;
    manifest.rows = conformer->rows();
    manifest.checksum = ChecksumOf(wanted_.contract.rows.schema, conformer->hashes());
    return {};
  }

  [[nodiscard]] bool Deletes() const {
    return wanted_.target.operation == salesforce::IngestOperation::kDelete;
  }

  // False when they are too many to be streamed.
  Result<bool> MakeRequests(const Call& call) {
    CloudRequests requests(
        wanted_.contract.rows.schema,
        {.folder = wanted_.work_folder,
         .keys = Deletes() ? wanted_.contract.rows.key : std::vector<std::string>(),
         .body_bytes = salesforce::kStreamBytesMax,
         .requests_most = wanted_.way == CloudWay::kAuto ? kRequestsAuto : 0});
    FIRN_CHECK(Read(call, requests));
    if (requests.full()) {
      FIRN_CHECK(requests.Close());
      return false;
    }
    ledger_.ingest = CloudIngest::kStream;
    return true;
  }

  Result<void> MakeFiles(const Call& call) {
    CloudCsv::Options options{wanted_.work_folder, wanted_.part_bytes, {}, true};
    // What is deleted is named by its key, in a file without a header.
    if (Deletes()) {
      options.columns = wanted_.contract.rows.key;
      options.header = false;
    }
    CloudCsv csv(wanted_.contract.rows.schema, options);
    FIRN_CHECK(Read(call, csv));
    for (size_t at = 0; at < ledger_.parts.size(); at += kPartsPerJob) {
      CloudJob job;
      job.first_part = at;
      job.parts = std::min(kPartsPerJob, ledger_.parts.size() - at);
      ledger_.jobs.push_back(job);
    }
    return {};
  }

  Result<CloudReport> SendAll(const Call& call) {
    const auto sent = ledger_.ingest == CloudIngest::kStream ? Stream(call) : SendJobs(call);
    if (!sent) {
      // What Data Cloud will never take is not taken up again: the next call begins anew.
      const std::string& code = sent.error().code();
      const bool refused = ledger_.ingest == CloudIngest::kStream &&
                           (code == "SF-CLOUD-002" || code == "SF-CLOUD-006");
      if (refused || code == "SF-CLOUD-007") {
        ledger_.state = CloudLedger::State::kFailed;
        FIRN_CHECK(Save());
        FIRN_CHECK(RemoveParts());
      }
      return Fail(sent.error());
    }
    ledger_.state = CloudLedger::State::kDone;
    FIRN_CHECK(Save());
    FIRN_FAULT_POINT("federation.cloud.done");
    FIRN_CHECK(RemoveParts());
    return Told(CloudReport::Outcome::kPublished);
  }

  Result<void> SendJobs(const Call& call) {
    for (CloudJob& job : ledger_.jobs) FIRN_CHECK(Send(call, job));
    return {};
  }

  Result<void> Stream(const Call& call) {
    const CloudStream stream{.cloud = *cloud_,
                             .target = Target(),
                             .folder = wanted_.work_folder,
                             .save = [this] { return Save(); },
                             .say = [this](const std::string& doing) { Say(doing); }};
    return SendRequests(call, stream, ledger_);
  }

  // Of what was begun, which may have been another operation than is wanted now.
  [[nodiscard]] salesforce::IngestSpec Target() const {
    return {ledger_.connector, ledger_.object,
            ledger_.operation == "delete" ? salesforce::IngestOperation::kDelete
                                          : salesforce::IngestOperation::kUpsert};
  }

  Result<void> Send(const Call& call, CloudJob& job) {
    if (job.state == CloudJob::State::kComplete) return {};
    if (job.state == CloudJob::State::kOpen || job.state == CloudJob::State::kClosed)
      FIRN_CHECK(LookAt(call, job));
    if (job.state == CloudJob::State::kComplete) return {};
    if (job.state == CloudJob::State::kNone || job.state == CloudJob::State::kCreating)
      FIRN_CHECK(Create(call, job));
    if (job.state == CloudJob::State::kOpen) FIRN_CHECK(Fill(call, job));
    Say("waiting for job " + job.id);
    FIRN_TRY(const IngestJob done, cloud_->Wait(call, job.id, {}));
    job.state = CloudJob::State::kComplete;
    return Save();
  }

  // What has become of a job that an earlier call knew.
  Result<void> LookAt(const Call& call, CloudJob& job) {
    const auto now = cloud_->Get(call, job.id);
    if (!now && now.error().code() != "SF-CLOUD-003") return Fail(now.error());
    if (!now) {
      // Deleted, as jobs are after seven days: its parts go into a new one.
      log::Warn("cloud.job_gone", {{"job", job.id}});
      job.state = CloudJob::State::kNone;
      job.id.clear();
      job.sent = 0;
    } else if (now->state == IngestState::kJobComplete) {
      job.state = CloudJob::State::kComplete;
    } else if (now->state != IngestState::kOpen) {
      job.state = CloudJob::State::kClosed;
    }
    return Save();
  }

  Result<void> Create(const Call& call, CloudJob& job) {
    FIRN_TRY(auto known, FindOwn(call, job));
    if (!known) {
      job.state = CloudJob::State::kCreating;
      job.creating_since_ms = NowOf(call);
      FIRN_CHECK(Save());
      auto made = cloud_->Create(call, Target());
      // A request that a broken connection had sent again finds the job that it made in its way.
      if (!made && made.error().code() == "SF-CLOUD-005") {
        FIRN_TRY(known, FindOwn(call, job));
      }
      if (!made && !known) return Fail(made.error());
      if (made) known = *made;
      FIRN_FAULT_POINT("federation.cloud.job_made");
    }
    job.id = known->id;
    job.sent = 0;
    job.state = CloudJob::State::kOpen;
    FIRN_CHECK(Save());
    FIRN_FAULT_POINT("federation.cloud.job_recorded");
    return {};
  }

  // The job that was made although its answer, or this program, was lost: the only open one of this
  // object that is as young as the request.
  Result<std::optional<IngestJob>> FindOwn(const Call& call, const CloudJob& job) {
    std::optional<IngestJob> found;
    if (job.state != CloudJob::State::kCreating) return found;
    FIRN_TRY(const auto open, cloud_->List(call, IngestState::kOpen));
    for (const IngestJob& other : open) {
      const bool same = other.object == ledger_.object && other.operation == ledger_.operation &&
                        (other.connector.empty() || other.connector == ledger_.connector);
      const auto made = ParseInstant(other.created_date);
      if (!same || !made) continue;
      const int64_t made_ms =
          std::chrono::duration_cast<std::chrono::milliseconds>(made->time_since_epoch()).count();
      if (made_ms + kClockMarginMs < job.creating_since_ms) continue;
      if (found) return std::optional<IngestJob>();
      found = other;
    }
    return found;
  }

  Result<void> Fill(const Call& call, CloudJob& job) {
    while (job.sent < job.parts) {
      const CloudPart& part = ledger_.parts[job.first_part + job.sent];
      Say("uploading part " + std::to_string(job.first_part + job.sent + 1) + " of " +
          std::to_string(ledger_.parts.size()));
      FIRN_CHECK(cloud_->Upload(call, job.id, {wanted_.work_folder + "/" + part.file, part.bytes}));
      FIRN_FAULT_POINT("federation.cloud.part_sent");
      ++job.sent;
      FIRN_CHECK(Save());
      FIRN_FAULT_POINT("federation.cloud.part_recorded");
    }
    FIRN_CHECK(cloud_->Close(call, job.id));
    FIRN_FAULT_POINT("federation.cloud.job_closed");
    job.state = CloudJob::State::kClosed;
    return Save();
  }

  // Jobs that are open are aborted: what they hold is thrown away. Those that were closed are
  // worked on and have to end before newer rows may come. What was streamed stays.
  Result<void> GiveUp(const Call& call) {
    for (CloudJob& job : ledger_.jobs) {
      if (job.state == CloudJob::State::kCreating) {
        FIRN_TRY(const auto own, FindOwn(call, job));
        if (own) FIRN_CHECK(cloud_->Abort(call, own->id));
        continue;
      }
      if (job.state != CloudJob::State::kOpen && job.state != CloudJob::State::kClosed) continue;
      FIRN_CHECK(LookAt(call, job));
      if (job.state == CloudJob::State::kOpen) FIRN_CHECK(cloud_->Abort(call, job.id));
      if (job.state != CloudJob::State::kClosed) continue;
      const auto ended = cloud_->Wait(call, job.id, {});
      if (!ended && ended.error().code() != "SF-CLOUD-007") return Fail(ended.error());
    }
    ledger_.state = CloudLedger::State::kFailed;
    return Save();
  }

  CloudReport Told(CloudReport::Outcome outcome) {
    report_.outcome = outcome;
    report_.manifest = ledger_.manifest;
    report_.instants_cut = ledger_.instants_cut;
    report_.ingest = ledger_.ingest;
    report_.parts = static_cast<int64_t>(ledger_.parts.size());
    for (const CloudPart& part : ledger_.parts) report_.bytes += part.bytes;
    for (const CloudJob& job : ledger_.jobs) {
      if (!job.id.empty()) report_.jobs.push_back(job.id);
    }
    return report_;
  }

  salesforce::DataCloud* cloud_;
  const CloudPublication& wanted_;
  const std::string ledger_path_;
  CloudLedger ledger_;
  CloudReport report_;
};

}  // namespace

Result<CloudReport> PublishToCloud(const Call& call, salesforce::DataCloud* cloud,
                                   const CloudPublication& publication) {
  FIRN_ASSERT(cloud != nullptr || publication.dry_run);
  FIRN_CHECK(MakeFolders(publication.work_folder, 0700));
  FIRN_TRY(const FileLock lock, FileLock::Take(publication.work_folder + "/lock",
                                               "publishing to " + publication.target.connector +
                                                   "/" + publication.target.object));
  return CloudPublisher(cloud, publication).Run(call);
}

}  // namespace firn::federation
