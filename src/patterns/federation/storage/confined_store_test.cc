// What could go wrong in production: a file of another table is read for somebody who may not, by
// another spelling of its name, or a table's own file is refused.
#include "patterns/federation/storage/confined_store.h"

#include <gtest/gtest.h>

namespace firn::federation {
namespace {

// Answers every read with the name it was asked for.
class Echo final : public lake::ObjectStore {
 public:
  Result<std::string> Read(const Call&, const std::string& uri, uint64_t) override { return uri; }
  Result<void> Write(const Call&, const std::string&, std::string_view) override {
    ++changes;
    return {};
  }
  Result<void> Settle(const Call&, const std::vector<std::string>&) override { return {}; }
  Result<int64_t> Size(const Call&, const std::string&) override { return 1; }
  Result<void> Remove(const Call&, const std::string&) override {
    ++changes;
    return {};
  }
  Result<void> List(const Call&, const std::string&,
                    const std::function<Result<void>(const lake::ObjectInfo&)>&) override {
    return {};
  }
  Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenInput(const Call&,
                                                                 const std::string&) override {
    return std::shared_ptr<arrow::io::RandomAccessFile>();
  }
  int changes = 0;
};

// Whether a file may be read for a table there. Size and OpenInput must say the same.
bool Reads(const std::string& location, const std::string& uri, const std::string& data_path = "") {
  lake::TableMetadata metadata;
  metadata.location = location;
  if (!data_path.empty()) metadata.properties["write.data.path"] = data_path;
  const auto store = ConfinedStore(std::make_shared<Echo>(), metadata);
  const auto read = store->Read({}, uri);
  EXPECT_EQ(read.has_value(), store->Size({}, uri).has_value());
  EXPECT_EQ(read.has_value(), store->OpenInput({}, uri).has_value());
  EXPECT_EQ(read ? "" : read.error().code(), read ? "" : "CAT-LOCATION-001");
  return read.has_value();
}

TEST(ConfinedStore, AFileOfTheTableIsReadHoweverItsNameIsSpelled) {
  for (const char* location : {"file:///w/t", "/w/t", "file:/w/t/"}) {
    EXPECT_TRUE(Reads(location, "file:///w/t/metadata/m.avro")) << location;
    EXPECT_TRUE(Reads(location, "/w/t/metadata/m.avro")) << location;
  }
  EXPECT_TRUE(Reads("s3://b/t", "s3://b/t/metadata/m.avro"));
  EXPECT_TRUE(Reads("s3://b/t/", "s3a://b/t/metadata/m.avro"));
  EXPECT_TRUE(Reads("s3://b/t", "s3://b/elsewhere/m.avro", "s3://b/elsewhere"));
}

TEST(ConfinedStore, AFileOutsideTheTableIsRefused) {
  for (const char* uri : {"/w/u/m.avro", "/w/t2/m.avro", "/w/t", "/w/t/../u/m.avro", "/w/m.avro",
                          "s3://b/w/t/m.avro", "http://host/w/t/m.avro", ""})
    EXPECT_FALSE(Reads("file:///w/t", uri)) << uri;
  for (const char* uri :
       {"s3://b/u/m.avro", "s3://c/t/m.avro", "s3://b/t/../u/m.avro", "s3://b/t2/m.avro", "/t/m"})
    EXPECT_FALSE(Reads("s3://b/t", uri)) << uri;
}

TEST(ConfinedStore, NothingIsChangedThroughIt) {
  lake::TableMetadata metadata;
  metadata.location = "/w/t";
  const auto echo = std::make_shared<Echo>();
  const auto store = ConfinedStore(echo, metadata);
  EXPECT_FALSE(store->Write({}, "/w/t/x", "bytes"));
  EXPECT_FALSE(store->Remove({}, "/w/t/x"));
  EXPECT_EQ(echo->changes, 0);
}

}  // namespace
}  // namespace firn::federation
