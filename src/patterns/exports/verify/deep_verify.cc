#include "patterns/exports/verify/deep_verify.h"

#include <arrow/record_batch.h>

#include <algorithm>
#include <set>

#include "core/base/time_text.h"
#include "ends/lake/read/row_text.h"
#include "patterns/exports/object/layout_for.h"
#include "patterns/exports/object/row_marks.h"
#include "patterns/exports/object/staged_read.h"
#include "patterns/exports/object/staging.h"
#include "patterns/exports/verify/differing_rows.h"
#include "patterns/exports/verify/extra_rows.h"
#include "patterns/exports/verify/row_compare.h"
#include "patterns/exports/window/watermark.h"

namespace firn::exports {
namespace {

// Rows only in the lake of which the org is asked why; 18 bytes each.
constexpr size_t kExtrasKept = 2'000'000;

using Texts = std::map<std::string, std::vector<std::optional<std::string>>, std::less<>>;

class DeepVerify {
 public:
  DeepVerify(const Call& call, const ExportParts& parts, const ExportOptions& options,
             const ObjectSpec& spec, const DeepOptions& deep)
      : call_(call), parts_(parts), options_(options), spec_(spec), deep_(deep) {}

  Result<DeepOutcome> Run() {
    FIRN_TRY(const auto ident, lake::ParseTableIdent(spec_.table));
    FIRN_TRY(const auto table, parts_.lake->Load(ident));
    FIRN_TRY(auto folder, StagingFolder::Make(call_, deep_.staging_root, "verify"));
    FIRN_CHECK(Prepare(table));
    FIRN_TRY(staged_, ReadStaged(call_, parts_, options_,
                                 {.layout = layout_,
                                  .where = spec_.where,
                                  .all_rows = spec_.all_rows,
                                  .folder = folder.path() + "/rows"}));
    out_.rows_org = staged_.rows_received;
    if (staged_.rows_rejected > 0) {
      out_.notes.push_back(std::to_string(staged_.rows_rejected) +
                           " rows of the org do not fit their described types and were not "
                           "compared: " +
                           staged_.rejected.front());
    }
    FIRN_TRY(const UtcMicros now, parts_.rest->OrgTime(call_));
    DifferingRows differing(
        {.rows_named_max = static_cast<size_t>(deep_.rows_named_max),
         .compared = compared_,
         .freshness = FreshnessOf(table, spec_, describe_, layout_, compared_, now)});
    FIRN_CHECK(CompareSides(table, folder.path(), differing));
    FIRN_CHECK(LookUpExtras(folder.path()));
    FIRN_CHECK(
        differing.Tell(call_, {.org = staged_.files, .lake = table, .folder = folder.path()}));
    differing.AddTo(spec_, out_);
    KeepNamed();
    FIRN_CHECK(NameFields(table));
    return std::move(out_);
  }

 private:
  Result<void> Prepare(const lake::Table& table) {
    out_.object = spec_.object;
    out_.table = spec_.table;
    if (const auto snapshot = table.current_snapshot()) out_.snapshot_id = snapshot->snapshot_id;
    LearnSince(table);
    FIRN_TRY(const auto description, parts_.rest->Describe(call_, spec_.object));
    describe_ = description.json;
    FIRN_TRY(const auto offered, parts_.rest->DescribeGlobal(call_));
    std::map<std::string, std::string> prefixes;
    for (const auto& info : offered) {
      if (!info.key_prefix.empty()) prefixes[info.key_prefix] = info.name;
    }
    FIRN_TRY(layout_, LayoutFor({.spec = spec_,
                                 .describe = describe_,
                                 .api_version = parts_.api_version,
                                 .key_prefixes = prefixes,
                                 .table = &table}));
    stamp_ = CursorFieldOf(describe_);
    for (const record::Field& field : layout_.schema.fields) {
      const record::Field* column = table.schema().Find(field.name);
      if (column != nullptr && column->id == field.id) {
        compared_.fields.push_back(field);
      } else {
        out_.notes.push_back("field " + field.name + " has no column in the table yet");
      }
    }
    for (const std::string& name : CompareColumns(table.schema(), layout_.schema).vanished) {
      out_.notes.push_back("column " + name + " is hidden from this user or deleted in the org");
    }
    return {};
  }

