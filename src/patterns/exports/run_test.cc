// What could go wrong: a row is lost or doubled on its way from page to table and the report calls
// it exact. The org is made up here; lake, ingest and ledger are the real ones.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/base/random.h"
#include "core/base/time_text.h"
#include "ends/lake/format/metadata.h"
#include "patterns/exports/export.h"
#include "patterns/exports/facts.h"
#include "patterns/exports/fake_bulk.h"
#include "patterns/exports/fake_rest.h"
#include "patterns/exports/leftovers.h"
#include "patterns/exports/report.h"
#include "patterns/exports/verify/verify.h"
#include "tests/support/test_folder.h"

namespace firn::exports {
namespace {

std::string Field(const std::string& name, const std::string& type, int precision, int scale) {
  return R"({"name":")" + name + R"(","type":")" + type + R"(","label":")" + name +
         R"(","length":80,"precision":)" + std::to_string(precision) + R"(,"scale":)" +
         std::to_string(scale) + R"(,"digits":0,"nillable":true,"referenceTo":[]})";
}

std::string AccountDescribe(const std::string& more = "") {
  return R"({"name":"Account","keyPrefix":"001","fields":[)" + Field("Id", "id", 0, 0) + "," +
         Field("Name", "string", 0, 0) + "," + Field("AnnualRevenue", "currency", 18, 2) + "," +
         Field("SystemModstamp", "datetime", 0, 0) + "," + Field("IsDeleted", "boolean", 0, 0) +
         more + "]}";
}

std::string IdOf(int64_t i) {
  std::string digits = std::to_string(i);
  return "001" + std::string(12 - digits.size(), '0') + digits + "AAA";
}

std::string CsvRow(int64_t i) {
  return "\"" + IdOf(i) + "\",\"name " + std::to_string(i) + "\",\"" + std::to_string(i) +
         ".25\",\"2026-11-24T02:00:00.000Z\",\"false\"\n";
}

class RunTest : public ::testing::Test {
 protected:
  void SetUp() override {
    rest_.describe = AccountDescribe();
    rest_.count = bulk_.rows = 95;
    bulk_.header = "\"Id\",\"Name\",\"AnnualRevenue\",\"SystemModstamp\",\"IsDeleted\"\n";
    bulk_.row = CsvRow;
    auto db = state::StateDb::Open((folder_ / "state").string(), {});
    ASSERT_TRUE(db) << db.error().OneLine();
    ledger_ = std::make_unique<state::Ledger>(*db);
    checkpoints_ = std::make_unique<state::Checkpoints>(*db);
    auto lake = lake::Lake::Open({.warehouse = (folder_ / "lake").string()});
    ASSERT_TRUE(lake) << lake.error().OneLine();
    lake_ = *std::move(lake);
    auto shared = state::SharedState::Open(":memory:");
    ASSERT_TRUE(shared);
    leases_ = state::NewSqliteLeases(*shared, SystemClock());
    parts_ = {.org = "prod",
              .org_id = "00D000000000001AAA",
              .api_version = "66.0",
              .rest = &rest_,
              .bulk = &bulk_,
              .lake = lake_.get(),
              .ledger = ledger_.get(),
              .checkpoints = checkpoints_.get(),
              .leases = leases_.get(),
              .lease_holder = "test",
              .metrics = &metrics_};
    options_.rejects_folder = (folder_ / "rejects").string();
    options_.verify = VerifyLevel::kFull;
    options_.rows_per_page = 10;
    spec_.object = "Account";
    spec_.table = "salesforce.Account";
  }

  RunOutcome Run() {
    auto outcome = RunExport(call_, parts_, options_, {spec_});
    EXPECT_TRUE(outcome) << outcome.error().OneLine();
    return outcome ? *std::move(outcome) : RunOutcome();
  }
  ReportObject ReportOf(const RunOutcome& outcome) {
    auto report = LoadReport(*ledger_, "prod", outcome.run_id);
    EXPECT_TRUE(report) << report.error().OneLine();
    return report && !report->objects.empty() ? report->objects.front() : ReportObject();
  }
  int64_t RowsInTable() {
    auto table = lake_->Load({"salesforce", "Account"});
    EXPECT_TRUE(table);
    auto files = table->Files(call_);
    EXPECT_TRUE(files) << files.error().OneLine();
    int64_t rows = 0;
    for (const auto& file : *files) rows += file.record_count;
    return rows;
  }

