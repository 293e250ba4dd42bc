#include "core/net/internal/server_session.h"

#include <algorithm>
#include <cstring>
#include <exception>

#include "core/base/encoding.h"
#include "core/base/log.h"
#include "core/net/internal/ascii.h"

namespace firn::net {
namespace {

// Room for the largest header and some body behind it.
constexpr size_t kReadAhead = 16 << 10;
constexpr std::chrono::seconds kFinishTimeout{2};

SteadyTime In(std::chrono::milliseconds wait) { return std::chrono::steady_clock::now() + wait; }

// Carries one answer from any thread back to the session's loop, if it is still there.
class ReplySink final : public Reply::Sink {
 public:
  ReplySink(std::weak_ptr<Session> session, std::shared_ptr<ServerLoop> loop, uint64_t turn)
      : session_(std::move(session)), loop_(std::move(loop)), turn_(turn) {}
  void Answer(ServerResponse response) override {
    loop_->Dispatch([session = session_, turn = turn_, response = std::move(response)]() mutable {
      if (const auto alive = session.lock()) alive->OnAnswer(turn, std::move(response));
    });
  }

 private:
  std::weak_ptr<Session> session_;
  std::shared_ptr<ServerLoop> loop_;
  uint64_t turn_;
};

TraceContext TraceOf(const Headers& headers) {
  if (const auto header = headers.Get("traceparent")) {
    if (auto trace = TraceContext::Parse(*header)) return trace->Child(SystemRandom());
  }
  return TraceContext::New(SystemRandom());
}

bool Expects100(const Headers& headers) {
  const auto expect = headers.Get("Expect");
  return expect && SameText(*expect, "100-continue");
}

// Exactly one Host (RFC 9112, 3.2).
bool HasOneHost(const Headers& headers) {
  return std::count_if(headers.all().begin(), headers.all().end(),
                       [](const auto& field) { return SameText(field.first, "Host"); }) == 1;
}

// Splits a target in origin or absolute form (RFC 9112, 3.2) into path and query.
Result<void> SplitTarget(ServerRequest& request) {
  std::string_view rest = request.target;
  if (rest.starts_with("http://") || rest.starts_with("https://")) {
    const size_t slash = rest.find('/', rest.find("//") + 2);
    rest = slash == std::string_view::npos ? std::string_view("/") : rest.substr(slash);
  }
  const size_t mark = rest.find('?');
  if (mark != std::string_view::npos) request.query = std::string(rest.substr(mark + 1));
  FIRN_TRY(request.path, PercentDecode(rest.substr(0, mark), false));
  if (request.path.find('\0') != std::string::npos) {
    return Fail(Kind::kBadInput, "NET-HTTP-005", "a NUL in a path");
  }
  return {};
}

}  // namespace

Session::Session(const SessionContext& context, ServerLoop& loop, std::unique_ptr<ServerWire> wire,
                 std::string peer)
    : context_(context),
      loop_(loop),
      wire_(std::move(wire)),
      peer_(std::move(peer)),
      in_capacity_(context.options.header_bytes_max + kReadAhead),
      in_(std::make_unique_for_overwrite<char[]>(in_capacity_)) {}

Session::~Session() {
  if (body_) body_->Fail(Error(Kind::kUnreachable, "NET-HTTP-002", "the connection is gone"));
}

void Session::Start() {
  read_deadline_ = In(context_.options.request_timeout);
  wire_->Handshake([self = shared_from_this()](bool good, size_t) {
    if (self->closed_) return;
    if (!good) return self->Close();
    self->client_subject_ = self->wire_->ClientSubject();
    self->BeginTurn();
  });
}

void Session::Drain() {
  draining_ = true;
  if (state_ == State::kIdle || state_ == State::kHandshake) Close();
}

void Session::Close() {
  if (closed_) return;
  closed_ = true;
  wire_->Close();
  if (body_) body_->Fail(Error(Kind::kUnreachable, "NET-HTTP-002", "the connection is gone"));
  context_.on_gone();
}

void Session::Tick(SteadyTime now) {
  if (closed_) return;
  if (now >= write_deadline_) return Close();
  if (now < read_deadline_) return;
  if (body_ && !body_done_) {
    body_->Fail(Error(Kind::kTimeout, "NET-HTTP-003", "the request's body stalled"));
    return Close();
  }
  if (state_ == State::kReading) return Refuse(408, "the request took too long to arrive");
  Close();
}

void Session::BeginTurn() {
  ++turn_;
  if (draining_) return Finish();
  parser_ = std::make_unique<RequestParser>(context_.options.header_bytes_max,
                                            context_.options.body_bytes_max);
  body_.reset();
  body_done_ = head_only_ = keep_alive_ = answered_ = false;
  state_ = State::kIdle;
  read_deadline_ = In(context_.options.idle_timeout);
  write_deadline_ = SteadyTime::max();
  ReadOn();
}

void Session::ReadOn() {
  while (!closed_) {
    const std::string_view unread(in_.get() + in_begin_, in_end_ - in_begin_);
    if (state_ == State::kIdle) {
      if (unread.empty()) return ReadMore();
      state_ = State::kReading;
      read_deadline_ = In(context_.options.request_timeout);
    }
    const auto step = parser_->Feed(unread);
    in_begin_ += step.consumed;
    switch (step.what) {
      case RequestParser::What::kNeedMore:
        return ReadMore();
      case RequestParser::What::kHeader:
        if (!OnHeader()) return;
        break;
      case RequestParser::What::kBody:
        read_deadline_ = In(context_.options.request_timeout);
        if (body_ && !body_->Push(std::exchange(parser_->request().body, {}))) {
          read_deadline_ = SteadyTime::max();  // the handler is slow, not the client
          return;
        }
        break;
      case RequestParser::What::kDone:
        return OnRequestDone();
      case RequestParser::What::kRefused:
        return Refuse(step.status, "the request breaks a rule of HTTP or a limit of this server");
    }
  }
}

void Session::ReadMore() {
  if (reading_ || closed_) return;
  if (in_begin_ > 0) {
    std::memmove(in_.get(), in_.get() + in_begin_, in_end_ - in_begin_);
    in_end_ -= in_begin_;
    in_begin_ = 0;
  }
  reading_ = true;
  wire_->Read(in_.get() + in_end_, in_capacity_ - in_end_,
              [self = shared_from_this()](bool good, size_t bytes) {
                self->reading_ = false;
                if (self->closed_) return;
                if (!good || bytes == 0) return self->Close();
                self->in_end_ += bytes;
                if (self->state_ == State::kFinishing) return self->Finish();
                self->ReadOn();
              });
}

bool Session::OnHeader() {
  ParsedRequest& parsed = parser_->request();
  keep_alive_ = parser_->keep_alive();
  head_only_ = parsed.method == "HEAD";
  ServerRequest request;
  request.method = parsed.method;
  request.target = parsed.target;
  if (!SplitTarget(request)) {
    Refuse(400, "the target is malformed");
    return false;
  }
  if (!parser_->http_1_0() && !HasOneHost(parsed.headers)) {
    Refuse(400, "a request needs exactly one Host header");
    return false;
  }
  body_done_ = !parser_->has_body();
  const bool streams =
      context_.options.streams_body && context_.options.streams_body(request.method, request.path);
  const bool wants_go = parser_->has_body() && !parser_->http_1_0() && Expects100(parsed.headers);
  if (streams) {
    body_ = std::make_shared<RequestBody>(
        [weak = weak_from_this(), weak_loop = loop_.weak_from_this()] {
          const auto loop = weak_loop.lock();
          if (!loop) return;
          loop->Dispatch([weak] {
            const auto self = weak.lock();
            if (!self || self->closed_ || self->state_ == State::kFinishing) return;
            self->read_deadline_ = In(self->context_.options.request_timeout);
            self->ReadOn();
          });
        });
    request.headers = std::move(parsed.headers);
    request.body_stream = RequestBody::Reader(body_);
  }
  if (!wants_go) {
    if (streams) Hand(std::move(request));
    return !closed_ && state_ != State::kFinishing;
  }
  auto shared = std::make_shared<ServerRequest>(std::move(request));
  head_ = "HTTP/1.1 100 Continue\r\n\r\n";
  Write({head_}, [this, shared] {
    if (body_) Hand(std::move(*shared));
    if (!closed_ && state_ != State::kFinishing) ReadOn();
  });
  return false;
}

void Session::OnRequestDone() {
  read_deadline_ = SteadyTime::max();
  body_done_ = true;
  if (body_) {
    body_->Finish();
    return;
  }
  ServerRequest request;
  ParsedRequest& parsed = parser_->request();
  request.method = std::move(parsed.method);
  request.target = std::move(parsed.target);
  request.headers = std::move(parsed.headers);
  request.body = std::move(parsed.body);
  (void)SplitTarget(request);  // was checked with the header
  Hand(std::move(request));
}

void Session::Hand(ServerRequest request) {
  state_ = State::kHandling;
  request.peer = peer_;
  request.tls = !context_.options.certificate_pem.empty();
  request.client_certificate_subject = client_subject_;
  Call call;
  call.stop = context_.stop;
  call.trace = TraceOf(request.headers);
  Reply reply(std::make_shared<ReplySink>(weak_from_this(), loop_.shared_from_this(), turn_));
  try {
    context_.handler(std::move(request), std::move(call), std::move(reply));
  } catch (const std::exception& error) {
    // The reply went with the stack and has answered 500.
    log::Err("net.handler_threw", {{"what", error.what()}});
  }
}

void Session::Refuse(int status, std::string_view why) {
  ServerResponse response;
  response.status = status;
  response.headers.Add("Content-Type", "text/plain");
  response.body = std::string(why) + "\n";
  keep_alive_ = false;
  read_deadline_ = SteadyTime::max();
  if (body_) body_->Fail(Error(Kind::kBadInput, "NET-HTTP-006", std::string(why)));
  if (answered_) return Close();
  answered_ = true;
  BeginAnswer(std::move(response));
}

void Session::Finish() {
  if (closed_) return;
  const bool first = state_ != State::kFinishing;
  state_ = State::kFinishing;
  read_deadline_ = SteadyTime::max();
  if (first) write_deadline_ = In(kFinishTimeout);
  // A read may still be under way when a body was not taken to its end; it comes back here.
  if (reading_) return wire_->EndSending();
  wire_->Finish([self = shared_from_this()](bool, size_t) { self->Close(); });
}

}  // namespace firn::net
