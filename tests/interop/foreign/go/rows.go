package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
)

func optional(id int, name string, kind iceberg.Type) iceberg.NestedField {
	return iceberg.NestedField{ID: id, Name: name, Type: kind}
}

// wide has every type of format version 2, nested ones too.
func wide() *iceberg.Schema {
	return iceberg.NewSchema(0,
		iceberg.NestedField{ID: 1, Name: "Id", Type: iceberg.PrimitiveTypes.String, Required: true},
		optional(2, "flag", iceberg.PrimitiveTypes.Bool),
		optional(3, "small", iceberg.PrimitiveTypes.Int32),
		optional(4, "big", iceberg.PrimitiveTypes.Int64),
		optional(5, "single", iceberg.PrimitiveTypes.Float32),
		optional(6, "real", iceberg.PrimitiveTypes.Float64),
		optional(7, "price", iceberg.DecimalTypeOf(9, 2)),
		optional(8, "amount", iceberg.DecimalTypeOf(18, 4)),
		optional(9, "huge", iceberg.DecimalTypeOf(38, 10)),
		optional(10, "day", iceberg.PrimitiveTypes.Date),
		optional(11, "time", iceberg.PrimitiveTypes.Time),
		optional(12, "local", iceberg.PrimitiveTypes.Timestamp),
		optional(13, "at", iceberg.PrimitiveTypes.TimestampTz),
		optional(14, "text", iceberg.PrimitiveTypes.String),
		optional(15, "code", iceberg.FixedTypeOf(4)),
		optional(16, "raw", iceberg.PrimitiveTypes.Binary),
		optional(17, "place", &iceberg.StructType{FieldList: []iceberg.NestedField{
			optional(22, "lat", iceberg.PrimitiveTypes.Float64),
			{ID: 23, Name: "name", Type: iceberg.PrimitiveTypes.String, Required: true}}}),
		optional(18, "tags", &iceberg.ListType{ElementID: 24, Element: iceberg.PrimitiveTypes.String}),
		optional(19, "counts", &iceberg.MapType{KeyID: 25, KeyType: iceberg.PrimitiveTypes.String, ValueID: 26,
			ValueType: iceberg.PrimitiveTypes.Int64}))
}

type row = map[string]any

// wideRow is row n; every seventh value of a column is null, each column's at another row.
func wideRow(n int) row {
	year, sign := 1960+n%40, ""
	if n%2 == 1 {
		sign = "-"
	}
	tags := []any{}
	if n%4 != 0 {
		tags = []any{fmt.Sprintf("t%d", n), nil}
	}
	number := n * 7919
	out := row{
		"flag": n%3 == 0, "small": n - 20, "big": (n - 20) * 4_000_000_000,
		"single": float64(n)/8 - 2, "real": float64(n)/16 - 1,
		"price": fmt.Sprintf("%s%d.25", sign, n), "amount": fmt.Sprintf("%s%d000000.0625", sign, n),
		"huge": fmt.Sprintf("%s%d0000000000000000000.0000000001", sign, n),
		"day":  fmt.Sprintf("%d-02-28", year), "time": fmt.Sprintf("%02d:30:00.000001", n%24),
		"local": fmt.Sprintf("%d-12-31T23:59:59.999999", year), "at": fmt.Sprintf("%d-12-31T23:59:59.999999Z", year),
		"text":  strings.Repeat("\u00fc", n%20) + fmt.Sprintf("\U0001F9CA%d", n),
		"code":  base64.StdEncoding.EncodeToString([]byte{byte(number >> 24), byte(number >> 16), byte(number >> 8), byte(number)}),
		"raw":   base64.StdEncoding.EncodeToString([]byte{255, byte(n >> 8), byte(n)}),
		"place": row{"lat": float64(n), "name": fmt.Sprintf("p%d", n)}, "tags": tags,
		"counts": []any{row{"key": "k", "value": n}, row{"key": "other", "value": nil}},
	}
	for at, name := range []string{"flag", "small", "big", "single", "real", "price", "amount", "huge", "day", "time",
		"local", "at", "text", "code", "raw"} {
		if n%7 == (at+2)%7 {
			out[name] = nil
		}
	}
	for at, name := range []string{"place", "tags", "counts"} {
		if n%7 == (at+17)%7 {
			out[name] = nil
		}
	}
	out["Id"] = fmt.Sprintf("001%012dAAA", n)
	return out
}

// dealt is what is partitioned and deleted from.
func dealt() *iceberg.Schema {
	return iceberg.NewSchema(0,
		iceberg.NestedField{ID: 1, Name: "Id", Type: iceberg.PrimitiveTypes.String, Required: true},
		optional(2, "at", iceberg.PrimitiveTypes.TimestampTz),
		optional(3, "region", iceberg.PrimitiveTypes.String),
		optional(4, "amount", iceberg.DecimalTypeOf(12, 2)))
}

func dealtRow(n int) row {
	out := row{"Id": fmt.Sprintf("006%012dAAA", n), "at": fmt.Sprintf("%d-06-30T12:00:00Z", 1969+n%3),
		"region": []string{"north", "s\u00fcd/1"}[n%2], "amount": fmt.Sprintf("%d.50", n)}
	if n%5 == 0 {
		out["region"] = nil
	}
	if n%7 == 0 {
		out["amount"] = nil
	}
	return out
}

// records of rows `numbers`, with the columns of `schema`.
func records(schema *iceberg.Schema, make func(int) row, numbers []int) arrow.RecordBatch {
	kind := good(table.SchemaToArrowSchema(schema, nil, true, false))
	text := strings.Builder{}
	for _, n := range numbers {
		text.Write(good(json.Marshal(make(n))))
		text.WriteByte('\n')
	}
	reader := array.NewJSONReader(strings.NewReader(text.String()), kind, array.WithChunk(-1),
		array.WithAllocator(memory.DefaultAllocator))
	if !reader.Next() {
		panic(reader.Err())
	}
	batch := reader.RecordBatch()
	batch.Retain()
	return batch
}

func span(from, to int) []int {
	var out []int
	for n := from; n < to; n++ {
		out = append(out, n)
	}
	return out
}