  TestFolder temporary_;
  std::filesystem::path folder_ = temporary_.path();
  FakeRest rest_;
  FakeBulk bulk_;
  std::unique_ptr<state::Ledger> ledger_;
  std::unique_ptr<state::Checkpoints> checkpoints_;
  std::unique_ptr<lake::Lake> lake_;
  std::unique_ptr<state::Leases> leases_;
  MetricsRegistry metrics_;
  ExportParts parts_;
  ExportOptions options_;
  ObjectSpec spec_;
  Call call_;
};

TEST_F(RunTest, EveryRowLandsAndTheVerdictIsExact) {
  const auto outcome = Run();
  ASSERT_TRUE(outcome.errors.empty()) << outcome.errors.front().OneLine();
  const auto object = ReportOf(outcome);
  EXPECT_EQ(object.verdict, "exact") << (object.findings.empty() ? "" : object.findings.front());
  EXPECT_EQ(object.verified, "full");
  EXPECT_EQ(object.rows_written, 95);
  EXPECT_EQ(object.rows_in_files, 95);
  EXPECT_EQ(object.pages, 10);
  EXPECT_EQ(RowsInTable(), 95);
  auto table = lake_->Load({"salesforce", "Account"});
  const auto summary = table->current_snapshot()->summary;
  EXPECT_EQ(summary.at("firn.run-id"), outcome.run_id);
  EXPECT_EQ(summary.at("firn.job-id"), "750");
  EXPECT_EQ(summary.at("firn.rows"), "95");
  EXPECT_EQ(summary.at("firn.watermark"), "2026-11-24T03:00:00.000+0000");
  EXPECT_EQ((*checkpoints_->Get("prod", "export/Account"))->value, summary.at("firn.watermark"));
}

TEST_F(RunTest, ParallelPagesGiveTheSameTable) {
  options_.rows_per_page = 0;
  bulk_.parallel = true;
  const auto object = ReportOf(Run());
  EXPECT_EQ(object.verdict, "exact");
  EXPECT_EQ(object.pages, 10);
  EXPECT_EQ(RowsInTable(), 95);
}

TEST_F(RunTest, FullRefreshReplacesTheRows) {
  ASSERT_TRUE(Run().errors.empty());
  bulk_.rows = rest_.count = 40;
  const auto object = ReportOf(Run());
  EXPECT_EQ(object.verdict, "exact");
  EXPECT_EQ(RowsInTable(), 40);
  EXPECT_EQ(lake_->Load({"salesforce", "Account"})->history().size(), 2U);
}

TEST_F(RunTest, ATableWithPartitionsGetsItsRowsOnceAndIsVerifiedToo) {
  ASSERT_TRUE(Run().errors.empty());
  lake::PartitionField by_id;
  {
    const auto table = lake_->Load({"salesforce", "Account"});
    by_id = {table->schema().Find("Id")->id, 1000, "Id_bucket", "bucket[3]"};
    ASSERT_TRUE(lake_->EvolveSpec(call_, table->ident(), {by_id}, table->shape()));
  }
  const auto outcome = Run();
  ASSERT_TRUE(outcome.errors.empty()) << outcome.errors.front().OneLine();
  const auto object = ReportOf(outcome);
  EXPECT_EQ(object.verdict, "exact") << (object.findings.empty() ? "" : object.findings.front());
  EXPECT_EQ(object.verified, "full");
  EXPECT_EQ(object.rows_in_files, 95);
  EXPECT_EQ(RowsInTable(), 95);
  const auto files = lake_->Load({"salesforce", "Account"})->Files(call_);
  for (const auto& file : *files) {
    EXPECT_EQ(file.partition.size(), 1U);
    const std::string name = file.path.substr(file.path.rfind('/') + 1);
    EXPECT_TRUE(name.starts_with(outcome.run_id)) << "a killed run finds its own files by " << name;
  }
  const auto verified =
      VerifyRun(call_, *lake_, *ledger_, "prod", outcome.run_id, VerifyLevel::kFull);
  ASSERT_TRUE(verified) << verified.error().OneLine();
  for (const auto& one : *verified) {
    EXPECT_TRUE(one.outcome.problems.empty()) << one.outcome.problems.front();
    EXPECT_TRUE(one.outcome.hashes_compared);
  }
}

