//! Rows deleted by their values: iceberg-rust has a writer of equality delete files and of delete manifests, but no
//! transaction that commits them, so the snapshot is put together here from its own parts.
use iceberg::io::FileIO;
use iceberg::spec::{
    DataFile, ManifestListWriter, ManifestWriterBuilder, Operation, Snapshot, Summary, TableMetadata,
};
use iceberg::table::Table;
use uuid::Uuid;

use crate::Any;

/// The metadata of `table` with a snapshot that adds these delete files.
pub async fn with_deletes(table: &Table, deletes: Vec<DataFile>) -> Any<TableMetadata> {
    let metadata = table.metadata();
    let io: &FileIO = table.file_io();
    let parent = metadata.current_snapshot().expect("rows to delete from");
    let (id, sequence) = (4_242, metadata.next_sequence_number());
    let name = |kind: &str| format!("{}/metadata/{kind}-{}.avro", metadata.location(), Uuid::now_v7());

    let mut manifest = ManifestWriterBuilder::new(
        io.new_output(name("deletes"))?, Some(id), metadata.current_schema().clone(),
        metadata.default_partition_spec().as_ref().clone()).build_v2_deletes();
    let count = deletes.iter().map(|file| file.record_count()).sum::<u64>();
    for file in deletes {
        manifest.add_file(file, sequence)?;
    }
    let manifest = manifest.write_manifest_file().await?;

    let list = name("snap");
    let mut writer = ManifestListWriter::v2(
        io.new_output(&list)?.writer().await?, id, Some(parent.snapshot_id()), sequence);
    let older = table.manifest_list_reader(parent).load().await?;
    writer.add_manifests(older.entries().iter().cloned().chain([manifest]))?;
    writer.close().await?;

    let snapshot = Snapshot::builder()
        .with_snapshot_id(id)
        .with_parent_snapshot_id(Some(parent.snapshot_id()))
        .with_sequence_number(sequence)
        .with_timestamp_ms(metadata.last_updated_ms() + 1)
        .with_manifest_list(list)
        .with_summary(Summary {
            operation: Operation::Delete,
            additional_properties: [("total-equality-deletes".to_string(), count.to_string())].into(),
        })
        .with_schema_id(metadata.current_schema_id())
        .build();
    let built = metadata.clone()
        .into_builder(table.metadata_location().map(str::to_string))
        .set_branch_snapshot(snapshot, "main")?
        .build()?;
    Ok(built.metadata)
}
