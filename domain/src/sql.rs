//! How our own newtypes travel to and from Postgres.

macro_rules! id_as_uuid {
    ($name:ident) => {
        impl From<uuid::Uuid> for $name {
            fn from(value: uuid::Uuid) -> Self {
                Self(value.as_u128())
            }
        }
        impl From<$name> for uuid::Uuid {
            fn from(value: $name) -> Self {
                uuid::Uuid::from_u128(value.0)
            }
        }
        crate::sql::delegate!($name, uuid::Uuid);
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .format(Some(utoipa::openapi::SchemaFormat::KnownFormat(utoipa::openapi::KnownFormat::Uuid)))
                    .into()
            }
        }
        impl utoipa::ToSchema for $name {}
    };
}

/// Encodes and decodes `$name` as `$sql`, through `From` in both directions.
macro_rules! delegate {
    ($name:ty, $sql:ty) => {
        impl sqlx::Type<sqlx::Postgres> for $name {
            fn type_info() -> sqlx::postgres::PgTypeInfo {
                <$sql as sqlx::Type<sqlx::Postgres>>::type_info()
            }
            fn compatible(ty: &sqlx::postgres::PgTypeInfo) -> bool {
                <$sql as sqlx::Type<sqlx::Postgres>>::compatible(ty)
            }
        }
        impl sqlx::postgres::PgHasArrayType for $name {
            fn array_type_info() -> sqlx::postgres::PgTypeInfo {
                <$sql as sqlx::postgres::PgHasArrayType>::array_type_info()
            }
        }
        impl<'q> sqlx::Encode<'q, sqlx::Postgres> for $name {
            fn encode_by_ref(&self, buf: &mut sqlx::postgres::PgArgumentBuffer) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
                <$sql as sqlx::Encode<'q, sqlx::Postgres>>::encode(<$sql>::from(*self), buf)
            }
        }
        impl<'r> sqlx::Decode<'r, sqlx::Postgres> for $name {
            fn decode(value: sqlx::postgres::PgValueRef<'r>) -> Result<Self, sqlx::error::BoxDynError> {
                Ok(<$sql as sqlx::Decode<'r, sqlx::Postgres>>::decode(value)?.into())
            }
        }
    };
}

pub(crate) use {delegate, id_as_uuid};