TEST_F(RunTest, EmptyObjectIsExactToo) {
  bulk_.rows = rest_.count = 0;
  const auto outcome = Run();
  ASSERT_TRUE(outcome.errors.empty()) << outcome.errors.front().OneLine();
  EXPECT_EQ(ReportOf(outcome).verdict, "exact");
  EXPECT_EQ(RowsInTable(), 0);
}

TEST_F(RunTest, ObjectThatBulkRefusesGivesIdenticalRowsByRest) {
  const auto by_bulk = Run();
  bulk_.refuses = true;
  for (int64_t i = 0; i < 95; ++i) {
    rest_.records.push_back(R"({"attributes":{"type":"Account"},"Id":")" + IdOf(i) +
                            R"(","Name":"name )" + std::to_string(i) + R"(","AnnualRevenue":)" +
                            std::to_string(i) +
                            R"(.25,"SystemModstamp":"2026-11-24T02:00:00.000+0000",)"
                            R"("IsDeleted":false})");
  }
  const auto by_rest = Run();
  ASSERT_TRUE(by_rest.errors.empty()) << by_rest.errors.front().OneLine();
  const auto object = ReportOf(by_rest);
  EXPECT_EQ(object.method, "rest");
  EXPECT_EQ(object.verdict, "exact") << (object.findings.empty() ? "" : object.findings.front());
  const auto hashes = [this](const RunOutcome& run) {
    record::ColumnHashes sum(5, 0);
    const auto rows = ledger_->Files("prod", run.run_id, "Account");
    for (const auto& row : *rows) {
      const auto recorded = RecordedFilesFromJson(row.content);
      for (const auto& page : recorded->pages) {
        for (size_t i = 0; i < sum.size(); ++i) sum[i] += page.hashes.at(i);
      }
    }
    return sum;
  };
  EXPECT_EQ(hashes(by_bulk), hashes(by_rest));
}

TEST_F(RunTest, RowThatDoesNotFitIsRejectedCountedAndKept) {
  bulk_.row = [](int64_t i) {
    return i != 7 ? CsvRow(i)
                  : "\"" + IdOf(i) + "\",\"n\",\"twelve\",\"2026-11-24T02:00:00.000Z\",\"false\"\n";
  };
  const auto outcome = Run();
  ASSERT_TRUE(outcome.errors.empty()) << outcome.errors.front().OneLine();
  const auto object = ReportOf(outcome);
  EXPECT_EQ(object.rows_rejected, 1);
  EXPECT_EQ(object.rows_written, 94);
  EXPECT_EQ(object.verdict, "explained");
  ASSERT_EQ(object.rejects.size(), 1U);
  EXPECT_EQ(object.rejects[0].field, "AnnualRevenue");
  ASSERT_FALSE(object.rejects_path.empty());
  const auto mode = std::filesystem::status(object.rejects_path).permissions();
  EXPECT_EQ(mode & std::filesystem::perms::all,
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(RunTest, StrictStopsAtTheFirstRowThatDoesNotFit) {
  spec_.strict = true;
  bulk_.row = [](int64_t i) { return i != 7 ? CsvRow(i) : "\"x\",\"n\",\"1\",\"y\",\"false\"\n"; };
  const auto outcome = Run();
  ASSERT_EQ(outcome.errors.size(), 1U);
  EXPECT_EQ(outcome.errors[0].code(), "LAKE-REJECT-003");
  EXPECT_FALSE(lake_->Load({"salesforce", "Account"})->current_snapshot().has_value());
}

TEST_F(RunTest, PageWithTooFewRowsFailsByNameAndResumes) {
  bulk_.page_rows_missing = 1;
  const auto outcome = Run();
  ASSERT_EQ(outcome.errors.size(), 1U);
  EXPECT_EQ(outcome.errors[0].code(), "LAKE-PAGE-002");
  EXPECT_NE(outcome.errors[0].OneLine().find("page"), std::string::npos);
  bulk_.page_rows_missing = 0;
  auto resumed = ResumeExport(call_, parts_, options_, outcome.run_id);
  ASSERT_TRUE(resumed) << resumed.error().OneLine();
  ASSERT_TRUE(resumed->errors.empty()) << resumed->errors.front().OneLine();
  EXPECT_EQ(ReportOf(outcome).verdict, "exact");
  EXPECT_EQ(bulk_.created, 1);
  EXPECT_EQ(RowsInTable(), 95);
}

TEST_F(RunTest, DurablePagesAreNotFetchedAgain) {
  options_.target_file_bytes = 1;  // a file a page
  bulk_.open_failures["50"] = 4;
  const auto outcome = Run();
  ASSERT_EQ(outcome.errors.size(), 1U);
  bulk_.opened.clear();
  auto resumed = ResumeExport(call_, parts_, options_, outcome.run_id);
  ASSERT_TRUE(resumed && resumed->errors.empty());
  for (const char* locator : {"", "10", "20", "30", "40"}) {
    EXPECT_EQ(std::count(bulk_.opened.begin(), bulk_.opened.end(), locator), 0) << locator;
  }
  EXPECT_EQ(ReportOf(outcome).verdict, "exact");
  EXPECT_EQ(RowsInTable(), 95);
}

TEST_F(RunTest, DoneRunCannotBeResumed) {
  const auto outcome = Run();
  auto again = ResumeExport(call_, parts_, options_, outcome.run_id);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), "EXPORT-RUN-001");
  parts_.org_id = "00D000000000002AAA";
  bulk_.open_failures[""] = 4;
  const auto other = Run();
  parts_.org_id = "00D000000000001AAA";
  auto wrong = ResumeExport(call_, parts_, options_, other.run_id);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code(), "EXPORT-RUN-002");
}

