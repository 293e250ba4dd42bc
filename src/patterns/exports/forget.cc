#include "patterns/exports/forget.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <sstream>
#include <utility>

#include "core/base/fault_point.h"
#include "core/base/file.h"
#include "ends/lake/store/s3_store.h"
#include "patterns/exports/facts.h"
#include "patterns/exports/leftovers.h"
#include "patterns/exports/object/layout_for.h"

namespace firn::exports {
namespace {

namespace fs = std::filesystem;

constexpr int kRunsMost = 100'000;

int64_t FilesBelow(const fs::path& folder) {
  int64_t files = 0;
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(folder, error))
    files += entry.is_regular_file() ? 1 : 0;
  return files;
}

// Without a describe nobody can say whose records these are.
bool MayBeOf(const state::ObjectRow& row, const std::string& id) {
  const size_t key = row.describe.find("\"keyPrefix\"");
  if (key == std::string::npos) return true;
  const size_t colon = row.describe.find(':', key);
  const size_t value = row.describe.find_first_not_of(" \t\r\n", colon + 1);
  return row.describe.compare(value, 5, "\"" + id.substr(0, 3) + "\"") == 0;
}

// The object as the run had it before it asked the org for anything.
Result<void> PlanAnew(state::Ledger& ledger, const state::RunRow& run, state::ObjectRow row) {
  FIRN_TRY(const ObjectFacts facts, FactsFromJson(row.facts));
  ObjectFacts fresh;
  fresh.spec = facts.spec;
  fresh.started = facts.started;
  fresh.attempt = facts.attempt;
  fresh.epoch = facts.epoch;
  fresh.incremental.done = facts.incremental.done;
  FIRN_CHECK(ledger.RestartObject(run.org, run.run_id, row.object));
  row.state = state::ObjectState::kPlanned;
  row.job_id.clear();
  row.describe.clear();
  row.snapshot_id = 0;
  row.facts = FactsToJson(fresh);
  return ledger.SaveObject(run.org, run.run_id, row);
}

bool Unfinished(const state::RunRow& run, const state::ObjectRow& row) {
  return run.state != state::RunState::kDone && row.state != state::ObjectState::kDone;
}

// Staged folders of one run, and what to do about them.
class StagedRun {
 public:
  StagedRun(state::Ledger* ledger, fs::path folder, const std::string& id)
      : ledger_(ledger), folder_(std::move(folder)), id_(id) {}

  Result<void> Load(const std::vector<state::RunRow>& runs) {
    for (const state::RunRow& run : runs) {
      if (run.run_id == folder_.filename()) run_ = run;
    }
    if (!run_) return {};
    FIRN_TRY(objects_, ledger_->Objects(run_->org, run_->run_id));
    return {};
  }

  Result<void> Forget(const ForgetOptions& options, std::vector<StagedWindow>& found) {
    if (!run_) {
      // A killed command's: nobody goes on with it.
      found.push_back({folder_.filename(), "", FilesBelow(folder_)});
      return options.remove ? Remove(folder_) : Result<void>();
    }
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder_, error)) {
      const std::string object = entry.path().filename();
      const auto row = std::find_if(objects_.begin(), objects_.end(),
                                    [&](const auto& one) { return one.object == object; });
      if (row != objects_.end() && !MayBeOf(*row, id_)) continue;
      found.push_back({run_->run_id, object, FilesBelow(entry.path())});
      if (!options.remove) continue;
      if (row != objects_.end() && Unfinished(*run_, *row))
        FIRN_CHECK(PlanAnew(*ledger_, *run_, *row));
      FIRN_FAULT_POINT("exports.forget.planned_anew");
      FIRN_CHECK(Remove(entry.path()));
    }
    return {};
  }

 private:
  static Result<void> Remove(const fs::path& folder) {
    std::error_code error;
    fs::remove_all(folder, error);
    if (!error) return {};
    return Fail(Error(Kind::kInternal, "EXPORT-FORGET-001", "staged rows cannot be removed")
                    .At(folder.string())
                    .Because(error.message())
                    .Hint("remove the folder, then run the command again"));
  }

  state::Ledger* ledger_;
  fs::path folder_;
  const std::string& id_;
  std::optional<state::RunRow> run_;
  std::vector<state::ObjectRow> objects_;
};

}  // namespace

