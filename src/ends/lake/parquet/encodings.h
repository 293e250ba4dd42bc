// Parquet's encodings of whole numbers: the RLE/bit-packed hybrid of levels and dictionary indices,
// and DELTA_BINARY_PACKED. Pure; internal to lake.
//
// Source: Apache Parquet format, Encodings.md, "Run Length Encoding / Bit-Packing Hybrid" and
// "Delta Encoding", read 2026-11.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ends/lake/parquet/page_bytes.h"

namespace firn::lake {

void AppendVarint(uint64_t value, PageBytes& out);
void AppendZigzag(int64_t value, PageBytes& out);

// Bits that a number up to `most` needs; 0 for 0.
[[nodiscard]] int BitWidth(uint64_t most);

// Runs without the length in front. `width`: 0 to 32 bits, in which every value fits.
void AppendHybrid(std::span<const uint32_t> values, int width, PageBytes& out);
// The hybrid of values of one bit that stand packed already, least significant first. Bits past
// `count` of the last byte are 0.
void AppendHybridBits(const uint8_t* bits, size_t count, PageBytes& out);
// `count` times the same value.
void AppendHybridRun(uint32_t value, size_t count, int width, PageBytes& out);

// A page of DELTA_BINARY_PACKED: blocks of 128 values, four miniblocks each. Differences wrap
// around in the width of the type, as readers undo them.
void AppendDeltas(std::span<const int32_t> values, PageBytes& out);
void AppendDeltas(std::span<const int64_t> values, PageBytes& out);

// Copies bits [offset, offset + count) of `from` behind bit `at` of `to`, where bits past `at` are
// 0 and stay 0 past the last one. Answers how many were 1. `from` null: all ones.
size_t CopyBits(const uint8_t* from, int64_t offset, size_t count, uint8_t* to, size_t at);

}  // namespace firn::lake