TEST_F(RunTest, OldRunDoesNotTakeTheTableBackInTime) {
  bulk_.open_failures["50"] = 4;
  const auto stopped = Run();
  ASSERT_EQ(stopped.errors.size(), 1U);
  ASSERT_TRUE(Run().errors.empty());
  auto resumed = ResumeExport(call_, parts_, options_, stopped.run_id);
  ASSERT_TRUE(resumed);
  ASSERT_EQ(resumed->errors.size(), 1U);
  EXPECT_EQ(resumed->errors[0].code(), "EXPORT-COMMIT-001");
}

TEST_F(RunTest, VanishedFieldIsReportedAndItsColumnStaysEmpty) {
  ASSERT_TRUE(Run().errors.empty());
  rest_.describe = AccountDescribe("," + Field("Rating__c", "string", 0, 0));
  rest_.describe.erase(rest_.describe.find("," + Field("Name", "string", 0, 0)),
                       Field("Name", "string", 0, 0).size() + 1);
  bulk_.header = "\"Id\",\"AnnualRevenue\",\"SystemModstamp\",\"IsDeleted\",\"Rating__c\"\n";
  bulk_.row = [](int64_t i) {
    return "\"" + IdOf(i) + "\",\"1\",\"2026-11-24T02:00:00.000Z\",\"false\",\"hot\"\n";
  };
  const auto outcome = Run();
  ASSERT_TRUE(outcome.errors.empty()) << outcome.errors.front().OneLine();
  const auto object = ReportOf(outcome);
  EXPECT_EQ(object.vanished_fields, std::vector<std::string>{"Name"});
  EXPECT_EQ(object.new_fields, std::vector<std::string>{"Rating__c"});
  EXPECT_EQ(object.verdict, "exact") << (object.findings.empty() ? "" : object.findings.front());
  const auto table = lake_->Load({"salesforce", "Account"});
  EXPECT_NE(table->schema().Find("Name"), nullptr);
  EXPECT_NE(table->schema().Find("Rating__c"), nullptr);
}

