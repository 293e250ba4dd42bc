// The writing half of a session: head, whole or streamed body, faults on demand.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/base/log.h"
#include "core/net/internal/ascii.h"
#include "core/net/internal/server_session.h"

namespace firn::net {
namespace {

// Small enough to stay in a core's cache on its way, large enough that system calls do not count.
constexpr size_t kPieceBytes = 256 << 10;
// Up to here head and body leave in one write from one buffer.
constexpr size_t kJoinedBytes = 16 << 10;

bool IsToken(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

// A handler's slip must not split the response (CWE-113).
bool IsSafe(const std::pair<std::string, std::string>& field) {
  return IsToken(field.first) &&
         field.second.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos;
}

bool NeverHasBody(int status) { return status < 200 || status == 204 || status == 304; }

}  // namespace

void Session::OnAnswer(uint64_t turn, ServerResponse response) {
  if (closed_ || turn != turn_ || answered_) return;
  answered_ = true;
  BeginAnswer(std::move(response));
}

void Session::BeginAnswer(ServerResponse response) {
  state_ = State::kAnswering;
  response_ = std::move(response);
  const auto connection = response_.headers.Get("Connection");
  if (connection && SameText(*connection, "close")) keep_alive_ = false;
  // A body that was not read to its end cannot be told from the next request.
  if (!body_done_ || draining_) keep_alive_ = false;
  head_sent_ = false;
  body_sent_ = 0;
  const bool body_follows = !head_only_ && !NeverHasBody(response_.status);
  chunked_ = body_follows && response_.body_stream && response_.body_stream_bytes < 0 &&
             !parser_->http_1_0();
  if (body_follows && response_.body_stream && response_.body_stream_bytes < 0 && !chunked_) {
    keep_alive_ = false;  // the end of the connection is the end of the body
  }
  if (response_.body_stream && body_follows) return AskForPiece();
  head_ = Head(response_, body_follows);
  head_sent_ = true;
  if (!body_follows) response_.body.clear();
  WriteWhole();
}

std::string Session::Head(const ServerResponse& response, bool body_follows) const {
  std::string head =
      fmt::format("HTTP/1.1 {} {}\r\n", response.status, ReasonPhrase(response.status));
  bool dated = false;
  std::string_view length;
  for (const auto& field : response.headers.all()) {
    const auto& [name, value] = field;
    if (!IsSafe(field)) {
      log::Warn("net.header_dropped", {{"name", name.substr(0, 64)}});
      continue;
    }
    if (SameText(name, "Content-Length")) length = value;
    if (SameText(name, "Content-Length") || SameText(name, "Transfer-Encoding") ||
        SameText(name, "Connection")) {
      continue;
    }
    dated = dated || SameText(name, "Date");
    head.append(name).append(": ").append(value).append("\r\n");
  }
  if (!dated) head.append("Date: ").append(loop_.HttpDate()).append("\r\n");
  if (chunked_) {
    head += "Transfer-Encoding: chunked\r\n";
  } else if (response.body_stream) {
    if (response.body_stream_bytes >= 0) {
      head += fmt::format("Content-Length: {}\r\n", response.body_stream_bytes);
    }
  } else if (!body_follows && !length.empty() && response.body.empty()) {
    head.append("Content-Length: ").append(length).append("\r\n");
  } else if (!NeverHasBody(response.status)) {
    head += fmt::format("Content-Length: {}\r\n", response.body.size());
  }
  if (!keep_alive_) {
    head += "Connection: close\r\n";
  } else if (parser_->http_1_0()) {
    head += "Connection: keep-alive\r\n";
  }
  return head + "\r\n";
}

bool Session::CutForFault(std::string_view& piece) const {
  const auto cut_at = [&](int64_t limit) {
    if (limit < 0 || body_sent_ + static_cast<int64_t>(piece.size()) < limit) return false;
    piece = piece.substr(0, static_cast<size_t>(std::max<int64_t>(0, limit - body_sent_)));
    return true;
  };
  const bool drops = cut_at(response_.drop_after_bytes);
  const bool stalls = cut_at(response_.stall_after_bytes);
  return drops || stalls;
}

void Session::PlayFault() {
  const bool drop_first =
      response_.drop_after_bytes >= 0 &&
      (response_.stall_after_bytes < 0 || response_.drop_after_bytes < response_.stall_after_bytes);
  if (drop_first) return Close();
  // Stalled: nothing more is sent; only the client's leaving, or the drain, ends it.
  write_deadline_ = SteadyTime::max();
  state_ = State::kIdle;
  read_deadline_ = SteadyTime::max();
  if (reading_) return;
  reading_ = true;
  in_begin_ = in_end_ = 0;
  wire_->Read(in_.get(), in_capacity_, [self = shared_from_this()](bool good, size_t bytes) {
    self->reading_ = false;
    if (self->closed_) return;
    if (!good || bytes == 0) return self->Close();
    self->PlayFault();
  });
}

void Session::Write(std::initializer_list<std::string_view> pieces, std::function<void()> then) {
  writing_ = true;
  write_deadline_ = std::chrono::steady_clock::now() + context_.options.idle_timeout;
  wire_->Write({pieces.begin(), pieces.size()},
               [self = shared_from_this(), then = std::move(then)](bool good, size_t) {
                 self->writing_ = false;
                 self->write_deadline_ = SteadyTime::max();
                 if (self->closed_) return;
                 if (!good) return self->Close();
                 then();
               });
}

void Session::WriteWhole() {
  std::string_view body = response_.body;
  const bool fault = CutForFault(body);
  const auto then = [this, fault] { fault ? PlayFault() : EndTurn(); };
  if (body.size() <= kJoinedBytes) {
    head_.append(body);
    return Write({head_}, then);
  }
  Write({head_, body}, then);
}

void Session::AskForPiece() {
  std::function<void()> task = [weak = weak_from_this(), loop = loop_.shared_from_this(),
                                stream = response_.body_stream, turn = turn_] {
    auto piece = std::make_shared<Result<std::string>>(stream->Read(kPieceBytes));
    loop->Dispatch([weak, piece, turn] {
      const auto self = weak.lock();
      if (self && !self->closed_ && self->turn_ == turn) self->OnPiece(std::move(*piece));
    });
  };
  if (!context_.stream_pool->Submit(task)) Close();
}

void Session::OnPiece(Result<std::string> piece) {
  if (writing_) {
    next_piece_ = std::move(piece);
    return;
  }
  if (!piece) {
    log::Warn("net.body_failed", {{"error", piece.error().OneLine()}});
    if (head_sent_) return Close();  // the client must see that it is cut short
    ServerResponse failed;
    failed.status = 500;
    failed.headers.Add("Content-Type", "text/plain");
    failed.body = "internal error\n";
    return BeginAnswer(std::move(failed));
  }
  if (piece->empty()) return WriteEnd();
  WritePiece(std::move(*piece));
}

void Session::WritePiece(std::string piece) {
  if (!head_sent_) head_ = Head(response_, true);
  const std::string_view head = head_sent_ ? std::string_view() : std::string_view(head_);
  head_sent_ = true;
  piece_ = std::move(piece);
  if (response_.body_stream_bytes >= 0 &&
      body_sent_ + static_cast<int64_t>(piece_.size()) > response_.body_stream_bytes) {
    log::Err("net.body_too_long", {{"declared", response_.body_stream_bytes}});
    return Close();
  }
  std::string_view body = piece_;
  const bool fault = CutForFault(body);
  body_sent_ += static_cast<int64_t>(body.size());
  const auto then = [this, fault] {
    if (fault) return PlayFault();
    if (next_piece_) {
      auto next = std::move(*next_piece_);
      next_piece_.reset();
      OnPiece(std::move(next));
    }
  };
  if (!fault) AskForPiece();
  if (!chunked_) return Write({head, body}, then);
  chunk_head_ = std::string(head) + fmt::format("{:x}\r\n", piece_.size());
  if (fault) return Write({chunk_head_, body}, then);
  Write({chunk_head_, body, "\r\n"}, then);
}

void Session::WriteEnd() {
  if (response_.body_stream_bytes >= 0 && body_sent_ < response_.body_stream_bytes) {
    log::Err("net.body_too_short",
             {{"declared", response_.body_stream_bytes}, {"sent", body_sent_}});
    if (head_sent_) return Close();
  }
  const std::string_view last = chunked_ ? "0\r\n\r\n" : "";
  head_ = (head_sent_ ? std::string() : Head(response_, true)) + std::string(last);
  head_sent_ = true;
  std::string_view nothing;
  const bool fault = body_sent_ == 0 && CutForFault(nothing);
  if (fault && chunked_) head_.resize(head_.size() - last.size());
  if (head_.empty()) return EndTurn();
  Write({head_}, [this, fault] { fault ? PlayFault() : EndTurn(); });
}

void Session::EndTurn() {
  response_ = ServerResponse();
  next_piece_.reset();
  if (keep_alive_ && !draining_) return BeginTurn();
  Finish();
}

}  // namespace firn::net
