//! Objects of `s3://` as files of a folder: the tables' paths are those of a bucket, their bytes are checked in.
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::StreamExt;
use iceberg::io::{
    FileMetadata, FileRead, FileWrite, InputFile, LocalFsStorage, OutputFile, Storage, StorageConfig, StorageFactory,
};
use iceberg::Result;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Folder {
    pub root: String,
}

impl Folder {
    fn path(&self, uri: &str) -> String {
        format!("{}/{}", self.root, uri.strip_prefix("s3://").expect("an S3 URI"))
    }
}

#[async_trait::async_trait]
#[typetag::serde]
impl Storage for Folder {
    async fn exists(&self, uri: &str) -> Result<bool> {
        LocalFsStorage.exists(&self.path(uri)).await
    }
    async fn metadata(&self, uri: &str) -> Result<FileMetadata> {
        LocalFsStorage.metadata(&self.path(uri)).await
    }
    async fn read(&self, uri: &str) -> Result<Bytes> {
        LocalFsStorage.read(&self.path(uri)).await
    }
    async fn reader(&self, uri: &str) -> Result<Box<dyn FileRead>> {
        LocalFsStorage.reader(&self.path(uri)).await
    }
    async fn write(&self, uri: &str, bytes: Bytes) -> Result<()> {
        LocalFsStorage.write(&self.path(uri), bytes).await
    }
    async fn writer(&self, uri: &str) -> Result<Box<dyn FileWrite>> {
        LocalFsStorage.writer(&self.path(uri)).await
    }
    async fn delete(&self, uri: &str) -> Result<()> {
        LocalFsStorage.delete(&self.path(uri)).await
    }
    async fn delete_prefix(&self, uri: &str) -> Result<()> {
        LocalFsStorage.delete_prefix(&self.path(uri)).await
    }
    async fn delete_stream(&self, mut uris: BoxStream<'static, String>) -> Result<()> {
        while let Some(uri) = uris.next().await {
            self.delete(&uri).await?;
        }
        Ok(())
    }
    fn new_input(&self, uri: &str) -> Result<InputFile> {
        Ok(InputFile::new(Arc::new(self.clone()), uri.to_string()))
    }
    fn new_output(&self, uri: &str) -> Result<OutputFile> {
        Ok(OutputFile::new(Arc::new(self.clone()), uri.to_string()))
    }
}

#[typetag::serde]
impl StorageFactory for Folder {
    fn build(&self, _: &StorageConfig) -> Result<Arc<dyn Storage>> {
        Ok(Arc::new(self.clone()))
    }
}
