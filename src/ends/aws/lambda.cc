#include "ends/aws/lambda.h"

#include <nlohmann/json.hpp>

#include "core/base/encoding.h"

namespace firn::aws {
namespace {

constexpr Service kLambda{"LAMBDA", "lambda", "lambda"};

// The function's own message may hold a record's content: its type alone is told.
Error FunctionFailed(const std::string& function, const std::string& how,
                     const std::string& answer) {
  const auto error = nlohmann::json::parse(answer, nullptr, false);
  std::string type;
  if (error.is_object() && error.contains("errorType") && error["errorType"].is_string()) {
    type = error["errorType"].get<std::string>();
  }
  return Error(Kind::kUnreachable, "AWS-LAMBDA-001", "the Lambda function failed")
      .At("lambda, function " + function)
      .Because("`" + how + "`" + (type.empty() ? "" : ": `" + type + "`"))
      .From({"lambda", 200, type.empty() ? how : type, ""})
      .RetryWithBackoff();
}

}  // namespace

Result<std::string> Invoke(const Call& call, AwsClient& client, const Invocation& invocation) {
  RestCall rest;
  rest.method = "POST";
  rest.path = "/2015-03-31/functions/" + PercentEncode(invocation.function) + "/invocations";
  rest.headers.Set("Content-Type", "application/json");
  rest.headers.Set("X-Amz-Invocation-Type", invocation.wait ? "RequestResponse" : "Event");
  rest.body = invocation.payload;
  FIRN_TRY(net::Response response, client.CallRest(call, kLambda, std::move(rest)));
  if (const auto how = response.headers.Get("X-Amz-Function-Error")) {
    return Fail(FunctionFailed(invocation.function, std::string(*how), response.body));
  }
  return std::move(response.body);
}

}  // namespace firn::aws
