//! Writes the tables: `rust-tables FOLDER`.
mod deletes;
mod folder;
mod rows;

use std::collections::HashMap;
use std::sync::Arc;

use iceberg::io::StorageFactory;
use iceberg::memory::{MemoryCatalogBuilder, MEMORY_CATALOG_WAREHOUSE};
use iceberg::arrow::RecordBatchPartitionSplitter;
use iceberg::spec::{
    DataFile, DataFileFormat, FormatVersion, NullOrder, PrimitiveType, Schema, Transform, Type, UnboundPartitionSpec,
};
use iceberg::table::Table;
use iceberg::transaction::{AddColumn, ApplyTransactionAction, Transaction};
use iceberg::writer::base_writer::data_file_writer::DataFileWriterBuilder;
use iceberg::writer::base_writer::equality_delete_writer::{EqualityDeleteFileWriterBuilder, EqualityDeleteWriterConfig};
use iceberg::writer::file_writer::location_generator::{DefaultFileNameGenerator, DefaultLocationGenerator};
use iceberg::writer::file_writer::rolling_writer::RollingFileWriterBuilder;
use iceberg::writer::file_writer::ParquetWriterBuilder;
use iceberg::writer::partitioning::fanout_writer::FanoutWriter;
use iceberg::writer::partitioning::PartitioningWriter;
use iceberg::writer::{IcebergWriter, IcebergWriterBuilder};
use iceberg::{
    Catalog, CatalogBuilder, MemoryCatalog, MetadataLocation, NamespaceIdent, TableCreation, TableIdent,
};
use parquet::file::properties::WriterProperties;

pub type Any<T> = Result<T, Box<dyn std::error::Error>>;
type Rolling = RollingFileWriterBuilder<ParquetWriterBuilder, DefaultLocationGenerator, DefaultFileNameGenerator>;

const WAREHOUSE: &str = "s3://firn-tables";
const NAMESPACE: &str = "rust";

fn files_of(table: &Table, schema: Arc<Schema>, name: &str) -> Any<Rolling> {
    Ok(RollingFileWriterBuilder::new_with_default_file_size(
        ParquetWriterBuilder::new(WriterProperties::builder().build(), schema),
        table.file_io().clone(),
        DefaultLocationGenerator::new(table.metadata())?,
        DefaultFileNameGenerator::new(name.to_string(), None, DataFileFormat::Parquet)))
}

async fn create(catalog: &MemoryCatalog, name: &str, schema: Schema, version: FormatVersion,
                spec: Option<UnboundPartitionSpec>) -> Any<Table> {
    let creation = TableCreation::builder().name(name.to_string()).schema(schema).format_version(version)
        .partition_spec_opt(spec).build();
    Ok(catalog.create_table(&NamespaceIdent::new(NAMESPACE.into()), creation).await?)
}

async fn append(catalog: &MemoryCatalog, table: &Table, files: Vec<DataFile>) -> Any<Table> {
    let transaction = Transaction::new(table);
    let transaction = transaction.fast_append().add_data_files(files).apply(transaction)?;
    Ok(transaction.commit(catalog).await?)
}

/// One file of rows `from..to`.
async fn file(table: &Table, row: fn(i64) -> serde_json::Value, from: i64, to: i64) -> Any<Vec<DataFile>> {
    let schema = table.metadata().current_schema().clone();
    let mut writer = DataFileWriterBuilder::new(files_of(table, schema.clone(), &format!("rows-{from}"))?)
        .build(None).await?;
    writer.write(rows::batch(&schema, (from..to).map(row))?).await?;
    Ok(writer.close().await?)
}

/// Three snapshots, the middle one of two files, and a column dropped and others added in between.
async fn wide(catalog: &MemoryCatalog) -> Any<()> {
    let table = create(catalog, "wide", rows::wide()?, FormatVersion::V2, None).await?;
    let table = append(catalog, &table, file(&table, rows::wide_row, 0, 20).await?).await?;
    let mut files = file(&table, rows::wide_row, 20, 30).await?;
    files.extend(file(&table, rows::wide_row, 30, 40).await?);
    let table = append(catalog, &table, files).await?;
    let transaction = Transaction::new(&table);
    let transaction = transaction.update_schema()
        .delete_column("flag")
        .add_column(AddColumn::optional("note", Type::Primitive(PrimitiveType::String)))
        .add_column(AddColumn::builder().parent("place").name("country")
            .field_type(Type::Primitive(PrimitiveType::String)).build())
        .apply(transaction)?;
    let table = transaction.commit(catalog).await?;
    append(catalog, &table, file(&table, later_row, 40, 50).await?).await?;
    Ok(())
}