  // Since when a row may differ.
  void LearnSince(const lake::Table& table) {
    if (const auto progress = ProgressOf(table, spec_.object)) {
      out_.watermark = progress->watermark;
      // Stamps are whole seconds, cut.
      if (const auto at = ParseInstant(progress->watermark)) {
        since_ = std::chrono::floor<std::chrono::seconds>(*at);
      }
    }
    if (!deep_.stream_mark) return;
    const auto mark = deep_.stream_mark(table);
    if (!mark) return;
    out_.stream_mark = FormatUtc(mark->time);
    const UtcMicros passed = std::chrono::floor<std::chrono::seconds>(mark->time);
    if (since_ && *since_ >= passed) return;
    since_ = passed;
    mark_ = "mark of stream " + mark->topic;
  }

  Result<void> CompareSides(const lake::Table& table, const std::string& folder,
                            DifferingRows& differing) {
    const int buckets = SpillBuckets::CountFor(staged_.rows_received);
    SpillBuckets org(folder + "/org", buckets);
    SpillBuckets lake(folder + "/lake", buckets);
    int64_t no_record = 0;
    const auto into = [&](SpillBuckets& side, int64_t* without_id) {
      return [&, without_id](const std::shared_ptr<arrow::RecordBatch>& batch) {
        return SpillMarks(*batch, compared_, stamp_, side, without_id);
      };
    };
    FIRN_CHECK(EachStagedBatch(call_, staged_.files, compared_, into(org, nullptr)));
    FIRN_CHECK(EachLiveBatch(call_, table, compared_, into(lake, &no_record)));
    FIRN_CHECK(org.Finish());
    FIRN_CHECK(lake.Finish());
    out_.rows_lake = lake.marks() + no_record;
    if (no_record > 0) out_.notes.push_back(WithoutIdText(no_record, spec_.table));
    FIRN_TRY(const auto counts, CompareMarks(call_, org, lake, [&](const MarkPair& pair) {
               Note(pair, differing);
               return Result<void>();
             }));
    out_.rows_same = counts.same;
    out_.missing = counts.missing;
    out_.extra = counts.extra + no_record;
    out_.differs = counts.differs;
    return {};
  }

  void Note(const MarkPair& pair, DifferingRows& differing) {
    if (pair.org == nullptr && !pair.twice) {
      if (extras_.size() < kExtrasKept) extras_.push_back(pair.lake->id);
      return;
    }
    DifferentRow row;
    row.id = View(pair.org != nullptr ? pair.org->id : pair.lake->id);
    row.kind = pair.org == nullptr    ? DifferentRow::Kind::kExtra
               : pair.lake == nullptr ? DifferentRow::Kind::kMissing
                                      : DifferentRow::Kind::kDiffers;
    if (pair.org != nullptr && pair.org->stamp != 0) {
      const UtcMicros stamp{std::chrono::microseconds(pair.org->stamp)};
      row.stamp = FormatUtc(stamp);
      if (since_ && stamp >= *since_) {
        row.explanation = "changed after the " + mark_;
        ++out_.explained;
      }
    }
    if (row.kind == DifferentRow::Kind::kDiffers && row.explanation.empty())
      return differing.Note(*pair.org);
    std::vector<DifferentRow>& kept = row.explanation.empty() ? unexplained_ : explained_;
    if (kept.size() < static_cast<size_t>(deep_.rows_named_max)) kept.push_back(std::move(row));
  }

  Result<void> LookUpExtras(const std::string& folder) {
    if (extras_.empty()) return {};
    FIRN_TRY(auto found,
             ExplainExtras(call_, parts_, spec_,
                           {.describe = describe_,
                            .since = since_,
                            .mark = mark_,
                            .folder = folder,
                            .rows_named_max = static_cast<size_t>(deep_.rows_named_max)},
                           std::move(extras_)));
    out_.explained += found.explained;
    if (found.unasked > 0) {
      out_.notes.push_back(std::to_string(found.unasked) +
                           " rows that only the lake has are too many to ask the org why: `firn "
                           "export run " +
                           spec_.object + " --mode incremental --sweep` takes out what is gone");
    }
    for (DifferentRow& row : found.named)
      (row.explanation.empty() ? unexplained_ : explained_).push_back(std::move(row));
    return {};
  }

