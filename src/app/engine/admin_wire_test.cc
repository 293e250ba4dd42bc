// What could go wrong in production: a state folder with a long path has no admin socket, or a
// request cut off in the middle is taken for a whole one.
#include "app/engine/admin_wire.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "core/base/random.h"
#include "tests/support/test_folder.h"

namespace firn::engine {
namespace {

class StateFolder : public testing::Test {
 protected:
  void SetUp() override {
    // Longer than the 107 bytes that a socket's address can hold.
    folder_ =
        std::filesystem::path(temporary_.path()) / std::string(90, 'x') / std::string(60, 'y');
    std::filesystem::create_directories(folder_);
  }
  TestFolder temporary_;
  std::filesystem::path folder_;
};

TEST_F(StateFolder, ARequestAndItsFilesArriveWholeThroughALongPath) {
  const auto listener = ListenAdmin(folder_.string());
  ASSERT_TRUE(listener) << listener.error().OneLine();
  const auto client = ConnectAdmin(folder_.string());
  ASSERT_TRUE(client) << client.error().OneLine();
  const Fd server(accept(listener->get(), nullptr, nullptr));
  EXPECT_TRUE(PeerIsOurs(server.get()));
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const std::string line(100'000, 'a');
  std::thread sender([&] { EXPECT_TRUE(SendAdmin(client->get(), line, {ends[1], ends[1]})); });
  const auto message = ReceiveAdmin(server.get());
  sender.join();
  ASSERT_TRUE(message);
  EXPECT_EQ(message->line, line);
  ASSERT_EQ(message->files.size(), 2U);
  ASSERT_EQ(write(message->files[1].get(), "x", 1), 1);
  char got = 0;
  ASSERT_EQ(read(ends[0], &got, 1), 1);
  EXPECT_EQ(got, 'x');
  close(ends[0]);
  close(ends[1]);
}

TEST_F(StateFolder, ARequestThatIsCutOffIsRefused) {
  const auto listener = ListenAdmin(folder_.string());
  auto client = ConnectAdmin(folder_.string());
  ASSERT_TRUE(client);
  const Fd server(accept(listener->get(), nullptr, nullptr));
  ASSERT_EQ(write(client->get(), "{\"op\":", 6), 6);
  *client = Fd();
  const auto message = ReceiveAdmin(server.get());
  ASSERT_FALSE(message);
  EXPECT_EQ(message.error().code(), "ENGINE-ADMIN-003");
}

TEST_F(StateFolder, NobodyListeningIsSaidWithWhatToDo) {
  const auto client = ConnectAdmin(folder_.string());
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().code(), "ENGINE-ADMIN-002");
  // A socket file that a killed daemon left behind is nobody too.
  {
    const auto gone = ListenAdmin(folder_.string());
  }
  EXPECT_EQ(ConnectAdmin(folder_.string()).error().code(), "ENGINE-ADMIN-002");
}

}  // namespace
}  // namespace firn::engine
