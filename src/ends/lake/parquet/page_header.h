// The Thrift header in front of a Parquet page. Pure; internal to lake.
//
// Source: Apache Parquet format, parquet.thrift, "PageHeader"; Thrift compact protocol; read
// 2026-11.
#pragma once

#include <cstdint>

#include "ends/lake/parquet/page_bytes.h"

namespace firn::lake {

struct PageFacts {
  bool dictionary = false;  // else a data page of version 1
  int32_t raw_bytes = 0;
  int32_t packed_bytes = 0;  // behind the header
  int32_t values = 0;        // nulls included
  int32_t encoding = 0;      // number in parquet.thrift
};

void AppendPageHeader(const PageFacts& page, PageBytes& out);

}  // namespace firn::lake
