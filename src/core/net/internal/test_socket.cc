#include "core/net/internal/test_socket.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

namespace firn::net {

TestSocket::TestSocket(uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    close(fd_);
    fd_ = -1;
  }
}

TestSocket::~TestSocket() {
  if (fd_ >= 0) close(fd_);
}

bool TestSocket::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

bool TestSocket::More(int milliseconds) {
  pollfd wait{fd_, POLLIN, 0};
  if (poll(&wait, 1, milliseconds) <= 0) return false;
  char bytes[65536];
  const ssize_t got = recv(fd_, bytes, sizeof bytes, 0);
  if (got > 0) buffer_.append(bytes, static_cast<size_t>(got));
  return got > 0;
}

std::string TestSocket::ReadUntil(std::string_view mark) {
  size_t found = buffer_.find(mark);
  while (found == std::string::npos && More(10'000)) found = buffer_.find(mark);
  const size_t end = found == std::string::npos ? buffer_.size() : found + mark.size();
  std::string text = buffer_.substr(0, end);
  buffer_.erase(0, end);
  return text;
}

std::string TestSocket::ReadResponse() {
  std::string head = ReadUntil("\r\n\r\n");
  constexpr std::string_view kLength = "Content-Length: ";
  const size_t at = head.find(kLength);
  if (at == std::string::npos) return head;
  const auto length = std::strtoull(head.c_str() + at + kLength.size(), nullptr, 10);
  while (buffer_.size() < length && More(10'000)) {
  }
  head += buffer_.substr(0, length);
  buffer_.erase(0, length);
  return head;
}

std::string TestSocket::ReadToEnd() {
  while (More(10'000)) {
  }
  return std::exchange(buffer_, {});
}

bool TestSocket::Readable(int milliseconds) {
  pollfd wait{fd_, POLLIN, 0};
  return poll(&wait, 1, milliseconds) > 0;
}

bool TestSocket::EndsWithin(int milliseconds) {
  if (!Readable(milliseconds)) return false;
  char byte = 0;
  return recv(fd_, &byte, 1, MSG_PEEK) <= 0;
}

}  // namespace firn::net
