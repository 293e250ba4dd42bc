// doctor's look at AWS: whose credentials these are, and whether the warehouse's bucket encrypts.
#include <fmt/format.h>

#include "app/cli/commands/doctor.h"
#include "app/engine/aws_access.h"
#include "ends/aws/s3_bucket.h"
#include "ends/aws/sts.h"

namespace firn::cli {
namespace {

constexpr std::chrono::seconds kLongest{20};
constexpr std::string_view kScheme = "s3://";

Finding FailedBy(const Error& error) {
  std::string fact = error.what();
  if (!error.why().empty()) fact += ": " + error.why();
  std::string remedy = error.hint();
  if (remedy.empty()) remedy = "`firn explain " + error.code() + "`";
  return {Health::kFail, std::move(fact), std::move(remedy)};
}

bool IsOnS3(const project::Project& project) { return project.lake.warehouse.starts_with(kScheme); }

bool NeedsAws(const project::Project& project) {
  if (IsOnS3(project) || project.daemon.cloudwatch == project::CloudWatchMode::kPut) return true;
  for (const project::Org& org : project.orgs) {
    for (const config::SecretRef* ref :
         {&org.auth.key, &org.auth.next_key, &org.auth.client_secret, &org.auth.refresh_token}) {
      if (ref->source == config::SecretRef::Source::kAwsSecret) return true;
    }
  }
  return false;
}

std::string BucketOf(const project::Project& project) {
  const std::string rest = project.lake.warehouse.substr(kScheme.size());
  return rest.substr(0, rest.find('/'));
}

}  // namespace

Finding CheckAwsIdentity(Examination& exam) {
  if (exam.project == nullptr) return {Health::kSkip, "needs a valid firn.yaml", {}};
  if (!NeedsAws(*exam.project)) return {Health::kSkip, "the project does not use AWS", {}};
  const auto access = engine::AwsAccess::Open();
  if (!access) return FailedBy(access.error());
  const Call call = exam.context->call().Within(kLongest);
  const auto identity = aws::GetCallerIdentity(call, (*access)->client());
  if (!identity) return FailedBy(identity.error());
  return {Health::kOk,
          fmt::format("account {} in {}", identity->account, (*access)->client().region()),
          {}};
}

Finding CheckBucketEncryption(Examination& exam) {
  if (exam.project == nullptr) return {Health::kSkip, "needs a valid firn.yaml", {}};
  if (!IsOnS3(*exam.project)) return {Health::kSkip, "the warehouse is not on S3", {}};
  const std::string bucket = BucketOf(*exam.project);
  const auto access = engine::AwsAccess::Open();
  if (!access) return FailedBy(access.error());
  const Call call = exam.context->call().Within(kLongest);
  const auto region = aws::HeadBucket(call, (*access)->client(), bucket);
  if (!region) return FailedBy(region.error());
  const auto found = aws::GetBucketEncryption(call, (*access)->client(), bucket);
  if (!found) {
    return {Health::kWarn,
            fmt::format("how `{}` encrypts cannot be read: {}", bucket, found.error().what()),
            "allow `s3:GetEncryptionConfiguration`"};
  }
  // Every put takes the bucket's default: there is nothing to say with each object.
  if (found->algorithm == "aws:kms" || found->algorithm == "aws:kms:dsse") {
    return {Health::kOk,
            fmt::format("`{}` encrypts with {}", bucket,
                        found->kms_key.empty() ? "the account's KMS key of S3" : found->kms_key),
            {}};
  }
  return {Health::kWarn,
          fmt::format("`{}` encrypts with S3's own keys, not with one of yours", bucket),
          fmt::format("`aws s3api put-bucket-encryption --bucket {} ..` with `aws:kms`, if your "
                      "rules ask for a key of your own",
                      bucket)};
}

}  // namespace firn::cli
