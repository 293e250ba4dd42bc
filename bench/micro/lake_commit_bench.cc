// How long a commit takes, and whether that grows with the table's history.
//
// usage: lake_commit_bench FOLDER [COMMITS]. Makes a table of 20 columns in FOLDER and commits to
// it: appends of one data file with its column metrics, then row deltas that replace the delete
// file of one of 16 data files and add one. Writing the data and delete files is not counted.
// Prints one JSON object: milliseconds of the 100 commits around each milestone.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "core/base/file.h"
#include "ends/lake/commit/delete_files.h"
#include "ends/lake/format/single_value.h"
#include "ends/lake/store/object_store.h"
#include "ends/lake/table.h"

namespace firn::lake {
namespace {

constexpr int kColumns = 20;
constexpr int kFilesWithDeletes = 16;

template <typename T>
T Must(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().OneLine().c_str());
    std::exit(1);
  }
  return *std::move(result);
}

class Bench {
 public:
  Bench(std::string folder, int commits) : folder_(std::move(folder)), commits_(commits) {
    std::filesystem::remove_all(folder_ + "/wh");
    lake_ = Must(Lake::Open({.warehouse = folder_ + "/wh"}));
    record::Schema schema;
    for (int i = 1; i <= kColumns; ++i)
      schema.fields.push_back({i, "column_" + std::to_string(i), false, {}, ""});
    Must(lake_->Create(call_, ident_, schema, {}));
  }

  void Run() {
    const auto appends = Times([this](int i) {
      const std::vector<DataFile> files{File("a" + std::to_string(i))};
      return Timed([&] { Must(lake_->Append(call_, ident_, files, {})); });
    });
    Must(lake_->ReplaceAll(call_, ident_, {}, nullptr, {}));
    const auto deltas = Times([this](int i) { return Delta(i); });
    std::printf("{\"append\": ");
    Print(appends);
    std::printf(", \"row_delta\": ");
    Print(deltas);
    std::printf("}\n");
  }

 private:
  struct Time {
    double wall_ms = 0;
    double cpu_ms = 0;
  };

  template <typename Work>
  std::vector<Time> Times(Work work) {
    std::vector<Time> ms;
    for (int i = 0; i < commits_; ++i) ms.push_back(work(i));
    return ms;
  }

  static double CpuMs() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
  }

  template <typename Work>
  static Time Timed(Work work) {
    const double cpu = CpuMs();
    const auto start = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double, std::milli> wall = std::chrono::steady_clock::now() - start;
    return {wall.count(), CpuMs() - cpu};
  }

  Time Delta(int i) {
    RowDelta delta;
    const size_t slot = static_cast<size_t>(i % kFilesWithDeletes);
    delta.added_rows = {File("d" + std::to_string(i))};
    if (static_cast<int>(live_.size()) < kFilesWithDeletes) {
      live_.push_back({delta.added_rows.front(), {}});
    } else {
      DataFile deletes = File("x" + std::to_string(i));
      deletes.content = DataFile::Content::kPositionDeletes;
      deletes.referenced_data_file = live_[slot].file.path;
      delta.removed_deletes = live_[slot].deletes;
      delta.added_deletes = live_[slot].deletes = {deletes};
    }
    return Timed([&] { Must(lake_->CommitRowDelta(call_, ident_, delta, {})); });
  }

  DataFile File(const std::string& name) {
    DataFile file;
    const std::string path = folder_ + "/wh/ns/t/data/" + name;
    Must(MakeFolders(folder_ + "/wh/ns/t/data").map([] { return 0; }));
    Must(WriteFileDurably(path, "x").map([] { return 0; }));
    file.path = FileUri(path);
    file.record_count = 10;
    file.file_size_bytes = 1;
    for (int i = 1; i <= kColumns; ++i) {
      file.column_sizes[i] = 100;
      file.value_counts[i] = 10;
      file.null_value_counts[i] = 0;
      file.lower_bounds[i] = "lower bound 1234";
      file.upper_bounds[i] = "upper bound 1234";
    }
    return file;
  }

  static double At(std::vector<Time> times, double Time::* which, size_t per_cent) {
    std::sort(times.begin(), times.end(),
              [which](const Time& a, const Time& b) { return a.*which < b.*which; });
    return times[std::min(times.size() - 1, times.size() * per_cent / 100)].*which;
  }

  static void PrintWindow(const std::string& name, const std::vector<Time>& times) {
    std::printf("\"%s\": {\"p50_ms\": %.2f, \"p99_ms\": %.2f, \"cpu_p50_ms\": %.2f}", name.c_str(),
                At(times, &Time::wall_ms, 50), At(times, &Time::wall_ms, 99),
                At(times, &Time::cpu_ms, 50));
  }

  void Print(const std::vector<Time>& times) const {
    std::printf("{");
    for (const int at : std::set<int>{100, 1000, commits_}) {
      if (at > commits_) continue;
      PrintWindow("at_" + std::to_string(at), {times.begin() + at - 100, times.begin() + at});
      std::printf(", ");
    }
    PrintWindow("all", times);
    std::printf("}");
  }

  std::string folder_;
  int commits_;
  std::unique_ptr<Lake> lake_;
  TableIdent ident_{"ns", "t"};
  Call call_;
  struct Live {
    DataFile file;
    std::vector<DataFile> deletes;
  };
  std::vector<Live> live_;
};

}  // namespace
}  // namespace firn::lake

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  firn::lake::Bench(argv[1], argc > 2 ? std::atoi(argv[2]) : 10000).Run();
  return 0;
}
