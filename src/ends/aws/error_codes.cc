#include "ends/aws/error_codes.h"

namespace firn::aws {
namespace {

constexpr ErrorCode kCodes[] = {
    {"AWS-PROFILE-001", "the AWS configuration has a mistake",
     "a line of `~/.aws/config` or `~/.aws/credentials` is neither a section nor a setting",
     "mend the line shown; `aws configure list` reads the same files"},
    {"AWS-PROFILE-002", "the profile is not in the AWS configuration",
     "AWS_PROFILE, or a `source_profile`, names a section that is not there",
     "`aws configure list-profiles` shows those that are"},
    {"AWS-CRED-001", "no AWS credentials were found",
     "neither the environment, a profile, a web identity, SSO, a process, the container nor the "
     "instance gave any",
     "set AWS_PROFILE, or `aws sso login`; on AWS attach a role"},
    {"AWS-CRED-002", "a source of AWS credentials failed",
     "the source that is configured first answered with an error, or not as it should",
     "the message names the source; try the same with `aws sts get-caller-identity`"},
    {"AWS-CRED-003", "the SSO sign-in has expired",
     "the cached token of the SSO session is too old", "`aws sso login` with the same profile"},
    {"AWS-REGION-001", "no AWS region is configured",
     "neither AWS_REGION, AWS_DEFAULT_REGION nor the profile's `region` is set",
     "set AWS_REGION, or `region` in the profile"},
    {"AWS-CALL-001", "AWS refused the call", "the service answered with the error shown",
     "the service's API reference has a page for the error's name"},
    {"AWS-CALL-002", "AWS refuses the credentials",
     "the key is unknown, the signature wrong, the token expired, or the policy forbids the call",
     "`aws sts get-caller-identity` shows whose they are; check the policy of that identity"},
    {"AWS-CALL-003", "AWS asks to slow down", "the service throttles calls of this account",
     "Firn has tried again already; lower the rate, or raise the service's quota"},
    {"AWS-CALL-004", "AWS's answer cannot be read", "it is neither the JSON nor the XML expected",
     "check that the endpoint (AWS_ENDPOINT_URL) is the service's"},
    {"AWS-CALL-005", "what was asked for is not there",
     "the service knows no resource of that name", "check the name, the account and the region"},
    {"AWS-DYNAMODB-001", "an item cannot be written to DynamoDB",
     "its text is no JSON object, it nests too deeply, or an attribute of the key is missing",
     "let the rule's InputTransformer make an object with all attributes of the key"},
    {"AWS-LAMBDA-001", "a Lambda function failed",
     "the function was called and ended with an error, a time-out or a crash of its own",
     "its log in CloudWatch tells more; events are tried again as the rule's RetryPolicy says"},
    {"AWS-SFN-001", "an execution of a state machine failed",
     "the express execution ended as failed or timed out",
     "look at the execution in Step Functions; events are tried again as the rule's RetryPolicy "
     "says"},
    {"AWS-S3-001", "an object of that name exists",
     "objects are written once; somebody else has written one under this name",
     "nothing was changed; find out who writes to the same prefix"},
    {"AWS-S3-002", "a listing of objects does not end",
     "the service gave a million pages and says that there are more",
     "check that the endpoint (AWS_ENDPOINT_URL) is an S3 service's"},
    {"AWS-GLUE-001", "the table in Glue is no Iceberg table",
     "its parameters do not say `table_type` ICEBERG: another kind of table has that name",
     "choose another name or database; Firn writes over nothing that is not its own kind"},
};

}  // namespace

std::span<const ErrorCode> ErrorCodes() { return kCodes; }

}  // namespace firn::aws
