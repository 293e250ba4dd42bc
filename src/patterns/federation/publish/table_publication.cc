#include "patterns/federation/publish/table_publication.h"

#include "core/base/fault_point.h"
#include "core/base/file.h"
#include "ends/lake/publish/table_load.h"
#include "ends/lake/read/row_text.h"
#include "ends/lake/read/snapshot_at.h"

namespace firn::federation {
namespace {

class Publisher {
 public:
  Publisher(lake::Lake& lake, const TablePublication& publication)
      : lake_(lake), wanted_(publication) {}

  Result<PublishReport> Run(const Call& call) {
    FIRN_CHECK(CheckSources());
    FIRN_CHECK(FindTable());
    report_.manifest.contract = {wanted_.contract.name, wanted_.contract.version,
                                 wanted_.contract.digest, wanted_.contract.rows.key};
    report_.manifest.sources = wanted_.source.pinned;
    report_.manifest.recipe = wanted_.source.recipe;
    if (Unchanged()) {
      report_.outcome = PublishReport::Outcome::kUnchanged;
      report_.manifest = last_->manifest;
      report_.snapshot_id = last_->snapshot_id;
      return report_;
    }
    FIRN_TRY(const auto rows, wanted_.source.open(call));
    FIRN_TRY(const auto conformer,
             lake::Conformer::New(WithIds(), rows->columns(), wanted_.work_folder));
    FIRN_FAULT_POINT("federation.publish.source_read");
    if (wanted_.dry_run) {
      FIRN_CHECK(Copy(call, *rows, *conformer, nullptr));
      report_.outcome = PublishReport::Outcome::kWouldPublish;
      return report_;
    }
    return Write(call, *rows, *conformer);
  }

 private:
  Result<void> CheckSources() const {
    for (const SourceSnapshot& source : wanted_.source.pinned) {
      if (source.table != wanted_.target.Text()) continue;
      return Fail(Error(Kind::kBadInput, "PUB-SOURCE-001",
                        "table `" + source.table + "` cannot be published into itself")
                      .Hint("choose another target"));
    }
    return {};
  }

  Result<void> FindTable() {
    auto loaded = lake_.Load(wanted_.target);
    if (!loaded && loaded.error().code() != "LAKE-TABLE-001") return Fail(loaded.error());
    if (!loaded) {
      report_.creates = true;
      FIRN_TRY(schema_, SchemaUnder(wanted_.contract, nullptr, 0));
      return {};
    }
    table_ = *std::move(loaded);
    last_ = LastPublished(*table_);
    if (last_) FIRN_CHECK(CheckSucceeds(wanted_.contract, last_->manifest.contract));
    if (const auto now = table_->current_snapshot()) {
      report_.rows_before = lake::RowsOf(*now).value_or(report_.rows_before);
    }
    FIRN_TRY(schema_, SchemaUnder(wanted_.contract, &table_->schema(), table_->last_column_id()));
    for (const record::Field& field : schema_.fields) {
      const record::Field* before = table_->schema().Find(field.name);
      if (before == nullptr) {
        report_.changes.push_back("+ column " + field.name + " " + record::TypeText(field.type));
      } else if (before->type != field.type || before->required != field.required) {
        report_.changes.push_back("~ column " + field.name + " " + record::TypeText(before->type) +
                                  " -> " + record::TypeText(field.type) +
                                  (field.required && !before->required ? ", required" : ""));
      }
    }
    return {};
  }

  bool Unchanged() const {
    return !wanted_.again && last_ && SameOrigin(last_->manifest, wanted_.source) &&
           last_->manifest.contract.digest == wanted_.contract.digest &&
           last_->manifest.contract.version == wanted_.contract.version;
  }

  lake::RowContract WithIds() const { return {schema_, wanted_.contract.rows.key}; }

  Result<void> Copy(const Call& call, lake::RowStream& rows, lake::Conformer& conformer,
                    lake::TableLoad* load) {
    for (;;) {
      FIRN_TRY(const auto batch, rows.Next(call));
      if (batch == nullptr) break;
      FIRN_TRY(const auto conformed, conformer.Take(*batch));
      if (load != nullptr) FIRN_CHECK(load->Write(call, *conformed));
    }
    FIRN_CHECK(conformer.Finish());
    report_.manifest.rows = conformer.rows();
    report_.manifest.checksum = ChecksumOf(schema_, conformer.hashes());
    return {};
  }

  Result<PublishReport> Write(const Call& call, lake::RowStream& rows, lake::Conformer& conformer) {
    if (!table_) {
      FIRN_TRY(table_, lake_.Create(call, wanted_.target, schema_, {}));
      FIRN_FAULT_POINT("federation.publish.table_made");
    }
    const auto load = lake::TableLoad::New(*table_, schema_);
    const auto done = Commit(call, rows, conformer, *load);
    if (done) return report_;
    if (done.error().kind() != Kind::kCommitUnknown) {
      load->Discard(call);
      // A table that was made for rows that did not come: nobody has seen it.
      if (report_.creates) (void)lake_.Drop(wanted_.target);
    }
    return Fail(done.error());
  }

  Result<void> Commit(const Call& call, lake::RowStream& rows, lake::Conformer& conformer,
                      lake::TableLoad& load) {
    FIRN_CHECK(Copy(call, rows, conformer, &load));
    FIRN_TRY(const auto files, load.Close(call));
    FIRN_FAULT_POINT("federation.publish.rows_written");
    lake::CommitOptions options;
    options.summary = SummaryOf(report_.manifest);
    options.derived_from = table_->shape();
    // Rows of somebody else are not thrown away.
    if (last_) {
      options.since_snapshot = last_->snapshot_id;
    } else {
      const auto now = table_->current_snapshot();
      options.since_snapshot = now ? now->snapshot_id : -1;
    }
    FIRN_TRY(const lake::Table after,
             lake_.ReplaceAll(call, wanted_.target, files, &schema_, options));
    FIRN_FAULT_POINT("federation.publish.committed");
    report_.snapshot_id = after.current_snapshot()->snapshot_id;
    return {};
  }

  lake::Lake& lake_;
  const TablePublication& wanted_;
  std::optional<lake::Table> table_;
  std::optional<Published> last_;
  record::Schema schema_;
  PublishReport report_;
};

}  // namespace

Result<PublishReport> PublishTable(const Call& call, lake::Lake& lake,
                                   const TablePublication& publication) {
  FIRN_CHECK(MakeFolders(publication.work_folder, 0700));
  FIRN_TRY(const FileLock lock, FileLock::Take(publication.work_folder + "/lock",
                                               "publishing " + publication.target.Text()));
  return Publisher(lake, publication).Run(call);
}

Result<PublishCheck> CheckPublished(const Call& call, const lake::Table& table) {
  const auto last = LastPublished(table);
  if (!last)
    return Fail(Error(Kind::kNotFound, "PUB-MANIFEST-001",
                      "no snapshot of `" + table.ident().Text() + "` carries a manifest")
                    .Hint("`firn lake publish` makes one"));
  PublishCheck check;
  check.manifest = last->manifest;
  FIRN_TRY(const auto reader, lake::RowReader::Open(call, table, {}));
  record::ColumnHashes hashes(reader->schema().fields.size());
  for (;;) {
    FIRN_TRY(const auto batch, reader->Next(call));
    if (batch == nullptr) break;
    record::AddColumnHashes(*batch, reader->schema(), hashes);
    check.rows += lake::RowText(*batch, reader->schema()).rows();
  }
  check.checksum = ChecksumOf(reader->schema(), hashes);
  return check;
}

}  // namespace firn::federation
