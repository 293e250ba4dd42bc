#include "core/state/ledger.h"

#include "core/base/fault_point.h"

namespace firn::state {
namespace {

int64_t Micros(UtcMicros time) { return time.time_since_epoch().count(); }
UtcMicros Time(int64_t micros) { return UtcMicros(std::chrono::microseconds(micros)); }

RunRow ReadRun(const Statement& row) {
  RunRow run;
  run.org = row.Text(0);
  run.run_id = row.Text(1);
  run.state = static_cast<RunState>(row.Int(2));
  run.request = row.Text(3);
  run.started = Time(row.Int(4));
  if (!row.IsNull(5)) run.finished = Time(row.Int(5));
  run.outcome = row.Text(6);
  return run;
}

constexpr std::string_view kRunColumns =
    "org, run_id, state, request, started_us, finished_us, outcome";

Statement& BindObject(Statement& statement, const std::string& org, const std::string& run_id,
                      const ObjectRow& object) {
  return statement.Bind(1, org)
      .Bind(2, run_id)
      .Bind(3, object.object)
      .Bind(4, int64_t{object.position})
      .Bind(5, static_cast<int64_t>(object.state))
      .Bind(6, object.job_id)
      .Bind(7, object.describe)
      .Bind(8, object.snapshot_id)
      .Bind(9, object.facts);
}

Result<void> InsertFile(Database& db, const std::string& org, const std::string& run_id,
                        const std::string& object, uint64_t ordinal, const FileRow& file) {
  FIRN_TRY(auto insert, db.Prepare("INSERT INTO data_file (org, run_id, object, ordinal, path, "
                                   "rows, content) VALUES (?, ?, ?, ?, ?, ?, ?)"));
  insert.Bind(1, org)
      .Bind(2, run_id)
      .Bind(3, object)
      .Bind(4, static_cast<int64_t>(ordinal))
      .Bind(5, file.path)
      .Bind(6, file.rows)
      .BindBlob(7, file.content);
  return insert.Run();
}

Result<void> MarkPagesDurable(Database& db, const std::string& org, const std::string& run_id,
                              const std::string& object, uint64_t file_ordinal,
                              const std::vector<FilePage>& pages) {
  FIRN_TRY(auto mark, db.Prepare("UPDATE page SET file_ordinal = ?, rows = ? WHERE org = ? AND "
                                 "run_id = ? AND object = ? AND ordinal = ?"));
  for (const FilePage& page : pages) {
    mark.Bind(1, static_cast<int64_t>(file_ordinal))
        .Bind(2, page.rows)
        .Bind(3, org)
        .Bind(4, run_id)
        .Bind(5, object)
        .Bind(6, static_cast<int64_t>(page.ordinal));
    FIRN_CHECK(mark.Run());
    FIRN_ASSERT(db.RowsChanged() == 1);
  }
  return {};
}

Result<void> AddRejects(Database& db, const std::string& org, const std::string& run_id,
                        const std::string& object, const std::vector<RejectCount>& rejects) {
  FIRN_TRY(auto add,
           db.Prepare("INSERT INTO reject (org, run_id, object, field, reason, rows) "
                      "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (org, run_id, object, field, reason) "
                      "DO UPDATE SET rows = rows + excluded.rows"));
  for (const RejectCount& reject : rejects) {
    add.Bind(1, org)
        .Bind(2, run_id)
        .Bind(3, object)
        .Bind(4, reject.field)
        .Bind(5, reject.reason)
        .Bind(6, reject.rows);
    FIRN_CHECK(add.Run());
  }
  return {};
}

Result<void> InsertPages(Database& db, const std::string& org, const std::string& run_id,
                         const std::string& object, const std::vector<PageRow>& pages) {
  FIRN_TRY(auto add, db.Prepare("INSERT OR IGNORE INTO page (org, run_id, object, ordinal, "
                                "locator, url, rows) VALUES (?, ?, ?, ?, ?, ?, ?)"));
  for (const PageRow& page : pages) {
    add.Bind(1, org)
        .Bind(2, run_id)
        .Bind(3, object)
        .Bind(4, static_cast<int64_t>(page.ordinal))
        .Bind(5, page.locator)
        .Bind(6, page.url)
        .Bind(7, page.rows);
    FIRN_CHECK(add.Run());
  }
  return {};
}

Result<Statement> PrepareOfObject(Database& db, std::string_view sql, const std::string& org,
                                  const std::string& run_id, const std::string& object) {
  FIRN_TRY(auto statement, db.Prepare(sql));
  statement.Bind(1, org).Bind(2, run_id).Bind(3, object);
  return statement;
}

}  // namespace

std::string_view RunStateName(RunState state) {
  switch (state) {
    case RunState::kRunning:
      return "running";
    case RunState::kInterrupted:
      return "interrupted";
    case RunState::kFailed:
      return "failed";
    case RunState::kDone:
      return "done";
  }
  return "unknown";
}

std::string_view ObjectStateName(ObjectState state) {
  switch (state) {
    case ObjectState::kPlanned:
      return "planned";
    case ObjectState::kDescribed:
      return "described";
    case ObjectState::kFetching:
      return "fetching";
    case ObjectState::kFetched:
      return "fetched";
    case ObjectState::kCommitted:
      return "committed";
    case ObjectState::kDone:
      return "done";
    case ObjectState::kFailed:
      return "failed";
  }
  return "unknown";
}

Result<void> Ledger::CreateRun(const RunRow& run, const std::vector<ObjectRow>& objects) {
  return db_->With([&](Database& db) -> Result<void> {
    FIRN_TRY(auto transaction, Transaction::Begin(db));
    FIRN_TRY(auto insert, db.Prepare("INSERT OR IGNORE INTO run (org, run_id, state, request, "
                                     "started_us, outcome) VALUES (?, ?, ?, ?, ?, ?)"));
    insert.Bind(1, run.org)
        .Bind(2, run.run_id)
        .Bind(3, static_cast<int64_t>(run.state))
        .Bind(4, run.request)
        .Bind(5, Micros(run.started))
        .Bind(6, run.outcome);
    FIRN_CHECK(insert.Run());
    if (db.RowsChanged() != 1) {
      return Fail(Kind::kConflict, "STATE-RUN-001", "run `" + run.run_id + "` exists already");
    }
    FIRN_TRY(auto add, db.Prepare("INSERT INTO run_object (org, run_id, object, position, state, "
                                  "job_id, describe, snapshot_id, facts) "
                                  "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"));
    for (const ObjectRow& object : objects) {
      FIRN_CHECK(BindObject(add, run.org, run.run_id, object).Run());
    }
    return transaction.Commit();
  });
}

Result<void> Ledger::FinishRun(const std::string& org, const std::string& run_id, RunState state,
                               UtcMicros finished, const std::string& outcome) {
  return db_->With([&](Database& db) -> Result<void> {
    FIRN_TRY(auto update, db.Prepare("UPDATE run SET state = ?, finished_us = ?, outcome = ? "
                                     "WHERE org = ? AND run_id = ?"));
    update.Bind(1, static_cast<int64_t>(state))
        .Bind(2, Micros(finished))
        .Bind(3, outcome)
        .Bind(4, org)
        .Bind(5, run_id);
    return update.Run();
  });
}

Result<void> Ledger::ReopenRun(const std::string& org, const std::string& run_id) {
  return db_->With([&](Database& db) -> Result<void> {
    FIRN_TRY(auto update, db.Prepare("UPDATE run SET state = ?, finished_us = NULL, outcome = '' "
                                     "WHERE org = ? AND run_id = ?"));
    update.Bind(1, static_cast<int64_t>(RunState::kRunning)).Bind(2, org).Bind(3, run_id);
    return update.Run();
  });
}

Result<RunRow> Ledger::Run(const std::string& org, const std::string& run_id) {
  return db_->With([&](Database& db) -> Result<RunRow> {
    FIRN_TRY(auto get, db.Prepare("SELECT " + std::string(kRunColumns) +
                                  " FROM run WHERE org = ? AND run_id = ?"));
    FIRN_TRY(const bool found, get.Bind(1, org).Bind(2, run_id).Step());
    if (!found) {
      return Fail(Error(Kind::kNotFound, "STATE-RUN-002", "there is no run `" + run_id + "`")
                      .At(org)
                      .Hint("`firn export list` shows the runs of this project"));
    }
    return ReadRun(get);
  });
}

Result<std::vector<RunRow>> Ledger::Runs(const std::string& org, int most) {
  return db_->With([&](Database& db) -> Result<std::vector<RunRow>> {
    FIRN_TRY(auto list, db.Prepare("SELECT " + std::string(kRunColumns) +
                                   " FROM run WHERE ?1 = '' OR org = ?1 "
                                   "ORDER BY started_us DESC, run_id DESC LIMIT ?2"));
    list.Bind(1, org).Bind(2, int64_t{most});
    std::vector<RunRow> runs;
    for (;;) {
      FIRN_TRY(const bool row, list.Step());
      if (!row) return runs;
      runs.push_back(ReadRun(list));
    }
  });
}

Result<std::vector<ObjectRow>> Ledger::Objects(const std::string& org, const std::string& run_id) {
  return db_->With([&](Database& db) -> Result<std::vector<ObjectRow>> {
    FIRN_TRY(auto list, db.Prepare("SELECT object, position, state, job_id, describe, "
                                   "snapshot_id, facts FROM run_object "
                                   "WHERE org = ? AND run_id = ? ORDER BY position"));
    list.Bind(1, org).Bind(2, run_id);
    std::vector<ObjectRow> objects;
    for (;;) {
      FIRN_TRY(const bool row, list.Step());
      if (!row) return objects;
      objects.push_back({.object = std::string(list.Text(0)),
                         .position = static_cast<int>(list.Int(1)),
                         .state = static_cast<ObjectState>(list.Int(2)),
                         .job_id = std::string(list.Text(3)),
                         .describe = std::string(list.Text(4)),
                         .snapshot_id = list.Int(5),
                         .facts = std::string(list.Text(6))});
    }
  });
}

Result<void> Ledger::SaveObject(const std::string& org, const std::string& run_id,
                                const ObjectRow& object) {
  return db_->With([&](Database& db) -> Result<void> {
    FIRN_TRY(auto update,
             db.Prepare("UPDATE run_object SET position = ?4, state = ?5, job_id = ?6, "
                        "describe = ?7, snapshot_id = ?8, facts = ?9 "
                        "WHERE org = ?1 AND run_id = ?2 AND object = ?3"));
    FIRN_CHECK(BindObject(update, org, run_id, object).Run());
    FIRN_ASSERT(db.RowsChanged() == 1);
    return {};
  });
}

Result<void> Ledger::RestartObject(const std::string& org, const std::string& run_id,
                                   const std::string& object) {
  return db_->With([&](Database& db) -> Result<void> {
    FIRN_TRY(auto transaction, Transaction::Begin(db));
    for (const char* table : {"page", "data_file", "reject"}) {
      FIRN_TRY(auto erase, PrepareOfObject(db,
                                           "DELETE FROM " + std::string(table) +
                                               " WHERE org = ? AND run_id = ? AND object = ?",
                                           org, run_id, object));
      FIRN_CHECK(erase.Run());
    }
    return transaction.Commit();
  });
}

Result<void> Ledger::AddPages(const std::string& org, const std::string& run_id,
                              const std::string& object, const std::vector<PageRow>& pages) {
  return db_->With([&](Database& db) -> Result<void> {
    FIRN_TRY(auto transaction, Transaction::Begin(db));
    FIRN_CHECK(InsertPages(db, org, run_id, object, pages));
    return transaction.Commit();
  });
}

Result<void> Ledger::PageOpened(const std::string& org, const std::string& run_id,
                                const std::string& object, const PageRow& page,
                                const PageRow* next) {
  return db_->With([&](Database& db) -> Result<void> {
    FIRN_TRY(auto transaction, Transaction::Begin(db));
    FIRN_TRY(auto update, db.Prepare("UPDATE page SET rows = ? WHERE org = ? AND run_id = ? AND "
                                     "object = ? AND ordinal = ?"));
    update.Bind(1, page.rows)
        .Bind(2, org)
        .Bind(3, run_id)
        .Bind(4, object)
        .Bind(5, static_cast<int64_t>(page.ordinal));
    FIRN_CHECK(update.Run());
    FIRN_ASSERT(db.RowsChanged() == 1);
    if (next != nullptr) FIRN_CHECK(InsertPages(db, org, run_id, object, {*next}));
    return transaction.Commit();
  });
}

Result<void> Ledger::SplitPage(const std::string& org, const std::string& run_id,
                               const std::string& object, uint64_t ordinal,
                               const std::vector<PageRow>& parts) {
  return db_->With([&](Database& db) -> Result<void> {
    FIRN_TRY(auto transaction, Transaction::Begin(db));
    FIRN_TRY(auto erase, db.Prepare("DELETE FROM page WHERE org = ? AND run_id = ? AND object = ? "
                                    "AND ordinal = ? AND file_ordinal IS NULL"));
    erase.Bind(1, org).Bind(2, run_id).Bind(3, object).Bind(4, static_cast<int64_t>(ordinal));
    FIRN_CHECK(erase.Run());
    FIRN_ASSERT(db.RowsChanged() == 1);
    FIRN_CHECK(InsertPages(db, org, run_id, object, parts));
    return transaction.Commit();
  });
}

Result<void> Ledger::RecordFile(const std::string& org, const std::string& run_id,
                                const std::string& object, const FileRow& file,
                                const std::vector<RejectCount>& rejects) {
  return db_->With([&](Database& db) -> Result<void> {
    FIRN_TRY(auto transaction, Transaction::Begin(db));
    FIRN_TRY(auto next, PrepareOfObject(db,
                                        "SELECT coalesce(max(ordinal) + 1, 0) FROM data_file "
                                        "WHERE org = ? AND run_id = ? AND object = ?",
                                        org, run_id, object));
    FIRN_TRY(const bool row, next.Step());
    FIRN_ASSERT(row);
    const auto ordinal = static_cast<uint64_t>(next.Int(0));
    next.Reset();
    FIRN_CHECK(InsertFile(db, org, run_id, object, ordinal, file));
    FIRN_CHECK(MarkPagesDurable(db, org, run_id, object, ordinal, file.pages));
    FIRN_CHECK(AddRejects(db, org, run_id, object, rejects));
    FIRN_FAULT_POINT("state.file.before_commit");
    FIRN_CHECK(transaction.Commit());
    FIRN_FAULT_POINT("state.file.after_commit");
    return {};
  });
}

Result<std::vector<PageRow>> Ledger::Pages(const std::string& org, const std::string& run_id,
                                           const std::string& object) {
  return db_->With([&](Database& db) -> Result<std::vector<PageRow>> {
    FIRN_TRY(auto list,
             PrepareOfObject(db,
                             "SELECT ordinal, locator, url, rows, file_ordinal IS NOT NULL "
                             "FROM page WHERE org = ? AND run_id = ? AND object = ? "
                             "ORDER BY ordinal",
                             org, run_id, object));
    std::vector<PageRow> pages;
    for (;;) {
      FIRN_TRY(const bool row, list.Step());
      if (!row) return pages;
      pages.push_back({.ordinal = static_cast<uint64_t>(list.Int(0)),
                       .locator = std::string(list.Text(1)),
                       .url = std::string(list.Text(2)),
                       .rows = list.Int(3),
                       .durable = list.Int(4) != 0});
    }
  });
}

Result<std::vector<FileRow>> Ledger::Files(const std::string& org, const std::string& run_id,
                                           const std::string& object) {
  return db_->With([&](Database& db) -> Result<std::vector<FileRow>> {
    FIRN_TRY(auto list, PrepareOfObject(db,
                                        "SELECT ordinal, path, rows, content FROM data_file "
                                        "WHERE org = ? AND run_id = ? AND object = ? "
                                        "ORDER BY ordinal",
                                        org, run_id, object));
    std::vector<FileRow> files;
    for (;;) {
      FIRN_TRY(const bool row, list.Step());
      if (!row) break;
      FileRow file;
      file.ordinal = static_cast<uint64_t>(list.Int(0));
      file.path = list.Text(1);
      file.rows = list.Int(2);
      file.content = list.Blob(3);
      files.push_back(std::move(file));
    }
    FIRN_TRY(auto held, PrepareOfObject(db,
                                        "SELECT file_ordinal, ordinal, rows FROM page "
                                        "WHERE org = ? AND run_id = ? AND object = ? "
                                        "AND file_ordinal IS NOT NULL ORDER BY ordinal",
                                        org, run_id, object));
    for (;;) {
      FIRN_TRY(const bool row, held.Step());
      if (!row) return files;
      // File ordinals count from 0 without gaps, so they are indexes here.
      const auto index = static_cast<size_t>(held.Int(0));
      FIRN_ASSERT(index < files.size());
      files[index].pages.push_back({static_cast<uint64_t>(held.Int(1)), held.Int(2)});
    }
  });
}

Result<std::vector<RejectCount>> Ledger::Rejects(const std::string& org, const std::string& run_id,
                                                 const std::string& object) {
  return db_->With([&](Database& db) -> Result<std::vector<RejectCount>> {
    FIRN_TRY(auto list, PrepareOfObject(db,
                                        "SELECT field, reason, rows FROM reject "
                                        "WHERE org = ? AND run_id = ? AND object = ? "
                                        "ORDER BY rows DESC, field, reason",
                                        org, run_id, object));
    std::vector<RejectCount> rejects;
    for (;;) {
      FIRN_TRY(const bool row, list.Step());
      if (!row) return rejects;
      rejects.push_back({std::string(list.Text(0)), std::string(list.Text(1)), list.Int(2)});
    }
  });
}

}  // namespace firn::state
