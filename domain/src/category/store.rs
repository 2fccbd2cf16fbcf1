//! All SQL of the room.

use super::model::{CategoryName, CategoryView};
use crate::error::Result;
use crate::id::CategoryId;
use sqlx::PgPool;

pub async fn list(db: &PgPool) -> Result<Vec<CategoryView>> {
    let rows = sqlx::query_as!(
        CategoryView,
        r#"select
            c.id as "id: CategoryId",
            c.slug,
            c.name,
            c.description,
            c.icon,
            c.tone,
            coalesce(n.count, 0) as "provider_count!"
         from categories c
         left join (
            select s.category_id, count(distinct s.provider_id) as count
            from services s
            join providers p on p.id = s.provider_id and p.status = 'active'
            where s.archived_at is null
            group by s.category_id
         ) n on n.category_id = c.id
         where not c.is_hidden
         order by c.position, c.name"#,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

pub async fn list_names(db: &PgPool) -> Result<Vec<CategoryName>> {
    let rows = sqlx::query_as!(
        CategoryName,
        r#"select id as "id: CategoryId", slug, name from categories where not is_hidden order by position, name"#,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}
