// One connection of the server: reads requests one after the other, hands them to the handler,
// writes the answers. Everything runs on the connection's loop; only the answer's way back
// (ReplySink) and the body streams cross threads.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "core/base/clock.h"
#include "core/net/internal/request_body.h"
#include "core/net/internal/request_parser.h"
#include "core/net/internal/server_loop.h"
#include "core/net/internal/server_wire.h"
#include "core/net/internal/task_pool.h"
#include "core/net/server.h"

namespace firn::net {

// What all sessions of a server share; outlives them.
struct SessionContext {
  ServerOptions options;
  Handler handler;
  TaskPool* stream_pool = nullptr;
  std::stop_token stop;
  std::function<void()> on_gone;  // a session has closed; on any loop
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(const SessionContext& context, ServerLoop& loop, std::unique_ptr<ServerWire> wire,
          std::string peer);
  ~Session();

  void Start();
  // Closes when idle, else after the answer that is under way.
  void Drain();
  void Close();
  void Tick(SteadyTime now);
  [[nodiscard]] bool closed() const { return closed_; }
  // Called back from a ReplySink, on the loop.
  void OnAnswer(uint64_t turn, ServerResponse response);

 private:
  enum class State { kHandshake, kIdle, kReading, kHandling, kAnswering, kFinishing };

  void BeginTurn();
  void ReadOn();
  void ReadMore();
  [[nodiscard]] bool OnHeader();
  void OnBody();
  void OnRequestDone();
  void Hand(ServerRequest request);
  void Refuse(int status, std::string_view why);

  void BeginAnswer(ServerResponse response);
  [[nodiscard]] std::string Head(const ServerResponse& response, bool body_follows) const;
  void WriteWhole();
  void AskForPiece();
  void OnPiece(Result<std::string> piece);
  void WritePiece(std::string piece);
  void WriteEnd();
  void Write(std::initializer_list<std::string_view> pieces, std::function<void()> then);
  // Cuts `piece` where a fault on demand wants it; true when the fault has come.
  [[nodiscard]] bool CutForFault(std::string_view& piece) const;
  void PlayFault();
  void EndTurn();
  void Finish();

  const SessionContext& context_;
  // Not owned: the loop's queue owns sessions, so that owning it back would keep both for ever.
  ServerLoop& loop_;
  const std::unique_ptr<ServerWire> wire_;
  const std::string peer_;
  std::string client_subject_;

  State state_ = State::kHandshake;
  bool closed_ = false;
  bool draining_ = false;
  bool reading_ = false;
  SteadyTime read_deadline_ = SteadyTime::max();
  SteadyTime write_deadline_ = SteadyTime::max();

  const size_t in_capacity_;
  const std::unique_ptr<char[]> in_;
  size_t in_begin_ = 0;
  size_t in_end_ = 0;

  // One request and its answer: a turn.
  uint64_t turn_ = 0;
  std::unique_ptr<RequestParser> parser_;
  std::shared_ptr<RequestBody> body_;  // of a streaming route
  bool body_done_ = false;
  bool head_only_ = false;
  bool keep_alive_ = false;
  bool answered_ = false;

  ServerResponse response_;
  std::string head_;
  std::string chunk_head_;
  std::string piece_;
  std::optional<Result<std::string>> next_piece_;
  bool chunked_ = false;
  bool head_sent_ = false;
  bool writing_ = false;
  int64_t body_sent_ = 0;
};

}  // namespace firn::net