Result<std::vector<StagedWindow>> ForgetStaged(state::Ledger* ledger,
                                               const std::string& staging_folder,
                                               const std::string& id,
                                               const ForgetOptions& options) {
  std::vector<StagedWindow> found;
  std::vector<state::RunRow> runs;
  if (ledger != nullptr) {
    FIRN_TRY(runs, ledger->Runs("", kRunsMost));
  }
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(staging_folder, error)) {
    if (!entry.is_directory()) continue;
    StagedRun run(ledger, entry.path(), id);
    FIRN_CHECK(run.Load(runs));
    FIRN_CHECK(run.Forget(options, found));
  }
  return found;
}

Result<int64_t> PlanAnewWithout(state::Ledger& ledger, const std::vector<std::string>& files) {
  std::set<std::string> gone;
  for (const std::string& file : files) gone.insert(LocalPath(file));
  int64_t planned = 0;
  if (gone.empty()) return planned;
  FIRN_TRY(const auto runs, ledger.Runs("", kRunsMost));
  for (const state::RunRow& run : runs) {
    if (run.state == state::RunState::kDone) continue;
    FIRN_TRY(const auto objects, ledger.Objects(run.org, run.run_id));
    for (const state::ObjectRow& row : objects) {
      if (!Unfinished(run, row)) continue;
      FIRN_TRY(const auto recorded, ledger.Files(run.org, run.run_id, row.object));
      const bool hit = std::any_of(recorded.begin(), recorded.end(), [&](const auto& file) {
        return gone.contains(LocalPath(file.path));
      });
      if (!hit) continue;
      FIRN_CHECK(PlanAnew(ledger, run, row));
      ++planned;
    }
  }
  return planned;
}

Result<ForgottenRejects> ForgetRejects(const std::string& rejects_folder, const std::string& id,
                                       const ForgetOptions& options) {
  ForgottenRejects found;
  // A rejected row may show the Id in its 15-character form.
  const std::string needle = id.substr(0, 15);
  std::error_code error;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(rejects_folder, error)) {
    if (!entry.is_regular_file() || entry.path().extension() != ".jsonl") continue;
    FIRN_TRY(const std::string text, ReadFile(entry.path().string()));
    std::istringstream lines(text);
    std::string kept;
    int64_t gone = 0;
    for (std::string line; std::getline(lines, line);) {
      if (line.find(needle) != std::string::npos) {
        ++gone;
      } else {
        kept += line + "\n";
      }
    }
    if (gone == 0) continue;
    ++found.files;
    found.lines += gone;
    if (options.remove) FIRN_CHECK(WriteFileDurably(entry.path().string(), kept, 0600));
  }
  return found;
}

Result<int64_t> ForgetBlobs(const Call& call, const lake::Table& table, const std::string& id,
                            const ForgetOptions& options) {
  lake::ObjectStore& store = *table.store();
  std::string folder = BlobFolder(table.location(), "");
  folder.pop_back();
  std::vector<std::string> files;
  const auto see = [&](const lake::ObjectInfo& file) -> Result<void> {
    const std::string name = file.uri.substr(file.uri.rfind('/') + 1);
    // The second: of a fetch that was killed.
    if (name == id || name == id + ".part") files.push_back(file.uri);
    return {};
  };
  FIRN_CHECK(store.List(call, folder, see));
  if (!options.remove) return std::ssize(files);
  for (const std::string& uri : files) FIRN_CHECK(store.Remove(call, uri));
  auto* spooled = dynamic_cast<lake::SpooledStore*>(&store);
  if (spooled == nullptr) return std::ssize(files);
  for (const record::Field& field : table.schema().fields) {
    if (field.type.id != record::TypeId::kString) continue;
    FIRN_TRY(const std::string waiting,
             spooled->SpoolPath(BlobFolder(table.location(), field.name) + "/" + id));
    FIRN_CHECK(RemoveFile(waiting));
  }
  return std::ssize(files);
}

}  // namespace firn::exports
