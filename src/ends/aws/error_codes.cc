#include "ends/aws/error_codes.h"

namespace firn::aws {
namespace {

constexpr ErrorCode kCodes[] = {
    {"AWS-PROFILE-001", "the AWS configuration has a mistake",
     "A line of `~/.aws/config` or `~/.aws/credentials` is neither a section nor a setting.",
     "Mend the line shown; `aws configure list` reads the same files."},
    {"AWS-PROFILE-002", "the profile is not in the AWS configuration",
     "AWS_PROFILE, or a `source_profile`, names a section that is not there.",
     "Run `aws configure list-profiles` to see those that are there."},
    {"AWS-CRED-001", "no AWS credentials were found",
     "Neither the environment, a profile, a web identity, SSO, a process, the container nor the "
     "instance gave any.",
     "Set AWS_PROFILE, or `aws sso login`; on AWS attach a role."},
    {"AWS-CRED-002", "a source of AWS credentials failed",
     "The source that is configured first answered with an error, or not as it should.",
     "Try the source that the message names with `aws sts get-caller-identity`."},
    {"AWS-CRED-003", "the SSO sign-in has expired",
     "The cached token of the SSO session is too old.",
     "Run `aws sso login` with the same profile."},
    {"AWS-REGION-001", "no AWS region is configured",
     "Neither AWS_REGION, AWS_DEFAULT_REGION nor the profile's `region` is set.",
     "Set AWS_REGION, or `region` in the profile."},
    {"AWS-CALL-001", "AWS refused the call", "The service answered with the error shown.",
     "Look up the error's name in the service's API reference."},
    {"AWS-CALL-002", "AWS refuses the credentials",
     "The key is unknown, the signature wrong, the token expired, or the policy forbids the call.",
     "Run `aws sts get-caller-identity` to see whose they are, and check the policy of that "
     "identity."},
    {"AWS-CALL-003", "AWS asks to slow down", "The service throttles calls of this account.",
     "Lower the rate, or raise the service's quota; Firn has tried again already."},
    {"AWS-CALL-004", "AWS's answer cannot be read", "It is neither the JSON nor the XML expected.",
     "Check that the endpoint (AWS_ENDPOINT_URL) is the service's."},
    {"AWS-CALL-005", "what was asked for is not there",
     "The service knows no resource of that name.", "Check the name, the account and the region."},
    {"AWS-DYNAMODB-001", "an item cannot be written to DynamoDB",
     "Its text is no JSON object, it nests too deeply, or an attribute of the key is missing.",
     "Let the rule's InputTransformer make an object with all attributes of the key."},
    {"AWS-LAMBDA-001", "a Lambda function failed",
     "The function was called and ended with an error, a time-out or a crash of its own.",
     "Read its log in CloudWatch; events are tried again as the rule's RetryPolicy says."},
    {"AWS-SFN-001", "an execution of a state machine failed",
     "The express execution ended as failed or timed out.",
     "Look at the execution in Step Functions; events are tried again as the rule's RetryPolicy "
     "says."},
    {"AWS-S3-001", "an object of that name exists",
     "Objects are written once; somebody else has written one under this name.",
     "Find out who writes to the same prefix; nothing was changed."},
    {"AWS-S3-002", "a listing of objects does not end",
     "The service gave a million pages and says that there are more.",
     "Check that the endpoint (AWS_ENDPOINT_URL) is an S3 service's."},
    {"AWS-GLUE-001", "the table in Glue is no Iceberg table",
     "Its parameters do not say `table_type` ICEBERG: another kind of table has that name.",
     "Choose another name or database; Firn writes over nothing that is not its own kind."},
};

}  // namespace

std::span<const ErrorCode> ErrorCodes() { return kCodes; }

}  // namespace firn::aws
