// go-tables FOLDER: writes tables with iceberg-go; see README.md of the folder above.
package main

import (
	"context"
	"fmt"
	"iter"
	"os"
	"sort"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
)

var ctx = context.Background()

func good[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func appended(to *table.Table, make func(int) row, numbers []int) *table.Table {
	batch := records(to.Schema(), make, numbers)
	reader := good(array.NewRecordReader(batch.Schema(), []arrow.RecordBatch{batch}))
	return good(to.Append(ctx, reader, nil))
}

// wideTable has three snapshots; in between a column is dropped and others are added.
func wideTable(c *catalog) {
	it := c.create("wide", wide(), iceberg.UnpartitionedSpec, "2", nil)
	it = appended(it, wideRow, span(0, 20))
	it = appended(it, wideRow, span(20, 40))
	change := it.NewTransaction()
	must(change.UpdateSchema(true, false).DeleteColumn([]string{"flag"}).
		AddColumn([]string{"note"}, iceberg.PrimitiveTypes.String, "", false, nil).
		AddColumn([]string{"place", "country"}, iceberg.PrimitiveTypes.String, "", false, nil).Commit())
	it = good(change.Commit(ctx))
	appended(it, func(n int) row {
		out := wideRow(n)
		delete(out, "flag")
		out["note"] = fmt.Sprintf("note %d", n)
		if place, there := out["place"].(row); there {
			place["country"] = "CH"
		}
		return out
	}, span(40, 50))
}

func dealtTable(c *catalog) {
	spec := iceberg.NewPartitionSpec(
		iceberg.PartitionField{SourceIDs: []int{2}, FieldID: 1000, Name: "at_year", Transform: iceberg.YearTransform{}},
		iceberg.PartitionField{SourceIDs: []int{3}, FieldID: 1001, Name: "region", Transform: iceberg.IdentityTransform{}},
		iceberg.PartitionField{SourceIDs: []int{1}, FieldID: 1002, Name: "id_bucket",
			Transform: iceberg.BucketTransform{NumBuckets: 2}})
	it := c.create("dealt", dealt(), &spec, "2", nil)
	it = appended(it, dealtRow, span(0, 30))
	appended(it, dealtRow, span(30, 60))
}

// deletedTable has rows deleted beside their files: position deletes in version 2, deletion vectors in 3.
func deletedTable(c *catalog, name, version string) {
	it := c.create(name, dealt(), iceberg.UnpartitionedSpec, version,
		iceberg.Properties{table.WriteDeleteModeKey: table.WriteModeMergeOnRead})
	it = appended(it, dealtRow, span(0, 20))
	it = appended(it, dealtRow, span(20, 40))
	it = good(it.Delete(ctx, iceberg.EqualTo(iceberg.Reference("region"), "north"), nil))
	good(it.Delete(ctx, iceberg.IsIn(iceberg.Reference("Id"), dealtRow(5)["Id"].(string), dealtRow(21)["Id"].(string)), nil))
}

// byValue has every third row deleted by its Id, and two of them put back.
func byValue(c *catalog) {
	it := c.create("by_value", dealt(), iceberg.UnpartitionedSpec, "2", nil)
	it = appended(it, dealtRow, span(0, 40))
	var gone []int
	for n := 0; n < 40; n += 3 {
		gone = append(gone, n)
	}
	keys := iceberg.NewSchema(0, dealt().Field(0))
	batch := records(keys, func(n int) row { return row{"Id": dealtRow(n)["Id"]} }, gone)
	var batches iter.Seq2[arrow.RecordBatch, error] = func(yield func(arrow.RecordBatch, error) bool) { yield(batch, nil) }
	change := it.NewTransaction()
	must(change.CommitEqualityDeletes(ctx, []int{1}, batches, nil))
	it = good(change.Commit(ctx))
	appended(it, dealtRow, []int{3, 9})
}

func main() {
	useFolder(os.Args[1])
	c := &catalog{map[string]*table.Table{}}
	wideTable(c)
	dealtTable(c)
	deletedTable(c, "positions", "2")
	deletedTable(c, "vectors", "3")
	byValue(c)
	var names []string
	for name := range c.tables {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Println(name, c.tables[name].MetadataLocation())
	}
}
