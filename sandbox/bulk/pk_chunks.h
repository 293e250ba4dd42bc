// PK chunking of the first Bulk API: one query cut into several by ranges of Id. Pure.
// Source: Bulk API 2.0 and Bulk API Developer Guide, 'Use PK Chunking to Extract Large Data Sets',
// 'PK Chunking Header', read 2026-11.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace firn::sandbox {

inline constexpr uint64_t kPkChunkRowsDefault = 100'000;
inline constexpr uint64_t kPkChunkRowsMax = 250'000;

// Of `Sforce-Enable-PKChunking: chunkSize=50000; startRow=00130000000xEftMGH`. 0: off. Nothing when
// the value is not understood.
[[nodiscard]] std::optional<uint64_t> PkChunkRowsOf(std::string_view header);

// The queries for ids from `first` to `last`, `chunk_rows` ids each; the last one has no upper end.
[[nodiscard]] std::vector<std::string> PkChunks(std::string_view query, int64_t first, int64_t last,
                                                uint64_t chunk_rows);

}  // namespace firn::sandbox