fn later_row(n: i64) -> serde_json::Value {
    let mut row = rows::wide_row(n);
    row.as_object_mut().expect("an object").remove("flag");
    row["note"] = format!("note {n}").into();
    if row["place"].is_object() {
        row["place"]["country"] = "CH".into();
    }
    row
}

async fn dealt(catalog: &MemoryCatalog) -> Any<()> {
    let spec = UnboundPartitionSpec::builder()
        .add_partition_field(2, "at_year", Transform::Year)?
        .add_partition_field(3, "region", Transform::Identity)?
        .add_partition_field(1, "id_bucket", Transform::Bucket(2))?
        .build();
    let mut table = create(catalog, "dealt", rows::dealt()?, FormatVersion::V2, Some(spec)).await?;
    for from in [0, 30] {
        let schema = table.metadata().current_schema().clone();
        let splitter = RecordBatchPartitionSplitter::try_new_with_computed_values(
            schema.clone(), table.metadata().default_partition_spec().clone())?;
        let mut writer = FanoutWriter::new(
            DataFileWriterBuilder::new(files_of(&table, schema.clone(), &format!("rows-{from}"))?));
        for (key, batch) in splitter.split(&rows::batch(&schema, (from..from + 30).map(rows::dealt_row))?)? {
            writer.write(key, batch).await?;
        }
        let files = writer.close().await?;
        table = append(catalog, &table, files).await?;
    }
    let transaction = Transaction::new(&table);
    let transaction = transaction.replace_sort_order().asc("Id", NullOrder::First).apply(transaction)?;
    transaction.commit(catalog).await?;
    Ok(())
}

/// Format version 3 from its beginning, and rows of version 2 that were lifted to it.
async fn version3(catalog: &MemoryCatalog) -> Any<()> {
    let table = create(catalog, "version3", rows::dealt()?, FormatVersion::V3, None).await?;
    let table = append(catalog, &table, file(&table, rows::dealt_row, 0, 20).await?).await?;
    append(catalog, &table, file(&table, rows::dealt_row, 20, 40).await?).await?;

    let table = create(catalog, "lifted", rows::dealt()?, FormatVersion::V2, None).await?;
    let table = append(catalog, &table, file(&table, rows::dealt_row, 0, 20).await?).await?;
    let transaction = Transaction::new(&table);
    let transaction = transaction.upgrade_table_version().set_format_version(FormatVersion::V3).apply(transaction)?;
    let table = transaction.commit(catalog).await?;
    append(catalog, &table, file(&table, rows::dealt_row, 20, 40).await?).await?;
    Ok(())
}

/// 40 rows, of which every third is deleted by its Id.
async fn deleted(catalog: &MemoryCatalog) -> Any<()> {
    let table = create(catalog, "deleted", rows::dealt()?, FormatVersion::V2, None).await?;
    let table = append(catalog, &table, file(&table, rows::dealt_row, 0, 40).await?).await?;
    let schema = table.metadata().current_schema().clone();
    let config = EqualityDeleteWriterConfig::new(vec![1], schema.clone())?;
    let keys = Arc::new(iceberg::arrow::arrow_schema_to_schema(config.projected_arrow_schema_ref())?);
    let mut writer = EqualityDeleteFileWriterBuilder::new(files_of(&table, keys, "keys")?, config).build(None).await?;
    writer.write(rows::batch(&schema, (0..40).filter(|n| n % 3 == 0).map(rows::dealt_row))?).await?;
    let metadata = deletes::with_deletes(&table, writer.close().await?).await?;
    let before: MetadataLocation = table.metadata_location().expect("a committed table").parse()?;
    metadata.write_to(table.file_io(), &before.with_next_version()).await?;
    Ok(())
}

#[tokio::main]
async fn main() -> Any<()> {
    let root = std::env::args().nth(1).expect("the folder to write to");
    let storage: Arc<dyn StorageFactory> = Arc::new(folder::Folder { root });
    let catalog = MemoryCatalogBuilder::default().with_storage_factory(storage)
        .load("tables", HashMap::from([(MEMORY_CATALOG_WAREHOUSE.to_string(), WAREHOUSE.to_string())])).await?;
    catalog.create_namespace(&NamespaceIdent::new(NAMESPACE.into()), HashMap::new()).await?;
    wide(&catalog).await?;
    dealt(&catalog).await?;
    version3(&catalog).await?;
    deleted(&catalog).await?;
    for name in ["wide", "dealt", "version3", "lifted", "deleted"] {
        let table = catalog.load_table(&TableIdent::new(NamespaceIdent::new(NAMESPACE.into()), name.into())).await?;
        println!("{name} {}", table.metadata_location().unwrap_or_default());
    }
    Ok(())
}