  void KeepNamed() {
    for (auto* rows : {&unexplained_, &explained_}) {
      for (DifferentRow& row : *rows) out_.rows.push_back(std::move(row));
    }
    const auto rank = [](const DifferentRow& row) {
      return (row.explanation.empty() ? 0 : 2) + (row.stale ? 1 : 0);
    };
    std::stable_sort(
        out_.rows.begin(), out_.rows.end(),
        [&](const DifferentRow& a, const DifferentRow& b) { return rank(a) < rank(b); });
    const auto most = static_cast<size_t>(deep_.rows_named_max);
    if (out_.rows.size() > most) out_.rows.resize(most);
  }

  // The named rows that both sides have, field by field.
  Result<void> NameFields(const lake::Table& table) {
    std::set<std::string, std::less<>> wanted;
    for (const DifferentRow& row : out_.rows) {
      if (row.kind == DifferentRow::Kind::kDiffers) wanted.insert(row.id);
    }
    if (wanted.empty()) return {};
    Texts org;
    Texts lake;
    const auto collect = [&](Texts& texts) {
      return [&](const std::shared_ptr<arrow::RecordBatch>& batch) {
        return Collect(batch, wanted, texts);
      };
    };
    FIRN_CHECK(EachStagedBatch(call_, staged_.files, compared_, collect(org)));
    FIRN_CHECK(EachLiveBatch(call_, table, compared_, collect(lake)));
    for (DifferentRow& row : out_.rows) {
      if (row.kind != DifferentRow::Kind::kDiffers) continue;
      for (size_t i = 0; i < compared_.fields.size(); ++i) {
        const auto& in_org = org[row.id][i];
        const auto& in_lake = lake[row.id][i];
        if (in_org == in_lake) continue;
        const std::string& name = compared_.fields[i].name;
        DifferentField field{.field = name};
        if (deep_.show_values) field.org = in_org, field.lake = in_lake;
        row.fields.push_back(std::move(field));
      }
    }
    return {};
  }

  Result<void> Collect(const std::shared_ptr<arrow::RecordBatch>& batch,
                       const std::set<std::string, std::less<>>& wanted, Texts& texts) {
    FIRN_TRY(const auto rows, RowsOf(batch, compared_, [&](std::string_view id) {
               return wanted.find(id) != wanted.end();
             }));
    const lake::RowText text(*rows, compared_);
    int id_column = 0;
    for (size_t i = 0; i < compared_.fields.size(); ++i) {
      if (compared_.fields[i].name == "Id") id_column = static_cast<int>(i);
    }
    for (int64_t row = 0; row < text.rows(); ++row) {
      auto& cells = texts[text.Cell(row, id_column).value_or("")];
      cells.clear();
      for (size_t i = 0; i < compared_.fields.size(); ++i) {
        cells.push_back(text.Cell(row, static_cast<int>(i)));
      }
    }
    return {};
  }

  const Call& call_;
  const ExportParts& parts_;
  const ExportOptions& options_;
  const ObjectSpec& spec_;
  const DeepOptions& deep_;
  std::string describe_;
  record::Layout layout_;
  record::Schema compared_;
  std::string stamp_;
  std::optional<UtcMicros> since_;  // what the org changed before must be in the lake
  std::string mark_ = "watermark";  // which mark that is
  StagedRows staged_;
  std::vector<DifferentRow> unexplained_;
  std::vector<DifferentRow> explained_;
  std::vector<IdText> extras_;
  DeepOutcome out_;
};

}  // namespace

Result<DeepOutcome> VerifyDeep(const Call& call, const ExportParts& parts,
                               const ExportOptions& options, const ObjectSpec& spec,
                               const DeepOptions& deep) {
  return Doing(DeepVerify(call, parts, options, spec, deep).Run(), "verifying " + spec.object);
}

}  // namespace firn::exports