TEST_F(RunTest, FieldToBeLeftOutThatTheOrgHasNoMoreIsAWarning) {
  spec_.fields_named = true;
  spec_.exclude = {"Fax", "Secret*"};
  const auto outcome = Run();
  ASSERT_TRUE(outcome.errors.empty()) << outcome.errors.front().OneLine();
  const auto warnings = ReportOf(outcome).warnings;
  ASSERT_EQ(warnings.size(), 2U);
  EXPECT_NE(warnings[0].find("`Fax`"), std::string::npos);
  EXPECT_NE(warnings[1].find("`Secret*`"), std::string::npos);
}

class LeftOutTest : public RunTest {
 protected:
  LeftOutTest() {
    bulk_.create_error = rest_.refusal =
        Error(Kind::kBadInput, "SF-REST-001", "Salesforce cannot read the query")
            .Because("Implementation restriction: Account requires a filter")
            .From({"org `prod`", 400, "MALFORMED_QUERY", ""});
    spec_.by_pattern = true;
  }
  void ExpectMissingOnceItCame() {
    const auto refused = std::exchange(rest_.refusal, std::nullopt);
    bulk_.create_error.reset();
    ASSERT_TRUE(Run().errors.empty());
    bulk_.create_error = rest_.refusal = refused;
    EXPECT_EQ(ReportOf(Run()).verdict, "missing");
    EXPECT_EQ(RowsInTable(), 95);
  }
};

TEST_F(LeftOutTest, ObjectThatIsDocumentedNeverToComeWholeIsLeftOutAndNothingIsWrong) {
  spec_.object = "ContentDocumentLink";
  const auto outcome = Run();
  EXPECT_TRUE(outcome.errors.empty());
  const auto report = LoadReport(*ledger_, "prod", outcome.run_id);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->Verdict(), "left out");
  EXPECT_EQ(report->LeftOutObjects(), std::vector<std::string>{"ContentDocumentLink"});
  EXPECT_TRUE(report->MissingObjects().empty());
  ASSERT_EQ(report->objects.front().findings.size(), 1U);
}

TEST_F(LeftOutTest, ObjectThatIsLeftOutDoesNotColourTheVerdictOfTheOthers) {
  EXPECT_EQ(Worse(Verdict::kLeftOut, Verdict::kExact), Verdict::kExact);
  EXPECT_EQ(Worse(Verdict::kLeftOut, Verdict::kExplained), Verdict::kExplained);
  EXPECT_EQ(Worse(Verdict::kMissing, Verdict::kExplained), Verdict::kMissing);
  EXPECT_EQ(Worse(Verdict::kMissing, Verdict::kUnexplained), Verdict::kUnexplained);
}

TEST_F(LeftOutTest, ObjectThatCameBeforeAndComesNoMoreIsMissingWhateverIsDocumented) {
  spec_.object = "ContentDocumentLink";
  ExpectMissingOnceItCame();
}

TEST_F(LeftOutTest, ObjectThatAPatternChoseIsMissingWithItsReason) {
  const auto outcome = Run();
  EXPECT_TRUE(outcome.errors.empty());
  EXPECT_FALSE(outcome.interrupted);
  const auto object = ReportOf(outcome);
  EXPECT_EQ(object.verdict, "missing");
  ASSERT_EQ(object.findings.size(), 1U);
  EXPECT_NE(object.findings[0].find("requires a filter"), std::string::npos);
  EXPECT_NE(object.findings[0].find("skip: true"), std::string::npos);
  const auto report = LoadReport(*ledger_, "prod", outcome.run_id);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->Verdict(), "missing");
  EXPECT_EQ(report->MissingObjects(), std::vector<std::string>{"Account"});
  EXPECT_TRUE(report->LeftOutObjects().empty());
  EXPECT_EQ(report->state, "done");
}

TEST_F(LeftOutTest, NoEmptyTableIsLeftBehind) {
  ASSERT_TRUE(Run().errors.empty());
  EXPECT_FALSE(lake_->Load({"salesforce", "Account"}));
}

TEST_F(LeftOutTest, TableThatHasRowsKeepsThem) { ExpectMissingOnceItCame(); }

TEST_F(LeftOutTest, ObjectThatWasNamedFails) {
  spec_.by_pattern = false;
  const auto outcome = Run();
  ASSERT_EQ(outcome.errors.size(), 1U);
  EXPECT_EQ(ReportOf(outcome).verdict, "");
}

