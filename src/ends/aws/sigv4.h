// Signature Version 4: what makes a request ours, in a header or in the URL.
//
// Pure functions, any thread. The path is signed as services other than S3 want it (normalised,
// encoded twice) or as S3 does (as it is, encoded once). Source: AWS IAM User Guide, "Create a
// signed AWS API request"; Amazon S3 API Reference, "Signature Calculations ... Transferring
// Payload in Multiple Chunks"; read 2026-11.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/secret.h"
#include "core/net/client.h"

namespace firn::aws {

struct Credentials {
  std::string access_key_id;
  Secret secret_access_key;
  Secret session_token;  // empty for long-lived keys
  // When the service stops taking them; never for long-lived keys.
  UtcMicros expires = UtcMicros::max();
  std::string source;  // `environment`, `profile acme`, ..: for people
};

struct SigningScope {
  std::string region;
  std::string service;  // signing name: `s3`, `secretsmanager`, `execute-api`
};

enum class PayloadHash {
  kBody,      // SHA-256 of `body`
  kUnsigned,  // UNSIGNED-PAYLOAD: S3 over TLS
  kChunked,   // STREAMING-AWS4-HMAC-SHA256-PAYLOAD: the chunks are signed one by one
};

struct SigningOptions {
  SigningScope scope;
  UtcMicros now{};
  PayloadHash payload = PayloadHash::kBody;
  uint64_t decoded_bytes = 0;  // kChunked: bytes of the body without the chunks' frames
};

// Adds Host, X-Amz-Date, X-Amz-Security-Token, X-Amz-Content-Sha256 (S3) and Authorization. The
// URL's query is sent as it is; its sorted, encoded form is what is signed. Returns the signature,
// the seed of ChunkSigner.
std::string SignRequest(net::Request& request, const Credentials& credentials,
                        const SigningOptions& options);

// The URL with the signature in its query, good for `life` (at most seven days) and for anyone who
// holds it. The body is not signed.
[[nodiscard]] std::string PresignUrl(const std::string& method, const std::string& url,
                                     const Credentials& credentials, const SigningOptions& options,
                                     std::chrono::seconds life);

// Frames and signs the chunks of a body that is sent while it is made.
class ChunkSigner {
 public:
  // `seed` is what SignRequest returned.
  ChunkSigner(const Credentials& credentials, const SigningOptions& options, std::string seed);
  // The chunk with its frame; the empty chunk, last, ends the body.
  [[nodiscard]] std::string Frame(std::string_view chunk);
  // Bytes on the wire of a body of `bytes` in chunks of `chunk_bytes`.
  [[nodiscard]] static uint64_t WireBytes(uint64_t bytes, uint64_t chunk_bytes);

 private:
  Secret key_;
  std::string time_;
  std::string scope_;
  std::string previous_;
};

}  // namespace firn::aws
