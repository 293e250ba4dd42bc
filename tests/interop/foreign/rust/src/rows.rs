//! The tables' columns, and row `n` of them as JSON; tests/interop/test_rust_tables.py knows the same rows.
use std::sync::Arc;

use arrow_array::RecordBatch;
use iceberg::arrow::schema_to_arrow_schema;
use iceberg::spec::{ListType, MapType, NestedField, PrimitiveType as P, Schema, StructType, Type};
use serde_json::{json, Value};

use crate::Any;

fn field(id: i32, name: &str, kind: impl Into<Type>) -> Arc<NestedField> {
    Arc::new(NestedField::optional(id, name, kind.into()))
}

fn decimal(precision: u32, scale: u32) -> Type {
    Type::Primitive(P::Decimal { precision, scale })
}

/// Every type of format version 2, nested ones too.
pub fn wide() -> Any<Schema> {
    let place = StructType::new(vec![
        field(22, "lat", Type::Primitive(P::Double)),
        Arc::new(NestedField::required(23, "name", Type::Primitive(P::String))),
    ]);
    let tags = ListType { element_field: Arc::new(NestedField::list_element(24, Type::Primitive(P::String), false)) };
    let counts = MapType {
        key_field: Arc::new(NestedField::map_key_element(25, Type::Primitive(P::String))),
        value_field: Arc::new(NestedField::map_value_element(26, Type::Primitive(P::Long), false)),
    };
    Ok(Schema::builder()
        .with_identifier_field_ids(vec![1])
        .with_fields(vec![
            Arc::new(NestedField::required(1, "Id", Type::Primitive(P::String))),
            field(2, "flag", Type::Primitive(P::Boolean)),
            field(3, "small", Type::Primitive(P::Int)),
            field(4, "big", Type::Primitive(P::Long)),
            field(5, "single", Type::Primitive(P::Float)),
            field(6, "real", Type::Primitive(P::Double)),
            field(7, "price", decimal(9, 2)),
            field(8, "amount", decimal(18, 4)),
            field(9, "huge", decimal(38, 10)),
            field(10, "day", Type::Primitive(P::Date)),
            field(11, "time", Type::Primitive(P::Time)),
            field(12, "local", Type::Primitive(P::Timestamp)),
            field(13, "at", Type::Primitive(P::Timestamptz)),
            field(14, "text", Type::Primitive(P::String)),
            field(15, "code", Type::Primitive(P::Fixed(4))),
            field(16, "raw", Type::Primitive(P::Binary)),
            field(17, "place", Type::Struct(place)),
            field(18, "tags", Type::List(tags)),
            field(19, "counts", Type::Map(counts)),
        ])
        .build()?)
}

/// Every seventh value of a column is null, each column's at another row.
pub fn wide_row(n: i64) -> Value {
    let or_null = |at: i64, value: Value| if n % 7 == at % 7 { Value::Null } else { value };
    let sign = if n % 2 == 0 { "" } else { "-" };
    json!({
        "Id": format!("001{n:012}AAA"),
        "flag": or_null(2, json!(n % 3 == 0)),
        "small": or_null(3, json!(n - 20)),
        "big": or_null(4, json!((n - 20) * 4_000_000_000)),
        "single": or_null(5, json!(n as f64 / 8.0 - 2.0)),
        "real": or_null(6, json!(n as f64 / 16.0 - 1.0)),
        "price": or_null(7, json!(format!("{sign}{n}.25"))),
        "amount": or_null(8, json!(format!("{sign}{n}000000.0625"))),
        "huge": or_null(9, json!(format!("{sign}{n}0000000000000000000.0000000001"))),
        "day": or_null(10, json!(format!("19{:02}-02-28", 60 + n % 40))),
        "time": or_null(11, json!(format!("{:02}:30:00.000001", n % 24))),
        "local": or_null(12, json!(format!("19{:02}-12-31T23:59:59.999999", 60 + n % 40))),
        "at": or_null(13, json!(format!("19{:02}-12-31T23:59:59.999999Z", 60 + n % 40))),
        "text": or_null(14, json!(format!("{}\u{1F9CA}{n}", "\u{fc}".repeat((n % 20) as usize)))),
        "code": or_null(15, json!(format!("{:08x}", n * 7_919))),
        "raw": or_null(16, json!(format!("ff{:04x}", n))),
        "place": or_null(17, json!({"lat": or_null(18, json!(n as f64)), "name": format!("p{n}")})),
        "tags": or_null(18, json!(if n % 4 == 0 { vec![] } else { vec![Some(format!("t{n}")), None] })),
        "counts": or_null(19, json!({"k": n, "other": Value::Null})),
    })
}

/// What is partitioned: an instant, a region that may be null, and a key.
pub fn dealt() -> Any<Schema> {
    Ok(Schema::builder()
        .with_identifier_field_ids(vec![1])
        .with_fields(vec![
            Arc::new(NestedField::required(1, "Id", Type::Primitive(P::String))),
            field(2, "at", Type::Primitive(P::Timestamptz)),
            field(3, "region", Type::Primitive(P::String)),
            field(4, "amount", decimal(12, 2)),
        ])
        .build()?)
}

pub fn dealt_row(n: i64) -> Value {
    json!({
        "Id": format!("006{n:012}AAA"),
        "at": format!("{}-06-30T12:00:00Z", 1969 + n % 3),
        "region": if n % 5 == 0 { Value::Null } else { json!(["north", "s\u{fc}d/1"][(n % 2) as usize]) },
        "amount": if n % 7 == 0 { Value::Null } else { json!(format!("{n}.50")) },
    })
}

pub fn batch(schema: &Schema, rows: impl Iterator<Item = Value>) -> Any<RecordBatch> {
    let mut decoder = arrow_json::ReaderBuilder::new(Arc::new(schema_to_arrow_schema(schema)?)).build_decoder()?;
    decoder.serialize(&rows.collect::<Vec<_>>())?;
    Ok(decoder.flush()?.expect("rows"))
}
