#include "core/net/internal/server_loop.h"

#include <fmt/format.h>
#include <pthread.h>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>

namespace firn::net {
namespace {

namespace asio = boost::asio;
constexpr std::chrono::milliseconds kTick{100};

std::string DateText(int64_t unix_seconds) {
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::chrono::sys_seconds time{std::chrono::seconds(unix_seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format(
      "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[std::chrono::weekday(day).c_encoding()],
      static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
      static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
      clock.seconds().count());
}

}  // namespace

struct ServerLoop::Parts {
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  asio::steady_timer timer{io};
};

ServerLoop::ServerLoop() : parts_(std::make_unique<Parts>()) {}

ServerLoop::~ServerLoop() { Stop(); }

asio::io_context& ServerLoop::io() { return parts_->io; }

void ServerLoop::Start(const std::string& name, std::function<void(SteadyTime)> tick) {
  tick_ = std::move(tick);
  Tick();
  thread_ = std::jthread([this] { parts_->io.run(); });
  pthread_setname_np(thread_.native_handle(), name.substr(0, 15).c_str());
}

void ServerLoop::Tick() {
  parts_->timer.expires_after(kTick);
  parts_->timer.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    tick_(std::chrono::steady_clock::now());
    Tick();
  });
}

void ServerLoop::Dispatch(std::function<void()> work) {
  asio::dispatch(parts_->io, std::move(work));
}

void ServerLoop::Stop() {
  parts_->io.stop();
  if (thread_.joinable()) thread_.join();
}

const std::string& ServerLoop::HttpDate() {
  const int64_t now =
      std::chrono::duration_cast<std::chrono::seconds>(SystemClock().Now().time_since_epoch())
          .count();
  if (now != date_second_) {
    date_second_ = now;
    date_ = DateText(now);
  }
  return date_;
}

}  // namespace firn::net
