#include "ends/lake/ingest/ingest.h"

#include <atomic>
#include <utility>

#include "core/base/file.h"
#include "ends/lake/ingest/ingest_lane.h"
#include "ends/lake/store/s3_store.h"

namespace firn::lake {
namespace {

constexpr std::string_view kFileScheme = "file://";

class IngestImpl final : public Ingest {
 public:
  IngestImpl(record::Layout layout, IngestOptions options, std::string local_folder,
             IngestObserver& observer)
      : shared_{.layout = std::move(layout),
                .options = options,
                .local_folder = std::move(local_folder),
                .observer = observer,
                .rejects = RejectsFile(options.rejects_path)} {}

  Result<std::unique_ptr<IngestLane>> NewLane() override {
    return OpenLane(shared_, lanes_.fetch_add(1));
  }

 private:
  IngestShared shared_;
  std::atomic<int> lanes_{0};
};

}  // namespace

Result<std::unique_ptr<Ingest>> Ingest::New(record::Layout layout, IngestOptions options,
                                            IngestObserver& observer) {
  std::string folder = options.data_folder;
  if (folder.starts_with(kFileScheme)) folder.erase(0, kFileScheme.size());
  auto* spooled = dynamic_cast<SpooledStore*>(options.store.get());
  if (spooled != nullptr) {
    FIRN_TRY(const std::string path, spooled->SpoolPath(folder + "/x"));
    folder = path.substr(0, path.rfind('/'));
  } else if (folder.empty() || folder.find("://") != std::string::npos) {
    return Fail(Error(Kind::kUnsupported, "LAKE-FILE-002",
                      "data files cannot be written under `" + options.data_folder + "`")
                    .Because("it is no folder of this machine, nor of the table's store"));
  }
  FIRN_CHECK(MakeFolders(folder));
  return std::unique_ptr<Ingest>(std::make_unique<IngestImpl>(std::move(layout), std::move(options),
                                                              std::move(folder), observer));
}

}  // namespace firn::lake
