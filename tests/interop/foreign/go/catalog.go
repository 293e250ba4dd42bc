package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/apache/iceberg-go"
	iceio "github.com/apache/iceberg-go/io"
	"github.com/apache/iceberg-go/table"
)

const warehouse = "s3://firn-tables"

// folder keeps objects of `s3://` as files: the tables' paths are those of a bucket, their bytes are checked in.
type folder struct{ root string }

func (f folder) path(uri string) string {
	return filepath.Join(f.root, strings.TrimPrefix(uri, "s3://"))
}

func (f folder) Open(uri string) (iceio.File, error) { return iceio.LocalFS{}.Open(f.path(uri)) }
func (f folder) ReadFile(uri string) ([]byte, error) { return os.ReadFile(f.path(uri)) }
func (f folder) Remove(uri string) error             { return os.Remove(f.path(uri)) }
func (f folder) WriteFile(uri string, data []byte) error {
	return iceio.LocalFS{}.WriteFile(f.path(uri), data)
}
func (f folder) Create(uri string) (iceio.FileWriter, error) {
	return iceio.LocalFS{}.Create(f.path(uri))
}

func useFolder(root string) {
	iceio.Register("s3", func(context.Context, *url.URL, map[string]string) (iceio.IO, error) {
		return folder{root}, nil
	})
}

// catalog is one in memory: what it says of a table is the newest metadata file that it wrote.
type catalog struct {
	tables map[string]*table.Table
}

func fileIO(location string) table.FSysF {
	return func(ctx context.Context) (iceio.IO, error) { return iceio.LoadFS(ctx, nil, location) }
}

func (c *catalog) put(ident table.Identifier, metadata table.Metadata, version int) (string, error) {
	location := fmt.Sprintf("%s/metadata/%05d-%s.metadata.json", metadata.Location(), version, metadata.TableUUID())
	data, err := json.Marshal(metadata)
	if err != nil {
		return "", err
	}
	fs, err := iceio.LoadFS(context.Background(), nil, location)
	if err != nil {
		return "", err
	}
	if err := fs.(iceio.WriteFileIO).WriteFile(location, bytes.TrimSpace(data)); err != nil {
		return "", err
	}
	c.tables[strings.Join(ident, ".")] = table.New(ident, metadata, location, fileIO(location), c)
	return location, nil
}

func (c *catalog) create(name string, schema *iceberg.Schema, spec *iceberg.PartitionSpec, version string,
	properties iceberg.Properties) *table.Table {
	ident := table.Identifier{"go", name}
	all := iceberg.Properties{table.PropertyFormatVersion: version}
	for key, value := range properties {
		all[key] = value
	}
	metadata := good(table.NewMetadata(schema, spec, table.UnsortedSortOrder, warehouse+"/go/"+name, all))
	good(c.put(ident, metadata, 0))
	return c.tables["go."+name]
}

func (c *catalog) LoadTable(_ context.Context, ident table.Identifier) (*table.Table, error) {
	return c.tables[strings.Join(ident, ".")], nil
}

func (c *catalog) CommitTable(_ context.Context, ident table.Identifier, requirements []table.Requirement,
	updates []table.Update) (table.Metadata, string, error) {
	now := c.tables[strings.Join(ident, ".")]
	for _, requirement := range requirements {
		if err := requirement.Validate(now.Metadata()); err != nil {
			return nil, "", err
		}
	}
	next, err := table.UpdateTableMetadata(now.Metadata(), updates, now.MetadataLocation())
	if err != nil {
		return nil, "", err
	}
	version := 0
	if _, err := fmt.Sscanf(filepath.Base(now.MetadataLocation()), "%d-", &version); err != nil {
		return nil, "", err
	}
	location, err := c.put(ident, next, version+1)
	return next, location, err
}
