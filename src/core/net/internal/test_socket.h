// A blocking client socket for tests that must send exactly these bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace firn::net {

class TestSocket {
 public:
  explicit TestSocket(uint16_t port);
  ~TestSocket();
  TestSocket(const TestSocket&) = delete;
  TestSocket& operator=(const TestSocket&) = delete;

  // False when the other side has gone.
  bool Send(std::string_view bytes);
  // What comes until `mark` stands in it; what came, if the other side ends or 10 s pass.
  std::string ReadUntil(std::string_view mark);
  // A whole response of Content-Length or without body.
  std::string ReadResponse();
  std::string ReadToEnd();
  // True if something, or the end, stands ready within the time.
  bool Readable(int milliseconds);
  // True if the other side has ended within the time.
  bool EndsWithin(int milliseconds);

 private:
  bool More(int milliseconds);
  int fd_;
  std::string buffer_;
};

}  // namespace firn::net
