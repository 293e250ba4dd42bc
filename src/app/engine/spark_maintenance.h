// SparkMaintenance: compaction, manifests and expiry done by Spark, as Iceberg's procedures on the
// same catalog, for tables that are too large for one machine.
//
// Runs the `spark-sql` program that is installed. A REST catalog is used where the project has one;
// in front of an embedded catalog a catalog server is started on a free port of this machine for
// as long as Spark runs, with a secret made for it. Firn's own writers may go on: Spark's commits
// are another engine's, and the snapshots that carry their marks are not let go. Main thread.
// Source: Apache Iceberg docs, "Spark Procedures", "Spark Configuration"; Spark SQL CLI; read
// 2026-11.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/call.h"
#include "ends/lake/catalog/rest_options.h"
#include "ends/lake/table.h"

namespace firn::engine {

struct SparkSteps {
  bool compact = true;
  bool manifests = true;
  bool expire = true;
  int64_t target_bytes = 128LL << 20;
  std::vector<std::string> sort_by;          // columns, ascending; empty: bin packing
  bool rewrite_all = false;                  // files of the right size too
  int64_t snapshots_min = 1;                 // that stay whatever their age
  int64_t older_than_ms = 5LL * 86'400'000;  // age
};

// Where Spark finds the tables.
struct SparkCatalog {
  std::optional<lake::RestCatalogOptions> rest;
  std::string warehouse;     // of the embedded catalog
  std::string catalog_path;  // likewise
};

struct SparkOptions {
  std::string program;                // `spark-sql`, on the PATH or by its path
  std::vector<std::string> settings;  // `spark.jars=..`: of Spark
  std::string log_path;               // gets what Spark has to say
};

struct SparkRow {
  lake::TableIdent table;
  int64_t files_rewritten = 0;
  int64_t files_added = 0;
  int64_t bytes_rewritten = 0;
  int64_t files_failed = 0;  // left to others' commits
  int64_t manifests_rewritten = 0;
  int64_t data_files_deleted = 0;
  int64_t snapshots_expired = 0;  // the table's own count
  std::string failed;             // the step that brought no answer; empty: all did
};
// The statements that Spark is given. Pure. `marks_since_ms`: as lake::MarksSinceMs.
struct SparkTable {
  lake::TableIdent ident;
  std::optional<int64_t> marks_since_ms;
};
[[nodiscard]] std::string SparkScript(const std::vector<SparkTable>& tables,
                                      const SparkSteps& steps, int64_t now_ms);
// What Spark printed for it. Pure.
[[nodiscard]] std::vector<SparkRow> ReadSparkOutput(const std::vector<SparkTable>& tables,
                                                    const SparkSteps& steps,
                                                    const std::string& printed);

// Errors: NotFound (ENGINE-SPARK-001) when the program cannot be started, Internal (-002) when it
// ended without doing its work; those of loading the tables.
[[nodiscard]] Result<std::vector<SparkRow>> MaintainWithSpark(
    const Call& call, lake::Lake& lake, const std::vector<lake::TableIdent>& idents,
    const SparkCatalog& catalog, const SparkSteps& steps, const SparkOptions& options);

}  // namespace firn::engine