TEST_F(LeftOutTest, ConditionOfTheUsersOwnFails) {
  spec_.where = "Name = ";
  EXPECT_EQ(Run().errors.size(), 1U);
}

TEST_F(LeftOutTest, FailureThatPassesFails) {
  bulk_.create_error = rest_.refusal =
      Error(Kind::kUnreachable, "SF-REST-012", "the org cannot answer now (status 503)");
  const auto outcome = Run();
  EXPECT_EQ(outcome.errors.size(), 1U);
  EXPECT_TRUE(outcome.interrupted);
}

TEST_F(RunTest, FieldThatIsHiddenForNowIsNotTakenForAMisspeltOne) {
  ASSERT_TRUE(Run().errors.empty());
  spec_.fields_named = true;
  spec_.include = {"Name", "AnnualRevenue", "SystemModstamp", "IsDeleted", "Id"};
  rest_.describe.erase(rest_.describe.find("," + Field("Name", "string", 0, 0)),
                       Field("Name", "string", 0, 0).size() + 1);
  bulk_.header = "\"Id\",\"AnnualRevenue\",\"SystemModstamp\",\"IsDeleted\"\n";
  bulk_.row = [](int64_t i) {
    return "\"" + IdOf(i) + "\",\"1\",\"2026-11-24T02:00:00.000Z\",\"false\"\n";
  };
  const auto outcome = Run();
  ASSERT_TRUE(outcome.errors.empty()) << outcome.errors.front().OneLine();
  EXPECT_EQ(ReportOf(outcome).vanished_fields, std::vector<std::string>{"Name"});
}

TEST_F(RunTest, FieldThatIsLeftOutIsNotReportedAsHidden) {
  ASSERT_TRUE(Run().errors.empty());
  spec_.exclude = {"Name"};
  bulk_.header = "\"Id\",\"AnnualRevenue\",\"SystemModstamp\",\"IsDeleted\"\n";
  bulk_.row = [](int64_t i) {
    return "\"" + IdOf(i) + "\",\"1\",\"2026-11-24T02:00:00.000Z\",\"false\"\n";
  };
  const auto outcome = Run();
  ASSERT_TRUE(outcome.errors.empty()) << outcome.errors.front().OneLine();
  EXPECT_EQ(ReportOf(outcome).warnings,
            std::vector<std::string>{"left out, as asked: Name; their columns are empty after it"});
}

// The org's list does not tell the jobs' queries: a run whose own job was refused took the job of
// another run for it, and would have committed rows that its condition leaves out.
TEST_F(RunTest, JobOfAnotherRunIsNotTakenForOneThatWasLost) {
  bulk_.create_error = Error(Kind::kTimeout, "NET-HTTP-003", "no byte came");
  const auto lost = Run();
  ASSERT_EQ(lost.errors.size(), 1U);
  bulk_.create_error.reset();
  ASSERT_TRUE(Run().errors.empty());
  ASSERT_EQ(bulk_.created, 1);
  bulk_.jobs = {{.id = "750",
                 .state = salesforce::JobState::kJobComplete,
                 .operation = "query",
                 .object = "Account",
                 .created_date = FormatUtc(call_.clock->Now())}};
  ASSERT_TRUE(ResumeExport(call_, parts_, options_, lost.run_id));
  EXPECT_EQ(bulk_.created, 2);  // a job of its own
}

TEST_F(RunTest, LostJobIsFoundAgainAndNotMadeTwice) {
  bulk_.create_error = Error(Kind::kTimeout, "NET-HTTP-003", "no byte came");
  const auto lost = Run();
  bulk_.create_error.reset();
  bulk_.jobs = {{.id = "751",
                 .state = salesforce::JobState::kJobComplete,
                 .operation = "query",
                 .object = "Account",
                 .created_date = FormatUtc(call_.clock->Now())}};
  auto resumed = ResumeExport(call_, parts_, options_, lost.run_id);
  ASSERT_TRUE(resumed && resumed->errors.empty());
  EXPECT_EQ(bulk_.created, 0);
}

