#include "patterns/federation/publish/cloud_ledger.h"

#include <nlohmann/json.hpp>

#include "core/base/file.h"

namespace firn::federation {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFormat = "firn.cloud-publication/1";
constexpr std::string_view kJobStates[] = {"none", "creating", "open", "closed", "complete"};
constexpr std::string_view kStates[] = {"sending", "done", "failed"};

template <typename State, size_t kCount>
bool StateFrom(const Json& json, const std::string_view (&names)[kCount], State& state) {
  for (size_t i = 0; i < kCount; ++i) {
    if (json.at("state") != names[i]) continue;
    state = static_cast<State>(i);
    return true;
  }
  return false;
}

Json JobJson(const CloudJob& job) {
  return {{"state", kJobStates[static_cast<size_t>(job.state)]},
          {"id", job.id},
          {"creating_since_ms", job.creating_since_ms},
          {"first_part", job.first_part},
          {"parts", job.parts},
          {"sent", job.sent}};
}

// The two below: false for a record of another form; nlohmann's exceptions for missing members.
bool JobFrom(const Json& json, CloudJob& job) {
  job.id = json.at("id").get<std::string>();
  job.creating_since_ms = json.at("creating_since_ms").get<int64_t>();
  job.first_part = json.at("first_part").get<size_t>();
  job.parts = json.at("parts").get<size_t>();
  job.sent = json.at("sent").get<size_t>();
  return StateFrom(json, kJobStates, job.state) && job.sent <= job.parts;
}

bool LedgerFrom(const Json& json, CloudLedger& ledger) {
  if (json.at("format") != kFormat || !StateFrom(json, kStates, ledger.state)) return false;
  ledger.connector = json.at("connector").get<std::string>();
  ledger.object = json.at("object").get<std::string>();
  ledger.operation = json.at("operation").get<std::string>();
  ledger.instants_cut = json.at("instants_cut").get<int64_t>();
  lake::SnapshotInfo carrier;
  carrier.summary = json.at("manifest").get<std::map<std::string, std::string>>();
  auto manifest = ManifestOf(carrier);
  if (!manifest) return false;
  ledger.manifest = *std::move(manifest);
  for (const Json& part : json.at("parts"))
    ledger.parts.push_back({part.at("file").get<std::string>(), part.at("bytes").get<int64_t>(),
                            part.at("rows").get<int64_t>()});
  // Records of before there was streaming say nothing of it.
  if (const auto stream = json.find("stream"); stream != json.end()) {
    ledger.ingest = CloudIngest::kStream;
    ledger.parts_streamed = stream->at("parts").get<size_t>();
    ledger.requests_streamed = stream->at("requests").get<size_t>();
    if (ledger.parts_streamed > ledger.parts.size()) return false;
  }
  for (const Json& item : json.at("jobs")) {
    CloudJob job;
    if (!JobFrom(item, job) || job.first_part + job.parts > ledger.parts.size()) return false;
    ledger.jobs.push_back(job);
  }
  return true;
}

}  // namespace

Result<std::optional<CloudLedger>> CloudLedger::Load(const std::string& path) {
  if (!FileExists(path)) return std::optional<CloudLedger>();
  FIRN_TRY(const std::string text, ReadFile(path, 64ULL << 20));
  CloudLedger ledger;
  bool good = false;
  try {
    good = LedgerFrom(Json::parse(text), ledger);
  } catch (const Json::exception&) {
    good = false;
  }
  if (good) return std::optional(std::move(ledger));
  return Fail(Error(Kind::kCorrupt, "PUB-CLOUD-003", "the record of a publication is damaged")
                  .At(path)
                  .Hint("see in Data Cloud which jobs are open and abort them, then remove the "
                        "folder of that file"));
}

Result<void> CloudLedger::Save(const std::string& path) const {
  Json list_of_parts = Json::array();
  for (const CloudPart& part : parts)
    list_of_parts.push_back({{"file", part.file}, {"bytes", part.bytes}, {"rows", part.rows}});
  Json list_of_jobs = Json::array();
  for (const CloudJob& job : jobs) list_of_jobs.push_back(JobJson(job));
  Json json = {{"format", kFormat},
               {"state", kStates[static_cast<size_t>(state)]},
               {"connector", connector},
               {"object", object},
               {"operation", operation},
               {"instants_cut", instants_cut},
               {"manifest", SummaryOf(manifest)},
               {"parts", std::move(list_of_parts)},
               {"jobs", std::move(list_of_jobs)}};
  if (ingest == CloudIngest::kStream)
    json["stream"] = {{"parts", parts_streamed}, {"requests", requests_streamed}};
  return WriteFileDurably(path, json.dump(1) + "\n", 0600);
}

}  // namespace firn::federation
