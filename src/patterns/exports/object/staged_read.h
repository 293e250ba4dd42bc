// StagedRead: the rows of one query, by Bulk or REST, in data files of a private folder: for what
// is compared with the table or merged into it. Nothing of it is in the ledger; whoever is stopped
// reads again. Internal to exports.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/record/layout.h"
#include "ends/lake/data_file.h"
#include "patterns/exports/export.h"
#include "patterns/exports/facts.h"

namespace firn::exports {

struct StagedQuery {
  record::Layout layout;  // what is selected, and the columns of the files
  std::string where;      // SOQL condition without the word; empty: all rows
  bool all_rows = false;
  bool prefer_rest = false;  // few rows: a REST query costs fewer calls than a job
  std::string folder;        // made when missing; files of earlier reads in it are removed
};

struct StagedRows {
  std::vector<lake::DataFile> files;
  Method method = Method::kBulk;
  std::string job_id;  // empty by REST
  int64_t rows_received = 0;
  int64_t rows_rejected = 0;
  std::vector<std::string> rejected;  // `field: reason`, each once
};

// Reads by Bulk, or by REST where it is preferred, where Bulk refuses the object, or where no more
// jobs may be made today (R11). Rows come out identical either way. Errors: of the requests and of
// files; Corrupt SF-REST-006 or LAKE-PAGE-* for a damaged page.
[[nodiscard]] Result<StagedRows> ReadStaged(const Call& call, const ExportParts& parts,
                                            const ExportOptions& options, const StagedQuery& query);

// Whether a refusal to make a query job means that REST should be asked instead.
[[nodiscard]] bool RestCanDo(const Error& error);

}  // namespace firn::exports