TEST_F(RunTest, JobThatTheOrgRefusedIsNotLookedFor) {
  bulk_.create_error = Error(Kind::kBadInput, "SF-BULK-001", "the query is refused");
  const auto refused = Run();
  ASSERT_EQ(refused.errors.size(), 1U);
  bulk_.create_error.reset();
  bulk_.jobs = {{.id = "752",  // of somebody who reads the same object
                 .state = salesforce::JobState::kJobComplete,
                 .operation = "query",
                 .object = "Account",
                 .created_date = FormatUtc(call_.clock->Now())}};
  auto resumed = ResumeExport(call_, parts_, options_, refused.run_id);
  ASSERT_TRUE(resumed && resumed->errors.empty());
  EXPECT_EQ(bulk_.created, 1);
}

TEST_F(RunTest, FieldsThatChangeUnderTheRunArePlannedAgain) {
  // The first job answers with another header than it was asked for.
  rest_.describe = AccountDescribe("," + Field("Gone__c", "string", 0, 0));
  auto first = RunExport(call_, parts_, options_, {spec_});
  ASSERT_TRUE(first);
  ASSERT_EQ(first->errors.size(), 1U);
  EXPECT_EQ(first->errors[0].code(), "LAKE-PAGE-004") << first->errors[0].OneLine();
  rest_.describe = AccountDescribe();
  auto resumed = ResumeExport(call_, parts_, options_, first->run_id);
  ASSERT_TRUE(resumed);
  ASSERT_TRUE(resumed->errors.empty()) << resumed->errors.front().OneLine();
  const auto object = ReportOf(*resumed);
  EXPECT_EQ(object.verdict, "exact");
  EXPECT_EQ(bulk_.created, 2);
  EXPECT_NE(object.warnings.front().find("fields changed"), std::string::npos);
}

TEST_F(RunTest, RowsMadeMeanwhileAreExplained) {
  rest_.count = 97;
  rest_.changed = 2;
  const auto object = ReportOf(Run());
  EXPECT_EQ(object.verdict, "explained");
  rest_.changed = 1;
  EXPECT_EQ(ReportOf(Run()).verdict, "unexplained");
}

TEST_F(RunTest, CountThatTimesOutIsNotAvailable) {
  rest_.count_times_out = true;
  const auto object = ReportOf(Run());
  EXPECT_FALSE(object.count_after.has_value());
  EXPECT_EQ(object.verdict, "exact");
}

TEST_F(RunTest, VerifyNamesAFileThatIsGoneAndItsPages) {
  const auto outcome = Run();
  auto table = lake_->Load({"salesforce", "Account"});
  const auto files = *table->Files(call_);
  std::filesystem::remove(LocalPath(files.front().path));
  auto verified = VerifyRun(call_, *lake_, *ledger_, "prod", outcome.run_id, VerifyLevel::kCounts);
  ASSERT_TRUE(verified) << verified.error().OneLine();
  ASSERT_FALSE(verified->front().outcome.problems.empty());
  EXPECT_NE(verified->front().outcome.problems.front().find(files.front().path), std::string::npos);
}

TEST_F(RunTest, InterruptKeepsWhatIsReadAndResumes) {
  options_.target_file_bytes = 1;
  std::stop_source stop;
  call_.stop = stop.get_token();
  struct StopAfterThree final : ExportObserver {
    std::stop_source* stop = nullptr;
    void Progress(const RunProgress& now) override {
      if (now.pages == 3) stop->request_stop();
    }
    void Note(const std::string&, const std::string&) override {}
  };
  StopAfterThree observer;
  observer.stop = &stop;
  parts_.observer = &observer;
  const auto outcome = Run();
  EXPECT_TRUE(outcome.interrupted);
  EXPECT_EQ(ledger_->Run("prod", outcome.run_id)->state, state::RunState::kInterrupted);
  EXPECT_GE(ledger_->Files("prod", outcome.run_id, "Account")->size(), 3U);
  call_.stop = {};
  parts_.observer = nullptr;
  auto resumed = ResumeExport(call_, parts_, options_, outcome.run_id);
  ASSERT_TRUE(resumed && resumed->errors.empty());
  EXPECT_EQ(ReportOf(outcome).verdict, "exact");
  EXPECT_EQ(RowsInTable(), 95);
}

}  // namespace
}  // namespace firn::exports
