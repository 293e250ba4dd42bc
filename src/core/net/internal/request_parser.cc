#include "core/net/internal/request_parser.h"

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/status.hpp>

namespace firn::net {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;
// What Beast 1.81 calls its own string view.
using View = boost::beast::string_view;

std::string Copy(View text) { return {text.data(), text.size()}; }

}  // namespace

class RequestParser::Impl final : public http::basic_parser<true> {
 public:
  ParsedRequest request;
  bool header_told = false;
  bool http_1_0 = false;

 private:
  void on_request_impl(http::verb, View method, View target, int version, error_code& ec) override {
    http_1_0 = version < 11;
    request.method = Copy(method);
    request.target = Copy(target);
    ec = {};
  }
  void on_response_impl(int, View, int, error_code& ec) override { ec = {}; }
  void on_field_impl(http::field, View name, View value, error_code& ec) override {
    request.headers.Add(Copy(name), Copy(value));
    ec = {};
  }
  void on_header_impl(error_code& ec) override { ec = {}; }
  void on_body_init_impl(boost::optional<std::uint64_t> const&, error_code& ec) override {
    ec = {};
  }
  std::size_t on_body_impl(View body, error_code& ec) override {
    request.body.append(body.data(), body.size());
    ec = {};
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t, View, error_code& ec) override { ec = {}; }
  std::size_t on_chunk_body_impl(std::uint64_t, View body, error_code& ec) override {
    request.body.append(body.data(), body.size());
    ec = {};
    return body.size();
  }
  void on_finish_impl(error_code& ec) override { ec = {}; }
};

RequestParser::RequestParser(uint32_t header_bytes_max, uint64_t body_bytes_max)
    : impl_(std::make_unique<Impl>()) {
  impl_->header_limit(header_bytes_max);
  impl_->body_limit(body_bytes_max);
}

RequestParser::~RequestParser() = default;

RequestParser::Step RequestParser::Feed(std::string_view bytes) {
  Step step;
  error_code error;
  while (true) {
    if (impl_->is_header_done() && !impl_->header_told) {
      impl_->header_told = true;
      step.what = What::kHeader;
      return step;
    }
    if (impl_->is_done()) {
      step.what = What::kDone;
      return step;
    }
    const auto rest = bytes.substr(step.consumed);
    if (rest.empty()) return step;
    const size_t body_before = impl_->request.body.size();
    const size_t taken = impl_->put(boost::asio::buffer(rest.data(), rest.size()), error);
    step.consumed += taken;
    if (error == http::error::need_more) return step;
    if (error) {
      step.what = What::kRefused;
      step.status = error == http::error::header_limit ? 431
                    : error == http::error::body_limit ? 413
                                                       : 400;
      return step;
    }
    if (impl_->header_told && impl_->request.body.size() > body_before) {
      step.what = What::kBody;
      return step;
    }
  }
}

ParsedRequest& RequestParser::request() { return impl_->request; }

bool RequestParser::keep_alive() const { return impl_->keep_alive(); }

bool RequestParser::has_body() const {
  const auto length = impl_->content_length();
  return impl_->chunked() || (length && *length > 0);
}

bool RequestParser::http_1_0() const { return impl_->http_1_0; }

std::string_view ReasonPhrase(int status) {
  const auto known = http::int_to_status(static_cast<unsigned>(status));
  if (known == http::status::unknown) return "Status";
  const auto reason = http::obsolete_reason(known);
  return {reason.data(), reason.size()};
}

}  // namespace firn::net
