#include "patterns/exports/verify/verify.h"

#include <fmt/format.h>

#include <map>
#include <optional>

#include "core/record/layout.h"
#include "ends/lake/read/scan.h"
#include "patterns/exports/leftovers.h"

namespace firn::exports {
namespace {

std::string PagesText(const std::vector<lake::PageOutcome>& pages) {
  std::string text;
  for (const lake::PageOutcome& page : pages) {
    text += (text.empty() ? "" : ", ") + std::to_string(page.page.ordinal);
  }
  return text;
}

// The columns that the files were written with; nothing when they can no longer be told.
std::optional<record::Schema> WrittenSchema(const lake::Table& table,
                                            const state::ObjectRow& object,
                                            const ObjectFacts& facts) {
  record::LayoutOptions options;
  options.include = facts.spec.include;
  options.exclude = facts.spec.exclude;
  options.existing = &table.schema();
  options.last_column_id = table.last_column_id();
  auto layout = record::LayoutFromDescribe(object.describe, options);
  if (!layout || SchemaMark(layout->schema) != facts.layout_mark) return std::nullopt;
  return std::move(layout->schema);
}

void CheckPages(const std::vector<state::PageRow>& pages, const ObjectFacts& facts,
                const std::string& job_id, VerifyOutcome& outcome) {
  int64_t rows = 0;
  for (const state::PageRow& page : pages) {
    if (page.durable) {
      rows += page.rows;
      continue;
    }
    outcome.problems.push_back(fmt::format("page {} of job {} (locator `{}`) is in no file",
                                           page.ordinal, job_id,
                                           page.locator.empty() ? "first" : page.locator));
  }
  if (facts.rows_reported >= 0 && rows != facts.rows_reported) {
    outcome.problems.push_back(
        fmt::format("the pages hold {} rows, the job reported {}", rows, facts.rows_reported));
  }
}

// Files that became durable together, for messages.
std::string FilesText(const std::vector<lake::DataFile>& files) {
  const std::string first = "file " + files.front().path;
  return files.size() == 1 ? first
                           : fmt::format("{} and {} more of its pages", first, files.size() - 1);
}

void CompareHashes(const Call& call, lake::ObjectStore& store, const RecordedFiles& recorded,
                   const record::Schema& schema, VerifyOutcome& outcome) {
  record::ColumnHashes expected(schema.fields.size(), 0);
  for (const lake::PageOutcome& page : recorded.pages) {
    for (size_t i = 0; i < std::min(expected.size(), page.hashes.size()); ++i) {
      expected[i] += page.hashes[i];
    }
  }
  record::ColumnHashes found(expected.size(), 0);
  for (const lake::DataFile& file : recorded.files) {
    const auto scanned = lake::HashDataFile(call, store, file.path, schema);
    if (!scanned) {
      outcome.problems.push_back("file " + file.path + ": " + scanned.error().what());
      return;
    }
    for (size_t i = 0; i < std::min(found.size(), scanned->hashes.size()); ++i)
      found[i] += scanned->hashes[i];
  }
  for (size_t i = 0; i < expected.size(); ++i) {
    if (found[i] == expected[i]) continue;
    outcome.problems.push_back(fmt::format("column {} of {} differs from what its pages ({}) held",
                                           schema.fields[i].name, FilesText(recorded.files),
                                           PagesText(recorded.pages)));
  }
}

bool HasHashes(const std::vector<RecordedFiles>& recorded) {
  for (const RecordedFiles& together : recorded) {
    for (const lake::PageOutcome& page : together.pages) {
      if (page.rows_written > 0 && page.hashes.empty()) return false;
    }
  }
  return true;
}

using FilesByPath = std::map<std::string, const lake::DataFile*>;

// Footer rows of files that became durable together against their pages, and whether the snapshot
// lists them.
void CheckTogether(const Call& call, lake::ObjectStore& store, const RecordedFiles& together,
                   FilesByPath& in_snapshot, VerifyOutcome& outcome) {
  int64_t expected = 0;
  for (const lake::PageOutcome& page : together.pages) expected += page.rows_written;
  int64_t found = 0;
  bool all = true;
  for (const lake::DataFile& file : together.files) {
    if (in_snapshot.erase(LocalPath(file.path)) == 0) {
      outcome.problems.push_back(fmt::format("file {} (pages {}) is not in the snapshot", file.path,
                                             PagesText(together.pages)));
      all = false;
      continue;
    }
    ++outcome.files;
    const auto rows = lake::CountDataFileRows(call, store, file.path);
    if (!rows) {
      outcome.problems.push_back("file " + file.path + ": " + rows.error().what());
      all = false;
      continue;
    }
    outcome.rows_in_files += *rows;
    found += *rows;
  }
  if (all && found != expected) {
    outcome.problems.push_back(fmt::format("{} holds {} rows, its pages ({}) gave {}",
                                           FilesText(together.files), found,
                                           PagesText(together.pages), expected));
  }
}

void CheckFiles(const Call& call, lake::ObjectStore& store,
                const std::vector<RecordedFiles>& recorded,
                const std::vector<lake::DataFile>& committed, VerifyOutcome& outcome) {
  FilesByPath in_snapshot;
  for (const lake::DataFile& file : committed) in_snapshot[LocalPath(file.path)] = &file;
  for (const RecordedFiles& together : recorded) {
    if (!together.files.empty()) CheckTogether(call, store, together, in_snapshot, outcome);
  }
  for (const auto& [path, file] : in_snapshot) {
    outcome.problems.push_back("file " + path + " is in the snapshot, but not of this run");
  }
}

}  // namespace

Result<VerifyOutcome> VerifyObject(const Call& call, lake::Lake& lake, state::Ledger& ledger,
                                   const std::string& org, const std::string& run_id,
                                   const state::ObjectRow& object, const ObjectFacts& facts,
                                   VerifyLevel level) {
  VerifyOutcome outcome;
  FIRN_TRY(const auto ident, lake::ParseTableIdent(facts.spec.table));
  FIRN_TRY(const auto table, lake.Load(ident));
  FIRN_TRY(const auto committed, table.Files(call, object.snapshot_id));
  FIRN_TRY(const auto rows, ledger.Files(org, run_id, object.object));
  FIRN_TRY(const auto pages, ledger.Pages(org, run_id, object.object));
  std::vector<RecordedFiles> recorded;
  for (const state::FileRow& row : rows) {
    FIRN_TRY(recorded.emplace_back(), RecordedFilesFromJson(row.content));
  }
  const std::string source = object.job_id.empty() ? "of the REST query" : object.job_id;
  CheckPages(pages, facts, source, outcome);
  CheckFiles(call, *table.store(), recorded, committed, outcome);
  if (level != VerifyLevel::kFull || !HasHashes(recorded)) return outcome;
  const auto schema = WrittenSchema(table, object, facts);
  if (!schema) return outcome;
  outcome.hashes_compared = true;
  for (const RecordedFiles& together : recorded) {
    FIRN_CHECK(call.Check());
    if (!together.files.empty()) CompareHashes(call, *table.store(), together, *schema, outcome);
  }
  return outcome;
}

Result<std::vector<VerifiedObject>> VerifyRun(const Call& call, lake::Lake& lake,
                                              state::Ledger& ledger, const std::string& org,
                                              const std::string& run_id, VerifyLevel level) {
  FIRN_TRY(const auto objects, ledger.Objects(org, run_id));
  std::vector<VerifiedObject> verified;
  for (const state::ObjectRow& object : objects) {
    if (object.snapshot_id == 0) continue;
    FIRN_TRY(const auto facts, FactsFromJson(object.facts));
    // A window's own files are gone once they are merged; its rows are checked with --deep.
    if (facts.incremental.is_window) continue;
    FIRN_TRY(auto outcome,
             Doing(VerifyObject(call, lake, ledger, org, run_id, object, facts, level),
                   "verifying " + object.object));
    verified.push_back({object.object, facts.spec.table, object.snapshot_id, std::move(outcome)});
  }
  return verified;
}

}  // namespace firn::exports
